"""A table that fits whatever width there is: its texts go on below, or it becomes a list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.style import Style
from rich.table import Table as Grid
from rich.text import Text
from textual.widget import Widget

_GAP_CELLS = 2
"""Between two columns."""
_WHOLE_CELLS = 16
"""A figure with its unit that is not longer stays in one line."""


class FittedTable(Widget):
    """Rows under a head; nothing is ever cut.

    Args:
        head: of each column.
        rows: the cells of each row.
        left: columns that stand to the left; figures stand to the right.
    """

    DEFAULT_CSS = """
    FittedTable {
        height: auto;
        width: 1fr;
        & > .fitted--head { color: $text-muted; text-style: bold; }
        & > .fitted--odd { background: $boost; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"fitted--head", "fitted--odd"}

    def __init__(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[str]] = (),
        left: Collection[int] = (0,),
    ) -> None:
        super().__init__()
        self._head, self.rows, self._left = head, rows, left

    def show(self, rows: Sequence[Sequence[str]]) -> None:
        """Other rows under the same head."""
        self.rows = rows
        self.refresh(layout=True)

    def render(self) -> _Fitted:
        styles = (self.get_component_rich_style(f"fitted--{name}") for name in ("head", "odd"))
        return _Fitted(self._head, self.rows, self._left, *styles)


@dataclass(frozen=True, slots=True)
class _Fitted:
    """The table for the width at hand."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: Collection[int]
    head_style: Style
    odd_style: Style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.rows:
            widths = self._widths(options.max_width)
            yield self._list() if widths is None else self._grid(widths)

    def _widths(self, most: int) -> list[int] | None:
        """Of each column: first heads go on below, then the widest ones; None: no room at all."""
        columns = list(zip(self.head, *self.rows, strict=True))
        widths = [max(map(len, cells)) for cells in columns]
        bodies = [max(map(len, cells)) for _, *cells in columns]
        least = [
            max(_word(name), *map(_word if n in self.left else _figure, cells))
            for n, (name, *cells) in enumerate(columns)
        ]
        room = most - _GAP_CELLS * (len(columns) - 1)
        if sum(least) > room:
            return None
        while sum(widths) > room:
            loose = [n for n in range(len(widths)) if widths[n] > least[n]]
            widths[max(loose, key=lambda n: (widths[n] > bodies[n], widths[n]))] -= 1
        return widths

    def _grid(self, widths: Sequence[int]) -> Grid:
        grid = Grid(
            box=None,
            header_style=self.head_style,
            row_styles=(Style.null(), self.odd_style),
            pad_edge=False,
            padding=(0, _GAP_CELLS, 0, 0),
        )
        for n, (name, width) in enumerate(zip(self.head, widths, strict=True)):
            justify: JustifyMethod = "left" if n in self.left else "right"
            grid.add_column(Text(name), justify=justify, width=width)
        for row in self.rows:
            grid.add_row(*map(Text, row))
        return grid

    def _list(self) -> Grid:
        grid = Grid.grid(padding=(0, _GAP_CELLS, 0, 0))
        for first, *others in self.rows:
            grid.add_row(Text(first, "bold"), style=self.odd_style)
            for name, cell in zip(self.head[1:], others, strict=True):
                if cell:
                    grid.add_row(Text(name, self.head_style), Text(cell))
        return grid


def _word(cell: str) -> int:
    """Its longest word."""
    return max(map(len, cell.split()), default=0)


def _figure(cell: str) -> int:
    return len(cell) if len(cell) <= _WHOLE_CELLS else _word(cell)
