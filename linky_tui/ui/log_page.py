"""The log: what the engine did, in plain words."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import RichLog

from linky_tui.ui.page import Page


class LogPage(Page):
    """The last events of the engine."""

    def compose_body(self) -> ComposeResult:
        """One scrolling log."""
        yield RichLog(id="log", wrap=True, markup=False)
