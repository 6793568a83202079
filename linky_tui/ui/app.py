"""The application: modes, keys, the connection's state, the one ingest worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.signal import Signal

from linky_tui.config import Config, Meter
from linky_tui.domain.coverage import RECENT_DAYS, DayRecord
from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, today, utc_now
from linky_tui.errors import LinkyError, OutOfSpace, StorageUnavailable
from linky_tui.ingest.engine import Job, JobKind
from linky_tui.ingest.events import Event, Finished, Window
from linky_tui.text.formatting import mask_prm, plain
from linky_tui.ui.shell.dialogs import ConfirmDialog
from linky_tui.ui.shell.ingest_control import IngestControl, IngestState, Phase
from linky_tui.ui.shell.measurements import Measurements
from linky_tui.ui.shell.messages import IngestAdvanced, IngestEnded, StoreFailed
from linky_tui.ui.shell.outcome import outcome_text, synced_text
from linky_tui.ui.shell.page import Page
from linky_tui.ui.shell.store_app import StoreApp


class LinkyApp(StoreApp):
    """The terminal application.

    Args:
        config_file: an explicitly named configuration file.
        demo: work on the simulated home.

    Attributes:
        ingest: the one ingest worker.
        ingest_events: published with each batch of events of the engine.
        ingest_state_changed: published with each new :class:`IngestState`.
        measurements: the sizes of both collections, which several pages show.
        demo_wanted: whether the demo is to be opened next.
    """

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
        Binding("s", "sync", "Sync", tooltip="Fetch what is missing up to yesterday", id="sync"),
        Binding("d", "page('dashboard')", "Dashboard", tooltip="Home", id="dashboard"),
        Binding("c", "page('charts')", "Charts", tooltip="Charts of every kind", id="charts"),
        Binding("b", "page('backfill')", "Backfill", tooltip="Fetch the history", id="backfill"),
        Binding("o", "page('storage')", "Storage", tooltip="Both collections", id="storage"),
        Binding("g", "page('settings')", "Settings", tooltip="Configuration", id="settings"),
        Binding("l", "page('log')", "Log", tooltip="What happened", id="log"),
        Binding("n", "next_meter", "Next meter", show=False, id="next-meter"),
        Binding("f1", "help", "Help", tooltip="Keys and what this page is for", id="help"),
        Binding("ctrl+p", "command_palette", "Palette", show=False, priority=True, id="palette"),
        Binding("q", "request_quit", "Quit", tooltip="Leave linky-tui", id="quit"),
        Binding("ctrl+q", "request_quit", "Quit", show=False, priority=True, id="quit-always"),
    ]
    PAGES: ClassVar[dict[str, str]] = {
        "dashboard": "linky_tui.ui.dashboard.page:DashboardPage",
        "charts": "linky_tui.ui.charts.page:ChartsPage",
        "backfill": "linky_tui.ui.backfill.page:BackfillPage",
        "storage": "linky_tui.ui.storage.page:StoragePage",
        "settings": "linky_tui.ui.settings.page:SettingsPage",
        "log": "linky_tui.ui.log.page:LogPage",
        "welcome": "linky_tui.ui.welcome.page:WelcomePage",
    }

    def __init__(self, config_file: Path | None = None, *, demo: bool = False) -> None:
        super().__init__(config_file, demo=demo)
        self.ingest_events: Signal[tuple[Event, ...]] = Signal(self, "ingest-events")
        self.ingest_state_changed: Signal[IngestState] = Signal(self, "ingest-state")
        self.ingest = IngestControl(self)
        self.measurements = Measurements()
        self.demo_wanted = False
        self.last_sync_text = ""
        self._meter_index = 0
        self._demo_started = False

    # What screens ask

    @property
    def config(self) -> Config:
        """The configuration as loaded last."""
        return self.backend.config

    @property
    def meter(self) -> Meter | None:
        """The meter that the pages show, ``None`` where none is configured."""
        meters = self.config.meters
        return meters[self._meter_index % len(meters)] if meters else None

    @property
    def series(self) -> Series | None:
        """The series of that meter."""
        return None if self.meter is None or not self.meter.prm else self.meter.series

    @property
    def meter_text(self) -> str:
        """The meter for the header: its name, its masked PRM, its flow."""
        meter = self.meter
        if meter is None:
            return "no meter yet"
        return " ".join(filter(None, [plain(meter.name, 60), mask_prm(meter.prm), str(meter.flow)]))

    @property
    def state_text(self) -> str:
        """MongoDB and the engine in a few words, for the header."""
        parts = [self.store_text, self.ingest.state.text(), self.last_sync_text]
        return " · ".join(filter(None, parts))

    # Start and configuration

    def on_mount(self) -> None:
        """Paint first; MongoDB is connected in the background."""
        self._apply_configuration()
        for name, place in self.PAGES.items():
            self.add_mode(name, _lazy(place))
        self.data_changed.subscribe(self, lambda _: self._note_last_sync())
        self.theme_changed_signal.subscribe(self, lambda theme: self._remember_theme(theme.name))
        self.switch_mode("dashboard" if self.config.meters or self.demo else "welcome")
        self.call_after_refresh(self.connect)

    def store_opened(self) -> None:
        """The demo starts to fill."""
        if self.demo and not self._demo_started:
            self._demo_started = True
            self.start_job(JobKind.BACKFILL)

    def _note_last_sync(self) -> None:
        """Say in the header when the days that the pages show were fetched last."""
        series, yesterday = self.series, today() - ONE_DAY
        if series is None or not self.store_ready:
            return

        def show(found: Mapping[date, DayRecord]) -> None:
            self.last_sync_text = synced_text(found.values())
            self.status_changed.publish(None)

        self.query_store(
            self,
            lambda store: store.days.load(series, yesterday - RECENT_DAYS * ONE_DAY, yesterday),
            show,
            group="last-sync",
        )

    def _remember_theme(self, theme: str) -> None:
        """Keep a theme that was picked from the palette; the settings page saves its own."""
        if theme == self.config.display.theme or self.current_mode == "settings":
            return

        def save() -> None:
            try:
                self.backend.save_theme(theme)
            except LinkyError as error:
                self.call_from_thread(
                    self.notify, f"{error.title}. {error.cause}", severity="warning", markup=False
                )

        self.run_worker(save, thread=True, group="theme", exit_on_error=False)

    def _apply_configuration(self) -> None:
        theme = self.config.display.theme
        if theme in self.available_themes:
            self.theme = theme
        else:
            self.notify(f"The theme {theme} is not known here.", severity="warning", markup=False)
        self.set_keymap(dict(self.config.keys))

    def configuration_saved(self, *, reconnect: bool) -> None:
        """Take over a configuration that was just saved."""
        shown = self.series
        try:
            self.backend.reload()
        except LinkyError as error:  # somebody else changed the file at the same time
            self.show_error(error)
            return
        self._apply_configuration()
        self._meter_index = self._index_of(shown) or 0
        self.status_changed.publish(None)
        if reconnect:
            self.server = None
            self.connect(again=True)
        else:
            self.data_changed.publish(None)

    # The engine

    def start_job(self, kind: JobKind, *, days: Window | None = None, **more: object) -> bool:
        """Start a job for the current meter; ``False``, and said, where that is not possible."""
        if self.ingest.state.busy:
            self.notify("Already at work; the header says on what.", severity="warning")
            return False
        if not self.store_ready:
            self.notify("MongoDB is not connected yet.", severity="warning")
            return False
        try:
            meters = self.backend.meters()
        except LinkyError as error:
            self.show_error(error)
            return False
        ready = next((meter for meter in meters if meter.series == self.series), meters[0])
        if ready.problem is not None:
            self.show_error(ready.problem)
            return False
        return self.ingest.start(Job(kind, ready.series, ready.token, days=days, **more))  # type: ignore[arg-type]

    def on_ingest_advanced(self, message: IngestAdvanced) -> None:
        """Events wait."""
        self.ingest.drain()

    def on_ingest_ended(self, message: IngestEnded) -> None:
        """The thread has ended."""
        self.ingest.ended(message.error)

    def ingest_finished(self, ended: IngestState, error: LinkyError | None) -> None:
        """A run is over: say how, show what is new, arrange what comes next."""
        if self.leaving.is_set():
            return
        finished = ended.finished
        self.data_changed.publish(None)
        failure = error or (finished.error if finished and finished.status == "failed" else None)
        if isinstance(failure, StorageUnavailable | OutOfSpace):
            self.post_message(StoreFailed(failure))
        elif failure is not None:
            self.show_error(failure)
        elif finished is not None and ended.job is not None:
            paused = ended.phase is Phase.PAUSED
            self._toast_outcome(ended.job.kind, finished, paused=paused)
        if self.ingest.state.phase is Phase.PAUSED and self.ingest.state.until is not None:
            self._resume_at(self.ingest.state)

    def _toast_outcome(self, kind: JobKind, finished: Finished, *, paused: bool) -> None:
        yesterday = today() - ONE_DAY

        def show(found: object) -> None:
            record = found.get(yesterday) if isinstance(found, dict) else None
            text, severity = outcome_text(kind, finished, yesterday, record, paused=paused)
            self.notify(text, severity=severity, markup=False)  # type: ignore[arg-type]

        self.query_store(
            self,
            lambda store: store.days.load(finished.series, yesterday, yesterday),
            show,
            group="outcome",
        )

    def _resume_at(self, state: IngestState) -> None:
        if state.until is None:
            return
        seconds = max((state.until - utc_now()).total_seconds(), 1.0)
        # A laptop sleeps: look at the clock every minute rather than trust one long timer.
        self.set_timer(min(seconds, 60.0), lambda: self._resume_if_due(state))

    def _resume_if_due(self, state: IngestState) -> None:
        if self.ingest.state is not state or state.until is None:
            return
        if utc_now() < state.until or not self.store_ready or not self.ingest.resume():
            self._resume_at(state)

    # Actions

    def action_page(self, name: str) -> None:
        """Show a page."""
        if name != self.current_mode:
            self._leave_page(lambda: self.switch_mode(name))

    def _leave_page(self, go: Callable[[], object]) -> None:
        """Go elsewhere, unless the page has unsaved work and the user stays."""
        page = self.screen
        if isinstance(page, Page):
            page.before_leaving(go)
        else:
            go()

    def action_sync(self) -> None:
        """Fetch what is missing up to yesterday."""
        self.start_job(JobKind.SYNC)

    def action_next_meter(self) -> None:
        """Show the next configured meter."""
        if len(self.config.meters) > 1:
            self._meter_index += 1
            self.status_changed.publish(None)
            self.data_changed.publish(None)

    def choose_meter(self, series: Series) -> None:
        """Show a configured meter on all pages."""
        index = self._index_of(series)
        if index is not None:
            self._meter_index = index
            self.status_changed.publish(None)
            self.data_changed.publish(None)

    def _index_of(self, series: Series | None) -> int | None:
        meters = enumerate(self.config.meters)
        return next((i for i, meter in meters if meter.prm and meter.series == series), None)

    def action_help(self) -> None:
        """Show or hide the help panel."""
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_request_quit(self) -> None:
        """Leave; ask first while the engine is at work."""
        self._leave_page(self._quit)

    def _quit(self) -> None:
        if not self.ingest.state.busy:
            self._leave()
            return
        if self.screen.id == "quit-question":
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._leave()

        question = ConfirmDialog(
            "Quit while fetching?",
            "What was fetched is stored. The rest is fetched the next time, without asking "
            "anything twice.",
            yes="Quit",
            no="Stay",
        )
        question.id = "quit-question"
        self.push_screen(question, answered)

    def _leave(self) -> None:
        self.leaving.set()
        self.ingest.stop()
        self.exit()

    def open_demo(self) -> None:
        """Leave, and let :func:`run` open the demo."""
        self.demo_wanted = True
        self._leave()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action of the page and of the application, beside Textual's own."""
        yield from super().get_system_commands(screen)
        for owner in (screen, self):
            for binding in owner.BINDINGS:
                if isinstance(binding, Binding) and binding.show:
                    yield SystemCommand(
                        f"{binding.description} ({self.get_key_display(binding)})",
                        binding.tooltip or binding.description,
                        partial(self.call_later, self.run_action, binding.action, owner),
                    )


def _lazy(place: str) -> Callable[[], Screen[None]]:
    """Makes a page when it is first shown, importing its module only then."""
    module_name, _, class_name = place.partition(":")

    def make() -> Screen[None]:
        from importlib import import_module

        page: Screen[None] = getattr(import_module(module_name), class_name)()
        return page

    return make


def run(config_file: Path | None, *, demo: bool) -> int:
    """Run the application until the user leaves it; returns the exit code.

    Raises:
        ConfigError: the configuration is wrong.
    """
    while True:
        app = LinkyApp(config_file, demo=demo)
        try:
            app.run()
        finally:
            app.backend.close()
        if not app.demo_wanted:
            return app.return_code or 0
        config_file, demo = None, True
