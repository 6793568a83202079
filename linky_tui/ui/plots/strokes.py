"""Dense lines, drawn column by column: what plotext would draw pixel by pixel, and take long for.

Two years in a terminal are vertical strokes, thousands of pixels each. Here a stroke is a few
operations on whole cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from linky_tui.ui.plots.thinning import Run

Cell = tuple[int, int, str]
"""Column, row and character."""

_BRAILLE = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_QUADRANTS = " ▘▖▌▝▀▞▛▗▚▄▙▐▜▟█"


@dataclass(frozen=True, slots=True)
class Pen:
    """How a cell is divided into pixels."""

    across: int  # pixels a cell is wide
    down: int  # pixels a cell is high
    bits: tuple[tuple[int, ...], ...]  # one a pixel, by column and row
    char: Callable[[int], str]  # the character of a cell with some of its pixels set


PENS = {
    "braille": Pen(2, 4, _BRAILLE, lambda bits: chr(0x2800 + bits)),
    "hd": Pen(2, 2, ((1, 2), (4, 8)), _QUADRANTS.__getitem__),
}
"""The pens by plotext's names of markers; every other marker is one character a cell."""


def pen_of(marker: str, symbol: str) -> Pen:
    """The pen of a marker; ``symbol`` is drawn where it has no pixels."""
    return PENS.get(marker) or Pen(1, 1, ((1,),), lambda _: symbol)


def pixels(
    run: Run, x_range: tuple[float, float], top: float, size: tuple[int, int], pen: Pen
) -> list[tuple[float, float]]:
    """A run in pixels, from the upper left corner of a picture of ``size`` cells."""
    low, high = x_range
    across = size[0] * pen.across - 1
    down = size[1] * pen.down - 1
    per_x, per_y = across / ((high - low) or 1.0), down / top
    return [((x - low) * per_x, down - y * per_y) for x, y in zip(*run, strict=True)]


def length(points: Sequence[tuple[float, float]]) -> float:
    """How many pixels a line through some points has."""
    total = 1.0
    for (x, y), (next_x, next_y) in pairwise(points):
        total += max(abs(next_x - x), abs(next_y - y))
    return total


def strokes(lines: Sequence[Sequence[tuple[float, float]]], pen: Pen) -> Iterator[Cell]:
    """The cells of some lines, each through its points."""
    reach: dict[int, tuple[int, int]] = {}
    cells: dict[tuple[int, int], int] = {}
    for points in lines:
        reach.clear()
        _reach(points, reach)
        for column, (upper, lower) in reach.items():
            _fill(cells, column, upper, lower, pen)
    for (column, row), bits in cells.items():
        yield column, row, pen.char(bits)


def _reach(points: Sequence[tuple[float, float]], reach: dict[int, tuple[int, int]]) -> None:
    """From where to where a line reaches in each pixel column."""

    def extend(column: int, first: float, second: float) -> None:
        upper, lower = round(min(first, second)), round(max(first, second))
        known = reach.get(column)
        if known is not None:
            upper, lower = min(upper, known[0]), max(lower, known[1])
        reach[column] = (upper, lower)

    extend(round(points[0][0]), points[0][1], points[0][1])
    for (x, y), (next_x, next_y) in pairwise(points):
        first, last = round(x), round(next_x)
        if first == last:
            extend(first, y, next_y)
            continue
        slope = (next_y - y) / (last - first)
        for column in range(first, last + 1):
            start = max(0.0, column - first - 0.5) * slope
            end = min(float(last - first), column - first + 0.5) * slope
            extend(column, y + start, y + end)


def _fill(cells: dict[tuple[int, int], int], column: int, upper: int, lower: int, pen: Pen) -> None:
    cell, across = divmod(column, pen.across)
    bits = pen.bits[across]
    whole = sum(bits)
    for row in range(upper // pen.down, lower // pen.down + 1):
        top = row * pen.down
        if upper <= top and lower >= top + pen.down - 1:
            mask = whole
        else:
            mask = sum(bits[max(upper - top, 0) : lower - top + 1])
        cells[cell, row] = cells.get((cell, row), 0) | mask
