"""The one ingest worker of the application: started, stopped, paused and continued here."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from textual.signal import Signal

from linky_tui.domain.paris import utc_now
from linky_tui.errors import LinkyError
from linky_tui.ingest.engine import Job, JobKind, Status
from linky_tui.ingest.events import (
    Event,
    Finished,
    Noted,
    Paused,
    Planned,
    Rebuilding,
    Waiting,
    WindowStored,
)
from linky_tui.text.formatting import count_text, local_time_text, plain
from linky_tui.ui.shell.messages import IngestAdvanced, IngestEnded
from linky_tui.ui.shell.store_app import StoreApp
from linky_tui.words.events import EventText, started_text

EVENTS_KEPT = 2000
"""Enough for two backfills of two years."""


@dataclass(frozen=True, slots=True)
class Logged:
    """An event and when it happened."""

    at: datetime  # when (aware, UTC)
    event: Event  # what
    requests: int = 0  # requests that its run had made by then


@dataclass(frozen=True, slots=True)
class Remark:
    """Something for the log that no run of the engine said."""

    at: datetime  # when (aware, UTC)
    text: EventText  # what


class Phase(StrEnum):
    """What the ingest worker is doing."""

    IDLE = "idle"
    RUNNING = "running"
    STOPPING = "stopping"
    PAUSED = "paused"
    """By the user, or because the gateway or the budget asks for it; see ``until``."""


@dataclass(frozen=True, slots=True)
class IngestState:
    """The ingest worker as screens show it."""

    phase: Phase = Phase.IDLE  # what it is doing
    job: Job | None = None  # the job that runs, is paused, or ran last
    # when a pause ends by itself (aware, UTC); `None` for one by the user
    until: datetime | None = None
    windows_done: int = 0  # windows stored in this run
    windows_left: int = 0  # windows of the plan that remain
    readings: int = 0  # readings inserted in this run
    requests: int = 0  # requests made in this run
    left_today: int | None = None  # requests that today's budget still allows, as planned
    waiting: str = ""  # why it waits at this moment, or empty
    rebuilding: float | None = None  # share of a rebuild under way, 0 to 1, or `None`
    finished: Finished | None = field(default=None)  # how the last run ended

    @property
    def busy(self) -> bool:
        return self.phase in (Phase.RUNNING, Phase.STOPPING)

    def text(self) -> str:
        """The state in a few words, for the header."""
        kind = "" if self.job is None else str(self.job.kind)
        if self.phase is Phase.STOPPING:
            return "stopping"
        if self.phase is Phase.PAUSED:
            when = f" until {local_time_text(self.until)}" if self.until else ""
            return f"{kind} paused{when}"
        if self.phase is Phase.IDLE:
            return "idle"
        if self.rebuilding is not None:
            return f"rebuilding {self.rebuilding:.0%}"
        if self.waiting:
            return f"{kind}: waiting"
        total = self.windows_done + self.windows_left
        if kind == JobKind.BACKFILL and total:
            return f"backfill {count_text(self.windows_done)} of {count_text(total)}"
        return f"{kind} running"


class IngestControl:
    """Owns the ingest thread; ``finished`` is called with how a run ended, or broke off.

    Every method runs on the interface's thread.
    """

    def __init__(
        self, app: StoreApp, finished: Callable[[IngestState, LinkyError | None], None]
    ) -> None:
        self._app, self._finished = app, finished
        self.events: Signal[tuple[Event, ...]] = Signal(app, "ingest-events")
        self.state_changed: Signal[IngestState] = Signal(app, "ingest-state")
        self._stop = threading.Event()
        self._queue: deque[Logged] = deque()
        self._pause_wanted = False
        self._suspended: IngestState | None = None
        self.state = IngestState()
        self.journal: deque[Logged | Remark] = deque(maxlen=EVENTS_KEPT)
        self.journal_total = 0

    def start(self, job: Job) -> bool:
        """Start a job; ``False`` where one is already running."""
        if self.state.busy:
            return False
        if job.kind is JobKind.BACKFILL:
            self._suspended = None
        elif self.state.phase is Phase.PAUSED and self.state.job != job:
            # A paused backfill waits until something short is done.
            self._suspended = self.state
        self._stop = threading.Event()
        self._pause_wanted = False
        self._set(IngestState(Phase.RUNNING, job))
        self._queue.append(Logged(utc_now(), Noted(job.series, started_text(job))))
        self.drain()
        self._app.run_worker(
            partial(self._work, job, self._stop), thread=True, group="ingest", exit_on_error=False
        )
        return True

    def stop(self) -> None:
        """Ask the running job to stop, or forget a paused one."""
        self._pause_wanted = False
        if self.state.busy:
            self._stop.set()
            self._set(replace(self.state, phase=Phase.STOPPING))
        elif self.state.phase is Phase.PAUSED:
            self._set(replace(self.state, phase=Phase.IDLE, until=None))

    def abandon(self) -> None:
        """Make the thread stop, from any thread, and say nothing of it."""
        self._stop.set()

    def pause(self) -> None:
        """Stop the running job in a way that :meth:`resume` continues."""
        if self.state.phase is Phase.RUNNING:
            self.stop()
            self._pause_wanted = True

    def resume(self) -> bool:
        """Continue a paused job: the engine goes on where the ledger ends."""
        job = self.state.job
        return self.state.phase is Phase.PAUSED and job is not None and self.start(job)

    def drain(self) -> None:
        """Take the waiting events, fold them into the state, hand them to the screens."""
        logged = []
        while self._queue:
            logged.append(self._queue.popleft())
        if not logged:
            return
        state = replace(self.state, requests=logged[-1].requests)
        for each in logged:
            state = _folded(state, each.event)
        self.journal.extend(logged)
        self.journal_total += len(logged)
        self._set(state)
        self.events.publish(tuple(each.event for each in logged))

    def note(self, text: EventText) -> None:
        """Put a remark into the journal."""
        self.journal.append(Remark(utc_now(), text))
        self.journal_total += 1
        self.events.publish(())

    def ended(self, error: LinkyError | None) -> None:
        """The thread has ended; decide what that means."""
        self.drain()
        finished, phase, until = self.state.finished, Phase.IDLE, None
        how = finished.status if finished is not None else None
        stopped = self.state.phase is Phase.STOPPING and not self._pause_wanted
        if how == Status.INTERRUPTED and self._pause_wanted:
            # A run that ended by itself at that moment has nothing to continue.
            phase = Phase.PAUSED
        elif how == Status.PAUSED and not stopped:
            phase, until = Phase.PAUSED, self.state.until
        ended = replace(self.state, phase=phase, until=until, waiting="", rebuilding=None)
        self._set(ended)
        if self._suspended is not None:
            suspended, self._suspended = self._suspended, None
            self._set(suspended)
        self._finished(ended, error)

    def _set(self, state: IngestState) -> None:
        self.state = state
        self.state_changed.publish(state)

    def _work(self, job: Job, stop: threading.Event) -> None:
        """In the ingest thread: run the engine, queue its events, post that there are some."""
        error: LinkyError | None = None
        try:
            for event in self._app.backend.run(job, stop):
                self._queue.append(Logged(utc_now(), event, self._app.backend.requests_made))
                self._app.post_message(IngestAdvanced())
        except LinkyError as failure:
            error = failure
        except Exception as failure:
            error = _unexpected(failure)
        finally:
            self._app.post_message(IngestEnded(error))


def _unexpected(failure: Exception) -> LinkyError:
    return LinkyError(
        "The run broke off",
        f"linky-tui met something that it does not know: {plain(repr(failure))}",
        "What was fetched is stored. Start again; if it comes back, please report it.",
    )


def _folded(state: IngestState, event: Event) -> IngestState:
    match event:
        case Planned(windows=windows, left_today=left):
            return replace(state, windows_left=len(windows), left_today=left, waiting="")
        case WindowStored():
            left = state.left_today
            return replace(
                state,
                windows_done=state.windows_done + 1,
                windows_left=event.windows_left,
                readings=state.readings + event.inserted,
                left_today=None if left is None else max(0, left - 1),
                waiting="",
            )
        case Waiting(reason=reason):
            return replace(state, waiting=reason)
        case Rebuilding(done=done, total=total):
            return replace(state, rebuilding=done / total if total else 0.0, waiting="")
        case Paused(until=until):
            return replace(state, until=until, waiting="", rebuilding=None)
        case Finished():
            return replace(
                state,
                finished=event,
                requests=event.requests,
                waiting="",
                rebuilding=None,
            )
        case _:
            return state
