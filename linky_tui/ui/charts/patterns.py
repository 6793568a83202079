"""Heat map, average day and load duration of a period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from linky_tui.domain import curve as curves
from linky_tui.domain.curve import AverageDay
from linky_tui.storage import queries
from linky_tui.text.formatting import kwh_text, short_day_text, things, watts_text
from linky_tui.ui.charts.request import ChartData, ChartRequest, no_curve_text
from linky_tui.ui.charts.summary import Summary, curve_facts, missing_readings, total_text
from linky_tui.ui.plots import HeatPlot, LinePlot, LineSeries, Spot, Tick
from linky_tui.ui.plots.periods import Span, axis_month, is_monday, weekday_text
from linky_tui.ui.plots.plots import energy_text
from linky_tui.ui.plots.spots import NO_DATA, heat_spots

if TYPE_CHECKING:
    from linky_tui.storage.store import Store


def load_heat(store: Store, request: ChartRequest) -> ChartData:
    """Mean power, half-hours down and the days of the whole period across."""
    first, last = request.expected
    period = request.period
    days = queries.daily_energy(store, request.series, first, last)
    curve = queries.load_curve(store, request.series, period.first, period.last)
    summary = Summary(
        period.text,
        total_text(days),
        curve_facts(curve, one_day=False),
        *missing_readings(days, request.curve_first),
    )
    if not len(curve):
        return ChartData(summary, None, no_curve_text(days))
    heat = curves.heat_map(curve)
    plot = HeatPlot(
        unit="W",
        columns=heat.mean_w,
        column_labels=[_day_label(day, period.span) for day in heat.days],
        row_labels=[f"{row // 2:02d}:00" if row % 6 == 0 else "" for row in range(48)],
        unexpected=frozenset(
            index for index, day in enumerate(heat.days) if not first <= day <= last
        ),
        read=heat_spots(heat, lambda day: first <= day <= last),
    )
    return ChartData(summary, plot)


def load_average(store: Store, request: ChartRequest) -> ChartData:
    """The average day: one line for working days, one for weekends."""
    first, last = request.expected
    days = queries.daily_energy(store, request.series, first, last)
    found = queries.average_day(store, request.series, first, last)
    lines = tuple(
        _half_hour_steps(things(number, name), means)
        for name, number, means in (
            ("working day", found.working_days, found.working_w),
            ("weekend day", found.weekend_days, found.weekend_w),
        )
        if number
    )
    summary = Summary(
        request.period.text,
        total_text(days),
        (
            *_mean_day("working day", found.working_w),
            *_mean_day("weekend day", found.weekend_w),
        ),
        *missing_readings(days, request.curve_first),
    )
    if not lines:
        return ChartData(summary, None, no_curve_text(days))
    plot = LinePlot(
        unit="W",
        series=lines,
        x_range=(0, 1440),
        x_ticks=[Tick(hour * 60, f"{hour:02d}:00") for hour in range(0, 24, 3)],
        note="mean of half-hours",
        spans=[(half * 30, half * 30 + 30) for half in range(48)],
        read=lambda half, _: _average_spot(found, half),
    )
    return ChartData(summary, plot)


def load_duration(store: Store, request: ChartRequest) -> ChartData:
    """For which part of the time the power was at least so much."""
    first, last = request.expected
    days = queries.daily_energy(store, request.series, first, last)
    found = queries.load_duration(store, request.series, first, last)
    missing = missing_readings(days, request.curve_first)
    if not found.powers_w:
        return ChartData(
            Summary(request.period.text, total_text(days), (), *missing),
            None,
            no_curve_text(days),
        )
    facts = (
        f"half of the time over {watts_text(found.powers_w[50])}",
        f"1 % over {watts_text(found.powers_w[1])}",
        f"95 % over {watts_text(found.powers_w[95])}",
    )
    plot = LinePlot(
        unit="W",
        series=(LineSeries(name="power", xs=found.percent, ys=found.powers_w),),
        x_range=(0, 100),
        x_ticks=[Tick(percent, f"{percent} %") for percent in range(0, 101, 10)],
        note="reached for this part of the time",
        filled=True,
        spans=[(percent - 0.5, percent + 0.5) for percent in found.percent],
        read=lambda percent, _: Spot(
            f"reached for {percent} % of the time ({found.minutes * percent / 6000:,.0f} h)",
            found.powers_w[percent],
            found.energies_wh[percent],
        ),
    )
    return ChartData(Summary(request.period.text, total_text(days), facts, *missing), plot)


def _average_spot(found: AverageDay, half: int) -> Spot:
    """Both kinds of days, the one with the line that is drawn first in front."""
    when = f"{half // 2:02d}:{half % 2 * 30:02d}"
    parts = [
        (f"{name} ", power)
        for name, number, power in (
            ("working days", found.working_days, found.working_w[half]),
            ("weekends", found.weekend_days, found.weekend_w[half]),
        )
        if number
    ]
    (name, first), *others = parts
    more = " · ".join(
        f"{other}{NO_DATA if power is None else _both_text(power)}" for other, power in others
    )
    if first is None:
        return Spot(f"{when} · {name}{NO_DATA}", more=more)
    return Spot(f"{when} · {name.strip()}", first, first / 2, more)


def _both_text(power_w: float) -> str:
    return f"{watts_text(power_w)}, {energy_text(round(power_w / 2, 1))}"


def _half_hour_steps(name: str, means: Sequence[float | None]) -> LineSeries:
    xs: list[float] = []
    ys: list[float | None] = []
    for index, mean in enumerate(means):
        xs.extend((index * 30, index * 30 + 30))
        ys.extend((mean, mean))
    return LineSeries(name=name, xs=xs, ys=ys)


def _mean_day(name: str, means: Sequence[float | None]) -> tuple[str, ...]:
    known = [mean for mean in means if mean is not None]
    if len(known) < len(means):
        return ()
    return (f"{name} {kwh_text(sum(known) / 2)}",)


def _day_label(day: date, span: Span) -> str:
    if span is Span.WEEK:
        return weekday_text(day)
    if span is Span.MONTH:
        return short_day_text(day) if is_monday(day) else ""
    return axis_month(day.year, day.month, first=False) if day.day == 1 else ""
