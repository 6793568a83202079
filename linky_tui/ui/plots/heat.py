"""A heat map: shades of the theme's colour, or denser symbols where colours cannot be used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rich.style import Style

from linky_tui.ui.plots.canvas import (
    Frame,
    Grid,
    LegendEntry,
    Reach,
    Scale,
    draw_heading,
    draw_x_labels,
    edges_of,
    frame,
    mean,
    scale,
)
from linky_tui.ui.plots.palette import HEAT_STEPS, Palette
from linky_tui.ui.plots.plots import HeatPlot

SYMBOLS = " ░▒▓█"
GAP = "·"
_LEAST_USED = 0.8
CAP = 0.98
"""The part of all values that the colours tell apart; a few that are far higher look like it."""

Column = list[float | None]


def draw_heat(plot: HeatPlot, width: int, height: int, colors: Palette, marker: str) -> Grid:
    """Draw a grid of values; where more columns or rows than fit, cells show the mean."""
    label_width = max(len(plot.unit), *map(len, plot.row_labels), 1)
    place = frame(width, height, label_width)
    symbols = colors.shapes or marker == "dot"
    per_cell = 1 if symbols else 2
    rows = max(map(len, plot.columns), default=1)
    kept, lines = _rows_and_lines(rows, place.height * per_cell)
    place = replace(place, height=min(place.height, -(-lines // per_cell)))
    each = -(-len(plot.columns) // max(1, place.width)) or 1
    columns = [
        _grouped(_mean_column(plot.columns[start : start + each]), kept)
        for start in range(0, len(plot.columns), each)
    ]
    known = sorted(value for column in columns for value in column if value is not None)
    most = known[-1] if known else 0.0
    limits = scale(known[int(CAP * (len(known) - 1))] if known else 0.0, 12)
    edges = edges_of(len(columns), place.width)
    levels = len(SYMBOLS) if symbols else HEAT_STEPS
    bands = [
        [_level(value, limits.top, levels) for value in row] for row in zip(*columns, strict=True)
    ]
    blank = frozenset(
        number
        for number in range(len(columns))
        if plot.unexpected.issuperset(range(len(plot.columns))[number * each :][:each])
    )
    _draw_bands(place, bands, lines, edges, colors, blank, symbols=symbols)
    _draw_axes(plot, place, edges, each, colors)
    note = " · ".join(filter(None, [plot.note, f"mean of {each} days" if each > 1 else ""]))
    draw_heading(place, plot.unit, note, _legend(limits, most, colors, symbols=symbols), colors)
    starts = [
        place.left + edges[number] + (edges[number + 1] - edges[number]) * part / each
        for number in range(len(columns))
        for part in range(each)
    ][: len(plot.columns)]
    ends = [*starts[1:], float(place.left + edges[-1])][: len(starts)]
    place.grid.reach = Reach(
        list(zip(starts, ends, strict=True)), place.top, -(-lines // per_cell), rows
    )
    return place.grid


def _rows_and_lines(rows: int, room: int) -> tuple[int, int]:
    """How many rows to tell apart, and on how many lines.

    Rows are joined by whole numbers; all are equally high unless that leaves much room unused.
    """
    kept = next(
        rows // each
        for each in range(1, rows + 1)
        if rows % each == 0 and rows // each <= max(1, room)
    )
    lines = max(1, room // kept) * kept
    return kept, lines if lines >= room * _LEAST_USED else room


def _mean_column(columns: Sequence[Sequence[float | None]]) -> Column:
    if len(columns) == 1:
        return list(columns[0])
    return [mean(values) for values in zip(*columns, strict=True)]


def _grouped(column: Column, lines: int) -> Column:
    """The means of neighbouring rows, where there are fewer lines than rows."""
    each = max(1, len(column) // max(1, lines))
    if each == 1:
        return column
    return [mean(column[start : start + each]) for start in range(0, len(column), each)]


def _level(value: float | None, top: float, levels: int) -> int | None:
    if value is None:
        return None
    # The lowest symbol is a blank, for nothing alone.
    return min(levels - 1, math.ceil(value / top * (levels - 1)))


def _draw_bands(
    place: Frame,
    bands: Sequence[Sequence[int | None]],
    lines: int,
    edges: Sequence[int],
    colors: Palette,
    blank: frozenset[int],
    *,
    symbols: bool,
) -> None:
    """Draw each row of levels over its lines: one to a row of cells with symbols, else two."""
    per_cell = 1 if symbols else 2
    drawn: tuple[int, int] | None = None
    for row in range(place.height):
        upper, lower = (
            line * len(bands) // lines for line in (row * per_cell, (row + 1) * per_cell - 1)
        )
        grid_row = place.top + row
        if (upper, lower) == drawn:
            place.grid.copy_row(grid_row - 1, grid_row)
            continue
        drawn = (upper, lower)
        nothing: Sequence[int | None] = [None] * (len(edges) - 1)
        below = bands[lower] if lower < len(bands) else nothing
        above = bands[upper] if upper < len(bands) else nothing
        for index, pair in enumerate(zip(above, below, strict=True)):
            if index in blank:
                continue
            char, style = _cell(*pair, colors, symbols=symbols)
            size = edges[index + 1] - edges[index]
            place.grid.put(place.left + edges[index], grid_row, char * size, style)


def _cell(
    above: int | None, below: int | None, colors: Palette, *, symbols: bool
) -> tuple[str, Style]:
    if above is None and below is None:
        return GAP, colors.grid
    if symbols:
        return SYMBOLS[above or 0], colors.ink(0)
    return colors.heat_cell(above, below)


def _draw_axes(
    plot: HeatPlot, place: Frame, edges: Sequence[int], each: int, colors: Palette
) -> None:
    bottom = place.top + place.height
    rows = max(1, len(plot.row_labels))
    free_from = 0
    for index, label in enumerate(plot.row_labels):
        row = place.top + index * place.height // rows
        if label and row >= free_from:
            place.grid.put(place.left - 2 - len(label), row, label, colors.text)
            free_from = row + 1
    place.grid.put(place.left - 1, bottom, " " + "─" * edges[-1], colors.axis)
    middles = []
    for index in range(len(edges) - 1):
        label = next((text for text in plot.column_labels[index * each :][:each] if text), "")
        middles.append(((edges[index] + edges[index + 1] - 1) // 2, label))
    draw_x_labels(place, middles, colors)


def _legend(limits: Scale, most: float, colors: Palette, *, symbols: bool) -> list[LegendEntry]:
    """The scale with its ends and its middle."""
    levels = len(SYMBOLS) if symbols else HEAT_STEPS
    steps = range(0, levels, 1 if symbols else 3)
    cells = [
        (SYMBOLS[step], colors.ink(0)) if symbols else colors.heat_cell(step, step)
        for step in steps
    ]
    half = len(cells) // 2
    beyond = " and more" if most > limits.top else ""
    return [
        [
            ("0 ", colors.text),
            *cells[:half],
            (f" {limits.top / 2:,.0f} ", colors.text),
            *cells[half:],
            (f" {limits.label(limits.top)}{beyond}", colors.text),
        ],
        [(f"{GAP} ", colors.dim), ("no data", colors.text)],
    ]
