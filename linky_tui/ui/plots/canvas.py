"""What all charts share: a grid of styled characters, axes with human ticks, labels that fit.

The axes are not plotext's, since they have to be the same below lines, bars and maps: it fills its
bars cell by cell (0.5 s for 730 of them at 200x60, 3.5 s for 190 in braille), has grid lines only
as strong as its axes, and drops and shifts labels that do not fit one by one, not evenly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from linky_tui.ui.plots.palette import Palette

MIN_WIDTH, MIN_HEIGHT = 20, 5
"""Below this nothing can be read, and the chart says so."""

GRID_LINE = "┈"
MEDIAN_LINE = "╌"
_LEAST = 1e-6
_FEW_STEPS = 3


LegendEntry = Sequence[tuple[str, Style]]
"""Pieces of text and their styles, shown as one."""
LEGEND_GAP = 3
"""Cells between two of them."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What the line above a picture can say beside the unit."""

    left: int = 0  # the first column behind the unit
    note: str = ""  # a few words
    legend: Sequence[LegendEntry] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """Where in a grid the places of a plot lie that can be read."""

    # the first column of each and the one behind it, as exact as they are, from left to right
    bounds: Sequence[tuple[float, float]]
    top: int  # first row of the picture
    height: int  # rows of the picture
    rows: int = 1  # how many places lie above each other


class Grid:
    """Characters with styles, in cells."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.reach: Reach | None = None
        self.heading = Heading()
        self.heading_end = width  # the column of the first row that a legend leaves free up to
        self.chars = [[" "] * width for _ in range(height)]
        self.styles: list[list[Style | None]] = [[None] * width for _ in range(height)]

    def put(self, column: int, row: int, text: str, style: Style | None = None) -> None:
        """Write along a row; what leaves the grid is cut off."""
        if not 0 <= row < self.height or column >= self.width:
            return
        if column < 0:
            column, text = 0, text[-column:]
        text = text[: self.width - column]
        end = column + len(text)
        self.chars[row][column:end] = text
        self.styles[row][column:end] = [style] * len(text)

    def copy(self) -> Grid:
        """The same picture, to be drawn over."""
        grid = Grid(self.width, self.height)
        grid.chars = [list(row) for row in self.chars]
        grid.styles = [list(row) for row in self.styles]
        grid.reach, grid.heading_end = self.reach, self.heading_end
        return grid

    def copy_row(self, source: int, target: int) -> None:
        """Make a row look like another one."""
        self.chars[target][:] = self.chars[source]
        self.styles[target][:] = self.styles[source]

    def put_if_blank(self, column: int, row: int, char: str, style: Style | None = None) -> None:
        """Write one character where nothing stands yet."""
        if self.chars[row][column] == " " and self.styles[row][column] is None:
            self.chars[row][column], self.styles[row][column] = char, style

    def strips(self) -> list[Strip]:
        """The rows for the screen, neighbours of one style joined."""
        return [self._strip(row) for row in range(self.height)]

    def plain(self) -> list[str]:
        """The rows without their styles."""
        return ["".join(row) for row in self.chars]

    def _strip(self, row: int) -> Strip:
        chars, styles = self.chars[row], self.styles[row]
        segments = []
        start = 0
        for column in range(1, self.width + 1):
            if column == self.width or styles[column] is not styles[start]:
                segments.append(Segment("".join(chars[start:column]), styles[start]))
                start = column
        return Strip(segments, self.width)


@dataclass(frozen=True, slots=True)
class Scale:
    """A y axis from zero."""

    top: float  # the value at its upper end
    ticks: tuple[float, ...]  # the labelled values
    decimals: int = 0  # digits behind the point in the labels

    def label(self, value: float) -> str:
        """A value as its label says it."""
        return f"{value:,.{self.decimals}f}"


def scale(highest: float, rows: int) -> Scale:
    """A scale up to at least ``highest``, with a tick every few rows.

    It ends at a tick, with few ticks also half-way to one: a whole step more than there is to draw
    would leave half the picture empty.
    """
    # A figure too small for any label is drawn as none; the smallest have no logarithm, either.
    highest = highest if math.isfinite(highest) and highest > _LEAST else 1.0
    wanted = max(2, min(6, rows // 3))
    raw = highest / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(
        each * power for each in (1.0, 2.0, 2.5, 5.0, 10.0) if each * power >= raw * (1 - 1e-9)
    )
    decimals = 0
    while decimals < 6 and abs(round(step, decimals) - step) > step * 1e-6:
        decimals += 1
    steps = max(1.0, math.ceil(highest / step * 2 - 1e-9) / 2)
    if steps > _FEW_STEPS:
        steps = math.ceil(steps)
    return Scale(steps * step, tuple(index * step for index in range(int(steps) + 1)), decimals)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things are: labels to the left, the picture, the axis and its labels below."""

    grid: Grid  # the whole chart
    left: int  # first column of the picture
    top: int  # first row of the picture
    width: int  # of the picture
    height: int  # of the picture


