"""The Storage page."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from linky_tui.ui.page import Page


class StoragePage(Page):
    """The Storage page."""

    def compose_body(self) -> ComposeResult:
        """Nothing yet."""
        yield Static("Storage", classes="empty")
