"""The search for the first day that the gateway accepts, without a gateway."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from linky_tui.domain.paris import ONE_DAY, day_of, days_between
from linky_tui.enedis.answers import Answer
from linky_tui.enedis.request import DataKind, DataRequest
from linky_tui.ingest.events import Window
from linky_tui.ingest.floor import FloorSearch
from tests.tools.gateway import SERIES, half_hours

FIRST = date(2026, 11, 2)


def search(window: Window, floor: date, *, passing: bool = False) -> tuple[FloorSearch, int]:
    """Search against a gateway with this floor; the search, and how often it asked.

    ``passing``: the refusal that led to the search is not repeated.
    """
    found, asked = FloorSearch(window), 0
    while (days := found.next()) is not None:
        asked += 1
        refused = days.first < floor and not (passing and days.first == window.first)
        found.answered(days.first, None if refused else answer(days))
    return found, asked


def answer(days: Window, *, empty: bool = False) -> Answer:
    """An answer for these days; the last one is spoilt."""
    asked = DataRequest(DataKind.LOAD_CURVE, SERIES, days.first, days.last + ONE_DAY)
    readings = () if empty else tuple(half_hours(days.first, days.last - ONE_DAY))
    return Answer(asked, readings=readings, problems={} if empty else {days.last: "wrong"})


@pytest.mark.parametrize("length", range(1, 8))
def test_every_floor_of_every_window_is_found_with_three_requests(length: int) -> None:
    window = Window(FIRST, FIRST + timedelta(length - 1))
    for floor in days_between(FIRST + ONE_DAY, window.last + ONE_DAY):
        found, asked = search(window, floor)
        assert found.floor == floor
        assert asked <= (3 if length > 1 else 0)
        if floor > window.last:
            assert found.answer is None
        else:
            assert found.accepted == Window(floor, window.last)
            assert days_of(found.answer) == list(days_between(floor, window.last))


def test_a_refusal_in_passing_leaves_no_floor_and_loses_no_day() -> None:
    for length in range(2, 8):
        window = Window(FIRST, FIRST + timedelta(length - 1))
        found, asked = search(window, FIRST + ONE_DAY, passing=True)
        assert found.floor == FIRST
        assert asked <= 3
        assert days_of(found.answer) == list(days_between(FIRST, window.last))


def test_days_without_data_are_accepted_all_the_same() -> None:
    found = FloorSearch(Window(FIRST, FIRST + ONE_DAY))
    found.answered(FIRST + ONE_DAY, answer(Window(FIRST + ONE_DAY, FIRST + ONE_DAY), empty=True))
    assert found.next() == Window(FIRST, FIRST)
    found.answered(FIRST, answer(Window(FIRST, FIRST), empty=True))
    assert found.answer is not None
    assert (found.next(), found.floor, found.answer.readings) == (None, FIRST, ())


def days_of(found: Answer | None) -> list[date]:
    assert found is not None
    return sorted({*map(day_of, (reading.start for reading in found.readings)), *found.spoilt})
