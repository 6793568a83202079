"""What a chart shows, free of how it is drawn: frozen values that any thread may build."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from linky_tui.text.formatting import kwh_text, watts_text

if TYPE_CHECKING:
    from linky_tui.ui.plots.canvas import Grid
    from linky_tui.ui.plots.palette import Palette


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on the x axis."""

    at: float  # where, in the unit of the x values
    text: str  # what it says


@dataclass(frozen=True, slots=True)
class Spot:
    """What can be read at one place of a plot."""

    when: str  # which time it is, as text
    power_w: float | None = None  # the mean power there
    energy_wh: float | None = None  # the energy of that time
    more: str = ""  # what else there is to say
    day: date | None = None  # the Paris day that it lies in, where it is one
    at: str = ""  # the time for a program, where it is no day: ISO 8601

    @property
    def iso(self) -> str:
        """Which time it is for a program."""
        return self.at or (self.day.isoformat() if self.day is not None else self.when)

    @property
    def text(self) -> str:
        """``Thu 26 Nov 10:00 · 1,480 W · 740 Wh``."""
        power = "" if self.power_w is None else watts_text(self.power_w)
        energy = "" if self.energy_wh is None else energy_text(self.energy_wh)
        return " · ".join(filter(None, (self.when, power, energy, self.more)))


Read = Callable[[int, int], "Spot | None"]
"""What stands at the n-th place from the left, the m-th from the top; ``None`` for nothing."""


def energy_text(energy_wh: float) -> str:
    """An energy as it is read from a chart: ``740 Wh``, ``672.5 Wh``, ``20.7 kWh``."""
    if energy_wh >= 10_000:
        return kwh_text(energy_wh)
    return f"{energy_wh:,.1f}".removesuffix(".0") + " Wh"


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Base of everything that a chart can show."""

    unit: str  # unit of the values, shown at the top of their axis
    note: str = ""  # a few words beside it, such as what is missing
    read: Read | None = field(default=None, compare=False)  # what the crosshair says


@dataclass(frozen=True, kw_only=True)
class BarPlot(Plot):
    """One bar a value."""

    labels: Sequence[str]  # one a bar, under it where there is room; empty ones are never shown
    values: Sequence[float | None]  # one a bar; `None` is a gap, never a zero
    partial: frozenset[int] = frozenset()  # bars of which something is missing; they are hatched
    # bars that cannot be there, such as days to come: nothing, not even a gap
    unexpected: frozenset[int] = frozenset()
    weekends: frozenset[int] = frozenset()  # bars of Saturdays and Sundays
    marks: bool = False  # whether labels stand at marks on the axis, such as every Monday's
    median: float | None = None  # where to draw a line across


@dataclass(frozen=True, kw_only=True)
class BarGroup:
    """One colour of a :class:`GroupPlot`."""

    name: str  # for the legend
    values: Sequence[float | None]  # one a label; `None` is a gap
    partial: frozenset[int] = frozenset()  # bars of which something is missing
    unexpected: frozenset[int] = frozenset()  # bars that cannot be there


@dataclass(frozen=True, kw_only=True)
class GroupPlot(Plot):
    """Several bars side by side above each label; the places to read are its bars in a row."""

    labels: Sequence[str]  # one a group of bars
    # the colours, each with one value a label; the last is the strongest
    groups: Sequence[BarGroup]


@dataclass(frozen=True, kw_only=True)
class LineSeries:
    """One line."""

    name: str  # for the legend
    xs: Sequence[float]  # where, increasing
    ys: Sequence[float | None]  # how much; `None` interrupts the line
    dim: bool = False  # drawn behind and with another marker, to compare with


@dataclass(frozen=True, kw_only=True)
class Band:
    """What a line is the mean of: an area from the lowest to the highest."""

    name: str  # for the legend
    spans: Sequence[tuple[float, float]]  # from where to where, increasing
    lows: Sequence[float]  # the lowest of each
    highs: Sequence[float]  # the highest


@dataclass(frozen=True, kw_only=True)
class LinePlot(Plot):
    """Lines over a common x axis; the y axis starts at zero."""

    series: Sequence[LineSeries]  # the lines
    x_range: tuple[float, float]  # both ends of the x axis
    x_ticks: Sequence[Tick] = field(default_factory=tuple)  # its labels
    filled: bool = False  # whether the area under the first line is filled
    band: Band | None = None  # an area behind the first line
    # from where to where each place is that can be read, increasing
    spans: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, kw_only=True)
class HeatPlot(Plot):
    """A grid of values, darker or denser where they are higher."""

    # one a column: its values from top to bottom, `None` where there is none
    columns: Sequence[Sequence[float | None]]
    column_labels: Sequence[str]  # one a column, empty ones are never shown
    row_labels: Sequence[str]  # one a row, empty ones are never shown
    unexpected: frozenset[int] = frozenset()  # columns that cannot be there, such as days to come


@dataclass(frozen=True, kw_only=True)
class DrawnPlot(Plot):
    """Base of a plot that draws itself: one that a single page needs."""

    def draw(self, width: int, height: int, colors: Palette, marker: str) -> Grid:
        """See :func:`linky_tui.ui.plots.chart.draw`."""
        raise NotImplementedError


def places(plot: Plot) -> tuple[int, int]:
    """How many places can be read from left to right, and from top to bottom."""
    match plot:
        case LinePlot():
            return len(plot.spans), 1
        case BarPlot():
            return len(plot.values), 1
        case GroupPlot():
            return len(plot.labels) * len(plot.groups), 1
        case HeatPlot():
            return len(plot.columns), max(map(len, plot.columns), default=0)
        case _:
            return 0, 0
