"""What the crosshair reads: times, powers and energies of a plot's places, from the same data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from linky_tui.domain.curve import Curve, HeatMap
from linky_tui.domain.paris import PARIS, day_of, day_start, days_between
from linky_tui.text.formatting import (
    DAY_NAMES,
    local_time_text,
    moment_text,
    short_day_text,
    watts_text,
)
from linky_tui.ui.plots.plots import Band, LineSeries, Read, Spot

NO_DATA = "no data"


def day_label(day: date, *, year: bool = True) -> str:
    """``Sat 21 Nov 2026``, or without its year."""
    return f"{DAY_NAMES[day.weekday()]} {short_day_text(day)}" + (f" {day.year}" if year else "")


def iso_text(instant: datetime) -> str:
    """Paris time for a program: ``2026-11-21T10:00+01:00``."""
    return instant.astimezone(PARIS).isoformat(timespec="minutes")


def energy_spot(
    when: str, energy_wh: float | None, minutes: int, *, day: date | None = None, more: str = ""
) -> Spot:
    """An energy and the mean power over the minutes in which it was used."""
    if energy_wh is None:
        return Spot(when, more=NO_DATA, day=day)
    power = energy_wh * 60 / minutes if minutes else None
    return Spot(when, power, energy_wh, more, day)


def listed(spots: Sequence[Spot | None]) -> Read:
    """Reads one of some spots in a row."""
    return lambda column, _: spots[column]


def curve_spots(
    curve: Curve, against: Curve | None = None
) -> tuple[list[tuple[float, float]], Read]:
    """Each reading of a curve: its minutes since the start of the first day, and what it says.

    ``against``: another curve, moved to the same days.
    """
    origin = int(day_start(curve.first).timestamp())
    rows = list(curve.rows())
    others = {} if against is None else {at: power for at, _, power in against.rows()}

    def read(column: int, _: int) -> Spot:
        at, interval, power = rows[column]
        start = datetime.fromtimestamp(at, UTC)
        end = start + timedelta(minutes=interval)
        when = moment_text(start) + ("" if interval == 30 else f" to {local_time_text(end)}")
        other = f"the other {watts_text(others[at])}" if at in others else ""
        return Spot(when, power, power * interval / 60, other, day_of(start), iso_text(start))

    starts = ((at - origin) / 60 for at, _, _ in rows)
    spans = [(start, start + row[1]) for start, row in zip(starts, rows, strict=True)]
    return spans, read


def daily_means(curve: Curve, name: str) -> tuple[LineSeries, Band, Read]:
    """A curve as the mean of each day in a band from its lowest to its highest power."""
    origin = day_start(curve.first)
    starts = {
        day: (day_start(day) - origin).total_seconds() / 60
        for day in days_between(curve.first, curve.last + timedelta(days=1))
    }
    spots: list[Spot] = []
    spans: list[tuple[float, float]] = []
    lows: list[float] = []
    highs: list[float] = []
    xs: list[float] = []
    ys: list[float | None] = []
    for day, group in groupby(
        curve.rows(), lambda row: day_of(datetime.fromtimestamp(row[0], UTC))
    ):
        rows = list(group)
        minutes = sum(interval for _, interval, _ in rows)
        energy_wh = sum(interval * power for _, interval, power in rows) / 60
        low, high = min(row[2] for row in rows), max(row[2] for row in rows)
        start, end = starts[day], starts[day + timedelta(days=1)]
        incomplete = "" if minutes >= end - start else ", incomplete"
        more = f"{low:,} to {watts_text(high)}{incomplete}"
        spot = energy_spot(day_label(day), energy_wh, minutes, day=day, more=more)
        if spans and spans[-1][1] < start:
            xs.append(spans[-1][1])
            ys.append(None)
        xs.extend((start, end))
        ys.extend((spot.power_w, spot.power_w))
        spots.append(spot)
        spans.append((start, end))
        lows.append(low)
        highs.append(high)
    band = Band(name="lowest to highest", spans=spans, lows=lows, highs=highs)
    return LineSeries(name=name, xs=xs, ys=ys), band, listed(spots)


def heat_spots(heat: HeatMap, known: Callable[[date], bool]) -> Read:
    """Each half-hour of a heat map; nothing on days that are not ``known``, such as those to come.

    Where the wall clock shows a half-hour twice, it is the mean and the sum of both.
    """

    def read(column: int, row: int) -> Spot | None:
        day = heat.days[column]
        if not known(day):
            return None
        time = f"{row // 2:02d}:{row % 2 * 30:02d}"
        when, at = f"{day_label(day, year=False)} {time}", f"{day.isoformat()}T{time}"
        power = heat.mean_w[column][row]
        if power is None:
            return Spot(when, more=NO_DATA, day=day, at=at)
        return Spot(when, power, heat.energy_wh[column][row], day=day, at=at)

    return read
