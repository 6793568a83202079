"""Bars, in eighths of a cell where the font has them; a missing one is a dot, never a zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.style import Style

from linky_tui.ui.plots.canvas import (
    GRID_LINE,
    MEDIAN_LINE,
    Frame,
    Grid,
    LegendEntry,
    Reach,
    Scale,
    draw_heading,
    draw_x_labels,
    draw_y_axis,
    edges_of,
    mean,
    scaled_frame,
)
from linky_tui.ui.plots.palette import Palette
from linky_tui.ui.plots.plots import BarPlot, GroupPlot

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_HALVES = "  ▄▄▄▄█"
_SHADES = ("█", "▓", "▒")
_HATCH, _FAINT, _STRIPES = "▒", "░", "▄"
_WEEKEND = "▓"
_THIN = ("▏▕┃", "▏▕╻")
"""A weekend's bar and its tip, by the halves of a cell that it has: these have no shades."""
MISSING = "·"
_WIDEST_GAP = 3.0


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar: where, how high, how it looks."""

    column: float  # its left end, in cells
    width: float
    value: float | None
    style: Style
    fill: str = "█"
    fine: bool = False  # whether it may begin and end inside of a cell


def draw_bars(plot: BarPlot, width: int, height: int, colors: Palette, marker: str) -> Grid:
    """Draw one bar a value; with more values than columns, columns show the mean of several."""
    limits, place = scaled_frame(width, height, plot.unit, plot.values)
    values, labels, each = _merged(plot, place.width)
    weeks = [index for index, label in enumerate(labels) if label and plot.marks]
    slots = _slots(len(values), place.width, weeks, halves=marker != "dot")
    fine = place.width < 2 * len(values) and marker != "dot"
    whole = each == 1
    bars = []
    for index, (value, (column, size)) in enumerate(zip(values, slots, strict=True)):
        if whole and index in plot.unexpected:
            continue
        weekend = whole and index in plot.weekends
        fill = _HATCH if whole and index in plot.partial else "█"
        if weekend and fill == "█" and colors.shapes:
            fill = _WEEKEND
        style = colors.weekend if weekend else colors.ink(0)
        bars.append(_Bar(column, size, value, style, fill, fine))
    _draw(place, bars, limits, colors, marker)
    legend: list[LegendEntry] = []
    if whole and plot.weekends:
        thin = _THIN[0][-1] if slots[0][1] >= 1 else _THIN[0][0]
        sample = "█" if not colors.shapes else thin if fine else _WEEKEND
        legend.append([(f"{sample} ", colors.weekend), ("weekend", colors.text)])
    if whole and plot.partial:
        hatch = _STRIPES if fine else _HATCH
        legend.append([(f"{hatch} ", colors.ink(0)), ("incomplete", colors.text)])
    if plot.median is not None:
        legend.append([(MEDIAN_LINE * 2, colors.dim), (f" median {plot.median:,.1f}", colors.text)])
        row = place.top + place.height - max(1, round(plot.median / limits.top * place.height))
        for column in range(place.left, place.grid.width):
            if place.grid.chars[row][column] in (" ", GRID_LINE):
                place.grid.put(column, row, MEDIAN_LINE, colors.dim)
    note = " · ".join(filter(None, [plot.note, f"mean of {each} a column" if each > 1 else ""]))
    draw_heading(place, plot.unit, note, legend, colors)
    middles = [
        (int(column + (size - 0.5) / 2), label)
        for (column, size), label in zip(slots, labels, strict=True)
    ]
    draw_x_labels(place, middles, colors, marks=plot.marks)
    for index in plot.weekends if whole else ():
        column, size = slots[index]
        axis = place.top + place.height
        for at in range(place.left + int(column), place.left + int(column + size - 0.5) + 1):
            if place.grid.chars[axis][at] == "─":
                place.grid.put(at, axis, "═", colors.text)
    ends = [*(column for column, _ in slots[1:]), float(place.width)][: len(slots)]
    place.grid.reach = Reach(
        [
            (place.left + start + part * size / each, place.left + start + (part + 1) * size / each)
            for (start, _), end in zip(slots, ends, strict=True)
            for size in [end - start]
            for part in range(each)
        ][: len(plot.values)],
        place.top,
        place.height,
    )
    return place.grid


def draw_groups(plot: GroupPlot, width: int, height: int, colors: Palette, marker: str) -> Grid:
    """Draw the bars of several series side by side, in hues and patterns of their own."""
    count = len(plot.groups)
    everything = (value for group in plot.groups for value in group.values)
    limits, place = scaled_frame(width, height, plot.unit, everything)
    edges = edges_of(len(plot.labels), place.width)
    slot = min((after - before for before, after in pairwise(edges)), default=1)
    thickness = max(1, (slot - 1) // max(1, count))
    margin = max(0, (slot - thickness * count) // 2)
    slots = [(edge + margin, thickness * count) for edge in edges[:-1]]
    bars = []
    legend: list[LegendEntry] = []
    for number, group in enumerate(plot.groups):
        age = count - 1 - number
        style, fill = colors.year(age), _SHADES[age % len(_SHADES)]
        legend.append([(f"{fill} ", style), (group.name, colors.text)])
        for index, (column, _) in enumerate(slots):
            if index in group.unexpected:
                continue
            hatched = index in group.partial
            bars.append(
                _Bar(
                    column + number * thickness,
                    thickness,
                    group.values[index],
                    style,
                    _FAINT if hatched else fill,
                )
            )
    _draw(place, bars, limits, colors, marker)
    if any(group.partial for group in plot.groups):
        legend.append([(f"{_FAINT} ", colors.text), ("incomplete", colors.text)])
    draw_heading(place, plot.unit, plot.note, legend, colors)
    middles = [
        (column + (size - 1) // 2, label)
        for (column, size), label in zip(slots, plot.labels, strict=True)
    ]
    draw_x_labels(place, middles, colors, marks=False)
    starts = [
        float(place.left + column + number * thickness)
        for column, _ in slots
        for number in range(count)
    ]
    place.grid.reach = Reach([(at, at + thickness) for at in starts], place.top, place.height)
    return place.grid


def _draw(place: Frame, bars: Sequence[_Bar], limits: Scale, colors: Palette, marker: str) -> None:
    for bar in bars:
        if bar.value is None:
            middle = place.left + int(bar.column + (bar.width - 0.5) / 2)
            place.grid.put(middle, place.top + place.height - 1, MISSING, colors.dim)
        elif bar.fine:
            _draw_halves(place, bar, bar.value / limits.top * place.height)
        else:
            steps = _HALVES if marker == "dot" else _EIGHTHS
            _draw_whole(place, bar, bar.value / limits.top * place.height, steps)
    draw_y_axis(place, limits, colors)


def _draw_whole(place: Frame, bar: _Bar, cells: float, steps: str) -> None:
    left, width = place.left + int(bar.column), int(bar.width)
    bottom = place.top + place.height - 1
    full = int(cells)
    for row in range(full):
        place.grid.put(left, bottom - row, bar.fill * width, bar.style)
    tip = steps[round((cells - full) * (len(steps) - 1))]
    if bar.fill != "█":
        tip = bar.fill if cells - full >= 0.5 else " "
    if full == 0 and cells > 0 and tip == " ":
        tip = "▁"
    if tip != " ":
        place.grid.put(left, bottom - full, tip * width, bar.style)


def _draw_halves(place: Frame, bar: _Bar, cells: float) -> None:
    """A bar that begins or ends in the middle of a cell, as high as it is to half a cell."""
    bottom = place.top + place.height - 1
    first, last = round(bar.column * 2), round((bar.column + bar.width) * 2)
    halves = max(1, round(cells * 2)) if cells > 0 else 0
    for column in range(first // 2, (last + 1) // 2):
        sides = (first <= column * 2 < last) + 2 * (first <= column * 2 + 1 < last)
        if not sides:
            continue
        for row in range((halves + 1) // 2):
            whole = row * 2 + 1 < halves
            char = ("▌▐█" if whole else "▖▗▄")[sides - 1]
            if bar.fill == _HATCH:
                char = "▖▗▄"[sides - 1]
            elif bar.fill == _WEEKEND:
                char = _THIN[not whole][sides - 1]
            place.grid.put(place.left + column, bottom - row, char, bar.style)


def _slots(
    count: int, width: int, weeks: Sequence[int], *, halves: bool
) -> list[tuple[float, float]]:
    """First column and width of each bar, over the whole width.

    All are equally wide, with gaps between them: of whole cells where there is room, else of halves
    where these can be drawn. What is left over goes before the bars that begin ``weeks``.
    """
    room = width / max(1, count)
    if room < 2 and not halves:
        return [(float(index), 1.0) for index in range(count)]
    pitch = int(room * 2) / 2 if room < 2 else int(room)
    size = pitch - 0.5 if room < 2 else max(1, pitch - 1 if pitch < 8 else round(pitch * 0.75))
    if not weeks:
        return [(float(int(index * room + (room - size) / 2)), size) for index in range(count)]
    more = min(_WIDEST_GAP, int((width - count * pitch) / len(weeks) * 2) / 2)
    return [
        (index * pitch + more * sum(0 < week <= index for week in weeks), size)
        for index in range(count)
    ]


def _merged(plot: BarPlot, width: int) -> tuple[list[float | None], list[str], int]:
    """Values and labels, joined until there are no more than columns, and how many were joined."""
    each = -(-len(plot.values) // max(1, width)) or 1
    if each == 1:
        return list(plot.values), list(plot.labels), 1
    values: list[float | None] = []
    labels = []
    for start in range(0, len(plot.values), each):
        values.append(mean(plot.values[start : start + each]))
        labels.append(next((text for text in plot.labels[start : start + each] if text), ""))
    return values, labels, each
