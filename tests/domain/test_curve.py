"""Whatever the readings: hours, heat map and average day are what their minutes say.

Everything is in pieces of five minutes here, for speed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linky_tui.domain.curve import Curve, Hour, average_day, half_hours, heat_map, hours
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import PARIS, day_start, days_between

MINUTE = timedelta(minutes=1)
PIECE = 5 * MINUTE
SPANS = [
    (date(2026, 3, 28), date(2026, 3, 29)),
    (date(2026, 10, 25), date(2026, 10, 26)),
    (date(2026, 11, 20), date(2026, 11, 20)),
]


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    """Readings with holes, of any step, off the half-hour, some of them outside the days."""
    first, last = draw(st.sampled_from(SPANS))
    at = day_start(first) - 90 * MINUTE
    readings = []
    while at < day_start(last + timedelta(days=1)) + 60 * MINUTE:
        step = draw(st.sampled_from([5, 15, 20, 30, 60]))
        if draw(st.integers(0, 5)):
            readings.append(Reading(at, step, draw(st.integers(0, 5000))))
        at += step * MINUTE + draw(st.sampled_from([0, 0, 0, 10, 300])) * MINUTE
    return Curve.of(readings, first, last)


def by_piece(curve: Curve) -> dict[datetime, int]:
    """The power of each piece (UTC) of the curve's days that is known."""
    low, high = day_start(curve.first), day_start(curve.last + timedelta(days=1))
    return {
        at: power
        for start, interval, power in curve.rows()
        for number in range(interval // 5)
        if low <= (at := datetime.fromtimestamp(start, UTC) + number * PIECE) < high
    }


def means(found: Iterable[tuple[object, int]]) -> dict[object, float]:
    grouped = defaultdict(list)
    for key, power in found:
        grouped[key].append(power)
    return {key: sum(powers) / len(powers) for key, powers in grouped.items()}


@settings(max_examples=40, deadline=None)
@given(curves())
def test_each_figure_is_what_its_minutes_say(curve: Curve) -> None:
    known = by_piece(curve)
    paris = [(at.astimezone(PARIS), power) for at, power in known.items()]
    days = list(days_between(curve.first, curve.last))

    spread = half_hours(curve)
    assert (spread.first, spread.last) == (curve.first, curve.last)
    assert sum(spread.minutes) == len(known) * 5
    assert sum(spread.watt_minutes) == sum(known.values()) * 5

    expected = []
    at = day_start(curve.first)
    while at < day_start(curve.last + timedelta(days=1)):
        powers = [known[at + n * PIECE] for n in range(12) if at + n * PIECE in known]
        energy_wh = sum(powers) * 5 / 60 if powers else None
        expected.append(Hour(at, energy_wh, len(powers) * 5))
        at += 60 * MINUTE
    assert list(hours(curve)) == expected

    heat = heat_map(curve)
    assert heat.days == tuple(days)
    assert [len(column) for column in heat.mean_w] == [48] * len(days)
    cells = {
        (day, half): mean
        for day, column in zip(heat.days, heat.mean_w, strict=True)
        for half, mean in enumerate(column)
        if mean is not None
    }
    halves = [((at.date(), at.hour * 2 + at.minute // 30), power) for at, power in paris]
    assert cells == pytest.approx(means(halves))
    energies = [energy for column in heat.energy_wh for energy in column]
    assert sum(energies) == pytest.approx(sum(known.values()) * 5 / 60)

    average = average_day(curve)
    seen = {at.date() for at, _ in paris}
    assert average.weekend_days == sum(day.weekday() >= 5 for day in seen)
    assert average.working_days == len(seen) - average.weekend_days
    slots = {
        (weekend, slot): mean
        for weekend, values in ((False, average.working_w), (True, average.weekend_w))
        for slot, mean in enumerate(values)
        if mean is not None
    }
    key = [(at.weekday() >= 5, at.hour * 2 + at.minute // 30) for at, _ in paris]
    assert slots == pytest.approx(means(zip(key, known.values(), strict=True)))
    assert len(average.working_w) == len(average.weekend_w) == 48


def test_a_curve_sums_up_its_readings() -> None:
    start = day_start(date(2026, 11, 20))
    curve = Curve.of([Reading(start, 30, 100), Reading(start + 30 * MINUTE, 60, 700)], *SPANS[2])
    assert (len(curve), curve.minutes, curve.watt_minutes) == (2, 90, 45_000)
    assert curve.peak() == (start + 30 * MINUTE, 700)
    assert Curve.of([], *SPANS[2]).peak() is None


def test_a_reading_off_the_half_hour_is_spread_to_the_minute() -> None:
    odd = Reading(day_start(SPANS[2][0]) + 28 * MINUTE, 3, 600)
    spread = half_hours(Curve.of([odd], *SPANS[2]))
    assert list(zip(spread.minutes, spread.watt_minutes, strict=True))[:3] == [
        (2, 1200), (1, 600), (0, 0),
    ]  # fmt: skip
