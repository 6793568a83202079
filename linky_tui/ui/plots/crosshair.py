"""The crosshair: which place of a plot is under a cell, and the line and words that show it."""

from __future__ import annotations

from bisect import bisect_right

from rich.cells import cell_len
from rich.style import Style

from linky_tui.ui.plots.canvas import GRID_LINE, MEDIAN_LINE, Grid, Reach
from linky_tui.ui.plots.palette import Palette

Place = tuple[int, int]
"""Number of a place from the left, and from the top."""

_LEAST = 0.01
_ARM = 3
"""How many cells the crosshair reaches to each side on a map."""
_SOLID = frozenset("█▓▒░ ")
_FREE = frozenset((" ", GRID_LINE, MEDIAN_LINE))


def place_at(reach: Reach, column: int, row: int) -> Place | None:
    """The place at a cell of the grid, ``None`` outside of all."""
    if not reach.top <= row < reach.top + reach.height:
        return None
    x = column + 0.5
    index = bisect_right(reach.bounds, x, key=lambda bound: bound[0]) - 1
    if index < 0 or x >= max(reach.bounds[index][1], reach.bounds[index][0] + 1):
        return None
    return index, min(reach.rows - 1, int((row - reach.top + 0.5) / reach.height * reach.rows))


def with_crosshair(grid: Grid, place: Place, text: str, colors: Palette) -> Grid:
    """A copy of a picture with a line at a place and what is read there above it.

    The legend stays where there is room for both.
    """
    reach = grid.reach
    if reach is None or not 0 <= place[0] < len(reach.bounds):
        return grid
    shown = grid.copy()
    start, end = reach.bounds[place[0]]
    column = min(grid.width - 1, int((start + end) / 2 - _LEAST))
    for row in range(reach.top, reach.top + reach.height):
        _cross(shown, column, row, "│", colors)
    if reach.rows > 1:
        row = reach.top + int((place[1] + 0.5) / reach.rows * reach.height)
        edge = int(reach.bounds[0][0]), int(reach.bounds[-1][1])
        for each in range(max(edge[0], column - _ARM), min(edge[1], column + _ARM + 1)):
            _cross(shown, each, row, "─", colors)
        _cross(shown, column, row, "┼", colors)
    words = f" {text} "
    if cell_len(words) > grid.width:
        words = text[: grid.width - 1] + "…"
    left, behind = int(reach.bounds[0][0]), grid.heading_end
    if behind - left < cell_len(words):
        behind = grid.width
    at = max(0, min(column - cell_len(words) // 2, behind - cell_len(words)))
    if any(char != " " for char in shown.chars[0][at : at + len(words)]):
        shown.put(left, 0, " " * (behind - left))  # nothing stands there by half
    shown.put(at, 0, words, colors.pointer + Style(reverse=True, bold=True))
    return shown


def _cross(grid: Grid, column: int, row: int, char: str, colors: Palette) -> None:
    """Draw over a free cell, through a solid one, and never over a line, which is what is read."""
    below, style = grid.chars[row][column], grid.styles[row][column]
    if below in _FREE and (style is None or style.bgcolor is None):
        grid.put(column, row, char, colors.pointer)
    elif below in _SOLID or (below in "▀▄" and grid.reach is not None and grid.reach.rows > 1):
        ground = style.bgcolor if style and below == " " else style.color if style else None
        ink = None if colors.terminal_colors else colors.background.rich_color
        if colors.monochrome or colors.terminal_colors:
            grid.put(column, row, char, colors.pointer)
        else:
            grid.put(column, row, char, Style(color=ink, bgcolor=ground, bold=True))
