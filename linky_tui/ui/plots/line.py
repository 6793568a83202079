"""Lines, drawn by plotext; only ever on the interface's thread, since plotext has one figure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import plotext

from linky_tui.ui.plots.canvas import (
    Grid,
    draw_heading,
    draw_x_labels,
    draw_y_axis,
    frame,
    scale,
    thinned,
)
from linky_tui.ui.plots.palette import Palette
from linky_tui.ui.plots.plots import LinePlot, LineSeries
from linky_tui.ui.plots.strokes import length, pen_of, pixels, strokes
from linky_tui.ui.plots.thinning import Run, runs

MARKERS = {"braille": "braille", "half-block": "hd", "dot": "dot"}
"""The markers of the configuration as plotext calls them."""
PLOTEXT_PIXELS = 1500
"""Longer lines are drawn by ourselves: plotext takes 10 ms for a thousand pixels."""
_DISTINCT = ("dot", "x", "+")
_SAMPLES = {"braille": "⠒", "hd": "▀", "dot": "•", "x": "x", "+": "+"}
_ANSI = re.compile(r"\x1b\[([0-9;]*)m|([^\x1b]+)")


def draw_lines(plot: LinePlot, width: int, height: int, colors: Palette, marker: str) -> Grid:
    """Draw lines over a common axis.

    Args:
        plot: what to show.
        width: of the chart in cells.
        height: of the chart in cells.
        colors: the theme.
        marker: ``braille``, ``half-block`` or ``dot``.
    """
    highest = max((y for line in plot.series for y in line.ys if y is not None), default=0.0)
    limits = scale(highest, height - 3)
    label_width = max(len(plot.unit), *(len(limits.label(tick)) for tick in limits.ticks))
    place = frame(width, height, label_width)
    # The first line is drawn last: where two meet, it is the one that is seen.
    ordered = sorted(enumerate(plot.series), key=lambda each: (not each[1].dim, -each[0]))
    markers = _markers(plot.series, marker, colors)
    styles = [
        colors.dim if line.dim else colors.ink(index) for index, line in enumerate(plot.series)
    ]
    size = (place.width, place.height)
    low, high = plot.x_range
    x_range = (low, high if high > low else low + 1.0)
    light: list[tuple[int, Run]] = []
    for index, line in ordered:
        pen = pen_of(markers[index], _SAMPLES[markers[index]])
        found = list(runs(line.xs, line.ys, x_range, place.width))
        drawn = [pixels(run, x_range, limits.top, size, pen) for run in found]
        if sum(map(length, drawn)) <= PLOTEXT_PIXELS:
            light.extend((index, run) for run in found)
            continue
        for column, row, char in strokes(drawn, pen):
            place.grid.put(place.left + column, place.top + row, char, styles[index])
    if light:
        built = _built(light, x_range, limits.top, size, markers)
        for column, row, char, index in _cells(built):
            place.grid.put(place.left + column, place.top + row, char, styles[index])
    draw_y_axis(place, limits, colors)
    legend = [
        [(_SAMPLES[markers[index]] * 2 + " ", styles[index]), (line.name, colors.text)]
        for index, line in enumerate(plot.series)
        if len(plot.series) > 1
    ]
    draw_heading(place, plot.unit, plot.note, legend, colors)
    low, high = x_range
    labels = [
        (min(place.width - 1, round((tick.at - low) / (high - low) * place.width)), tick.text)
        for tick in plot.x_ticks
        if low <= tick.at <= high
    ]
    draw_x_labels(place, thinned(labels), colors)
    return place.grid


def _markers(series: Sequence[LineSeries], marker: str, colors: Palette) -> list[str]:
    """One marker a line; they only differ where colours cannot tell the lines apart."""
    usual = MARKERS.get(marker, "braille")
    if len(series) < 2 or not (colors.shapes or usual == "dot"):
        return [usual] * len(series)
    others = [each for each in _DISTINCT if each != usual]
    return [usual, *others][: len(series)] + [usual] * max(0, len(series) - 3)


def _built(
    found: Sequence[tuple[int, Run]],
    x_range: tuple[float, float],
    top: float,
    size: tuple[int, int],
    markers: Sequence[str],
) -> str:
    """What plotext makes of some runs; the number of the line travels as a colour."""
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plotsize(*size)
    plotext.theme("clear")
    plotext.frame(False)
    plotext.xaxes(False, False)
    plotext.yaxes(False, False)
    plotext.xticks([])
    plotext.yticks([])
    for index, (xs, ys) in found:
        draw = plotext.plot if len(xs) > 1 else plotext.scatter
        draw(xs, ys, marker=markers[index], color=(index + 1, 0, 0))
    plotext.xlim(*x_range)
    plotext.ylim(0, top)
    return str(plotext.build())


def _cells(ansi: str) -> Iterator[tuple[int, int, str, int]]:
    """The drawn cells of a built figure: column, row, character, number of the line."""
    row = column = 0
    line = -1
    for match in _ANSI.finditer(ansi):
        code, text = match.groups()
        if text is None:
            parts = code.split(";")
            line = int(parts[2]) - 1 if parts[:2] == ["38", "2"] else -1
            continue
        for char in text:
            if char == "\n":
                row, column = row + 1, 0
                continue
            if char != " " and line >= 0:
                yield column, row, char, line
            column += 1
