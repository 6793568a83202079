"""The simulated home: determinism, calendar, quirks, and how close it is to a real one."""

from __future__ import annotations

import lzma
import math
import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from linky_tui.demo.household import DEMO_PRM, Household, demo_homes
from linky_tui.domain.models import Reading, whole_wh
from linky_tui.domain.paris import PARIS, day_bounds, day_minutes, day_of, days_between
from tests.tools.real import home_b, needs_real

PINNED_WH = 12357
PINNED_WATTS = [438, 602, 538, 574]


def test_same_meter_and_seed_give_the_same_curve_and_others_another() -> None:
    week = date(2026, 1, 5), date(2026, 1, 11)
    first = Household(DEMO_PRM, 3).readings(*week)
    assert first == Household(DEMO_PRM, 3).readings(*week)
    assert first != Household(DEMO_PRM, 4).readings(*week)
    assert first != Household("98765432109876", 3).readings(*week)


def test_curve_is_pinned_so_that_a_reopened_demo_finds_what_it_stored() -> None:
    readings = Household(DEMO_PRM).readings(date(2026, 1, 5), date(2026, 1, 5))
    assert sum(r.watt_minutes for r in readings) == PINNED_WH * 60
    assert [r.power_w for r in readings[:4]] == PINNED_WATTS


def test_a_reading_does_not_depend_on_the_range_asked() -> None:
    whole = Household(DEMO_PRM).readings(date(2026, 3, 1), date(2026, 4, 30))
    home = Household(DEMO_PRM)
    last_day_first = [
        home.readings(day, day)
        for day in reversed(list(days_between(date(2026, 3, 1), date(2026, 4, 30))))
    ]
    assert whole == [reading for day in reversed(last_day_first) for reading in day]


@pytest.mark.parametrize(
    ("day", "half_hours"),
    [(date(2026, 3, 29), 46), (date(2026, 10, 25), 50), (date(2026, 10, 26), 48)],
)
def test_clock_changes(day: date, half_hours: int) -> None:
    readings = Household(DEMO_PRM).readings(day, day)
    start, end = day_bounds(day)
    assert len(readings) == half_hours
    assert readings[0].start == start
    assert readings[-1].end == end
    assert all(a.end == b.start for a, b in pairwise(readings))


def test_powers_are_whole_wh_of_each_interval() -> None:
    readings = Household(DEMO_PRM).readings(date(2026, 1, 1), date(2026, 12, 31))
    assert {r.interval_min for r in readings} == {30, 60}
    assert all(r.watt_minutes % 60 == 0 and 0 < r.power_w < 12_000 for r in readings)
    assert all(r.start.tzinfo is UTC for r in readings)
    assert any(r.power_w % 2 for r in readings if r.interval_min == 60)


def test_quirks_sit_on_their_dates() -> None:
    year = Household(DEMO_PRM).readings(date(2025, 1, 1), date(2025, 12, 31))
    hourly = [r.start.astimezone(PARIS) for r in year if r.interval_min == 60]
    assert hourly[0].replace(tzinfo=None) == datetime(2025, 4, 3, 8)
    assert hourly[-1].replace(tzinfo=None) == datetime(2025, 4, 24, 13)
    assert len(hourly) == 21 * 24 + 6
    minutes: dict[date, int] = defaultdict(int)
    for reading in year:
        minutes[day_of(reading.start)] += reading.interval_min
    wrong = {
        day: minutes[day]
        for day in days_between(date(2025, 1, 1), date(2025, 12, 31))
        if minutes[day] != day_minutes(day)
    }
    assert wrong == {date(2025, 3, 9): 1440 - 300, date(2025, 7, 18): 0}
    flagged = [r for r in year if r.flags]
    assert [(r.flags.iv, r.flags.ec) for r in flagged if r.flags] == [(2, 11)] * 2


def test_daily_totals_equal_complete_days_and_know_the_missing_hours() -> None:
    home = Household(DEMO_PRM)
    first, last = date(2025, 1, 1), date(2026, 12, 31)
    totals = {t.day: t.energy_wh for t in home.daily(first, last + timedelta(days=1))}
    sums: dict[date, int] = defaultdict(int)
    for reading in home.readings(first, last):
        sums[day_of(reading.start)] += reading.watt_minutes
    different = {day for day, total in totals.items() if total != whole_wh(sums[day])}
    assert different == {date(y, m, d) for y in (2025, 2026) for m, d in ((3, 9), (7, 18))}
    assert all(totals[day] > whole_wh(sums[day]) for day in different)


