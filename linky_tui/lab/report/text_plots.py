"""Plots as text, for Markdown and for terminals."""

from __future__ import annotations

import math
from collections.abc import Iterable

from linky_tui.lab.report.blocks import Bars, Lines, Plot, Ranges
from linky_tui.text.formatting import NOTHING

_CELLS = 40
_ROWS = 12
_MARKS = "ox+*"


def plot_lines(plot: Plot) -> list[str]:
    """A plot as lines of text."""
    match plot:
        case Bars():
            return [f"{plot.title} ({plot.unit})", *_bars(plot)]
        case Ranges():
            return [
                f"{plot.title} ({plot.unit}, logarithmic; 10th to 90th percentile, o the median)",
                *_ranges(plot),
            ]
        case Lines():
            return [f"{plot.title} ({plot.y_name} over {plot.x_name}, logarithmic)", *_lines(plot)]


def _bars(plot: Bars) -> list[str]:
    if not plot.bars:
        return [NOTHING]
    width = max(len(each.label) for each in plot.bars)
    most = max(each.value for each in plot.bars) or 1.0
    return [
        f"{each.label.ljust(width)} {'█' * max(1, round(_CELLS * each.value / most))} "
        f"{each.value:,.1f}"
        for each in plot.bars
    ]


def _ranges(plot: Ranges) -> list[str]:
    scale = Scale(value for each in plot.ranges for value in (each.low, each.high))
    if scale.empty:
        return [NOTHING]
    width = max(len(each.label) for each in plot.ranges)
    found = []
    for each in plot.ranges:
        cells = [" "] * (_CELLS + 1)
        low, middle, high = (
            round(_CELLS * scale.at(value)) for value in (each.low, each.middle, each.high)
        )
        cells[low : high + 1] = "─" * (high + 1 - low)
        cells[middle] = "o"
        found.append(f"{each.label.ljust(width)} {''.join(cells)} {each.middle:,.2f}")
    return found


def _lines(plot: Lines) -> list[str]:
    points = [point for line in plot.lines for point in line.points]
    across, up = Scale(x for x, _ in points), Scale(y for _, y in points)
    if across.empty or up.empty:
        return [NOTHING]
    grid = [[" "] * (_CELLS + 1) for _ in range(_ROWS + 1)]
    legend = []
    for mark, line in zip(_MARKS * len(plot.lines), plot.lines, strict=False):
        legend.append(f"{mark} {line.name}")
        for x, y in line.points:
            grid[_ROWS - round(_ROWS * up.at(y))][round(_CELLS * across.at(x))] = mark
    labels = [f"{up.high:,.1f}", *[""] * (_ROWS - 1), f"{up.low:,.1f}"]
    width = max(map(len, labels))
    rows = [
        f"{label.rjust(width)} │{''.join(row).rstrip()}"
        for label, row in zip(labels, grid, strict=True)
    ]
    ends = f"{across.low:g}".ljust(_CELLS - 4) + f"{across.high:g}".rjust(5)
    return [*rows, f"{' ' * width} └{'─' * (_CELLS + 1)}", f"{' ' * width}  {ends}", *legend]


class Scale:
    """A logarithmic axis over values; positive ones alone count."""

    def __init__(self, values: Iterable[float]) -> None:
        known = [each for each in values if each > 0]
        self.empty = not known
        self.low, self.high = (min(known), max(known)) if known else (1.0, 1.0)

    def at(self, value: float) -> float:
        """Where a value is, from 0 to 1."""
        if self.high <= self.low or value <= 0:
            return 0.0
        place = math.log(value / self.low) / math.log(self.high / self.low)
        return min(1.0, max(0.0, place))
