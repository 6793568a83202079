"""Days are measured in minutes, and their status decides what is asked again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from linky_tui.domain.coverage import (
    DayCoverage,
    DayRecord,
    DayStatus,
    day_coverage,
    first_askable,
    status_now,
    status_of,
    worth_asking,
)
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import day_bounds, day_minutes, day_of, months_before

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def readings_of(day: date, step_min: int = 30, power_w: int = 200) -> list[Reading]:
    start, end = day_bounds(day)
    count = int((end - start).total_seconds()) // 60 // step_min
    return [
        Reading(start + timedelta(minutes=step_min * i), step_min, power_w) for i in range(count)
    ]


def record(
    day: date,
    status: DayStatus,
    *,
    covered: int = 0,
    attempts: int = 0,
    hours_ago: float | None = None,
    energy_wh: int = 0,
    enedis_wh: int | None = None,
) -> DayRecord:
    asked = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    readings = covered // 30
    return DayRecord(
        day, day_minutes(day), covered, readings, energy_wh, enedis_wh, status, attempts, asked
    )


@pytest.mark.parametrize(
    ("day", "minutes", "half_hours"),
    [
        (date(2026, 3, 29), 1380, 46),
        (date(2026, 10, 25), 1500, 50),
        (date(2026, 11, 21), 1440, 48),
    ],
)
def test_days_have_46_48_or_50_half_hours(day: date, minutes: int, half_hours: int) -> None:
    measured = day_coverage(day, readings_of(day))
    assert day_minutes(day) == minutes
    assert (measured.readings, measured.minutes_covered) == (half_hours, minutes)
    assert measured.complete
    assert measured.energy_wh == half_hours * 100


def test_the_step_may_change_inside_a_day() -> None:
    day = date(2022, 11, 12)
    half, whole = readings_of(day), readings_of(day, 60)
    mixed = half[:16] + whole[8:]
    measured = day_coverage(day, mixed)
    assert measured.complete
    assert measured.readings == 32
    assert measured.energy_wh == 24 * 200


def test_an_overlap_is_never_complete() -> None:
    day = date(2026, 11, 20)
    both = sorted([*readings_of(day), readings_of(day, 60)[3]], key=lambda r: r.start)
    measured = day_coverage(day, both)
    assert measured.minutes_covered == 1440
    assert measured.overlap
    assert not measured.complete
    inside = Reading(both[0].start + timedelta(minutes=10), 10, 200)
    assert day_coverage(day, [both[0], inside]).minutes_covered == 30


def test_a_reading_belongs_to_the_day_in_which_it_starts_but_covers_the_next() -> None:
    evening, day = date(2026, 11, 19), date(2026, 11, 20)
    last = Reading(day_bounds(evening)[1] - timedelta(minutes=30), 60, 300)
    assert day_coverage(evening, [last]).energy_wh == 300
    assert day_coverage(evening, [last]).minutes_covered == 30
    assert day_coverage(day, [last]).energy_wh == 0
    assert day_coverage(day, [last]).minutes_covered == 30
    assert day_coverage(evening, readings_of(day)[:1]).readings == 0
    rest = [r for r in readings_of(day) if r.start >= last.end]
    assert day_coverage(day, [last, *rest]).complete


def test_gaps_are_counted_in_minutes() -> None:
    day = date(2026, 11, 20)
    measured = day_coverage(day, readings_of(day)[:-3])
    assert measured.minutes_covered == 1440 - 90
    assert not measured.complete


def test_months_before_keeps_the_date_where_it_exists() -> None:
    assert months_before(date(2026, 11, 22), 24) == date(2024, 11, 22)
    assert months_before(date(2024, 2, 29), 24) == date(2022, 2, 28)
    assert months_before(date(2026, 1, 31), 2) == date(2025, 11, 30)
    assert first_askable(TODAY) == date(2024, 11, 22)


def test_day_of_uses_paris_not_utc() -> None:
    assert day_of(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)) == date(2026, 7, 2)


def status(day: date, *, covered: int = 0, attempts: int = 0, **more: object) -> DayStatus:
    measured = DayCoverage(day_minutes(day), covered, False, covered // 30, covered)
    options = {"concluded": False, "enedis_wh": None} | more
    return status_of(day, measured, today=TODAY, attempts=attempts, **options)  # type: ignore[arg-type]


def test_status_by_age_and_coverage() -> None:
    old, recent = TODAY - timedelta(days=8), TODAY - timedelta(days=7)
    assert status(old, covered=1440) is DayStatus.COMPLETE
    assert status(recent) is DayStatus.LATE
    assert status(recent, covered=30, attempts=5) is DayStatus.LATE
    assert status(old, covered=30, attempts=5) is DayStatus.PARTIAL
    assert status(old, covered=15) is DayStatus.PARTIAL
    assert status(old) is DayStatus.MISSING
    assert status(old, attempts=1) is DayStatus.MISSING
    assert status(old, attempts=2) is DayStatus.NO_DATA
    assert status(old, concluded=True) is DayStatus.NO_DATA
    assert status(old, concluded=True, covered=30) is DayStatus.PARTIAL
    assert status(date(2024, 11, 21), enedis_wh=5000) is DayStatus.DAILY_ONLY
    assert status(date(2024, 11, 22), enedis_wh=5000) is DayStatus.MISSING


def test_a_status_is_stored_under_its_name() -> None:
    assert [each.value for each in DayStatus] == [each.name.lower() for each in DayStatus]


def test_a_late_day_grows_old() -> None:
    day = date(2026, 11, 14)
    late = record(day, DayStatus.LATE, attempts=1)
    assert status_now(late, date(2026, 11, 21)) is DayStatus.LATE
    assert status_now(late, date(2026, 11, 22)) is DayStatus.MISSING
    doubled = record(day, DayStatus.PARTIAL, covered=1440)
    assert status_now(doubled, date(2026, 11, 22)) is DayStatus.PARTIAL


WEEK_H = 7 * 24
SAME, OTHER, UNKNOWN = (5, 5), (5, 6), (5, None)


@pytest.mark.parametrize(
    ("state", "attempts", "hours_ago", "energy", "worth"),
    [
        (DayStatus.MISSING, 0, None, UNKNOWN, True),
        (DayStatus.MISSING, 0, 1, OTHER, True),
        (DayStatus.MISSING, 1, None, UNKNOWN, True),
        (DayStatus.MISSING, 1, WEEK_H, UNKNOWN, False),
        (DayStatus.MISSING, 1, WEEK_H + 0.1, UNKNOWN, True),
        (DayStatus.MISSING, 1, -WEEK_H + 1, UNKNOWN, False),
        (DayStatus.MISSING, 1, -WEEK_H - 1, UNKNOWN, True),
        (DayStatus.NO_DATA, 0, None, UNKNOWN, False),
        (DayStatus.PARTIAL, 1, 999, UNKNOWN, True),
        (DayStatus.PARTIAL, 2, 999, UNKNOWN, False),
        (DayStatus.PARTIAL, 2, None, UNKNOWN, True),
        (DayStatus.COMPLETE, 0, None, UNKNOWN, False),
        (DayStatus.COMPLETE, 1, 999, SAME, False),
        (DayStatus.COMPLETE, 1, 999, OTHER, True),
        (DayStatus.COMPLETE, 2, 999, OTHER, False),
        (DayStatus.COMPLETE, 0, 1, OTHER, True),
        (DayStatus.COMPLETE, 1, None, OTHER, True),
        (DayStatus.COMPLETE, 2, None, OTHER, False),
        (DayStatus.LATE, 9, None, UNKNOWN, True),
        (DayStatus.LATE, 9, 1, UNKNOWN, False),
        (DayStatus.LATE, 9, 1.1, UNKNOWN, True),
        (DayStatus.LATE, 9, -1.1, UNKNOWN, True),
    ],
)
def test_worth_asking(
    state: DayStatus,
    attempts: int,
    hours_ago: float | None,
    energy: tuple[int, int | None],
    worth: bool,
) -> None:
    day = date(2026, 11, 20) if state is DayStatus.LATE else date(2026, 6, 1)
    known = record(
        day,
        state,
        covered={DayStatus.COMPLETE: 1440, DayStatus.PARTIAL: 60}.get(state, 0),
        attempts=attempts,
        hours_ago=hours_ago,
        energy_wh=energy[0],
        enedis_wh=energy[1],
    )
    assert worth_asking(known, day, now=NOW, today=TODAY) is worth


def test_only_the_last_24_months_up_to_yesterday_are_worth_asking() -> None:
    for day, worth in (
        (TODAY, False),
        (TODAY - timedelta(days=1), True),
        (date(2024, 11, 22), True),
        (date(2024, 11, 21), False),
    ):
        assert worth_asking(None, day, now=NOW, today=TODAY) is worth
