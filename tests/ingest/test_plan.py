"""Plans: at most 7 days a window, newest first, never a day that is already complete."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from linky_tui.domain.coverage import DayRecord, DayStatus, first_askable
from linky_tui.domain.paris import day_minutes, days_between
from linky_tui.ingest.events import Window
from linky_tui.ingest.plan import (
    days_below,
    days_worth_asking,
    survey_spans,
    sync_window,
    windows_of,
)

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
YESTERDAY = TODAY - timedelta(days=1)


def complete(day: date) -> DayRecord:
    minutes = day_minutes(day)
    return DayRecord(day, minutes, minutes, minutes // 30, 9, 9, DayStatus.COMPLETE, 1, NOW)


def late(day: date, minutes_ago: float | None = None) -> DayRecord:
    asked = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)
    return DayRecord(
        day, day_minutes(day), 0, 0, 0, None, DayStatus.LATE, 0 if asked is None else 1, asked
    )


def test_two_years_are_105_windows_newest_first() -> None:
    days = days_worth_asking({}, now=NOW, today=TODAY)
    windows = windows_of(days)
    assert days[0] == date(2024, 11, 22)
    assert days[-1] == YESTERDAY
    assert len(windows) == 105
    assert windows[0] == Window(date(2026, 11, 15), YESTERDAY)
    assert windows[-1].first == date(2024, 11, 22)


@given(st.sets(st.integers(0, 400)))
def test_windows_cover_exactly_the_days(offsets: set[int]) -> None:
    days = {date(2025, 1, 1) + timedelta(days=offset) for offset in offsets}
    windows = windows_of(days)
    covered = [day for window in windows for day in days_between(window.first, window.last)]
    assert sorted(covered) == sorted(days)
    assert all(1 <= window.days <= 7 for window in windows)
    assert windows == sorted(windows, key=lambda window: window.first, reverse=True)


@given(st.sets(st.integers(0, 729), max_size=60), st.integers(0, 729))
def test_a_complete_day_is_never_asked_and_since_and_floor_hold(
    offsets: set[int], limit: int
) -> None:
    first = first_askable(TODAY)
    records = {first + timedelta(days=n): complete(first + timedelta(days=n)) for n in offsets}
    limit_day = first + timedelta(days=limit)
    for since, floor in ((limit_day, None), (None, limit_day), (limit_day, first)):
        days = days_worth_asking(records, now=NOW, today=TODAY, since=since, curve_from=floor)
        assert set(days) == set(days_between(limit_day, YESTERDAY)) - set(records)


def test_the_newest_window_comes_first_even_across_a_gap() -> None:
    records = {day: complete(day) for day in days_between(date(2026, 6, 1), date(2026, 11, 18))}
    windows = windows_of(days_worth_asking(records, now=NOW, today=TODAY))
    assert windows[0] == Window(date(2026, 11, 19), YESTERDAY)
    assert windows[1].last == date(2026, 5, 31)


def test_a_sync_asks_from_the_oldest_incomplete_day_widened_by_two() -> None:
    week = list(days_between(date(2026, 11, 15), YESTERDAY))
    records = {day: complete(day) for day in week}
    assert sync_window(records, now=NOW, today=TODAY) is None
    del records[YESTERDAY]
    assert sync_window(records, now=NOW, today=TODAY) == Window(date(2026, 11, 19), YESTERDAY)
    del records[date(2026, 11, 16)]
    assert sync_window(records, now=NOW, today=TODAY) == Window(date(2026, 11, 15), YESTERDAY)
    assert sync_window({}, now=NOW, today=TODAY) == Window(date(2026, 11, 15), YESTERDAY)
    assert sync_window({}, now=NOW, today=TODAY, curve_from=date(2026, 11, 20)) == Window(
        date(2026, 11, 20), YESTERDAY
    )


def test_a_sync_leaves_a_day_asked_within_the_hour_alone() -> None:
    records = {day: complete(day) for day in days_between(date(2026, 11, 15), YESTERDAY)}
    records[YESTERDAY] = late(YESTERDAY, minutes_ago=59)
    assert sync_window(records, now=NOW, today=TODAY) is None
    records[YESTERDAY] = late(YESTERDAY, minutes_ago=61)
    assert sync_window(records, now=NOW, today=TODAY) is not None


def test_the_survey_asks_three_years_newest_first() -> None:
    assert survey_spans(TODAY) == [
        (date(2025, 11, 22), TODAY),
        (date(2024, 11, 22), date(2025, 11, 22)),
        (date(2023, 11, 22), date(2024, 11, 22)),
    ]


def test_a_conclusion_never_touches_the_last_seven_days_nor_days_with_readings() -> None:
    records = {date(2025, 1, 1): complete(date(2025, 1, 1))}
    days = days_below(records, TODAY, today=TODAY)
    assert days[-1] == date(2026, 11, 14)
    assert days[0] == first_askable(TODAY)
    assert date(2025, 1, 1) not in days
    assert days_below(records, date(2025, 1, 10), today=TODAY)[-1] == date(2025, 1, 9)
    assert days_below(records, TODAY, today=TODAY, since=date(2026, 11, 1))[0] == date(2026, 11, 1)
