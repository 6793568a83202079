"""The pace is what the gateway sees: a request on the way counts from its latest arrival."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from linky_tui.enedis.budget import ARRIVAL_S, Budget, clamp
from tests.enedis.conftest import NOON

pytestmark = pytest.mark.usefixtures("noon")

API = "https://conso.boris.sh/api"


def process(folder: Path, api_url: str = API) -> Budget:
    """What another process of this machine holds in its hands."""
    limits = clamp(api_url, 80, 1.0)
    return Budget(
        folder / "requests.sqlite",
        "host",
        per_day=limits.per_day,
        min_seconds=limits.min_seconds,
        arrival_s=limits.arrival_s,
    )


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_the_request_of_a_killed_process_may_still_be_on_its_way(
    tmp_path: Path, noon: time_machine.Traveller
) -> None:
    process(tmp_path).reserve()
    noon.move_to(after(2))
    wait_s = process(tmp_path).reserve().wait_seconds
    assert wait_s == pytest.approx(ARRIVAL_S + 1 - 2, abs=0.1)


def test_an_answer_ends_the_doubt(tmp_path: Path, noon: time_machine.Traveller) -> None:
    ours = process(tmp_path)
    ours.reserve()
    noon.move_to(after(3))
    ours.answered()
    assert 0 <= ours.reserve().wait_seconds <= 1


def test_an_answer_takes_nothing_from_those_who_queue_behind(
    tmp_path: Path, noon: time_machine.Traveller
) -> None:
    first, second, third = (process(tmp_path) for _ in range(3))
    first.reserve()
    due_s = second.reserve().wait_seconds
    noon.move_to(after(0.4))
    first.answered()
    assert third.reserve().wait_seconds >= due_s - 0.4 + 1


def test_who_gives_up_waiting_leaves_the_place_of_the_one_before(
    tmp_path: Path, noon: time_machine.Traveller
) -> None:
    first, second, third = (process(tmp_path) for _ in range(3))
    first.reserve()
    second.reserve()
    noon.move_to(after(1))
    second.answered()
    wait_s = third.reserve().wait_seconds
    assert wait_s == pytest.approx(ARRIVAL_S + 1 - 1, abs=0.1)


def test_on_loopback_a_request_arrives_at_once(tmp_path: Path) -> None:
    process(tmp_path, "http://127.0.0.1:8000/api").reserve()
    wait_s = process(tmp_path, "http://127.0.0.1:8000/api").reserve().wait_seconds
    assert wait_s == pytest.approx(1, abs=0.1)
