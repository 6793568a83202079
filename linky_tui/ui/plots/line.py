"""Lines: thinned, then drawn by plotext; the dense ones in strokes of our own.

At 200x60 plotext takes 3 ms and then 5 to 10 µs for every pixel of a line: 19 ms for a week, 29 ms
in braille and twice that with the week before, where a chart has 50 ms. In our strokes, one
operation for a whole column of pixels, each of these takes 2 ms.

Areas are ours, too: plotext fills them pixel by pixel (44 ms for a day), and in the colour of the
line above them, which is not seen then.

Only for the interface's thread: plotext has one figure for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle, pairwise

import plotext
from rich.style import Style

from linky_tui.ui.plots.canvas import (
    Frame,
    Grid,
    LegendEntry,
    Reach,
    draw_heading,
    draw_x_labels,
    draw_y_axis,
    scaled_frame,
)
from linky_tui.ui.plots.palette import Palette
from linky_tui.ui.plots.plots import Band, LinePlot, LineSeries
from linky_tui.ui.plots.strokes import PENS, Box, Cell, Pen, Run, in_pixels, length, runs, strokes

MARKERS = {"braille": "braille", "half-block": "hd", "dot": "dot"}
"""The markers of the configuration as plotext calls them."""
PLOTEXT_PIXELS = 1500
"""The longest line for plotext: two of them take it 25 ms, half of what a slower machine may."""
_DISTINCT = ("dot", "x", "+")
_SAMPLES = {"braille": "⠒", "hd": "▀", "dot": "•", "x": "x", "+": "+"}
_JUMPED = 3
SHADE = "░"
"""An area where it has no colour of its own."""


def draw_lines(plot: LinePlot, width: int, height: int, colors: Palette, marker: str) -> Grid:
    """Draw lines over a common axis, told apart by their markers where colours cannot."""
    values = [y for line in plot.series for y in line.ys]
    limits, place = scaled_frame(
        width, height, plot.unit, [*values, *(plot.band.highs if plot.band else ())]
    )
    markers = _markers(plot.series, marker, colors)
    styles = [
        colors.line if index == 0 and (plot.filled or plot.band) else colors.ink(index)
        for index in range(len(plot.series))
    ]
    low, high = plot.x_range
    high = high if high > low else low + 1.0
    box = Box(low, high, limits.top, place.width, place.height)
    cells = [list(_cells(line, box, each)) for line, each in zip(plot.series, markers, strict=True)]
    area: dict[tuple[int, int], str] = {}
    if plot.band is not None:
        area = _band(plot.band, box, plain=colors.shapes or marker == "dot")
    elif plot.filled and cells:
        area = _under(cells[0], box, markers[0], plain=colors.shapes or marker == "dot")
    for (column, row), char in area.items():
        place.grid.chars[place.top + row][place.left + column] = char
        place.grid.styles[place.top + row][place.left + column] = colors.area
    # The first line is drawn last: where two meet, it is the one that is seen.
    for index in sorted(range(len(cells)), key=lambda each: (not plot.series[each].dim, -each)):
        _put(place, cells[index], styles[index], area, colors)
    draw_y_axis(place, limits, colors)
    legend: list[LegendEntry] = [
        [(_SAMPLES[markers[index]] * 2 + " ", styles[index]), (line.name, colors.text)]
        for index, line in enumerate(plot.series)
        if len(plot.series) > 1 or plot.band
    ]
    if plot.band is not None:
        sample = SHADE if colors.shapes or marker == "dot" else "█"
        legend.append([(sample * 2 + " ", colors.area), (plot.band.name, colors.text)])
    draw_heading(place, plot.unit, plot.note, legend, colors)
    labels = [
        (min(place.width - 1, round((tick.at - low) / (high - low) * place.width)), tick.text)
        for tick in plot.x_ticks
        if low <= tick.at <= high
    ]
    draw_x_labels(place, labels, colors)
    per_x = place.width / (high - low)
    place.grid.reach = Reach(
        [(place.left + (a - low) * per_x, place.left + (b - low) * per_x) for a, b in plot.spans],
        place.top,
        place.height,
    )
    return place.grid


def _put(
    place: Frame,
    cells: Iterable[Cell],
    style: Style,
    area: dict[tuple[int, int], str],
    colors: Palette,
) -> None:
    over = None if colors.shapes else colors.over_area(style)
    for column, row, char in cells:
        full = area.get((column, row)) in ("█", " ")
        place.grid.put(place.left + column, place.top + row, char, over if over and full else style)


def _markers(series: Sequence[LineSeries], marker: str, colors: Palette) -> list[str]:
    """One marker a line; they only differ where colours cannot tell the lines apart.

    What is only there to compare with always has another one.
    """
    usual = MARKERS.get(marker, "braille")
    others = cycle([*(each for each in _DISTINCT if each != usual), usual])
    apart = colors.shapes or usual == "dot"
    return [
        usual if index == 0 or not (apart or line.dim) else next(others)
        for index, line in enumerate(series)
    ]


def _cells(line: LineSeries, box: Box, marker: str) -> Iterator[Cell]:
    pen = _pen(marker)
    found = list(runs(line.xs, line.ys, (box.low, box.high), box.width))
    pixels = [in_pixels(run, box, pen) for run in found]
    if sum(map(length, pixels)) > PLOTEXT_PIXELS:
        return strokes(pixels, box, pen)
    return _by_plotext(found, box, marker)


def _pen(marker: str) -> Pen:
    return PENS.get(marker) or Pen(1, 1, " " + _SAMPLES[marker] * 3)


def _by_plotext(found: Sequence[Run], box: Box, marker: str) -> Iterator[Cell]:
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


def _under(
    cells: Sequence[Cell], box: Box, marker: str, *, plain: bool
) -> dict[tuple[int, int], str]:
    """The area under a line: what stands in each of its cells, a space where the line fills up.

    Exact to the line's own pixels; a cell with line, area and ground has no area.
    """
    pen = _pen(marker)
    bits_of = {char: bits for bits, char in enumerate(pen.chars)}
    full = (1 << pen.down) - 1
    columns = [0] * (box.width * pen.across)
    for column, row, char in cells:
        bits = bits_of.get(char, full)
        for side in range(pen.across):
            part = bits >> pen.down * side & full
            columns[column * pen.across + side] |= part << row * pen.down
    end = 1 << box.height * pen.down
    areas = [end - (line & -line) & ~line if line else 0 for line in columns]
    _bridge(columns, areas)
    whole = (1 << pen.down * pen.across) - 1
    found: dict[tuple[int, int], str] = {}
    for column in range(box.width):
        sides = range(column * pen.across, (column + 1) * pen.across)
        lines, unders = [columns[each] for each in sides], [areas[each] for each in sides]
        first = min((_lowest(each) // pen.down for each in lines if each), default=box.height)
        last = (max(each.bit_length() for each in lines) - 1) // pen.down
        for row in range(first, box.height):
            if row > last and all(unders):
                found[column, row] = SHADE if plain else "█"
                continue
            line, area = (
                sum(
                    (each >> row * pen.down & full) << pen.down * side
                    for side, each in enumerate(rows)
                )
                for rows in (lines, unders)
            )
            if area and not line:
                filled = "█" if area == whole else pen.chars[area]
                found[column, row] = SHADE if plain else filled
            elif area and line | area == whole and not plain:
                found[column, row] = " "
    return found


def _bridge(lines: Sequence[int], areas: list[int]) -> None:
    """Fill the one or two columns of pixels that a step jumps over; real gaps are wider."""
    known = [at for at, line in enumerate(lines) if line]
    for before, after in pairwise(known):
        if 1 < after - before <= _JUMPED:
            for at in range(before + 1, after):
                areas[at] = areas[before] & areas[after]
    if known and len(lines) - known[-1] <= _JUMPED:
        for at in range(known[-1] + 1, len(lines)):
            areas[at] = areas[known[-1]]


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _band(band: Band, box: Box, *, plain: bool) -> dict[tuple[int, int], str]:
    """The cells between the lowest and the highest, to half a cell."""
    found: dict[tuple[int, int], str] = {}
    per_x, halves = box.width / (box.high - box.low), box.height * 2
    reached: dict[int, tuple[float, float]] = {}
    for (start, end), low, high in zip(band.spans, band.lows, band.highs, strict=True):
        first, last = int((start - box.low) * per_x), (end - box.low) * per_x
        for column in range(max(0, first), min(box.width, max(first + 1, round(last)))):
            before = reached.get(column, (low, high))
            reached[column] = min(low, before[0]), max(high, before[1])
    for column, (low, high) in reached.items():
        top, bottom = (round(halves * (1 - value / box.top)) for value in (high, low))
        top = min(top, halves - 1)
        bottom = max(bottom, top + 1)
        for row in range(top // 2, (bottom + 1) // 2):
            upper, lower = row * 2 >= top, row * 2 + 1 < bottom
            char = "█" if upper and lower else "▀" if upper else "▄"
            found[column, row] = SHADE if plain else char
    return found
