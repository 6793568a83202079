"""The log: what the engine did, in plain words."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import ContentSwitcher, Static

from linky_tui.text.formatting import things
from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.dialogs import copied_text
from linky_tui.ui.shell.event_log import EventLog
from linky_tui.ui.shell.page import Page


class LogPage(Page):
    """The last events of the engine, newest at the bottom."""

    NEEDS_STORE = False
    PLACE = "Log"
    HELP = """
## Log

What linky-tui did since it was opened, newest at the bottom: what was asked, what came, why it
waits, what failed, whose side that is on and what to do. It follows what comes as long as you have
not scrolled up.

A copy names no token, and meters only with their middle digits masked.
"""
    WORDS = ("request", "partial", "late")
    DEFAULT_CSS = """
    LogPage {
        ContentSwitcher { height: 1fr; }
        #log { height: 1fr; }
    }
    """
    AUTO_FOCUS = "#log"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("log.copy", "copy"),
    ]

    def compose_body(self) -> ComposeResult:
        with ContentSwitcher(initial="empty"):
            yield Static(
                "Nothing has happened since linky-tui was opened.\n"
                "s syncs yesterday, b fetches the history.",
                id="empty",
                classes="empty",
                markup=False,
            )
            yield EventLog(id="log", classes="panel")

    def on_mount(self) -> None:
        self.app.ingest.events.subscribe(self, lambda _: self._catch_up())
        self._catch_up()

    def on_screen_resume(self) -> None:
        self._catch_up()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "copy" and not self._log().entries:
            return None
        return True

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._log().as_text())
        self.notify(copied_text(things(len(self._log().entries), "line")), timeout=5)

    def _log(self) -> EventLog:
        return self.query_one("#log", EventLog)

    def _catch_up(self) -> None:
        log = self._log()
        log.catch_up(self.app.ingest, name_meter=len(self.app.config.meters) > 1)
        log.border_title = "Log"
        log.border_subtitle = things(len(log.entries), "line")
        switcher = self.query_one(ContentSwitcher)
        wanted = "log" if log.entries else "empty"
        if switcher.current != wanted:
            switcher.current = wanted
            log.focus()
            self.refresh_bindings()
