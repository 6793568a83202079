"""The top line: what this is, which meter, what MongoDB and the engine are doing."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text
from textual import getters
from textual.widget import Widget

from linky_tui.ui.shell.core import AppCore


class StatusHeader(Widget):
    """One line: application and meter on the left, the state on the right."""

    app = getters.app(AppCore)

    DEFAULT_CSS = """
    StatusHeader {
        dock: top;
        height: 1;
        background: $panel;
        color: $foreground;
    }
    """

    def on_mount(self) -> None:
        self.app.status_changed.subscribe(self, lambda _: self.refresh())
        self.app.ingest.state_changed.subscribe(self, lambda _: self.refresh())

    def render(self) -> Table:
        left = Text(no_wrap=True, overflow="ellipsis")
        left.append(" linky-tui ", "bold reverse")
        left.append(f"  {self.app.meter_text}" if self.size.width >= 60 else "")
        if self.app.demo:
            left.append("  demo", "italic")
        right = Text(self.app.state_text + " ", no_wrap=True, overflow="ellipsis", justify="right")
        line = Table.grid(expand=True)
        line.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        line.add_column(justify="right", no_wrap=True, overflow="ellipsis")
        line.add_row(left, right)
        return line