def frame(width: int, height: int, label_width: int) -> Frame:
    """Room for one line above the picture and two below it."""
    grid = Grid(width, height)
    left = min(label_width, width // 3) + 2
    return Frame(grid, left, 1, width - left, height - 3)


def scaled_frame(
    width: int, height: int, unit: str, values: Iterable[float | None]
) -> tuple[Scale, Frame]:
    """A scale that holds some values, and the room beside its labels."""
    highest = max((value for value in values if value is not None), default=0.0)
    limits = scale(highest, height - 3)
    labels = (unit, *map(limits.label, limits.ticks))
    return limits, frame(width, height, max(map(len, labels)))


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of the known values, where there are any."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def draw_y_axis(place: Frame, limits: Scale, colors: Palette) -> None:
    """Labels, axis and the lines behind the picture; call it after the picture is drawn."""
    axis = place.left - 1
    bottom = place.top + place.height
    for row in range(place.top, bottom):
        place.grid.put(axis, row, "│", colors.axis)
    place.grid.put(axis, bottom, "└" + "─" * place.width, colors.axis)
    for tick in limits.ticks:
        row = bottom - round(tick / limits.top * place.height)
        label = limits.label(tick)[: axis - 1]
        place.grid.put(axis - 1 - len(label), row, label, colors.text)
        place.grid.put(axis, row, "┤" if row < bottom else "┴" if tick else "└", colors.axis)
        if row < bottom:
            for column in range(place.left, place.grid.width):
                place.grid.put_if_blank(column, row, GRID_LINE, colors.grid)


def edges_of(count: int, width: int) -> list[int]:
    """The columns where each of so many parts begins, and where the last one ends.

    All parts are equally wide where that leaves no more than a fifth of the width unused.
    """
    if count and width // count * count >= width * 0.8:
        return [index * (width // count) for index in range(count + 1)]
    return [round(index * width / max(1, count)) for index in range(count + 1)]


def draw_x_labels(
    place: Frame, labels: Sequence[tuple[int, str]], colors: Palette, *, marks: bool = True
) -> None:
    """Labels under the axis, each in the middle of its column (of the picture), none touching.

    Where not all fit, every n-th is shown.
    """
    row = place.top + place.height + 1
    free_from = 0
    for column, text in _thinned(labels):
        if not 0 <= column < place.width:
            continue
        size = cell_len(text)
        at = max(0, min(place.left + column - size // 2, place.grid.width - size))
        if at < free_from:
            continue
        place.grid.put(at, row, text, colors.text)
        if marks:
            place.grid.put(place.left + column, row - 1, "┬", colors.axis)
        free_from = at + size + 2


def _thinned(labels: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    shown = [label for label in labels if label[1]]
    if len(shown) < 2:
        return shown
    for stride in range(1, len(shown) + 1):
        kept = shown[::stride]
        if all(
            after[0] - before[0] >= (cell_len(before[1]) + cell_len(after[1])) // 2 + 2
            for before, after in pairwise(kept)
        ):
            return kept
    return shown[:1]


def draw_heading(
    place: Frame, unit: str, note: str, legend: Sequence[LegendEntry], colors: Palette
) -> None:
    """The unit above its axis; the note and the legend are left to :func:`finish_heading`."""
    used = max(0, place.left - 2 - len(unit)) + len(unit) + 2
    place.grid.put(used - len(unit) - 2, 0, unit, colors.strong)
    place.grid.heading = Heading(used, note, legend)


def finish_heading(grid: Grid, colors: Palette, *, with_legend: bool) -> None:
    """Beside the unit the note, and at the right the legend if wanted, as far as they fit."""
    heading, free = grid.heading, grid.width - grid.heading.left
    gaps = LEGEND_GAP * (len(heading.legend) - 1)
    width = sum(cell_len(text) for entry in heading.legend for text, _ in entry) + gaps
    if with_legend and heading.legend and width <= free:
        column = grid.width - width
        grid.heading_end = column - 2
        for entry in heading.legend:
            for text, style in entry:
                grid.put(column, 0, text, style)
                column += cell_len(text)
            column += LEGEND_GAP
        free -= width + 2
    if heading.note and len(heading.note) <= free:
        grid.put(heading.left, 0, heading.note, colors.dim)
