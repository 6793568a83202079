"""Which generation of the API is asked, where a host mixes them."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import cast

import pytest

from linky_tui.enedis.answers import Answer
from linky_tui.enedis.budget import NoBudget
from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataKind, DataRequest, Shape
from linky_tui.ingest.request_run import RequestRun
from tests.tools.gateway import SERIES

FIRST = date(2026, 11, 2)


class Mixed:
    """A gateway that knows the types of one generation and answers in the shape of the other.

    Attributes:
        asked: the generations that were asked for, in order.
    """

    host = "gateway.example"

    def __init__(self, types: Shape) -> None:
        self.asked: list[Shape] = []
        self._types = types

    def attempt(
        self, request: DataRequest, token: str, shape: Shape, stop: threading.Event
    ) -> Answer:
        self.asked.append(shape)
        if shape is not self._types:
            raise ApiFault(ApiFaultKind.UNKNOWN_TYPE, 404)
        return Answer(request, next(other for other in Shape if other is not shape))


@pytest.mark.parametrize("types", list(Shape))
def test_types_that_answer_in_the_shape_of_the_others_stay_the_ones_that_are_asked(
    types: Shape,
) -> None:
    gateway = Mixed(types)
    budget = NoBudget()
    run = RequestRun(cast(ConsoClient, gateway), budget, None, threading.Event())
    for week in range(3):
        first = FIRST - week * timedelta(weeks=1)
        request = DataRequest(DataKind.LOAD_CURVE, SERIES, first, first + timedelta(weeks=1))
        for _ in run.fetch(request, "token"):
            pass
    assert gateway.asked[-3:] == [types] * 3
    assert len(gateway.asked) == 3 + (types is Shape.LEGACY)
    assert budget.remembered_shape() is types