def test_floors() -> None:
    home = Household(DEMO_PRM, activated=date(2026, 2, 1), curve_from=date(2026, 2, 10))
    assert [t.day for t in home.daily(date(2026, 1, 1), date(2026, 2, 3))] == [
        date(2026, 2, 1),
        date(2026, 2, 2),
    ]
    readings = home.readings(date(2026, 1, 1), date(2026, 2, 10))
    assert {day_of(r.start) for r in readings} == {date(2026, 2, 10)}
    with_floor = Household(DEMO_PRM, activated=date(2026, 2, 1))
    assert day_of(with_floor.readings(date(2026, 1, 1), date(2026, 2, 1))[0].start) == date(
        2026, 2, 1
    )


def test_demo_homes() -> None:
    assert list(demo_homes()) == [DEMO_PRM]
    assert len(DEMO_PRM) == 14
    assert list(demo_homes("11111111111111", "22222222222222")) == [
        "11111111111111",
        "22222222222222",
    ]


class Measures:
    """What the table in household.py compares, over half-hourly readings."""

    def __init__(self, readings: Sequence[tuple[datetime, int]]) -> None:
        watts = [power for _, power in readings]
        local = [(at.astimezone(PARIS), power) for at, power in readings]
        self.mean_w = sum(watts) / len(watts)
        self.base_w = sorted(p for at, p in local if 1 <= at.hour < 5)[
            sum(1 <= at.hour < 5 for at, _ in local) // 20
        ]
        self.median_w, self.p95_w = (sorted(watts)[len(watts) * p // 100] for p in (50, 95))
        self.peak_w = max(watts)
        self.winter_w = self._mean(p for at, p in local if at.month in (12, 1, 2))
        self.summer_w = self._mean(p for at, p in local if at.month in (6, 7, 8))
        by_slot: dict[int, list[int]] = defaultdict(list)
        for at, power in local:
            by_slot[at.hour * 2 + at.minute // 30].append(power)
        self.profile = [self._mean(by_slot[slot]) for slot in range(48)]
        self.entropy_bits = self._entropy(watts)
        self.step_entropy_bits = self._entropy([b - a for a, b in pairwise(watts)])
        packed = struct.pack(f"<{len(watts)}i", *watts)
        self.xz_bytes = len(lzma.compress(packed)) / len(watts)

    @staticmethod
    def _mean(values: Iterable[int]) -> float:
        found = list(values)
        return sum(found) / len(found)

    @staticmethod
    def _entropy(values: Sequence[int]) -> float:
        total = len(values)
        return -sum(n / total * math.log2(n / total) for n in Counter(values).values())


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    mean_one, mean_other = sum(one) / len(one), sum(other) / len(other)
    pairs = [(a - mean_one, b - mean_other) for a, b in zip(one, other, strict=True)]
    above = sum(a * b for a, b in pairs)
    return above / math.sqrt(sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs))


def half_hours(readings: Sequence[Reading]) -> dict[datetime, int]:
    return {reading.start: reading.power_w for reading in readings if reading.interval_min == 30}


@needs_real
def test_looks_like_a_real_electrically_heated_home() -> None:
    """The bands are wide enough for another home, and too narrow for an invented one."""
    rows = half_hours(home_b()).items()
    simulated = half_hours(Household(DEMO_PRM).readings(date(2022, 10, 24), date(2024, 7, 24)))
    # The same half-hours on both sides: each home was read hourly for a while.
    real = Measures([(at, power) for at, power in rows if at in simulated])
    ours = Measures([(at, simulated[at]) for at, _ in rows if at in simulated])

    assert ours.mean_w == pytest.approx(real.mean_w, rel=0.10)
    assert ours.base_w == pytest.approx(real.base_w, rel=0.10)
    assert ours.median_w == pytest.approx(real.median_w, rel=0.10)
    assert ours.p95_w == pytest.approx(real.p95_w, rel=0.10)
    assert ours.peak_w == pytest.approx(real.peak_w, rel=0.30)
    assert ours.winter_w / ours.summer_w == pytest.approx(real.winter_w / real.summer_w, rel=0.15)
    assert correlation(ours.profile, real.profile) > 0.8
    assert ours.entropy_bits == pytest.approx(real.entropy_bits, abs=0.3)
    assert ours.step_entropy_bits == pytest.approx(real.step_entropy_bits, abs=0.3)
    assert ours.xz_bytes == pytest.approx(real.xz_bytes, rel=0.06)
