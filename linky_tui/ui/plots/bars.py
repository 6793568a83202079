"""Bars, in eighths of a cell where the font has them; a missing one is a dot, never a zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.style import Style

from linky_tui.ui.plots.canvas import (
    Frame,
    Grid,
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
_SHADES = ("█", "▓", "░", "▒")
_HATCH = "▒"
MISSING = "·"


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar: where, how high, how it looks."""

    column: int
    width: int
    value: float | None
    style: Style
    fill: str = "█"


def draw_bars(plot: BarPlot, width: int, height: int, colors: Palette, marker: str) -> Grid:
    """Draw one bar a value; with more values than columns, columns show the mean of several."""
    limits, place = scaled_frame(width, height, plot.unit, plot.values)
    values, labels, each = _merged(plot, place.width)
    slots = _slots(len(values), place.width)
    bars = []
    for index, (value, (column, size)) in enumerate(zip(values, slots, strict=True)):
        if each == 1 and index in plot.unexpected:
            continue
        hatched = each == 1 and index in plot.partial
        bars.append(_Bar(column, size, value, colors.ink(0), _HATCH if hatched else "█"))
    _draw(place, bars, limits, colors, marker)
    legend = (
        [[(_HATCH, colors.ink(0)), (" incomplete", colors.text)]]
        if plot.partial and each == 1
        else []
    )
    note = " · ".join(filter(None, [plot.note, f"mean of {each} a column" if each > 1 else ""]))
    draw_heading(place, plot.unit, note, legend, colors)
    middles = [
        (column + size // 2, label) for (column, size), label in zip(slots, labels, strict=True)
    ]
    draw_x_labels(place, middles, colors, marks=False)
    return place.grid


def draw_groups(plot: GroupPlot, width: int, height: int, colors: Palette, marker: str) -> Grid:
    """Draw the bars of several series side by side."""
    count = len(plot.groups)
    everything = (value for group in plot.groups for value in group.values)
    limits, place = scaled_frame(width, height, plot.unit, everything)
    edges = edges_of(len(plot.labels), place.width)
    slot = min((after - before for before, after in pairwise(edges)), default=1)
    thickness = max(1, (slot - 1) // max(1, count))
    margin = max(0, (slot - thickness * count) // 2)
    slots = [(edge + margin, thickness * count) for edge in edges[:-1]]
    bars = []
    legend = []
    for number, group in enumerate(plot.groups):
        style = colors.shade(count - 1 - number)
        fill = _SHADES[(count - 1 - number) % len(_SHADES)] if colors.shapes else "█"
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
                    _HATCH if hatched else fill,
                )
            )
    _draw(place, bars, limits, colors, marker)
    if any(group.partial for group in plot.groups):
        legend.append([(f"{_HATCH} ", colors.text), ("incomplete", colors.text)])
    draw_heading(place, plot.unit, plot.note, legend, colors)
    middles = [
        (column + (size - 1) // 2, label)
        for (column, size), label in zip(slots, plot.labels, strict=True)
    ]
    draw_x_labels(place, middles, colors, marks=False)
    return place.grid


def _draw(place: Frame, bars: Sequence[_Bar], limits: Scale, colors: Palette, marker: str) -> None:
    steps = _EIGHTHS if marker == "braille" else _HALVES
    bottom = place.top + place.height - 1
    for bar in bars:
        left = place.left + bar.column
        if bar.value is None:
            place.grid.put(left + bar.width // 2, bottom, MISSING, colors.dim)
            continue
        cells = bar.value / limits.top * place.height
        full = int(cells)
        for row in range(full):
            place.grid.put(left, bottom - row, bar.fill * bar.width, bar.style)
        tip = steps[round((cells - full) * (len(steps) - 1))]
        if bar.fill != "█":
            tip = bar.fill if cells - full >= 0.5 else " "
        if full == 0 and bar.value > 0 and tip == " ":
            tip = "▁"
        if tip != " ":
            place.grid.put(left, bottom - full, tip * bar.width, bar.style)
    draw_y_axis(place, limits, colors)


def _slots(count: int, width: int) -> list[tuple[int, int]]:
    """First column and width of each bar; all equally wide wherever there is room for gaps."""
    if count == 0:
        return []
    edges = edges_of(count, width)
    room = width / count
    if room < 2:
        return [(edges[index], edges[index + 1] - edges[index]) for index in range(count)]
    slot = min(after - before for before, after in pairwise(edges))
    size = max(1, slot - 1 if slot < 8 else round(slot * 0.75))
    return [(edge + (slot - size) // 2, size) for edge in edges[:-1]]


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
