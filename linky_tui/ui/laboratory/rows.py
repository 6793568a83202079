"""Plots of a row each: sizes as bars from zero, times as ranges on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from linky_tui.domain.laboratory import Layout
from linky_tui.lab.report.blocks import Bars, Ranges
from linky_tui.ui.plots import DrawnPlot
from linky_tui.ui.plots.canvas import GRID_LINE, Grid
from linky_tui.ui.plots.palette import Palette

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_FILLS = ("█", "▓", "▒", "░")
_LEAST_BAR = 8
_MOST_TICKS = 7


@dataclass(frozen=True, kw_only=True)
class BarRows(DrawnPlot):
    """A bar under the other, each with its name and its value."""

    bars: Bars

    @property
    def rows(self) -> int:
        """How high it is."""
        return max(5, len(self.bars.bars) + 1)

    def draw(self, width: int, height: int, colors: Palette, marker: str) -> Grid:
        grid = Grid(width, height)
        grid.put(0, 0, f"{self.bars.title} ({self.unit})", colors.strong)
        bars = self.bars.bars
        values = [f"{each.value:,.1f}" for each in bars]
        digits = max(map(len, values), default=0)
        names = _name_cells([each.label for each in bars], width - digits - 2)
        room = max(1, width - names - digits - 2)
        most = max((each.value for each in bars), default=0) or 1.0
        for row, (bar, text) in enumerate(zip(bars, values, strict=True), 1):
            hue = hue_of(bar.label)
            grid.put(0, row, _fitted(bar.label, names), colors.text)
            fill = _FILLS[hue] if colors.shapes else "█"
            drawn = _bar(bar.value / most * room, fill, fine=fill == "█" and marker != "dot")
            grid.put(names + 1, row, drawn, colors.ink(hue))
            grid.put(names + 2 + len(drawn), row, text, colors.strong)
        return grid


@dataclass(frozen=True, kw_only=True)
class RangeRows(DrawnPlot):
    """Below each question a range for every layout: from the tenth to the ninetieth percentile."""

    ranges: Ranges

    @property
    def rows(self) -> int:
        """How high it is."""
        return len(self.ranges.ranges) + len(self._questions()) + 3

    def _questions(self) -> list[str]:
        return list(dict.fromkeys(_asked(each.label)[0] for each in self.ranges.ranges))

    def draw(self, width: int, height: int, colors: Palette, marker: str) -> Grid:
        grid = Grid(width, height)
        title = f"{self.ranges.title} ({self.unit}, logarithmic)"
        grid.put(0, 0, title, colors.strong)
        legend = "├──●──┤ 10th percentile, median, 90th"
        if len(title) + len(legend) + 2 <= width:
            grid.put(width - len(legend), 0, legend, colors.text)
        names = max((len(_asked(each.label)[1]) for each in self.ranges.ranges), default=0) + 2
        values = [f"{each.middle:,.2f}" for each in self.ranges.ranges]
        digits = max(map(len, values), default=0)
        room = width - names - digits - 2
        axis = LogAxis(
            (end for each in self.ranges.ranges for end in (each.low, each.high)), room - 1
        )
        bottom = height - 2
        self._axis(grid, axis, names + 1, bottom, colors)
        row, last = 0, ""
        for each, text in zip(self.ranges.ranges, values, strict=True):
            question, layout = _asked(each.label)
            row += 1
            if question != last:
                grid.put(0, row, question, colors.strong)
                row, last = row + 1, question
            if row >= bottom:
                break
            grid.put(2, row, layout, colors.text)
            style = colors.ink(hue_of(layout))
            low, middle, high = (axis.at(value) for value in (each.low, each.middle, each.high))
            if high > low:
                grid.put(names + 1 + low, row, f"├{'─' * (high - low - 1)}┤", style)
            grid.put(names + 1 + middle, row, "●", style)
            grid.put(width - digits, row, text.rjust(digits), colors.strong)
        return grid

    def _axis(self, grid: Grid, axis: LogAxis, left: int, bottom: int, colors: Palette) -> None:
        grid.put(left, bottom, "─" * (axis.cells + 1), colors.axis)
        taken: set[int] = set()
        # Powers of ten have their label even where there is little room.
        for value in sorted(axis.ticks, key=lambda each: f"{each:e}"[0] != "1"):
            at, text = left + axis.at(value), f"{value:,.10g}"
            grid.put(at, bottom, "┴", colors.axis)
            for row in range(1, bottom):
                grid.put_if_blank(at, row, GRID_LINE, colors.grid)
            start = min(max(0, at - len(text) // 2), grid.width - len(text))
            cells = range(start - 1, start + len(text) + 1)
            if taken.isdisjoint(cells):
                grid.put(start, bottom + 1, text, colors.text)
                taken.update(cells)


class LogAxis:
    """A logarithmic axis over values, as cells from 0; what is not positive is left out."""

    def __init__(self, values: Iterable[float], cells: int) -> None:
        known = [value for value in values if value > 0] or [1.0]
        self.cells = max(1, cells)
        self._low = math.log10(min(known) / 1.1)
        self._high = math.log10(max(known) * 1.1)
        self.ticks = log_ticks(10**self._low, 10**self._high)

    def part(self, value: float) -> float:
        """Where a value lies, from 0 to 1."""
        if value <= 0:
            return 0.0
        part = (math.log10(value) - self._low) / (self._high - self._low)
        return min(1.0, max(0.0, part))

    def at(self, value: float) -> int:
        """Its cell."""
        return round(self.part(value) * self.cells)


def log_ticks(low: float, high: float) -> list[float]:
    """Round values between two: 1, 2 and 5 of each power of ten, fewer where those are many."""
    powers = [10.0**power for power in range(math.floor(math.log10(low)), 20) if 10**power <= high]
    for digits in ((1, 2, 5), (1, 5), (1,)):
        found = [each for power in powers for d in digits if low <= (each := d * power) <= high]
        if len(found) <= _MOST_TICKS:
            break
    return found


def hue_of(label: str) -> int:
    """Which colour: one for each layout, another for what is none."""
    return next((n for n, each in enumerate(Layout) if label.startswith(each)), len(Layout))


def _asked(label: str) -> tuple[str, str]:
    question, _, layout = label.rpartition(", ")
    return question, layout


def _bar(cells: float, fill: str, *, fine: bool) -> str:
    if not fine:
        return fill * max(1, round(cells))
    eighths = max(1, round(cells * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _name_cells(labels: list[str], width: int) -> int:
    """The longest name, as far as it leaves room for a bar."""
    longest = max(map(cell_len, labels), default=0)
    return min(longest, max(width // 2, width - 4 * _LEAST_BAR))


def _fitted(label: str, cells: int) -> str:
    text = Text(label)
    text.truncate(cells, overflow="ellipsis")
    return text.plain
