"""How to look at the readings with tools of one's own: addresses and queries, to be copied."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Static

from linky_tui.errors import LinkyError
from linky_tui.storage.access import Access
from linky_tui.storage.compare.figure_queries import figure_queries
from linky_tui.storage.compare.stats import Comparison
from linky_tui.storage.store import Store
from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.dialogs import Dialog, copied_text
from linky_tui.words.access import access_notes
from linky_tui.words.queries import query_lines


class AccessDialog(Dialog[None]):
    """Shows the address of MongoDB, and copies it and the queries behind the figures."""

    PLACE = "Get in"
    HELP = """
## How do I get in?

The readings are documents in MongoDB, and any of its tools can look at them.

- **Copy line** takes the line that opens MongoDB's shell, mongosh, on them.
- **Copy address** takes the address alone, for Compass and other tools.
- **Copy queries** takes the query behind each figure of the Storage page. Pasted into mongosh,
  each gives exactly that figure.

No password is copied.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("access-close", "leave"),
        bind("access-left", "app.focus_previous", show=False),
        bind("access-right", "app.focus_next", show=False),
        bind("access-line", "copy_line"),
        bind("access-address", "copy_address"),
        bind("access-queries", "copy_queries"),
    ]
    DEFAULT_CSS = """
    AccessDialog > Vertical {
        width: 76;
        VerticalScroll { height: auto; max-height: 15; }
        VerticalScroll Static { width: 100%; height: auto; margin-bottom: 1; }
        .note { color: $text-muted; }
        & > Horizontal > Button { margin-left: 1; min-width: 0; }
    }
    """

    def __init__(self, access: Access, store: Store, comparison: Comparison | None) -> None:
        super().__init__("How do I get in?")
        self._access, self._store, self._comparison = access, store, comparison

    def compose_box(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self._access.mongosh, markup=False)
            for note in access_notes(self._access):
                yield Static(note, markup=False, classes="note")
        with Horizontal():
            yield Button("Copy line", id="line", variant="primary")
            yield Button("Copy address", id="address")
            yield Button("Copy queries", id="queries")
            yield Button("Close", id="leave")

    def on_mount(self) -> None:
        self.query_one("#queries", Button).disabled = self._comparison is None
        self.query_one("#line", Button).focus()

    @on(Button.Pressed, "#line")
    def action_copy_line(self) -> None:
        self._copy("The line", self._access.mongosh)

    @on(Button.Pressed, "#address")
    def action_copy_address(self) -> None:
        self._copy("The address", self._access.address)

    @on(Button.Pressed, "#queries")
    def action_copy_queries(self) -> None:
        if self._comparison is not None:
            self._copy_queries(self._comparison)

    @work(group="access-queries", exclusive=True, exit_on_error=False)
    async def _copy_queries(self, comparison: Comparison) -> None:
        try:
            queries = await asyncio.to_thread(figure_queries, self._store, comparison)
        except LinkyError as error:
            self.notify(f"{error.title}. {error.cause}", severity="error", markup=False)
            return
        if not queries:
            self.notify("There are no figures yet: nothing is stored.", severity="warning")
            return
        lines = query_lines(queries, self._store.settings.database)
        self._copy("The queries", "\n".join(lines) + "\n")

    def _copy(self, what: str, text: str) -> None:
        self.app.copy_to_clipboard(text)
        self.notify(copied_text(what), timeout=5)
