"""A pause that the host asked for: nobody sends before its end, whatever the clock does."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from linky_tui.enedis.budget import Budget
from linky_tui.errors import ServiceDown
from linky_tui.text.formatting import due_text
from tests.enedis.conftest import NOON

pytestmark = pytest.mark.usefixtures("noon")


def process(folder: Path) -> Budget:
    """What another process of this machine holds in its hands."""
    return Budget(folder / "requests.sqlite", "host", per_day=9, min_seconds=0.0)


def held_until(folder: Path) -> datetime:
    """Until when a process that comes now is told to wait; nothing is counted."""
    budget = process(folder)
    before = budget.used_today()
    with pytest.raises(ServiceDown) as caught:
        budget.reserve()
    with pytest.raises(ServiceDown):
        budget.still_allowed()
    assert caught.value.retry_at is not None
    assert caught.value.next_step == f"Try again after {due_text(caught.value.retry_at)}."
    assert budget.used_today() == before
    return caught.value.retry_at


def test_it_holds_in_every_process_until_it_is_over(
    tmp_path: Path, noon: time_machine.Traveller
) -> None:
    one = process(tmp_path)
    one.reserve()
    one.hold(NOON + timedelta(minutes=5))
    assert held_until(tmp_path) == NOON + timedelta(minutes=5)
    noon.shift(timedelta(minutes=5))
    assert process(tmp_path).reserve().used == 2


def test_an_earlier_time_named_to_another_process_does_not_shorten_it(tmp_path: Path) -> None:
    late = NOON + timedelta(hours=9)
    process(tmp_path).hold(late)
    process(tmp_path).hold(NOON + timedelta(hours=1))
    assert held_until(tmp_path) == late


def test_a_clock_that_is_set_back_neither_ends_it_nor_makes_it_endless(
    tmp_path: Path, noon: time_machine.Traveller
) -> None:
    named = NOON + timedelta(hours=23)
    process(tmp_path).hold(named)
    noon.move_to(NOON - timedelta(hours=3))
    until = held_until(tmp_path)
    assert until - (NOON - timedelta(hours=3)) >= timedelta(hours=23)
    noon.move_to(NOON - timedelta(days=400))
    until = held_until(tmp_path)
    assert until - (NOON - timedelta(days=400)) == timedelta(hours=25)
    noon.move_to(NOON)
    assert held_until(tmp_path) == named
    noon.move_to(until)
    assert process(tmp_path).reserve().used == 1
