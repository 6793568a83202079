"""The application's connection to MongoDB: made in the background, lost, found again."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import Callable
from copy import copy
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote

from rich.text import Text
from textual import work
from textual.app import App
from textual.dom import DOMNode
from textual.signal import Signal

from linky_tui.config import Config
from linky_tui.domain.paris import utc_now
from linky_tui.errors import LinkyError, OutOfSpace, StorageUnavailable
from linky_tui.system import crash
from linky_tui.system.pictures import save_picture
from linky_tui.text.formatting import plain
from linky_tui.ui.shell.backend import Backend
from linky_tui.ui.shell.bindings import with_settings_key
from linky_tui.ui.shell.dialogs import ErrorDialog
from linky_tui.ui.shell.messages import StoreFailed, StoreOpened

if TYPE_CHECKING:
    from linky_tui.storage.connection import ServerInfo
    from linky_tui.storage.store import Store
    from linky_tui.words.events import EventText

T = TypeVar("T")

RETRY_S = 3.0
"""How soon a lost MongoDB is tried again."""
SLOW_RETRY_S = 30.0
"""How soon where somebody has to do something first, such as free some space."""


class StoreApp(App[None]):
    """What an application needs to ask MongoDB without ever waiting for it."""

    def __init__(self, config_file: Path | None = None, *, demo: bool = False) -> None:
        self.backend = Backend(config_file, demo=demo)
        # The first page at once, without the framework's own empty screen before it.
        first = "dashboard" if self.config.meters or demo else "welcome"
        self.DEFAULT_MODE = first  # type: ignore[misc]
        super().__init__()
        self.server: ServerInfo | None = None  # once it has answered
        self.store_error: LinkyError | None = None  # why it does not answer at this moment
        # published when stored data changed or another series was chosen
        self.data_changed: Signal[None] = Signal(self, "data-changed")
        # published when the header has something new to say
        self.status_changed: Signal[None] = Signal(self, "status")
        self.next_try: datetime | None = None  # when it is asked again; `None` during a try
        self.leaving = threading.Event()
        self._questions: dict[tuple[int, str], int] = {}
        self._retry_is_due = False

    def on_unmount(self) -> None:
        self.leaving.set()

    @property
    def config(self) -> Config:
        return self.backend.session.config

    @property
    def demo(self) -> bool:
        """Whether everything is simulated."""
        return self.backend.session.demo

    @property
    def store_ready(self) -> bool:
        """Whether MongoDB answered last time."""
        return self.server is not None and self.store_error is None

    @property
    def store_text(self) -> str:
        """Which MongoDB it is, or why there is none, in a few words."""
        if self.store_error is not None:
            return "MongoDB is away" + (", trying again" if self.tries_again else "")
        if self.server is None:
            return "connecting to MongoDB"
        return f"{'local ' if self.server.kind == 'local' else ''}MongoDB {self.server.version}"

    @property
    def store_place(self) -> str:
        """Where MongoDB is looked for: its hosts, never the user, the password or an option."""
        uri = self.config.mongodb.uri
        if not uri:
            return "The private server of linky-tui, on this computer"
        host = r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\]|%2F[\w.%-]+)(?::\d+)?"
        # With an @ further on, what looks like a host is a piece of a password not escaped.
        address = rf"mongodb(?:\+srv)?://(?:[^/?@]*@)?({host}(?:,{host})*)(?:[/?][^@]*)?"
        match = re.fullmatch(address, uri.strip())
        return f"Address: {plain(unquote(match[1]))}" if match else "The address in Settings"

    def query_store(
        self,
        asker: DOMNode,
        ask: Callable[[Store], T],
        show: Callable[[T], None],
        *,
        group: str,
    ) -> None:
        """Ask the store in a thread; see :meth:`linky_tui.ui.shell.page.Page.query_store`."""
        key = (id(asker), group)
        number = self._questions[key] = self._questions.get(key, 0) + 1

        async def work() -> None:
            try:
                answer = await asyncio.to_thread(lambda: ask(self.backend.store))
            except StorageUnavailable as error:
                why = await asyncio.to_thread(self.backend.explained, error)
                self.post_message(StoreFailed(why))
            except LinkyError as error:
                if not self.leaving.is_set():
                    self.show_error(error)
            else:
                if asker.is_attached and self._questions.get(key) == number:
                    show(answer)

        self.run_worker(work(), group=group, exit_on_error=False)

    def show_error(self, error: LinkyError) -> None:
        """Show an error in a dialog; one at a time."""
        if not isinstance(self.screen, ErrorDialog):
            shown = copy(error)
            shown.next_step = with_settings_key(self, error.next_step, self.config.keys)
            self.push_screen(ErrorDialog(shown))

    def connect(self, *, again: bool = False) -> None:
        """Connect to MongoDB in a thread; ``again`` after its address changed."""
        self._connect(self.backend.reopen if again else self.backend.open)

    @work(group="connect", exclusive=True, exit_on_error=False)
    async def _connect(self, opened: Callable[[threading.Event], ServerInfo]) -> None:
        try:
            server = await asyncio.to_thread(opened, self.leaving)
        except LinkyError as error:
            self.post_message(StoreFailed(error))
        else:
            self.post_message(StoreOpened(server))

    def on_store_opened(self, message: StoreOpened) -> None:
        if self.store_error is not None:
            from linky_tui.words.events import EventText, Tone

            self.note(EventText("MongoDB answers.", Tone.GOOD, (self.store_place,)))
        self.server, self.store_error = message.server, None
        self.status_changed.publish(None)
        self.data_changed.publish(None)
        self.store_opened()

    def on_store_failed(self, message: StoreFailed) -> None:
        known = self.store_error
        # A second, other error is the reason for the first one, such as a full disk.
        first = known is None or known.title != message.error.title
        error = self.store_error = message.error
        passing = isinstance(error, StorageUnavailable)
        # Every question that fails says so, but one try at a time is enough.
        if self.tries_again and not self._retry_is_due:
            self._retry_is_due = True
            wait_s = RETRY_S if passing else SLOW_RETRY_S
            self.next_try = utc_now() + timedelta(seconds=wait_s)
            self.set_timer(wait_s, self._try_again)
        self.status_changed.publish(None)
        if not first:
            return
        from linky_tui.words.events import EventText, Tone

        details = (self.store_place, *error.details)
        self.note(EventText(f"{error.title}.", Tone.ERROR, details))
        if not passing:
            self.show_error(error)
        elif not self.page_says_store_error:
            self.notify(
                "\n".join(error.details),
                title=error.title,
                severity="warning",
                markup=False,
            )

    @property
    def page_says_store_error(self) -> bool:
        """Whether the page that is shown says why MongoDB does not answer."""
        return False

    @property
    def tries_again(self) -> bool:
        """Whether an error of MongoDB is one that may be gone the next time."""
        error = self.store_error
        if isinstance(error, StorageUnavailable | OutOfSpace):
            return True
        # Asking a server elsewhere again and again with a wrong password locks users out.
        return error is not None and not self.config.mongodb.uri

    def store_opened(self) -> None:
        """What else happens when MongoDB answers."""

    def note(self, text: EventText) -> None:
        """Put something into the log."""

    # Secrets

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """The screen as SVG; a revealed token or password is masked first."""
        from linky_tui.ui.forms.fields import Field

        for screen in self.screen_stack:
            for field in screen.query(Field):
                field.mask()
        return super().export_screenshot(title=title, simplify=simplify)

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Save a picture, also where there is no folder for downloads, and say where it is."""
        page = self.screen.name or self.current_mode
        self._save_picture(self.export_screenshot(), page)

    @work(group="picture", exit_on_error=False)
    async def _save_picture(self, svg: str, page: str) -> None:
        try:
            path = await asyncio.to_thread(
                lambda: save_picture(svg, page, utc_now(), demo=self.demo)
            )
        except LinkyError as error:
            self.show_error(error)
        else:
            self.notify(plain(path), title="Picture saved", timeout=10, markup=False)

    def _fatal_error(self) -> None:
        """End after an error that nobody expected; Textual would show every local variable."""
        error = sys.exception()
        if error is None:
            super()._fatal_error()
            return
        said = crash.unexpected(error)
        self.panic(Text(f"{crash.traceback_text(error)}\n{said.title}. {said.next_step}"))

    def _try_again(self) -> None:
        self._retry_is_due, self.next_try = False, None
        self.status_changed.publish(None)
        if self.leaving.is_set() or self.store_error is None:
            return
        if self.server is None:
            self.connect()
            return
        self._recover(self.server)

    @work(group="connect", exclusive=True, exit_on_error=False)
    async def _recover(self, server: ServerInfo) -> None:
        try:
            back = await asyncio.to_thread(self.backend.recover, self.leaving)
        except LinkyError as error:
            self.post_message(StoreFailed(error))
            return
        if back:
            self.post_message(StoreOpened(server))
        elif self.store_error is not None:
            self.post_message(StoreFailed(self.store_error))
