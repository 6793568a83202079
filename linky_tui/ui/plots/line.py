"""Lines: thinned, then drawn by plotext; the dense ones in strokes of our own.

At 200x60 plotext takes 4 ms and then 5 µs for every pixel of a line. A month has 15,000 of them, a
year 26,000: 72 and 123 ms, 180 ms with the year before, where a chart has 50 ms. In our strokes,
one operation for a whole column of pixels, none of these takes more than 17 ms.

Only for the interface's thread: plotext has one figure for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, pairwise

import plotext

from linky_tui.ui.plots.canvas import (
    Grid,
    draw_heading,
    draw_x_labels,
    draw_y_axis,
    scaled_frame,
)
from linky_tui.ui.plots.palette import Palette
from linky_tui.ui.plots.plots import LinePlot, LineSeries

MARKERS = {"braille": "braille", "half-block": "hd", "dot": "dot"}
"""The markers of the configuration as plotext calls them."""
PLOTEXT_PIXELS = 1500
"""The longest line for plotext: two of them take it 25 ms, half of what a slower machine may."""
_DISTINCT = ("dot", "x", "+")
_SAMPLES = {"braille": "⠒", "hd": "▀", "dot": "•", "x": "x", "+": "+"}

Run = tuple[list[float], list[float]]
"""Places and values of an unbroken part of a line."""
Cell = tuple[int, int, str]
"""Column and row from the upper left corner of the picture, and character."""


def draw_lines(plot: LinePlot, width: int, height: int, colors: Palette, marker: str) -> Grid:
    """Draw lines over a common axis, told apart by their markers where colours cannot."""
    values = (y for line in plot.series for y in line.ys)
    limits, place = scaled_frame(width, height, plot.unit, values)
    markers = _markers(len(plot.series), marker, colors)
    styles = [
        colors.dim if line.dim else colors.ink(index) for index, line in enumerate(plot.series)
    ]
    low, high = plot.x_range
    high = high if high > low else low + 1.0
    # The first line is drawn last: where two meet, it is the one that is seen.
    for index, line in sorted(enumerate(plot.series), key=lambda each: (not each[1].dim, -each[0])):
        box = _Box(low, high, limits.top, place.width, place.height)
        for column, row, char in _cells(line, box, markers[index]):
            place.grid.put(place.left + column, place.top + row, char, styles[index])
    draw_y_axis(place, limits, colors)
    legend = [
        [(_SAMPLES[markers[index]] * 2 + " ", styles[index]), (line.name, colors.text)]
        for index, line in enumerate(plot.series)
        if len(plot.series) > 1
    ]
    draw_heading(place, plot.unit, plot.note, legend, colors)
    labels = [
        (min(place.width - 1, round((tick.at - low) / (high - low) * place.width)), tick.text)
        for tick in plot.x_ticks
        if low <= tick.at <= high
    ]
    draw_x_labels(place, labels, colors)
    return place.grid


def _markers(count: int, marker: str, colors: Palette) -> list[str]:
    """One marker a line; they only differ where colours cannot tell the lines apart."""
    usual = MARKERS.get(marker, "braille")
    if count < 2 or not (colors.shapes or usual == "dot"):
        return [usual] * count
    different = cycle([usual, *(each for each in _DISTINCT if each != usual)])
    return [next(different) for _ in range(count)]


@dataclass(frozen=True, slots=True)
class _Box:
    """The part of the plane that a picture shows, and how many cells it has for it."""

    low: float  # x at the left end
    high: float  # x at the right end
    top: float  # y at the upper end; the lower end is zero
    width: int
    height: int


def _cells(line: LineSeries, box: _Box, marker: str) -> Iterator[Cell]:
    pen = _PENS.get(marker) or _Pen(1, 1, " " + _SAMPLES[marker] * 3)
    found = list(runs(line.xs, line.ys, (box.low, box.high), box.width))
    in_pixels = [_pixels(run, box, pen) for run in found]
    if sum(map(_length, in_pixels)) > PLOTEXT_PIXELS:
        return _strokes(in_pixels, box, pen)
    return _by_plotext(found, box, marker)


def _by_plotext(found: Sequence[Run], box: _Box, marker: str) -> Iterator[Cell]:
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plotsize(box.width, box.height)
    plotext.frame(False)
    plotext.xticks([])
    plotext.yticks([])
    for run in found:
        plotext.plot(*run, marker=marker)
    plotext.xlim(box.low, box.high)
    plotext.ylim(0, box.top)
    # What `plotext.build` does before it makes a string with colours, which takes it 7 ms.
    monitor = plotext.active().monitor
    monitor.build_plot()
    for row, chars in enumerate(reversed(monitor.matrix.marker)):
        for column, char in enumerate(chars):
            if char != " ":
                yield column, row, char


@dataclass(frozen=True, slots=True)
class _Pen:
    """How a cell is divided into pixels."""

    across: int  # pixels a cell is wide: two, or one that is both its left and its right
    down: int  # pixels a cell is high
    chars: str  # by which pixels are set: from the lowest bit down the left side, then the right


_PENS = {
    "braille": _Pen(
        2,
        4,
        "".join(
            chr(0x2800 | bits & 0x07 | (bits & 0x70) >> 1 | (bits & 0x08) << 3 | bits & 0x80)
            for bits in range(256)
        ),
    ),
    "hd": _Pen(2, 2, " ▘▖▌▝▀▞▛▗▚▄▙▐▜▟█"),
}
"""By the markers of plotext that have pixels; every other one is a character a cell."""


def _pixels(run: Run, box: _Box, pen: _Pen) -> list[tuple[float, float]]:
    """A run in pixels from the upper left corner."""
    down = box.height * pen.down - 1
    per_x = (box.width * pen.across - 1) / (box.high - box.low)
    return [((x - box.low) * per_x, down - y * down / box.top) for x, y in zip(*run, strict=True)]


def _length(points: Sequence[tuple[float, float]]) -> float:
    """How many pixels a line through some points has."""
    return sum(
        max(abs(next_x - x), abs(next_y - y)) for (x, y), (next_x, next_y) in pairwise(points)
    )


def _strokes(
    lines: Sequence[Sequence[tuple[float, float]]], box: _Box, pen: _Pen
) -> Iterator[Cell]:
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
