"""What a chart shows, free of how it is drawn: frozen values that any thread may build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on the x axis."""

    at: float  # where, in the unit of the x values
    text: str  # what it says


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Base of everything that a chart can show."""

    unit: str  # unit of the values, shown at the top of their axis
    note: str = ""  # a few words beside it, such as what is missing


@dataclass(frozen=True, kw_only=True)
class BarPlot(Plot):
    """One bar a value."""

    labels: Sequence[str]  # one a bar, under it where there is room; empty ones are never shown
    values: Sequence[float | None]  # one a bar; `None` is a gap, never a zero
    partial: frozenset[int] = frozenset()  # bars of which something is missing; they are hatched
    # bars that cannot be there, such as days to come: nothing, not even a gap
    unexpected: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class BarGroup:
    """One colour of a :class:`GroupPlot`."""

    name: str  # for the legend
    values: Sequence[float | None]  # one a label; `None` is a gap
    partial: frozenset[int] = frozenset()  # bars of which something is missing
    unexpected: frozenset[int] = frozenset()  # bars that cannot be there


@dataclass(frozen=True, kw_only=True)
class GroupPlot(Plot):
    """Several bars side by side above each label."""

    labels: Sequence[str]  # one a group of bars
    # the colours, each with one value a label; the last is the strongest
    groups: Sequence[BarGroup]


@dataclass(frozen=True, kw_only=True)
class LineSeries:
    """One line."""

    name: str  # for the legend
    xs: Sequence[float]  # where, increasing
    ys: Sequence[float | None]  # how much; `None` interrupts the line
    dim: bool = False  # drawn behind and paler, to compare with


@dataclass(frozen=True, kw_only=True)
class LinePlot(Plot):
    """Lines over a common x axis; the y axis starts at zero."""

    series: Sequence[LineSeries]  # the lines
    x_range: tuple[float, float]  # both ends of the x axis
    x_ticks: Sequence[Tick] = field(default_factory=tuple)  # its labels


@dataclass(frozen=True, kw_only=True)
class HeatPlot(Plot):
    """A grid of values, darker or denser where they are higher."""

    # one a column: its values from top to bottom, `None` where there is none
    columns: Sequence[Sequence[float | None]]
    column_labels: Sequence[str]  # one a column, empty ones are never shown
    row_labels: Sequence[str]  # one a row, empty ones are never shown
