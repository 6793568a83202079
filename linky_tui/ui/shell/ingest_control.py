"""The one ingest worker of the application: started, stopped, paused and continued here."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from textual.signal import Signal

from linky_tui.domain.models import Series
from linky_tui.domain.paris import utc_now
from linky_tui.errors import AddressBlocked, LinkyError, Side
from linky_tui.ingest.jobs import Job, JobKind, Status
from linky_tui.text.formatting import local_time_text, plain, things
from linky_tui.ui.shell.messages import IngestAdvanced, IngestEnded
from linky_tui.ui.shell.store_app import StoreApp

if TYPE_CHECKING:
    from linky_tui.ingest.events import Event, Finished, Window
    from linky_tui.words.events import EventText

EVENTS_KEPT = 2000
"""Enough for two backfills of two years."""


@dataclass(frozen=True, slots=True)
class Logged:
    """An event and when it happened."""

    at: datetime  # when (aware, UTC)
    event: Event  # what
    requests: int = 0  # requests that its run had made by then
    taken_s: float = 0.0  # how long its run had taken by then


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
class MeterState:
    """What the run that goes on, is paused or was last is for one meter."""

    job: Job
    windows_left: int | None = None  # windows of the plan that remain, once there is one
    asking: Window | None = None  # what is being asked at this moment
    asked: Window | None = None  # what was asked last, as long as more is to come
    paused: bool = False
    # when a pause ends by itself (aware, UTC); `None` for one by the user
    until: datetime | None = None
    finished: Finished | None = None  # how the run ended for it


@dataclass(frozen=True, slots=True)
class IngestState:
    """The ingest worker as screens show it."""

    phase: Phase = Phase.IDLE  # what it is doing
    # the meters of the run, in the order of the configuration, and others that are paused
    meters: Mapping[Series, MeterState] = field(default_factory=dict)
    at: Series | None = None  # the meter that it is at
    requests: int = 0  # requests made in this run
    # after how many of them today's budget is spent; `None` without a limit or as long as unknown
    spent_after: int | None = None
    pace_s: float | None = None  # the mean time that a request of this run takes, with its pause
    waiting: str = ""  # why it waits at this moment, or empty
    rebuilding: float | None = None  # share of a rebuild under way, 0 to 1, or `None`

    @property
    def busy(self) -> bool:
        return self.phase in (Phase.RUNNING, Phase.STOPPING)

    @property
    def jobs(self) -> tuple[Job, ...]:
        return tuple(meter.job for meter in self.meters.values())

    @property
    def kind(self) -> JobKind | None:
        """What the run is for, or what is paused."""
        paused = self.phase is Phase.PAUSED
        meters = self.meters.values()
        return next((each.job.kind for each in meters if each.paused or not paused), None)

    @property
    def until(self) -> datetime | None:
        """When the first of the pauses ends by itself."""
        known = (meter.until for meter in self.meters.values() if meter.paused)
        return min(filter(None, known), default=None)

    @property
    def left_today(self) -> int | None:
        """Requests that today's budget still allows."""
        return None if self.spent_after is None else max(0, self.spent_after - self.requests)

    @property
    def weeks_left(self) -> int:
        """Weeks that all meters of the run have left."""
        return sum(meter.windows_left or 0 for meter in self.meters.values())

    def text(self, name: str = "") -> str:
        """The state in a few words, for the header; ``name`` tells the meter that it is at."""
        kind = f"{self.kind or ''}{name and f' of {name}'}"
        if self.phase is Phase.STOPPING:
            return "stopping"
        if self.phase is Phase.PAUSED:
            when = f" until {local_time_text(self.until)}" if self.until else ""
            return f"{self.kind} paused{when}"
        if self.phase is Phase.IDLE:
            return "idle"
        if self.rebuilding is not None:
            return f"rebuilding {self.rebuilding:.0%}"
        if self.waiting:
            return f"{kind}: waiting"
        if self.kind is JobKind.BACKFILL and self.weeks_left:
            return f"{kind}, {things(self.weeks_left, 'week')} left"
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
        # what is paused while something else runs
        self._paused: dict[Series, MeterState] = {}
        self.state = IngestState()
        self.journal: deque[Logged | Remark] = deque(maxlen=EVENTS_KEPT)
        self.journal_total = 0

    def start(self, jobs: Sequence[Job]) -> bool:
        """Start jobs of one kind, for different meters; ``False`` where a run is under way."""
        if self.state.busy:
            return False
        # A paused backfill waits until something else is done.
        again = {job.series for job in jobs if job.kind is JobKind.BACKFILL}
        self._paused = {
            series: meter
            for series, meter in self.state.meters.items()
            if meter.paused and series not in again
        }
        self._stop = threading.Event()
        self._pause_wanted = False
        self._set(IngestState(Phase.RUNNING, {job.series: MeterState(job) for job in jobs}))
        from linky_tui.ingest.events import Noted
        from linky_tui.words.events import started_text

        now = utc_now()
        self._queue.extend(Logged(now, Noted(job.series, started_text(job))) for job in jobs)
        self.drain()
        self._app.run_worker(
            partial(self._work, jobs, self._stop, time.monotonic()),
            thread=True,
            group="ingest",
            exit_on_error=False,
        )
        return True

    def stop(self) -> None:
        """Ask the run to stop, or forget what is paused."""
        self._pause_wanted = False
        if self.state.busy:
            self._stop.set()
            self._set(replace(self.state, phase=Phase.STOPPING))
        elif self.state.phase is Phase.PAUSED:
            forgotten = {
                series: replace(meter, paused=False, until=None)
                for series, meter in self.state.meters.items()
            }
            self._set(replace(self.state, phase=Phase.IDLE, meters=forgotten))

    def abandon(self) -> None:
        """Make the thread stop, from any thread, and say nothing of it."""
        self._stop.set()

    def pause(self) -> None:
        """Stop the run in a way that it can be continued: the engine goes on from the ledger."""
        if self.state.phase is Phase.RUNNING:
            self.stop()
            self._pause_wanted = True

    def drain(self) -> None:
        """Take the waiting events, fold them into the state, hand them to the screens."""
        logged = []
        while self._queue:
            logged.append(self._queue.popleft())
        if not logged:
            return
        state = self.state
        for each in logged:
            state = _folded(state, each)
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
        stopped = self.state.phase is Phase.STOPPING and not self._pause_wanted
        meters = {
            series: self._at_rest(meter, stopped) for series, meter in self.state.meters.items()
        }
        run = replace(self.state, meters=meters, at=None, waiting="", rebuilding=None)
        paused, self._paused = self._paused, {}
        meters |= paused
        any_paused = any(meter.paused for meter in meters.values())
        phase = Phase.PAUSED if any_paused else Phase.IDLE
        self._set(replace(run, phase=phase, meters=meters))
        self._finished(run, error)

    def _at_rest(self, meter: MeterState, stopped: bool) -> MeterState:
        """A meter when its run has ended: paused, or not."""
        how = meter.finished.status if meter.finished is not None else None
        error = meter.finished.error if meter.finished is not None else None
        if self._pause_wanted:
            # A run that ended by itself at that moment has nothing to continue.
            paused, until = how in (Status.INTERRUPTED, Status.PAUSED), None
        else:
            blocked = isinstance(error, AddressBlocked)
            paused, until = how == Status.PAUSED and not stopped and not blocked, meter.until
        return replace(meter, asking=None, paused=paused, until=until if paused else None)

    def _set(self, state: IngestState) -> None:
        self.state = state
        self.state_changed.publish(state)

    def _work(self, jobs: Sequence[Job], stop: threading.Event, started_s: float) -> None:
        """In the ingest thread: run the engine, queue its events, post that there are some."""
        error: LinkyError | None = None
        try:
            for event in self._app.backend.run(jobs, stop):
                made, taken_s = self._app.backend.requests_made, time.monotonic() - started_s
                self._queue.append(Logged(utc_now(), event, made, taken_s))
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
        sides=(Side.OURS,),
    )


