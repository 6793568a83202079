"""What the dashboard shows beside the table, loaded in a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import TYPE_CHECKING

from linky_tui.domain.coverage import first_askable
from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, day_minutes, days_between, next_utc_day, utc_now
from linky_tui.domain.paris import today as paris_today
from linky_tui.errors import LinkyError
from linky_tui.storage.queries import load_curve, readings_of_hours
from linky_tui.text.formatting import DAY_NAMES, count_text, kwh_text, short_day_text
from linky_tui.ui.dashboard.figure import BAR_DAYS, BASE_NIGHTS, RECENT_DAYS, Figure
from linky_tui.ui.dashboard.figures import (
    BASE_HOURS,
    HomeFacts,
    RequestsToday,
    dashboard_figures,
)
from linky_tui.ui.plots import BarPlot, LinePlot
from linky_tui.ui.plots.axes import curve_line, minutes_range, time_ticks
from linky_tui.ui.plots.periods import Period, Span, is_monday
from linky_tui.ui.plots.spots import curve_spots, day_label, energy_spot, listed

if TYPE_CHECKING:
    from linky_tui.enedis.budget import Budget
    from linky_tui.storage.store import Store


@dataclass(frozen=True, slots=True)
class DashboardData:
    """Everything on the dashboard but the table."""

    figures: tuple[Figure, ...]  # in the order of the cards
    bars: BarPlot | None  # the last 60 days, `None` where none has an energy
    bars_note: str = ""  # their sum, or empty
    recent: BarPlot | None = None  # the last of them, for where there is little room
    curve: LinePlot | None = None  # the load curve of the last day with data, or `None`
    curve_day: str = ""  # that day as text, or empty
    curve_note: str = ""  # its energy, or empty


def load_dashboard(store: Store, series: Series, budget: Callable[[], Budget]) -> DashboardData:
    """Ask the ledger, the readings and the budget. Blocks.

    Raises:
        LinkyError: whatever the store says; a budget that cannot be read is only a dash.
    """
    today = paris_today()
    yesterday = today - ONE_DAY
    records = store.days.load(series, first_askable(today), yesterday)
    nights = readings_of_hours(store, series, today - BASE_NIGHTS * ONE_DAY, yesterday, BASE_HOURS)
    facts = HomeFacts(today, records, nights, _requests(store, budget))
    last = max((day for day, record in records.items() if record.readings), default=None)
    bars, bars_note = _bars(facts, yesterday, BAR_DAYS)
    recent, _ = _bars(facts, yesterday, RECENT_DAYS)
    if last is None:
        return DashboardData(dashboard_figures(facts), bars, bars_note, recent)
    record = records[last]
    return DashboardData(
        dashboard_figures(facts),
        bars,
        bars_note,
        recent,
        _curve(store, series, last),
        f"{DAY_NAMES[last.weekday()]} {short_day_text(last)}",
        kwh_text(record.energy_wh)
        + (
            f", {record.minutes_covered // 60} of {record.minutes_expected // 60} h"
            if record.minutes_covered < record.minutes_expected
            else ""
        ),
    )


def _requests(store: Store, make_budget: Callable[[], Budget]) -> RequestsToday | None:
    now = utc_now()
    resets_at = next_utc_day(now.date())
    try:
        budget = make_budget()
        shared = store.requests.used(budget.host, now.date())
        used = budget.used_today(now, floor_used=shared)
        return RequestsToday(used, budget.per_day, resets_at, budget.blocked)
    except LinkyError:
        return None


def _bars(facts: HomeFacts, yesterday: date, count: int) -> tuple[BarPlot | None, str]:
    days = list(days_between(yesterday - timedelta(days=count - 1), yesterday))
    energies = [facts.energy_wh(day) for day in days]
    known = [energy for energy in energies if energy is not None]
    if not known:
        return None, ""
    missing = len(days) - len(known)
    plot = BarPlot(
        unit="",
        labels=[short_day_text(day) if is_monday(day) else "" for day in days],
        values=[None if energy is None else energy / 1000 for energy in energies],
        weekends=frozenset(index for index, day in enumerate(days) if day.weekday() >= 5),
        marks=True,
        median=median(known) / 1000 if len(known) > 1 else None,
        note=f"{count_text(missing)} of {len(days)} days missing" if missing else "",
        read=listed(
            [
                energy_spot(day_label(day), energy, day_minutes(day), day=day)
                for day, energy in zip(days, energies, strict=True)
            ]
        ),
    )
    return plot, f"{kwh_text(sum(known))}, {kwh_text(sum(known) / len(known))} a day"


def _curve(store: Store, series: Series, day: date) -> LinePlot:
    curve = load_curve(store, series, day, day)
    spans, read = curve_spots(curve)
    return LinePlot(
        unit="",
        series=[curve_line(curve, short_day_text(day))],
        x_range=minutes_range(day, day),
        x_ticks=time_ticks(Period(Span.DAY, day, day, day)),
        filled=True,
        spans=spans,
        read=read,
    )
