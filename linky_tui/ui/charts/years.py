"""Year against year: the months of up to three years side by side, compared fairly."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from linky_tui.storage import queries
from linky_tui.storage.queries import MonthEnergy
from linky_tui.text.formatting import MONTH_NAMES, things
from linky_tui.ui.charts.loaders import month_spot
from linky_tui.ui.charts.request import NOTHING_STORED, ChartData, ChartRequest
from linky_tui.ui.charts.summary import Summary, missing_energy, total_text
from linky_tui.ui.plots import BarGroup, GroupPlot
from linky_tui.ui.plots.spots import listed

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

YEARS_SHOWN = 3

Months = dict[tuple[int, int], MonthEnergy]


def load_years(store: Store, request: ChartRequest) -> ChartData:
    """The months of the period's year and of the two before."""
    oldest, newest = request.period.oldest, request.period.newest
    year = request.period.anchor.year
    years = range(max(oldest.year, year - YEARS_SHOWN + 1), year + 1)
    days = queries.daily_energy(store, request.series, date(years[0], 1, 1), date(year, 12, 31))
    months = {(each.year, each.month): each for each in queries.monthly_energy(days)}
    end = max(newest, request.yesterday)
    expected = [day for day in days if day.day.year == year and oldest <= day.day <= end]
    summary = Summary(
        str(year) if len(years) == 1 else f"{years[0]} to {year}",
        f"{total_text(expected)} in {year}" if total_text(expected) else "",
        tuple(_compared(months, year, other) for other in reversed(years[:-1])),
        *missing_energy(expected),
    )
    if not any(each.energy_wh is not None for each in months.values()):
        return ChartData(summary, None, NOTHING_STORED)
    first, last = (oldest.year, oldest.month), (end.year, end.month)
    groups = []
    for each in years:
        row = [months[each, month] for month in range(1, 13)]
        groups.append(
            BarGroup(
                name=str(each),
                values=[None if m.energy_wh is None else m.energy_wh / 1000 for m in row],
                partial=frozenset(index for index, m in enumerate(row) if not m.complete),
                unexpected=frozenset(
                    index for index in range(12) if not first <= (each, index + 1) <= last
                ),
            )
        )
    spots = [
        month_spot(months[each, month], days) if first <= (each, month) <= last else None
        for month in range(1, 13)
        for each in years
    ]
    plot = GroupPlot(unit="kWh", labels=MONTH_NAMES, groups=groups, read=listed(spots))
    return ChartData(summary, plot)


def _compared(months: Months, year: int, other: int) -> str:
    """The change from another year over the months that are complete in both."""
    both = [
        (months[year, month].energy_wh or 0, months[other, month].energy_wh or 0)
        for month in range(1, 13)
        if months[year, month].complete and months[other, month].complete
    ]
    now, then = (sum(each) for each in zip(*both, strict=True)) if both else (0, 0)
    if not then:
        return f"no whole month in both {other} and {year}"
    count = things(len(both), "whole month")
    return f"{(now - then) / then:+.1%} vs {other} over {count}".replace("%", " %", 1)