def _folded(state: IngestState, logged: Logged) -> IngestState:
    from linky_tui.ingest.events import Finished, Paused, Planned, Rebuilding, Waiting, WindowStored

    event, made = logged.event, logged.requests
    meters = {
        series: _meter_after(meter, event) if series == event.series else meter
        for series, meter in state.meters.items()
    }
    state = replace(
        state,
        meters=meters,
        at=event.series,
        requests=made,
        pace_s=logged.taken_s / made if made else None,
    )
    match event:
        case Planned(left_today=left):
            spent_after = None if left is None else made + left
            return replace(state, spent_after=spent_after, waiting="")
        case WindowStored():
            return replace(state, waiting="")
        case Waiting(reason=reason):
            return replace(state, waiting=reason)
        case Rebuilding(done=done, total=total):
            return replace(state, rebuilding=done / total if total else 0.0, waiting="")
        case Paused() | Finished():
            return replace(state, waiting="", rebuilding=None)
        case _:
            return state


def _meter_after(meter: MeterState, event: Event) -> MeterState:
    from linky_tui.ingest.events import Finished, Paused, Planned, WindowAsked, WindowStored

    match event:
        case Planned(windows=windows):
            return replace(meter, windows_left=len(windows), asking=None)
        case WindowAsked(window=window):
            return replace(meter, asking=window, asked=window)
        case WindowStored(windows_left=left):
            asked = meter.asked if left else None
            return replace(meter, windows_left=left, asking=None, asked=asked)
        case Paused(until=until):
            return replace(meter, until=until)
        case Finished():
            return replace(meter, finished=event, asking=None)
        case _:
            return meter
