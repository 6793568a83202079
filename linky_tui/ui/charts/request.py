"""What the charts page can be asked for, and what it gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from linky_tui.domain.models import Series
from linky_tui.ui.charts.summary import Summary
from linky_tui.ui.plots import Plot
from linky_tui.ui.plots.periods import Period, Span

if TYPE_CHECKING:
    from linky_tui.storage.queries import DayEnergy


class View(StrEnum):
    """The views, in the order in which ``v`` cycles them."""

    CURVE = "curve"
    ENERGY = "energy"
    HEAT = "heat"
    AVERAGE = "average"
    YEARS = "years"
    DURATION = "duration"


TITLES = {
    View.CURVE: "Load curve",
    View.ENERGY: "Energy",
    View.HEAT: "Heat map",
    View.AVERAGE: "Average day",
    View.YEARS: "Years",
    View.DURATION: "Load duration",
}
SHORTEST = {View.HEAT: Span.WEEK, View.AVERAGE: Span.WEEK, View.YEARS: Span.YEAR}
"""The shortest period in which a view says something, where that is not a day."""
OF_READINGS = {View.CURVE, View.HEAT, View.AVERAGE, View.DURATION}
"""The views for which daily totals are no use."""


class Against(StrEnum):
    """What a load curve is compared with, in the order in which ``p`` cycles them."""

    NOTHING = "nothing"
    BEFORE = "the one before"
    WEEK_BEFORE = "the week before"


@dataclass(frozen=True, slots=True)
class ChartRequest:
    """What the page wants to show."""

    series: Series  # whose data
    view: View  # which view
    period: Period  # of which time, never shorter than the view can show
    against: Against  # for load curves, what to compare with
    yesterday: date  # the last day that can have data
    curve_first: date | None  # the first day with readings, where there are any

    @property
    def expected(self) -> tuple[date, date]:
        """The days of the period that could have data."""
        first = max(self.period.first, self.period.oldest)
        return first, min(self.period.last, max(self.period.newest, self.yesterday))


@dataclass(frozen=True, slots=True)
class ChartData:
    """What to show: a plot, or a sentence where there is none."""

    summary: Summary  # the line above the chart
    plot: Plot | None  # what to draw
    empty: str = ""  # what to say without a plot


NOTHING_STORED = "Nothing is stored for this time. Press b to fetch the history."


def no_curve_text(days: Sequence[DayEnergy]) -> str:
    """Why there is no load curve of some days."""
    if any(day.energy_wh is not None for day in days):
        return (
            "Enedis gave daily totals for this time, but no load curve. "
            "Press v for the energy, or b to see what is still worth asking."
        )
    return NOTHING_STORED
