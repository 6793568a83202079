"""Axes of time: where the hours, days and months of a period lie, also on days of 23 or 25 hours.

Places are minutes since the start of the period's first day, as they really pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from linky_tui.domain.curve import Curve, wall_clock_half_hours
from linky_tui.domain.paris import PARIS, day_minutes, day_of, day_start, days_between
from linky_tui.text.formatting import short_day_text
from linky_tui.ui.plots import LineSeries, Tick
from linky_tui.ui.plots.periods import Period, Span, axis_month, is_monday, weekday_text
from linky_tui.ui.plots.strokes import thinned_line

FINEST = 512
"""Columns for which a line is thinned before it reaches the interface."""
_STEPS_UP_TO = 400


def minutes_range(first: date, last: date) -> tuple[float, float]:
    """The x axis of the days from ``first`` to ``last``, both included."""
    return 0.0, float(sum(day_minutes(day) for day in days_between(first, last)))


def place_of(moment: datetime, first: date) -> float:
    """Minutes from the start of a day to an aware moment."""
    return (moment - day_start(first)).total_seconds() / 60


def time_ticks(period: Period) -> list[Tick]:
    """The labels that suit a period."""
    first, last = period.first, period.last
    if period.span is Span.DAY:
        return [Tick(place, f"{hour:02d}:00") for hour, place in _hours(first)]
    days = list(days_between(first, last))
    if period.span is Span.WEEK:
        labelled = [(day, weekday_text(day)) for day in days]
    elif period.span is Span.MONTH:
        labelled = [(day, short_day_text(day)) for day in days if is_monday(day)]
    else:
        firsts = [day for day in days if day.day == 1]
        labelled = [
            (day, axis_month(day.year, day.month, first=not number))
            for number, day in enumerate(firsts)
        ]
    return [Tick(place_of(day_start(day), first), text) for day, text in labelled]


def curve_line(curve: Curve, name: str) -> LineSeries:
    """A curve as a line over its own days: in steps where these can be seen, with its gaps."""
    origin = int(day_start(curve.first).timestamp())
    steps = len(curve) <= _STEPS_UP_TO
    xs: list[float] = []
    ys: list[float | None] = []
    reached: float | None = None
    for at, interval, power in curve.rows():
        start = (at - origin) / 60
        if reached is not None and start > reached:
            xs.append(reached)
            ys.append(None)
        reached = start + interval
        if steps:
            xs.extend((start, reached))
            ys.extend((power, power))
        else:
            xs.append(start + interval / 2)
            ys.append(power)
    if not steps:
        xs, ys = thinned_line(xs, ys, minutes_range(curve.first, curve.last), FINEST)
    return LineSeries(name=name, xs=xs, ys=ys)


def shifted_to(curve: Curve, first: date) -> Curve:
    """A curve moved to start on another day, each reading at the same time of the wall clock.

    What has no place there is left out: the hour that a day of 23 hours lacks, and the second of
    two equal hours where the other day has only one.
    """
    moved: list[tuple[int, int, int]] = []
    shift = first - curve.first
    for day, rows in _by_day(curve):
        target = day + shift
        origin, new_origin = (int(day_start(each).timestamp()) for each in (day, target))
        same = wall_clock_half_hours(day) == wall_clock_half_hours(target)
        for at, interval, power in rows:
            place = at - origin
            if not same:
                found = _same_wall_clock(day, target, place)
                if found is None or (moved and new_origin + found <= moved[-1][0]):
                    continue
                place = found
            moved.append((new_origin + place, interval, power))
    starts, intervals, powers = zip(*moved, strict=True) if moved else ((), (), ())
    return Curve(first, curve.last + shift, starts, intervals, powers)


def _by_day(curve: Curve) -> Iterator[tuple[date, list[tuple[int, int, int]]]]:
    rows = iter(curve.rows())
    row = next(rows, None)
    for day in days_between(curve.first, curve.last):
        end = int(day_start(day + timedelta(days=1)).timestamp())
        found = []
        while row is not None and row[0] < end:
            found.append(row)
            row = next(rows, None)
        yield day, found


def _same_wall_clock(day: date, target: date, seconds: int) -> int | None:
    """Where a time of one day lies in another, both in seconds since their start."""
    number, rest = divmod(seconds, 1800)
    slot = wall_clock_half_hours(day)[number]
    others = wall_clock_half_hours(target)
    return others.index(slot) * 1800 + rest if slot in others else None


def _hours(day: date) -> Iterator[tuple[int, float]]:
    for hour in range(0, 24, 3):
        moment = datetime.combine(day, time(hour), tzinfo=PARIS)
        if day_of(moment) == day:
            yield hour, place_of(moment, day)
