"""Lines in pixels: runs without a gap, thinned, and strokes of a whole column of pixels at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Run = tuple[list[float], list[float]]
"""Places and values of an unbroken part of a line."""
Cell = tuple[int, int, str]
"""Column and row from the upper left corner of the picture, and character."""


@dataclass(frozen=True, slots=True)
class Box:
    """The part of the plane that a picture shows, and how many cells it has for it."""

    low: float  # x at the left end
    high: float  # x at the right end
    top: float  # y at the upper end; the lower end is zero
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Pen:
    """How a cell is divided into pixels."""

    across: int  # pixels a cell is wide: two, or one that is both its left and its right
    down: int  # pixels a cell is high
    chars: str  # by which pixels are set: from the lowest bit down the left side, then the right


PENS = {
    "braille": Pen(
        2,
        4,
        "".join(
            chr(0x2800 | bits & 0x07 | (bits & 0x70) >> 1 | (bits & 0x08) << 3 | bits & 0x80)
            for bits in range(256)
        ),
    ),
    "hd": Pen(2, 2, " ▘▖▌▝▀▞▛▗▚▄▙▐▜▟█"),
}
"""By the markers of plotext that have pixels; every other one is a character a cell."""


def in_pixels(run: Run, box: Box, pen: Pen) -> list[tuple[float, float]]:
    """A run in pixels from the upper left corner."""
    down = box.height * pen.down - 1
    per_x = (box.width * pen.across - 1) / (box.high - box.low)
    return [((x - box.low) * per_x, down - y * down / box.top) for x, y in zip(*run, strict=True)]


def length(points: Sequence[tuple[float, float]]) -> float:
    """How many pixels a line through some points has."""
    return sum(
        max(abs(next_x - x), abs(next_y - y)) for (x, y), (next_x, next_y) in pairwise(points)
    )


def strokes(lines: Sequence[Sequence[tuple[float, float]]], box: Box, pen: Pen) -> Iterator[Cell]:
    """The cells of lines through some points; each column of pixels is the bits of one number."""
    columns = [0] * (box.width * pen.across)
    for points in lines:
        for (x, y), (next_x, next_y) in pairwise((points[0], *points)):
            first, last = round(x), round(next_x)
            slope = (next_y - y) / (last - first or 1)
            # Each column reaches half way to its neighbours, the outer ones to the points.
            between = (y + (step + 0.5) * slope for step in range(last - first))
            for column, ends in enumerate(pairwise((y, *between, next_y)), first):
                columns[column] |= (2 << round(max(ends))) - (1 << round(min(ends)))
    cell_bits = (1 << pen.down) - 1
    for column in range(box.width):
        left, right = columns[column * pen.across], columns[(column + 1) * pen.across - 1]
        for row in range(box.height):
            bits = left & cell_bits | (right & cell_bits) << pen.down
            if bits:
                yield column, row, pen.chars[bits]
            left, right = left >> pen.down, right >> pen.down


def runs(
    xs: Sequence[float], ys: Sequence[float | None], x_range: tuple[float, float], columns: int
) -> Iterator[Run]:
    """The unbroken parts of a line inside a range, with at most two points a column."""
    low, high = x_range
    per_column = columns / (high - low)
    found: Run = ([], [])
    for x, y in zip(xs, ys, strict=True):
        if y is not None and low <= x <= high:
            found[0].append(x)
            found[1].append(y)
        elif found[0]:
            yield _thinned(*found, low, per_column)
            found = ([], [])
    if found[0]:
        yield _thinned(*found, low, per_column)


def thinned_line(
    xs: Sequence[float], ys: Sequence[float | None], x_range: tuple[float, float], columns: int
) -> tuple[list[float], list[float | None]]:
    """The same line with at most two points a column, gaps kept."""
    all_xs: list[float] = []
    all_ys: list[float | None] = []
    for run_xs, run_ys in runs(xs, ys, x_range, columns):
        if all_xs:
            all_xs.append(run_xs[0])
            all_ys.append(None)
        all_xs.extend(run_xs)
        all_ys.extend(run_ys)
    return all_xs, all_ys


def _thinned(xs: list[float], ys: list[float], low: float, per_column: float) -> Run:
    """The lowest and the highest point of each column."""
    kept: list[int] = []
    start = 0
    for index in range(1, len(xs) + 1):
        column = int((xs[start] - low) * per_column)
        if index < len(xs) and int((xs[index] - low) * per_column) == column:
            continue
        inside = range(start, index)
        kept.extend(sorted({min(inside, key=ys.__getitem__), max(inside, key=ys.__getitem__)}))
        start = index
    return [xs[index] for index in kept], [ys[index] for index in kept]
