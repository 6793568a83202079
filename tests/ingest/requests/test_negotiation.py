"""Which generation of the API is asked, where a host mixes them."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import cast

import pytest

from linky_tui.enedis.answers import Answer
from linky_tui.enedis.budget import Budget
from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataKind, DataRequest, Shape
from linky_tui.ingest.requests.run import RequestRun
from tests.tools.gateway import SERIES

FIRST = date(2026, 11, 2)


class Mixed:
    """A gateway that knows the types of one generation and answers in the shape of the other."""

    host = "gateway.example"

    def __init__(self, types: Shape) -> None:
        self.asked: list[Shape] = []
        self.faults: list[ApiFault] = []
        self._types = types

    def attempt(
        self, request: DataRequest, token: str, shape: Shape, stop: threading.Event
    ) -> Answer:
        self.asked.append(shape)
        if self.faults:
            raise self.faults.pop(0)
        if shape is not self._types:
            raise ApiFault(ApiFaultKind.UNKNOWN_TYPE, 404)
        return Answer(request, next(other for other in Shape if other is not shape))


@pytest.mark.parametrize("types", list(Shape))
def test_types_that_answer_in_the_shape_of_the_others_stay_the_ones_that_are_asked(
    types: Shape,
) -> None:
    gateway = Mixed(types)
    budget = Budget(None, "gateway.example", per_day=None, min_seconds=0.0)
    run = RequestRun(cast(ConsoClient, gateway), budget, None, threading.Event())
    for week in range(3):
        assert fault_of(run, week) is None
    assert gateway.asked[-3:] == [types] * 3
    assert len(gateway.asked) == 3 + (types is Shape.LEGACY)
    assert budget.remembered_shape() is types


def test_what_was_refused_in_one_generation_is_not_asked_in_the_other_that_is_learnt_later() -> (
    None
):
    gateway, run = run_against(Shape.LEGACY)
    gateway.faults = [ApiFault(ApiFaultKind.BAD_REQUEST, 400)]
    assert fault_of(run, 0) is ApiFaultKind.BAD_REQUEST
    assert fault_of(run, 1) is None
    assert gateway.asked == [Shape.NEW, Shape.NEW, Shape.LEGACY]
    assert fault_of(run, 0) is ApiFaultKind.BAD_REQUEST
    assert len(gateway.asked) == 3


@pytest.mark.parametrize("refusal", [ApiFaultKind.UNKNOWN_TYPE, ApiFaultKind.CONSENT])
def test_what_both_generations_refused_is_asked_in_neither_again(refusal: ApiFaultKind) -> None:
    gateway, run = run_against(Shape.NEW)
    gateway.faults = [ApiFault(ApiFaultKind.UNKNOWN_TYPE, 404), ApiFault(refusal, 403)]
    assert fault_of(run, 0) is refusal
    assert fault_of(run, 0) is refusal
    assert gateway.asked == [Shape.NEW, Shape.LEGACY]


def test_the_type_that_is_unknown_is_asked_once_where_the_other_is_retried() -> None:
    gateway, run = run_against(Shape.LEGACY)
    broken = ApiFault(ApiFaultKind.SERVICE, 503)
    gateway.faults = [ApiFault(ApiFaultKind.UNKNOWN_TYPE, 404), broken, broken]
    assert fault_of(run, 0) is ApiFaultKind.SERVICE
    assert gateway.asked == [Shape.NEW, Shape.LEGACY, Shape.LEGACY]
    # A fault of the service is no refusal: the next time it may answer.
    assert fault_of(run, 0) is None
    assert gateway.asked[3:] == [Shape.LEGACY]


def run_against(types: Shape) -> tuple[Mixed, RequestRun]:
    gateway = Mixed(types)
    budget = Budget(None, "gateway.example", per_day=None, min_seconds=0.0)
    client = cast(ConsoClient, gateway)
    return gateway, RequestRun(client, budget, None, threading.Event(), backoff_s=0.0)


def fault_of(run: RequestRun, week: int) -> ApiFaultKind | None:
    """Ask for a week, so many before the newest; what is wrong with it."""
    first = FIRST - week * timedelta(weeks=1)
    request = DataRequest(DataKind.LOAD_CURVE, SERIES, first, first + timedelta(weeks=1))
    try:
        for _ in run.fetch(request, "token"):
            pass
    except ApiFault as fault:
        return fault.kind
    return None
