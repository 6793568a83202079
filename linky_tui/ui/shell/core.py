"""What every page may ask of the application: the configuration, the meter, the ingest worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection
from copy import copy
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.notifications import SeverityLevel
from textual.signal import Signal
from textual.timer import Timer

from linky_tui.config import Meter
from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, today, utc_now
from linky_tui.errors import LinkyError, OutOfSpace, StorageUnavailable, TokenRefused
from linky_tui.ingest.jobs import Job, JobKind, Status
from linky_tui.lab.catalogue import DEFAULT_HOMES
from linky_tui.system.paths import state_dir
from linky_tui.text.formatting import mask_prm, plain
from linky_tui.ui.shell.comparison_state import ComparisonState
from linky_tui.ui.shell.dialogs import ErrorDialog
from linky_tui.ui.shell.ingest_control import IngestControl, IngestState, Phase
from linky_tui.ui.shell.messages import IngestAdvanced, IngestEnded, LabChanged, StoreFailed
from linky_tui.ui.shell.store_app import StoreApp

if TYPE_CHECKING:
    from linky_tui.domain.coverage import DayRecord
    from linky_tui.ingest.events import Event, Finished, Window
    from linky_tui.lab.runner import LabRunner, LabState
    from linky_tui.words.events import EventText

WATCH_S = 30.0
"""How soon pages follow another day, and what another process wrote."""


class AppCore(StoreApp):
    """The application without its pages and keys, so that pages can name its type."""

    PAGES: ClassVar[dict[str, str]] = {}
    """Page to ``module:Class``, imported when it is first shown."""

    def __init__(self, config_file: Path | None = None, *, demo: bool = False) -> None:
        super().__init__(config_file, demo=demo)
        self.ingest = IngestControl(self, self._ingest_finished)
        self.comparison = ComparisonState()
        self.comparison_changed: Signal[None] = Signal(self, "comparison")
        self._lab: LabRunner | None = None
        self._lab_seen: LabState | None = None
        self.lab_changed: Signal[None] = Signal(self, "lab")
        self.lab_homes = DEFAULT_HOMES  # of its largest fleet
        # whether the demo is to be opened next, or from there the application on one's own home
        self.other_wanted = False
        self.connect_wanted = False  # whether Welcome is to show its form next
        self.day_wanted: date | None = None  # which day Charts is to show next
        self.refused: set[tuple[Series, str]] = set()  # tokens that the gateway refused for a meter
        self.last_sync_text = ""
        # how far back each meter is to be fetched, where that is less than all
        self.since: dict[Series, date] = {}
        self._just_finished: Finished | None = None
        self._resume_timer: Timer | None = None
        self._seen: tuple[object, ...] = ()  # series, Paris day and ledger when last looked
        # whether nobody asked for the run, which says nothing then if it has nothing new
        self.quiet_unless_new = False
        self._meter_index = 0
        self._saving = asyncio.Lock()

    # What screens ask

    @property
    def lab(self) -> LabRunner:
        """The laboratory, loaded when it is first asked for."""
        if self._lab is None:
            from linky_tui.lab.runner import LabRunner

            self._lab = LabRunner(self._lab_changed, lambda: state_dir(demo=self.demo))
            self._lab_seen = self._lab.state
        return self._lab

    @property
    def experimenting(self) -> bool:
        return self._lab is not None and self._lab.state.busy

    def close_lab(self, timeout_s: float | None = None) -> None:
        """See :meth:`linky_tui.lab.runner.LabRunner.close`; from any thread."""
        if self._lab is not None:
            self._lab.close(timeout_s)

    @property
    def meter(self) -> Meter | None:
        """The meter that the pages show, ``None`` where none is configured."""
        meters = self.config.meters
        return meters[self._meter_index % len(meters)] if meters else None

    @property
    def series(self) -> Series | None:
        return None if self.meter is None or not self.meter.prm else self.meter.series

    @property
    def meter_text(self) -> str:
        meter = self.meter
        if meter is None:
            return "no meter yet"
        return " ".join(filter(None, [plain(meter.name, 60), mask_prm(meter.prm), str(meter.flow)]))

    @property
    def meter_texts(self) -> tuple[str, ...]:
        """The meter for the header, which of several it is, the fullest text first."""
        count, series = len(self.config.meters), self.series
        which = f" {self._meter_index % count + 1} of {count}" if count > 1 else ""
        short = self.meter_text if series is None else self.label(series)
        return tuple(dict.fromkeys((self.meter_text + which, short + which)))

    def label(self, series: Series) -> str:
        """A meter in as few words as tell it from the others."""
        names = [meter.name for meter in self.config.meters if meter.series != series]
        own = next((m.name for m in self.config.meters if m.series == series), "")
        if own and own not in names:
            return plain(own, 30)
        return f"{mask_prm(series.prm)} {series.flow}"

    @property
    def state_texts(self) -> tuple[str, ...]:
        """MongoDB and the engine in a few words for the header, the fullest text first."""
        state = self.ingest.state
        name = self.label(state.at) if state.at and len(self.config.meters) > 1 else ""
        engine = state.text(name)
        short = self.store_text if self.store_error is not None else engine
        parts = (self.store_text, engine, self.last_sync_text)
        texts = (" · ".join(filter(None, parts)), " · ".join(parts[:2]), short)
        return tuple(dict.fromkeys(texts))

    # Configuration

    def on_mount(self) -> None:
        # At once: nobody may find the worker idle and its last write not noted.
        self.ingest.events.subscribe(self, self._note_writes, immediate=True)
        self.set_interval(WATCH_S, self._watch)

    def _watch(self) -> None:
        """Notice what nobody tells: another day in Paris, a run of cron or of another machine."""
        series = self.series
        if series is None or not self.store_ready or self.ingest.state.busy:
            self._seen = ()
            return

        def look(ledger: object) -> None:
            before, self._seen = self._seen, (series, today(), ledger)
            if before[:1] == (series,) and before != self._seen:
                if before[2] != ledger:
                    self.comparison.note_write()
                self.data_changed.publish(None)

        self.query_store(self, lambda store: store.days.mark(series), look, group="watch")

    def _note_last_sync(self) -> None:
        """Say in the header when the days that the pages show were fetched last."""
        series, yesterday = self.series, today() - ONE_DAY
        if series is None or not self.store_ready:
            return

        from linky_tui.domain.coverage import RECENT_DAYS
        from linky_tui.ui.shell.toasts import synced_text

        def show(recent: Collection[DayRecord]) -> None:
            self.last_sync_text = synced_text(recent)
            self.status_changed.publish(None)

        finished, self._just_finished = self._just_finished, None
        if finished is not None and finished.series == series and finished.recent:
            show(finished.recent)
            return
        first = yesterday - RECENT_DAYS * ONE_DAY
        self.query_store(
            self,
            lambda store: store.days.load(series, first, yesterday).values(),
            show,
            group="last-sync",
        )

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
            self.server = self.store_error = None
            self.connect(again=True)
        else:
            self.data_changed.publish(None)

    @work(group="display", exit_on_error=False)
    async def save_display(self, said: str = "", **chosen: str) -> None:
        """Remember the theme or the marker that was picked outside Settings, and say so then."""
        try:
            async with self._saving:  # in the order of the picks
                await asyncio.to_thread(lambda: self.backend.save_display(**chosen))
        except LinkyError as error:
            self.notify(f"{error.title}. {error.cause}", severity="warning", markup=False)
        else:
            if said:
                self.notify(said, timeout=2, markup=False)

    def choose_meter(self, series: Series) -> None:
        index = self._index_of(series)
        if index is not None:
            self._meter_index = index
            self.status_changed.publish(None)
            self.data_changed.publish(None)

    def _index_of(self, series: Series | None) -> int | None:
        meters = enumerate(self.config.meters)
        return next((i for i, meter in meters if meter.prm and meter.series == series), None)

    def note(self, text: EventText) -> None:
        self.ingest.note(text)

    # The engine

    def start_job(self, kind: JobKind, *, days: Window | None = None) -> bool:
        """Start a job for all meters, a re-fetch of some ``days`` for the one that is shown.

        ``False``, and said, where that is not possible.
        """
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
        jobs = [
            Job(
                kind,
                each.series,
                each.token,
                self.since.get(each.series),
                days,
                problem=each.problem,
            )
            for each in meters
            if kind is not JobKind.REFETCH or each.series == self.series
        ]
        problems = [job.problem for job in jobs if job.problem is not None]
        if problems and len(problems) == len(jobs):
            self.show_error(problems[0])
            return False
        return self.ingest.start(jobs)

    def on_ingest_advanced(self, message: IngestAdvanced) -> None:
        self.ingest.drain()

    def on_ingest_ended(self, message: IngestEnded) -> None:
        self.ingest.ended(message.error)

    def _note_writes(self, events: tuple[Event, ...]) -> None:
        from linky_tui.ingest.events import wrote

        if any(wrote(event) for event in events):
            self.comparison.note_write()

    def _ingest_finished(self, ended: IngestState, error: LinkyError | None) -> None:
        """A run is over: say how, show what is new, arrange what comes next."""
        if self.leaving.is_set():
            return
        shown = ended.meters.get(self.series) if self.series is not None else None
        self._just_finished = shown.finished if shown is not None else None
        if error is not None:
            self.comparison.note_write()  # nobody saw how far it came
        self.data_changed.publish(None)
        quiet, self.quiet_unless_new = self.quiet_unless_new, False
        self._tell(ended, error, quiet=quiet)
        self._resume_later()

    def _tell(self, ended: IngestState, broke_off: LinkyError | None, *, quiet: bool) -> None:
        """Say how a run ended: once where it ended the same way for all its meters.

        A ``quiet`` one, which nobody asked for, says nothing where it brought nothing.
        """
        from linky_tui.ui.shell.toasts import toast_text

        failures: dict[str, LinkyError] = {}
        said: dict[tuple[str, SeverityLevel], list[str]] = {}
        for series, meter in ended.meters.items():
            finished, failure = meter.finished, broke_off
            used = series, meter.job.token
            if finished is not None and finished.status == Status.FAILED:
                failure = failure or finished.error
            if isinstance(failure, TokenRefused):
                self.refused.add(used)
            elif finished is not None and finished.requests:
                self.refused.discard(used)
            if failure is not None:
                failures[str(failure)] = failure
                ending: tuple[str, SeverityLevel] = str(failure), "error"
            elif quiet and finished is not None and not finished.error and not finished.inserted:
                continue
            elif finished is not None:
                yesterday = today() - ONE_DAY
                ending = toast_text(meter.job.kind, finished, yesterday, paused=meter.paused)
            else:
                continue
            said.setdefault(ending, []).append(self.label(series))
        for (text, severity), labels in said.items():
            whose = "" if len(labels) == len(ended.meters) else f"{', '.join(labels)}: "
            error = failures.get(text)
            if isinstance(error, StorageUnavailable | OutOfSpace):
                self.post_message(StoreFailed(error))
            elif error is not None and not isinstance(self.screen, ErrorDialog):
                named = copy(error)
                named.title = whose + error.title
                self.show_error(named)
            else:
                self.notify(whose + text, severity=severity, markup=False)

    def _resume_later(self, least_s: float = 1.0) -> None:
        """Look whether a pause is over when that is due."""
        if self._resume_timer is not None:
            self._resume_timer.stop()
        state = self.ingest.state
        if state.phase is Phase.PAUSED and state.until is not None:
            seconds = max((state.until - utc_now()).total_seconds(), least_s)
            # A laptop sleeps: look at the clock every minute rather than trust one long timer.
            self._resume_timer = self.set_timer(min(seconds, 60.0), self._resume_if_due)

    def _resume_if_due(self) -> None:
        state, now = self.ingest.state, utc_now()
        if state.busy:
            return  # its end looks again
        with contextlib.suppress(LinkyError):
            meters = {each.series: each for each in self.backend.meters()}
            due = [
                replace(meter.job, token=meters[series].token, problem=meters[series].problem)
                for series, meter in state.meters.items()
                if meter.paused and meter.until and meter.until <= now and series in meters
            ]
            if due and self.store_ready and self.ingest.start(due):
                return
        self._resume_later(least_s=10.0)

    # The laboratory

    def _lab_changed(self) -> None:
        """In the laboratory's thread."""
        self.post_message(LabChanged())

    def on_lab_changed(self, message: LabChanged) -> None:
        from linky_tui.ui.shell.toasts import lab_endings

        before, self._lab_seen = self._lab_seen, self.lab.state
        for text, severity in lab_endings(before, self._lab_seen):
            self.note(text)
            if self.current_mode != "storage":  # where it is seen
                self.notify(text.text, title="Laboratory", severity=severity, markup=False)
        self.lab_changed.publish(None)

    def _leave(self) -> None:
        self.leaving.set()
        self.ingest.stop()
        if self._lab is not None:
            self._lab.stop()
        self.exit()

    def open_other(self) -> None:
        """Leave, and let :func:`run_app` open the demo, or from there what is no demo."""
        self.other_wanted = True
        self._leave()
