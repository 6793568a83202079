"""Empty weeks at the old end become a few probes; a hit anywhere brings every week back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linky_tui.domain.coverage import DayRecord, DayStatus
from linky_tui.domain.paris import days_between
from linky_tui.ingest.backlog import Backlog
from linky_tui.ingest.events import Window
from linky_tui.ingest.plan import windows_of

FIRST, LAST = date(2024, 11, 22), date(2026, 11, 21)
ALL = windows_of(days_between(FIRST, LAST))


def drive(backlog: Backlog, has_data: Callable[[date], bool]) -> list[Window]:
    asked = []
    while (window := backlog.next()) is not None:
        asked.append(window)
        days = [day for day in days_between(window.first, window.last) if has_data(day)]
        backlog.answered(window, min(days, default=None))
    return asked


def test_all_weeks_with_data_are_asked_newest_first() -> None:
    assert drive(Backlog(ALL, {}), lambda day: True) == ALL


def test_three_weeks_of_data_cost_nine_requests() -> None:
    backlog = Backlog(ALL, {})
    asked = drive(backlog, lambda day: day > LAST - timedelta(days=21))
    assert len(asked) == 3 + 2 + 4
    assert [ALL.index(window) for window in asked[-4:]] == [30, 55, 79, 104]
    assert backlog.exhausted
    assert backlog.oldest_data == LAST - timedelta(days=20)


def test_no_data_at_all_costs_six_requests() -> None:
    backlog = Backlog(ALL, {})
    assert len(drive(backlog, lambda day: False)) == 6
    assert backlog.exhausted
    assert backlog.oldest_data is None


def test_a_hole_of_four_weeks_in_the_middle_hides_nothing() -> None:
    hole = (date(2025, 9, 1), date(2025, 9, 28))
    backlog = Backlog(ALL, {})
    asked = drive(backlog, lambda day: not hole[0] <= day <= hole[1])
    assert sorted(asked, key=lambda w: w.first) == sorted(ALL, key=lambda w: w.first)
    assert len(asked) == len(ALL)
    assert not backlog.exhausted


@given(st.integers(0, 700), st.integers(0, 300), st.integers(0, 730))
def test_one_hole_and_a_floor_never_cost_more_than_the_weeks_and_hide_little(
    hole_at: int, hole_days: int, floor: int
) -> None:
    hole = (FIRST + timedelta(hole_at), FIRST + timedelta(hole_at + hole_days))

    def has_data(day: date) -> bool:
        return day >= FIRST + timedelta(floor) and not hole[0] <= day < hole[1]

    backlog = Backlog(ALL, {})
    asked = drive(backlog, has_data)
    assert len(asked) == len(set(asked)) <= len(ALL)
    with_data = {w for w in ALL if any(has_data(d) for d in days_between(w.first, w.last))}
    if floor == 0 and hole_days + hole_at < 720:
        # The oldest week is one of the probes: whatever lies above it is found.
        assert with_data <= set(asked)


def ledger(*windows: Window, data: bool, attempts: int = 1) -> dict[date, DayRecord]:
    """What earlier runs noted of some weeks."""
    status = DayStatus.COMPLETE if data else DayStatus.MISSING
    covered = 1440 if data else 0
    asked_at = datetime(2026, 11, 22, tzinfo=UTC)
    return {
        day: DayRecord(day, 1440, covered, covered // 30, 0, None, status, attempts, asked_at)
        for window in windows
        for day in days_between(window.first, window.last)
    }


@pytest.mark.parametrize(("attempts", "requests"), [(1, 4), (0, 2 + 4)])
def test_a_second_run_goes_on_where_the_empty_weeks_ended(attempts: int, requests: int) -> None:
    records = ledger(*ALL[:2], data=True) | ledger(*ALL[2:4], data=False, attempts=attempts)
    assert len(drive(Backlog(ALL[4:], records), lambda day: False)) == requests


def test_a_day_less_than_two_empty_weeks_is_one_week() -> None:
    records = ledger(*ALL[2:4], data=False)
    del records[ALL[2].last]
    assert len(drive(Backlog(ALL[4:], records), lambda day: False)) == 1 + 4


def test_empty_weeks_above_older_data_are_a_hole_and_no_end() -> None:
    records = ledger(ALL[9], data=True) | ledger(*ALL[2:4], data=False)
    assert drive(Backlog(ALL[4:9], records), lambda day: False) == ALL[4:9]
    around = [ALL[4], *ALL[10:]]
    assert drive(Backlog(around, records), lambda day: False)[:2] == around[:2]


def test_nothing_to_ask_is_nothing_concluded() -> None:
    backlog = Backlog([], {})
    assert backlog.next() is None
    assert not backlog.exhausted


def test_below_a_floor_nothing_is_asked() -> None:
    backlog = Backlog(ALL, {})
    first = backlog.next()
    assert first == ALL[0]
    backlog.cut_below(date(2026, 11, 5))
    assert backlog.windows == [ALL[1], Window(date(2026, 11, 5), date(2026, 11, 7))]
    backlog.cut_below(date(2026, 11, 7))
    assert backlog.windows == [ALL[1], Window(date(2026, 11, 7), date(2026, 11, 7))]


def test_an_unread_probe_proves_nothing() -> None:
    backlog = Backlog(ALL, {})
    backlog.unanswered(ALL[0])
    for _ in range(2):
        window = backlog.next()
        assert window is not None
        backlog.answered(window, None)
    probe = backlog.next()
    assert probe is not None
    backlog.unanswered(probe)
    assert not backlog.exhausted
    for week in (2, 3):
        assert backlog.next() == ALL[week]
        backlog.answered(ALL[week], None)
    assert backlog.next() != ALL[4]
