"""What all pages share: header, footer, help, and when they load their data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from textual import getters
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer

from linky_tui.storage.store import Store
from linky_tui.ui.shell.core import AppCore
from linky_tui.ui.shell.header import StatusHeader

T = TypeVar("T")


class Page(Screen[None]):
    """A page of the application: one mode.

    Subclasses yield their widgets in :meth:`compose_body` and load what they show in
    :meth:`refresh_data`, which is called when the page is shown, the data changed, the series was
    switched, or MongoDB came back; never while the page is hidden.
    """

    app = getters.app(AppCore)

    def compose(self) -> ComposeResult:
        yield StatusHeader()
        yield from self.compose_body()
        yield Footer(show_command_palette=False, compact=True)

    def compose_body(self) -> ComposeResult:
        yield from ()

    def on_mount(self) -> None:
        self.app.data_changed.subscribe(self, lambda _: self.load_if_shown())

    def on_screen_resume(self) -> None:
        self.load_if_shown()

    def load_if_shown(self) -> None:
        """Load the data now, if the page is shown and MongoDB is there."""
        if self.is_current and self.app.store_ready:
            self.refresh_data()

    def before_leaving(self, go: Callable[[], object]) -> None:
        """The user wants to ``go`` elsewhere or to quit; a page with unsaved work asks first."""
        go()

    def refresh_data(self) -> None:
        """Load what the page shows, through :meth:`query_store`."""

    def query_store(
        self, ask: Callable[[Store], T], show: Callable[[T], None], *, group: str
    ) -> None:
        """Ask the store in a worker thread and show the answer on the interface's thread.

        A newer question of the same group makes the answer of an older one worthless; it is
        dropped. Errors become the application's state, never an exception here.
        """
        self.app.query_store(self, ask, show, group=group)
