"""Lines on logarithmic axes: what a meter takes over the number of homes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style

from linky_tui.lab.report.blocks import Line, Lines
from linky_tui.ui.laboratory.rows import LogAxis
from linky_tui.ui.plots import DrawnPlot
from linky_tui.ui.plots.canvas import Frame, Grid, draw_x_labels
from linky_tui.ui.plots.palette import Palette
from linky_tui.ui.plots.strokes import PENS, Box, in_pixels, strokes

_POINTS = ("●", "○", "◆", "◇", "x", "+")
_PENS = {"braille": "braille", "half-block": "hd"}


@dataclass(frozen=True, kw_only=True)
class LogLines(DrawnPlot):
    """Lines through marked points; the legend stands above them."""

    lines: Lines

    @property
    def rows(self) -> int:
        """How high it is."""
        return 16 + len(self._drawn) // 2

    @property
    def _drawn(self) -> Sequence[Line]:
        return [line for line in self.lines.lines if line.points]

    def draw(self, width: int, height: int, colors: Palette, marker: str) -> Grid:
        grid = Grid(width, height)
        shown = self.lines
        title = f"{shown.title} ({shown.y_name}) over {shown.x_name}, logarithmic"
        grid.put(0, 0, title, colors.strong)
        top = 1 + self._legend(grid, colors)
        points = [point for line in self._drawn for point in line.points]
        bottom = height - 2
        rows = bottom - top
        if not points or rows < 2:
            return grid
        up = LogAxis((y for _, y in points), rows - 1)
        labels = {value: f"{value:,.10g}" for value in up.ticks}
        left = max(map(len, labels.values()), default=0) + 2
        across = LogAxis((x for x, _ in points), width - left - 1)
        place = Frame(grid, left, top, width - left, rows)
        self._axes(place, up, across, labels, colors)
        for number, line in enumerate(self._drawn):
            self._line(place, line, up, across, marker, colors.ink(number))
        for number, line in enumerate(self._drawn):
            for x, y in line.points:
                row = bottom - 1 - up.at(y)
                grid.put(left + across.at(x), row, _POINTS[number % 6], colors.ink(number))
        return grid

    def _legend(self, grid: Grid, colors: Palette) -> int:
        """How many rows it takes."""
        if len(self._drawn) < 2:
            return 0
        column, row = 0, 1
        for number, line in enumerate(self._drawn):
            text = f"{_POINTS[number % 6]} {line.name}"
            if column and column + len(text) > grid.width:
                column, row = 0, row + 1
            grid.put(column, row, text, colors.text)
            grid.put(column, row, text[0], colors.ink(number))
            column += len(text) + 3
        return row

    def _axes(
        self, place: Frame, up: LogAxis, across: LogAxis, labels: dict[float, str], colors: Palette
    ) -> None:
        grid, bottom = place.grid, place.top + place.height
        for row in range(place.top, bottom):
            grid.put(place.left - 1, row, "│", colors.axis)
        grid.put(place.left - 1, bottom, "└" + "─" * place.width, colors.axis)
        free = bottom + 1
        for value, text in labels.items():
            row = bottom - 1 - up.at(value)
            grid.put(place.left - 1, row, "┤", colors.axis)
            for column in range(place.left, grid.width):
                grid.put_if_blank(column, row, "┈", colors.grid)
            if row < free:
                grid.put(place.left - 2 - len(text), row, text, colors.text)
                free = row
        ticks = sorted({x for line in self._drawn for x, _ in line.points})
        draw_x_labels(place, [(across.at(x), f"{x:,.10g}") for x in ticks], colors)

    def _line(
        self, place: Frame, line: Line, up: LogAxis, across: LogAxis, marker: str, style: Style
    ) -> None:
        pen = PENS.get(_PENS.get(marker, ""))
        if pen is None or len(line.points) < 2:
            return
        xs = [across.part(x) for x, _ in line.points]
        ys = [up.part(y) for _, y in line.points]
        box = Box(0.0, 1.0, 1.0, place.width, place.height)
        for column, row, char in strokes([in_pixels((xs, ys), box, pen)], box, pen):
            place.grid.put(place.left + column, place.top + row, char, style)
