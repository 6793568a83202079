"""Load curves and energies of a period, with what is said above them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, TypeVar

from linky_tui.domain.curve import Hour
from linky_tui.domain.paris import PARIS, day_minutes, day_of
from linky_tui.storage import queries
from linky_tui.text.formatting import kwh_text, local_time_text, moment_text, short_day_text
from linky_tui.ui.charts.request import (
    NOTHING_STORED,
    Against,
    ChartData,
    ChartRequest,
    no_curve_text,
)
from linky_tui.ui.charts.summary import (
    Summary,
    curve_facts,
    day_facts,
    missing_energy,
    missing_readings,
    total_text,
)
from linky_tui.ui.plots import BarPlot, LinePlot, Spot
from linky_tui.ui.plots.axes import curve_line, minutes_range, shifted_to, time_ticks
from linky_tui.ui.plots.periods import (
    Period,
    Span,
    axis_month,
    is_monday,
    month_text,
    weekday_text,
)
from linky_tui.ui.plots.spots import (
    curve_spots,
    daily_means,
    day_label,
    energy_spot,
    iso_text,
    listed,
)

if TYPE_CHECKING:
    from linky_tui.storage.queries import DayEnergy, MonthEnergy
    from linky_tui.storage.store import Store

T = TypeVar("T")


def compared_with(request: ChartRequest) -> Period | None:
    """The period that the load curve is compared with."""
    period = request.period
    if request.against is Against.NOTHING or period.span is Span.ALL:
        return None
    if request.against is Against.WEEK_BEFORE and period.span is Span.DAY:
        return replace(period, anchor=period.anchor - timedelta(days=7))
    return period.before()


def load_curve(store: Store, request: ChartRequest) -> ChartData:
    """The load curve of a period, and of another one behind it."""
    period, series = request.period, request.series
    days = queries.daily_energy(store, series, *request.expected)
    curve = queries.load_curve(store, series, period.first, period.last)
    facts = curve_facts(curve, one_day=period.span is Span.DAY)
    summary = Summary(
        period.text, total_text(days), facts, *missing_readings(days, request.curve_first)
    )
    if not len(curve):
        return ChartData(summary, None, no_curve_text(days))
    other = compared_with(request)
    before = None
    if other is not None:
        summary = replace(summary, facts=(*_change(store, request, days, other), *facts))
        found = queries.load_curve(store, series, other.first, other.last)
        before = shifted_to(found, period.first) if len(found) else None
    plot = LinePlot(
        unit="W",
        series=(),
        x_range=minutes_range(period.first, period.last),
        x_ticks=time_ticks(period),
    )
    if period.span > Span.WEEK:
        mean, band, read = daily_means(curve, "mean of each day")
        lines = [mean]
        if before is not None and other is not None:
            lines.append(replace(daily_means(before, other.text)[0], dim=True))
        plot = replace(plot, series=tuple(lines), band=band, spans=band.spans, read=read)
        return ChartData(summary, plot)
    spans, read = curve_spots(curve, before)
    lines = [curve_line(curve, period.text)]
    if before is not None and other is not None:
        lines.append(replace(curve_line(before, other.text), dim=True))
    plot = replace(plot, series=tuple(lines), filled=True, spans=spans, read=read)
    return ChartData(summary, plot)


def _change(
    store: Store, request: ChartRequest, days: Sequence[DayEnergy], other: Period
) -> tuple[str, ...]:
    """The energy of the other period, of as many days where this one is not over yet.

    Nothing where a day of either lacks some of it.
    """
    period, (first, last) = request.period, request.expected
    until = other.last if last == period.last else other.first + (last - period.first)
    before = queries.daily_energy(store, request.series, other.first, min(until, other.last))
    now_wh, before_wh = (sum(day.energy_wh or 0 for day in each) for each in (days, before))
    whole = first == period.first and all(day.complete for day in (*days, *before))
    if not whole or not before_wh:
        return ()
    part = f" to {short_day_text(until)}" if until < other.last else ""
    return (f"vs {kwh_text(before_wh)}{part} ({round((now_wh / before_wh - 1) * 100):+d} %)",)


def load_energy(store: Store, request: ChartRequest) -> ChartData:
    """Energy by hour of a day, by day of a week or a month, by month of anything longer."""
    if request.period.span is Span.DAY:
        return _by_hour(store, request)
    days = queries.daily_energy(store, request.series, *request.expected)
    summary = Summary(request.period.text, total_text(days), day_facts(days), *missing_energy(days))
    if not any(day.energy_wh is not None for day in days):
        return ChartData(summary, None, NOTHING_STORED)
    plot = _by_day if request.period.span < Span.YEAR else _by_month
    return ChartData(summary, plot(store, request))


def _by_hour(store: Store, request: ChartRequest) -> ChartData:
    days = queries.daily_energy(store, request.series, *request.expected)
    summary = Summary(
        request.period.text, total_text(days), (), *missing_readings(days, request.curve_first)
    )
    hours = queries.hourly_energy(store, request.series, request.period.first, request.period.last)
    known = [(hour.energy_wh, hour) for hour in hours if hour.energy_wh is not None]
    if not known:
        return ChartData(summary, None, no_curve_text(days))
    most, when = max(known, key=lambda found: found[0])
    start = when.start.astimezone(PARIS).hour
    facts = (
        f"mean {kwh_text(sum(energy for energy, _ in known) / len(known))} an hour",
        f"most {kwh_text(most)} ({start:02d}:00 to {(start + 1) % 24:02d}:00)",
    )
    plot = BarPlot(
        unit="kWh",
        labels=[f"{hour.start.astimezone(PARIS).hour:02d}" for hour in hours],
        values=[None if hour.energy_wh is None else hour.energy_wh / 1000 for hour in hours],
        partial=_where(hours, lambda hour: hour.energy_wh is not None and not hour.complete),
        note="by hour",
        read=listed([_hour_spot(hour) for hour in hours]),
    )
    return ChartData(replace(summary, facts=facts), plot)


def _hour_spot(hour: Hour) -> Spot:
    end = local_time_text(hour.start + timedelta(hours=1))
    when = f"{moment_text(hour.start)} to {end}"
    more = "" if hour.complete else "incomplete"
    spot = energy_spot(when, hour.energy_wh, hour.minutes, day=day_of(hour.start), more=more)
    return replace(spot, at=iso_text(hour.start))


def _by_day(store: Store, request: ChartRequest) -> BarPlot:
    period = request.period
    first, last = request.expected
    days = queries.daily_energy(store, request.series, period.first, period.last)
    week = period.span is Span.WEEK
    known = sorted(day.energy_wh for day in days if day.complete and day.energy_wh is not None)
    return BarPlot(
        unit="kWh",
        labels=[
            weekday_text(day.day) if week else short_day_text(day.day) if is_monday(day.day) else ""
            for day in days
        ],
        values=[_kwh(day.energy_wh) for day in days],
        partial=_where(days, _torn),
        unexpected=_where(days, lambda day: not first <= day.day <= last),
        weekends=_where(days, lambda day: day.day.weekday() >= 5),
        marks=not week,
        median=median(known) / 1000 if len(known) > 1 else None,
        note="by day",
        read=listed(
            [
                energy_of_days(day_label(day.day), [day]) if first <= day.day <= last else None
                for day in days
            ]
        ),
    )


def _by_month(store: Store, request: ChartRequest) -> BarPlot:
    period = request.period
    first, last = request.expected
    days = queries.daily_energy(store, request.series, period.first.replace(day=1), period.last)
    months = queries.monthly_energy(days)
    outside = [
        (month.year, month.month) < (first.year, first.month)
        or (month.year, month.month) > (last.year, last.month)
        for month in months
    ]
    known = [month.energy_wh for month in months if month.complete and month.energy_wh is not None]
    return BarPlot(
        unit="kWh",
        labels=[axis_month(month.year, month.month, first=not n) for n, month in enumerate(months)],
        values=[_kwh(month.energy_wh) for month in months],
        partial=frozenset(index for index, month in enumerate(months) if not month.complete),
        unexpected=frozenset(index for index, each in enumerate(outside) if each),
        median=median(known) / 1000 if len(known) > 1 else None,
        note="by month",
        read=listed(
            [
                None if out else month_spot(month, days)
                for month, out in zip(months, outside, strict=True)
            ]
        ),
    )


def month_spot(month: MonthEnergy, days: Sequence[DayEnergy]) -> Spot:
    """What is known of a month, from the days that may lie in it."""
    inside = [day for day in days if (day.day.year, day.day.month) == (month.year, month.month)]
    spot = energy_of_days(month_text(month.year, month.month), inside)
    return replace(spot, at=f"{month.year}-{month.month:02d}")


def energy_of_days(when: str, days: Sequence[DayEnergy]) -> Spot:
    """The energy of some days and the mean power over what is known of them."""
    known = [day for day in days if day.energy_wh is not None]
    minutes = sum(day_minutes(day.day) if day.complete else day.minutes_covered for day in known)
    energy_wh = sum(day.energy_wh or 0 for day in known) if known else None
    parts = (
        "" if all(day.complete for day in days) else "incomplete",
        "Enedis' total" if len(days) == 1 and days[0].from_total else "",
    )
    day = days[0].day if len(days) == 1 else None
    return energy_spot(when, energy_wh, minutes, day=day, more=" · ".join(filter(None, parts)))


def _kwh(energy_wh: float | None) -> float | None:
    return None if energy_wh is None else energy_wh / 1000


def _torn(day: DayEnergy) -> bool:
    return day.energy_wh is not None and not day.complete


def _where(items: Sequence[T], test: Callable[[T], bool]) -> frozenset[int]:
    return frozenset(index for index, item in enumerate(items) if test(item))
