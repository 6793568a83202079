"""What a chart shows, free of how it is drawn: frozen values that any thread may build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on the x axis.

    Attributes:
        at: where, in the unit of the x values.
        text: what it says.
    """

    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Base of everything that a chart can show.

    Attributes:
        unit: unit of the values, shown at the top of their axis.
        note: a few words beside it, such as what is missing.
    """

    unit: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class BarPlot(Plot):
    """One bar a value.

    Attributes:
        labels: one a bar, under it where there is room; empty ones are never shown.
        values: one a bar; ``None`` is a gap, never a zero.
        partial: bars of which something is missing; they are hatched.
        highlight: a bar to point at.
        unexpected: bars that cannot be there, such as days to come: nothing, not even a gap.
    """

    labels: Sequence[str]
    values: Sequence[float | None]
    partial: frozenset[int] = frozenset()
    highlight: int | None = None
    unexpected: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class BarGroup:
    """One colour of a :class:`GroupPlot`.

    Attributes:
        name: for the legend.
        values: one a label; ``None`` is a gap.
        partial: bars of which something is missing.
        unexpected: bars that cannot be there.
    """

    name: str
    values: Sequence[float | None]
    partial: frozenset[int] = frozenset()
    unexpected: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class GroupPlot(Plot):
    """Several bars side by side above each label.

    Attributes:
        labels: one a group of bars.
        groups: the colours, each with one value a label; the last is the strongest.
    """

    labels: Sequence[str]
    groups: Sequence[BarGroup]


@dataclass(frozen=True, kw_only=True)
class LineSeries:
    """One line.

    Attributes:
        name: for the legend.
        xs: where, increasing.
        ys: how much; ``None`` interrupts the line.
        dim: drawn behind and paler, to compare with.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float | None]
    dim: bool = False


@dataclass(frozen=True, kw_only=True)
class LinePlot(Plot):
    """Lines over a common x axis; the y axis starts at zero.

    Attributes:
        series: the lines.
        x_range: both ends of the x axis.
        x_ticks: its labels.
    """

    series: Sequence[LineSeries]
    x_range: tuple[float, float]
    x_ticks: Sequence[Tick] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True)
class HeatPlot(Plot):
    """A grid of values, darker or denser where they are higher.

    Attributes:
        columns: one a column: its values from top to bottom, ``None`` where there is none.
        column_labels: one a column, empty ones are never shown.
        row_labels: one a row, empty ones are never shown.
    """

    columns: Sequence[Sequence[float | None]]
    column_labels: Sequence[str]
    row_labels: Sequence[str]
