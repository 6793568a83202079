"""The live table of both collections: the heart of the application."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.widget import Widget

from linky_tui.text.formatting import NOTHING
from linky_tui.ui.shell.comparison_state import Snapshot
from linky_tui.words.comparison import SETTLING, Row, comparison_rows, detail_rows

MARKED_S = 1.5
"""How long a value that changed is marked."""

_CHANGED = Style(bold=True, reverse=True)
_SAVED_STYLES = {"identical": "saved", "different": "different"}
_LABEL_CELLS = 11
_WIDE_LABEL_CELLS = 22  # "indexes totalIndexSize"
_LEAST_CELLS = (13, 13, 11)  # "consumptionTS", "same count" and its padding


class ComparisonTable(Widget):
    """The sizes of both collections side by side, and what one saves.

    Args:
        detailed: also ``_id``, single indexes and buckets.
        id: the widget's id.
    """

    DEFAULT_CSS = """
    ComparisonTable {
        width: 1fr;
        max-width: 84;
        height: auto;
        & > .comparison--head { color: $text-muted; }
        & > .comparison--label { color: $text-muted; }
        & > .comparison--value { color: $foreground; }
        & > .comparison--saved { color: $text-success; }
        & > .comparison--different { color: $text-error; text-style: bold; }
        & > .comparison--note { color: $text-muted; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "comparison--head",
        "comparison--label",
        "comparison--value",
        "comparison--saved",
        "comparison--different",
        "comparison--note",
    }

    def __init__(
        self,
        *,
        detailed: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self._detailed = detailed
        self._snapshot: Snapshot | None = None
        self._rows: list[Row] = []
        self._changed: set[tuple[str, int]] = set()
        self._change = 0

    @property
    def detailed(self) -> bool:
        """Whether ``_id``, single indexes and buckets are shown, too."""
        return self._detailed

    @detailed.setter
    def detailed(self, detailed: bool) -> None:
        if detailed != self._detailed:
            self._detailed = detailed
            self._fill()

    @property
    def rows(self) -> list[Row]:
        """The rows that are shown."""
        return list(self._rows)

    @property
    def marked(self) -> set[str]:
        """Labels of the rows in which something changed just now."""
        return {label for label, _ in self._changed}

    def show(self, snapshot: Snapshot) -> None:
        """Show a snapshot; what differs from the one before is marked for a moment."""
        before = {row.label: row.cells for row in self._rows}
        self._snapshot = snapshot
        self._fill()
        changed = {
            (row.label, column)
            for row in self._rows
            for column, cell in enumerate(row.cells)
            if row.label in before and before[row.label][column] != cell
            if cell not in (SETTLING, NOTHING)
        }
        if changed:
            self._changed = changed
            self._change += 1
            number = self._change
            self.set_timer(MARKED_S, lambda: self._unmark(number))

    def _fill(self) -> None:
        if self._snapshot is None:
            return
        comparison = self._snapshot.comparison
        rows = comparison_rows(comparison)
        if self._detailed:
            rows += detail_rows(comparison)
        grown = len(rows) != len(self._rows)
        self._rows = rows
        self.refresh(layout=grown)

    def render(self) -> Table:
        table = Table.grid(expand=True, padding=(0, 1, 0, 0), pad_edge=False)
        width = _WIDE_LABEL_CELLS if self._detailed else _LABEL_CELLS
        table.add_column(no_wrap=True, width=width, overflow="ellipsis")
        for ratio, least in zip((6, 6, 4), _LEAST_CELLS, strict=True):
            table.add_column(
                no_wrap=True, justify="right", ratio=ratio, width=least, overflow="ellipsis"
            )
        if self._snapshot is None:
            return table
        comparison = self._snapshot.comparison
        head = self._style("head")
        table.add_row(
            "",
            Text(comparison.regular.name, head),
            Text(comparison.timeseries.name, head),
            Text("saved", head),
        )
        for row in self._rows:
            table.add_row(*self._cells(row))
        return table

    def _cells(self, row: Row) -> list[Text]:
        heavy = Style(bold=True) if row.heavy else Style()
        label = Text(row.label, self._style("label") + heavy)
        if self._detailed and row.field:
            label.append(f" {row.field}", self._style("note") + Style(italic=True))
        cells = [label]
        for column, text in enumerate(row.cells):
            name = "value" if column < 2 else _SAVED_STYLES.get(text, "label")
            if column == 2 and text.endswith("%"):
                name = "saved"
            style = self._style(name) + heavy
            if (row.label, column) in self._changed:
                style += _CHANGED
            # A span, not the style of the whole text: that would fill the cell up to its edge.
            cells.append(Text.assemble((text, style)))
        return cells

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"comparison--{name}")

    def _unmark(self, number: int) -> None:
        if number == self._change:
            self._changed = set()
            self.refresh()
