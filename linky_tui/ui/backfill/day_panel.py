"""What is known of the day under the calendar's cursor, and a button to ask for it again."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Button, Static

from linky_tui.domain.coverage import DayRecord
from linky_tui.text.formatting import day_text
from linky_tui.ui.backfill.day_words import day_rows


class DayPanel(VerticalScroll, can_focus=False):
    """One day in words."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"day-panel--label"}
    DEFAULT_CSS = """
    DayPanel {
        scrollbar-size-vertical: 1;
        &> .day-panel--label { color: $foreground-muted; }
        #day-rows { height: auto; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Static(id="day-rows", markup=False)
        yield Button("Fetch this day again", id="refetch", compact=True, tooltip="One request (f)")

    def show(
        self, day: date, record: DayRecord | None, today: date, curve_from: date | None
    ) -> None:
        """Show a day.

        Args:
            day: the day.
            record: what the ledger knows of it, or ``None``.
            today: the current Paris date.
            curve_from: the first day whose load curve Enedis gives, where that is known.
        """
        self.border_title = day_text(day)
        label = self.get_component_rich_style("day-panel--label")
        rows = Table.grid(padding=(0, 2, 0, 0))
        rows.add_column(no_wrap=True)
        rows.add_column()
        for name, value in day_rows(record, day, today, curve_from):
            rows.add_row(Text(name, label), Text(value))
        self.query_one("#day-rows", Static).update(rows)
