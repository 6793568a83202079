"""What a result is told with, whichever front end draws it: tables, plots, texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

_FIGURE_CELLS = 34
"""What is wider is a text."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts; the first column names, the others are figures."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> list[tuple[int, bool]]:
        """The width of each, and whether it stands to the left: names, plans and formulas do."""
        widths = [max(map(len, cells)) for cells in zip(self.head, *self.rows, strict=True)]
        return [(width, n == 0 or width > _FIGURE_CELLS) for n, width in enumerate(widths)]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Bars:
    """Sizes beside each other."""

    title: str
    unit: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of points."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines on logarithmic axes."""

    title: str
    x_name: str
    y_name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """A median with the tenth and the ninetieth percentile."""

    label: str
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Ranges:
    """Times beside each other, on a logarithmic axis."""

    title: str
    unit: str
    ranges: tuple[Range, ...]


Plot: TypeAlias = Bars | Lines | Ranges


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is told of one result."""

    number: int
    title: str
    question: str
    sentence: str
    tables: tuple[Table, ...]
    plots: tuple[Plot, ...]
    method: str  # how it was measured
    conditions: tuple[tuple[str, str], ...]  # name and value
    notes: tuple[str, ...] = ()
