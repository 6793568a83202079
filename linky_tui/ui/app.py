"""The application: its pages, its keys, and how it is left."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.events import DescendantFocus
from textual.screen import Screen
from textual.widgets import Input

from linky_tui.ingest.jobs import JobKind
from linky_tui.system.paths import data_dir
from linky_tui.ui.plots import few_colors
from linky_tui.ui.shell.bindings import HELP_KEY, PRESENT_KEY, SCREENSHOT_KEY, bind
from linky_tui.ui.shell.core import AppCore
from linky_tui.ui.shell.dialogs import ConfirmDialog, Dialog
from linky_tui.ui.shell.page import Page

STORED = (
    "What was fetched is stored. The rest is fetched the next time, without asking anything twice."
)
DROPPED = (
    "The experiment is stopped and its scratch server dropped. Experiments that have ended are "
    "kept."
)
CONNECT = "Connect my Linky"
CONNECT_HELP = ("Paste the token of a meter", "Leave the demo, and paste the token of a meter")
QUIT_S = 5.0
"""How long a quit that a signal asked for may take."""


def _lazy(place: str) -> Callable[[], Screen[None]]:
    module_name, _, class_name = place.partition(":")

    def make() -> Screen[None]:
        page: Screen[None] = getattr(import_module(module_name), class_name)()
        return page

    return make


class LinkyApp(AppCore):
    """The terminal application: its pages and keys."""

    TITLE = "linky-tui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it on the instance
        (0, "-tiny"),
        (60, "-narrow"),
        (100, "-wide"),
        (160, "-huge"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-flat"),
        (20, "-low"),
        (32, "-tall"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        # Of those without a place in the footer most stand in the header; help names all.
        bind("sync", "sync", show=False),
        bind("dashboard", "page('dashboard')", show=False),
        bind("charts", "page('charts')", show=False),
        bind("backfill", "page('backfill')", show=False),
        bind("storage", "page('storage')", show=False),
        bind("settings", "page('settings')", show=False),
        bind("log", "page('log')", show=False),
        bind("next-meter", "next_meter", show=False),
        replace(PRESENT_KEY, show=False),
        SCREENSHOT_KEY,
        HELP_KEY,
        bind("palette", "command_palette", show=False, priority=True),
        bind("quit", "request_quit"),
        bind("quit-always", "request_quit", show=False, priority=True),
    ]
    PAGES = {  # noqa: RUF012
        "dashboard": "linky_tui.ui.dashboard.page:DashboardPage",
        "charts": "linky_tui.ui.charts.page:ChartsPage",
        "backfill": "linky_tui.ui.backfill.page:BackfillPage",
        "storage": "linky_tui.ui.storage.page:StoragePage",
        "settings": "linky_tui.ui.settings.page:SettingsPage",
        "log": "linky_tui.ui.log.page:LogPage",
        "welcome": "linky_tui.ui.welcome.page:WelcomePage",
    }

    def __init__(self, config_file: Path | None = None, *, demo: bool = False) -> None:
        self._few_colors = False
        super().__init__(config_file, demo=demo)
        self._demo_started = False
        self._running_loop: asyncio.AbstractEventLoop | None = None

    # Start and configuration

    def on_load(self) -> None:
        usual = self.theme
        self._apply_configuration()
        if self.theme != usual:  # before anything is styled: what is, would be styled again
            self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> Screen[None]:
        """The first page. A mode of its own would be waited for, and drawn twice."""
        # Nothing is styled yet, and from now on it is known what the terminal is.
        self._few_colors = few_colors(self)
        if self._few_colors:
            self.set_class(True, "-few-colors", update=False)
            self.stylesheet.set_variables(self.get_css_variables())
        return _lazy(self.PAGES[self.current_mode])()

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        if not self._few_colors or self.current_theme.ansi:
            return variables
        from linky_tui.ui.sixteen import in_16_colors

        return in_16_colors(variables)

    def on_mount(self) -> None:
        for name, place in self.PAGES.items():
            self.add_mode(name, _lazy(place))
        self._running_loop = asyncio.get_running_loop()
        if self.leaving.is_set():  # a signal was faster
            self.exit()
            return
        self.data_changed.subscribe(self, lambda _: self._note_last_sync())
        self.theme_changed_signal.subscribe(self, lambda theme: self._remember_theme(theme.name))

    def on_ready(self) -> None:
        # The first frame is drawn, the footer comes with the next: both before anything else.
        self.call_after_refresh(self.call_after_refresh, self._begin)

    def _begin(self) -> None:
        if not gc.isenabled():  # by the command line, for the start
            collect_seldom()
        if self.leaving.is_set():
            return
        if self.connect_wanted:
            self.action_page("welcome")
        self.connect()
        self.run_worker(self._load_behind, thread=True, group="load", exit_on_error=False)
        self.run_worker(self._drop_leftovers, thread=True, group="leftovers", exit_on_error=False)

    def _load_behind(self) -> None:
        """Import, in a thread, what draws and the other pages: the first visit need not wait."""
        for place in ("linky_tui.ui.plots.line", *self.PAGES.values()):
            if not self.leaving.is_set():
                import_module(place.partition(":")[0])

    def _drop_leftovers(self) -> None:
        """What experiments of a killed process left, in a thread."""
        from linky_tui.storage.lab.folders import drop_leftovers

        drop_leftovers(data_dir(demo=self.demo))

    def store_opened(self) -> None:
        if self.demo and not self._demo_started:
            self._demo_started = True
            self.quiet_unless_new = self.start_job(JobKind.BACKFILL)

    def _remember_theme(self, theme: str) -> None:
        """Keep a theme that was picked from the palette; the settings page saves its own."""
        if theme == self.config.display.theme or self.current_mode == "settings":
            return

        self.save_display(theme=theme)

    @property
    def page_says_store_error(self) -> bool:
        return isinstance(self.screen, Page) and self.screen.says_store_error

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        if isinstance(event.widget, Input):  # a cursor that blinks never lets a line rest
            event.widget.cursor_blink = False

    # Actions

    def action_page(self, name: str) -> None:
        if name != self.current_mode:
            self._leave_page(lambda: self.switch_mode(name))

    def _leave_page(self, go: Callable[[], object]) -> None:
        if any(each.id == "leaving-question" for each in self.screen_stack):
            return
        page = next((each for each in reversed(self.screen_stack) if isinstance(each, Page)), None)
        if page is not None:  # which may have a dialog above it
            page.before_leaving(go)
        else:
            go()

    def action_connect(self) -> None:
        """Open the form for one's own Linky; the demo is left for it."""
        if self.demo:
            self._leave_page(lambda: self._quit(self.open_other))
        else:
            self.connect_wanted = True
            self.action_page("welcome")

    def action_sync(self) -> None:
        self.start_job(JobKind.SYNC)

    def action_next_meter(self) -> None:
        if len(self.config.meters) > 1:
            self._meter_index += 1
            self.status_changed.publish(None)
            self.data_changed.publish(None)

    def action_help(self) -> None:
        shown = self.screen
        if isinstance(shown, Dialog) and shown.PLACE == "Help":
            shown.action_leave()
        elif isinstance(shown, Page | Dialog):
            from linky_tui.ui.help.dialog import HelpDialog  # Markdown takes its time

            self.push_screen(HelpDialog(shown.help))

    def action_copy_data(self) -> None:
        page = self.screen
        if isinstance(page, Page):
            from linky_tui.ui.copying.dialog import CopyDialog
            from linky_tui.ui.copying.tables import charts_of

            self.push_screen(CopyDialog([*page.copyables(), *charts_of(page)]))

    def action_present(self) -> None:
        from linky_tui.ui.presentation.screen import Presentation

        if not isinstance(self.screen, Dialog):
            self.push_screen(Presentation())

    # Textual's own panel, which its palette offers, moves the page aside and shows other keys.
    action_show_help_panel = action_help

    def get_key_display(self, binding: Binding) -> str:
        shown = super().get_key_display(binding).replace("shift+", "⇧")
        return re.sub(r"\bf(?=\d)", "F", shown)

    def action_request_quit(self) -> None:
        self._leave_page(lambda: self._quit(self._leave))

    def _quit(self, leave: Callable[[], object]) -> None:
        fetching, experimenting = self.ingest.state.busy, self.experimenting
        if not fetching and not experimenting:
            leave()
            return
        if self.screen.id == "quit-question":
            return

        def answered(yes: bool | None) -> None:
            if yes:
                leave()

        question = ConfirmDialog(
            "Quit while fetching?" if fetching else "Quit while an experiment runs?",
            " ".join([STORED] * fetching + [DROPPED] * experimenting),
            yes="Quit",
            no="Stay",
        )
        question.id = "quit-question"
        self.push_screen(question, answered)

    async def action_quit(self) -> None:
        self.action_request_quit()  # the framework's own way out, which asks nothing and waits

    def quit_at_once(self) -> None:
        """Leave without a question; may be called by a signal's handler."""
        self.leaving.set()
        if self._running_loop is not None and not self._running_loop.is_closed():
            self._running_loop.call_soon_threadsafe(self._leave)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action of the page and of the application, beside Textual's own."""
        ours = {
            binding.id: (owner, binding)
            for owner in (self, screen)
            for binding in owner.BINDINGS
            if isinstance(binding, Binding) and binding.id not in ("palette", "quit-always")
        }
        for owner, binding in ours.values():
            yield SystemCommand(
                f"{binding.description} ({self.get_key_display(binding)})",
                binding.tooltip or binding.description,
                partial(self.call_later, self.run_action, binding.action, owner),
            )
        if self.current_mode != "welcome":  # which has a key for it
            yield SystemCommand(CONNECT, CONNECT_HELP[self.demo], self.action_connect)
        for command in super().get_system_commands(screen):
            # Ours say more, or nothing is gained here.
            if command.title not in ("Keys", "Quit", "Screenshot", "Maximize", "Minimize"):
                yield command


def collect_seldom() -> None:
    """Collect garbage from now on, but hardly ever all of it.

    A full collection looks at all that two years of charts hold, for up to half a second.
    """
    gc.enable()
    gc.freeze()
    gc.set_threshold(5_000, 5, 60)


def run_app(config_file: Path | None, *, demo: bool) -> int:
    """Run the application until the user leaves it; returns the exit code.

    Raises:
        ConfigError: the configuration is wrong.
    """
    files = {True: None, False: None, demo: config_file}
    connect = False
    while True:
        app = LinkyApp(files[demo], demo=demo)
        app.connect_wanted = connect
        with _quitting(app):
            try:
                app.run()
            finally:
                app.close_lab()
                app.backend.close()
        if not app.other_wanted:
            return app.return_code or 0
        connect, demo = demo, not demo


@contextmanager
def _quitting(app: LinkyApp) -> Iterator[None]:
    """For the time of the block a closed window, a logout or ``kill`` is a quit without a question.

    Until the very end: a signal that came while the local server is stopped would leave it running.
    """
    over = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if not os.isatty(0):
            forget_terminal()
        if not app.leaving.is_set():
            threading.Thread(target=end_all_the_same, daemon=True).start()
        app.quit_at_once()

    def forget_terminal() -> None:
        """It has gone: writing to it fails, and SIGCONT makes the framework set it up anew."""
        signal.signal(signal.SIGCONT, signal.SIG_IGN)
        with open(os.devnull, "r+b") as nothing:
            for stream in range(3):
                os.dup2(nothing.fileno(), stream)

    def end_all_the_same() -> None:
        """The framework waits for ever where its thread died that writes to the terminal.

        And Python does for the one that reads from it, where the framework failed to end that.
        """
        if not over.wait(QUIT_S):
            app.ingest.abandon()
            app.close_lab(QUIT_S)
            app.backend.close()
        else:
            time.sleep(QUIT_S)
        os._exit(0)

    before = {each: signal.signal(each, on_signal) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        over.set()
        for number, handler in before.items():
            signal.signal(number, handler)
