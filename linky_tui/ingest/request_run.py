"""The requests of one run: paced, counted, retried with restraint, asked in the right shape.

What the gateway must never see from us (design.md §4): more than the budget, two requests closer
than the pace, the same request again after a 4xx, anything before the time that a 429 names.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Generator
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, utc_now
from linky_tui.enedis.answers import Answer
from linky_tui.enedis.budget import Budget, Slot
from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataKind, DataRequest, Shape
from linky_tui.enedis.timing import Timing
from linky_tui.errors import BudgetSpent, LinkyError, ServiceDown
from linky_tui.ingest.events import Event, Waiting
from linky_tui.text.formatting import local_time_text

INLINE_WAIT_S = 30.0
"""A run never waits longer than this: it ends paused and says when to go on."""
QUIET_WAIT_S = 2.0
"""Shorter waits are the ordinary pace and not worth an event."""
STALE_S = 3.0
"""A request that is this late for its turn takes another one; less than the time for which the
budget keeps others back."""
FAILURES_IN_A_ROW = 3
POLITE = "keeping a polite pace"

_FAILURES = {
    ApiFaultKind.SERVICE,
    ApiFaultKind.NETWORK,
    ApiFaultKind.BAD_ANSWER,
    ApiFaultKind.OTHER,
}
"""What counts towards three in a row; the other kinds are answers, or end the run by themselves."""
_OTHER_GENERATION = {ApiFaultKind.UNKNOWN_TYPE, ApiFaultKind.NOT_SUBSCRIBED}
"""What the other generation of the API may answer instead."""
_OTHER_SHAPE = {Shape.NEW: Shape.LEGACY, Shape.LEGACY: Shape.NEW}

Fetching = Generator[Event, None, Answer]


class StopWanted(Exception):
    """The user asked the run to stop."""


class _Stale(Exception):
    """Too late to send."""


class PausedUntil(Exception):
    """The run has to end here; going on makes sense at ``until`` (aware, UTC)."""

    def __init__(self, until: datetime, error: LinkyError) -> None:
        super().__init__(error.title)
        self.until = until
        self.error = error


class TooManyFailures(Exception):
    """Three requests in a row failed; ``error`` is what the last one says."""

    def __init__(self, error: LinkyError) -> None:
        super().__init__(error.title)
        self.error = error


class SharedCount(Protocol):
    """The count of requests that all machines of one database share."""

    def used(self, host: str, utc_day: date) -> int:
        """Requests counted for a host on a UTC day."""

    def add(
        self, host: str, utc_day: date, *, below: int | None = None, at_least: int = 0
    ) -> int | None:
        """Count one more in one atomic step; ``None`` where ``below`` was reached already."""


class RequestRun:
    """Sends the requests of one run.

    Args:
        client: does one HTTP request at a time.
        budget: this machine's count and pace.
        shared: the database's count, or ``None``.
        stop: ends every wait.
        backoff_s: seconds before the one retry after a 5xx or a broken connection.

    Attributes:
        made: requests sent so far.
        stop: ends every wait.
        guard: called before each request is sent; what it raises keeps the request back.
    """

    def __init__(
        self,
        client: ConsoClient,
        budget: Budget,
        shared: SharedCount | None,
        stop: threading.Event,
        *,
        backoff_s: float = Timing.backoff_s,
    ) -> None:
        self.made = 0
        self.stop = stop
        self.guard: Callable[[], None] | None = None
        self._client = client
        self._budget = budget
        self._shared = shared
        self._backoff_s = backoff_s
        self._failed_in_a_row = 0
        self._refused: dict[DataRequest, ApiFault] = {}
        self._refused_in: dict[tuple[DataRequest, Shape], ApiFault] = {}
        self._shapes: dict[DataKind, Shape] = {}
        self._ban: ApiFault | None = None

    @property
    def left_today(self) -> int | None:
        """Requests that today's budget still allows, ``None`` without a limit."""
        per_day = self._budget.per_day
        return None if per_day is None else max(0, per_day - self._used_today())

    @property
    def half_used(self) -> bool:
        """Whether half of the day's budget is used."""
        per_day = self._budget.per_day
        return per_day is not None and self._used_today() * 2 >= per_day

    def fetch(self, request: DataRequest, token: str) -> Fetching:
        """Send ``request``, with at most one retry; the generator's return value is the answer.

        Raises:
            ApiFault: the gateway or Enedis says no, in a way that the caller has to judge.
            Stopped: the stop event is set.
            PausedUntil: the budget is spent, or the gateway asks for a longer wait.
            TooManyFailures: the third failed request in a row.
        """
        if request in self._refused:
            raise self._refused[request]
        try:
            return (yield from self._negotiate(request, token))
        except ApiFault as fault:
            retry_after_s = self._retry_delay(fault, request.series)
            if retry_after_s is None:
                self._remember_refusal(request, fault)
                raise
            reason = f"{fault.to_error(request.series).title}; one more try"
        yield from self._wait(retry_after_s, reason, request.series)
        try:
            return (yield from self._negotiate(request, token))
        except ApiFault as fault:
            self._remember_refusal(request, fault)
            # A second retry is never made; where the gateway names a time, the run pauses.
            self._retry_delay(fault, request.series)
            if fault.kind is ApiFaultKind.QUOTA and fault.retry_at is not None:
                raise PausedUntil(fault.retry_at, fault.to_error(request.series)) from None
            raise

    def _negotiate(self, request: DataRequest, token: str) -> Fetching:
        """Ask in the shape that the host is known for; fall back to the other one once.

        What is learnt is which types it knows, not in which shape it answers them.
        """
        known = self._shapes.get(request.kind)
        shape = known or next(iter(self._shapes.values()), None)
        shape = shape or self._budget.remembered_shape() or Shape.NEW
        try:
            answer = yield from self._send(request, token, shape)
        except ApiFault as fault:
            if known or fault.kind not in _OTHER_GENERATION:
                if fault.kind in (ApiFaultKind.NO_DATA, ApiFaultKind.FLOOR):
                    self._shapes[request.kind] = shape
                raise
            shape = _OTHER_SHAPE[shape]
            try:
                answer = yield from self._send(request, token, shape)
            except ApiFault as second:
                if second.kind in (ApiFaultKind.NO_DATA, ApiFaultKind.FLOOR):
                    self._learn(request.kind, shape)
                raise second from None
        self._learn(request.kind, shape)
        return answer

    def _learn(self, kind: DataKind, shape: Shape) -> None:
        if self._shapes.get(kind) is not shape:
            self._shapes[kind] = shape
            self._budget.remember_shape(shape)

    def _send(self, request: DataRequest, token: str, shape: Shape) -> Fetching:
        """One HTTP request, in its turn.

        The one that led to the other generation is not sent again where that one is retried.
        """
        if (request, shape) in self._refused_in:
            raise self._refused_in[request, shape]
        while True:
            try:
                return (yield from self._send_in_turn(request, token, shape))
            except _Stale:
                continue
            except ApiFault as fault:
                if fault.is_4xx and fault.kind is not ApiFaultKind.QUOTA:
                    self._refused_in[request, shape] = fault
                raise

    def _send_in_turn(self, request: DataRequest, token: str, shape: Shape) -> Fetching:
        """One HTTP request, counted before it is sent.

        Raises:
            _Stale: its turn was missed; it stays counted.
        """
        if self.stop.is_set():
            raise StopWanted
        if self._ban is not None:
            raise self._ban
        self._respect_a_long_pace()
        slot = yield from self._reserve(request.series)
        reserved_s = time.monotonic()
        try:
            self._count_for_all(slot)
            yield from self._wait(slot.wait_seconds, POLITE, request.series)
            if self.guard is not None:
                self.guard()
            if slot.wait_seconds:
                self._recheck()
            if time.monotonic() - reserved_s - slot.wait_seconds > STALE_S:
                # This process was frozen: others have sent since, and count on our being done.
                raise _Stale
            self.made += 1
            answer = self._client.attempt(request, token, shape, self.stop)
        except ApiFault as fault:
            if fault.kind is ApiFaultKind.STOPPED:
                raise StopWanted from None
            if fault.kind is ApiFaultKind.BANNED:
                self._ban = fault
                self._budget.mark_spent("the gateway blocks this address")
            if fault.kind is ApiFaultKind.QUOTA and fault.retry_at is not None:
                # All meters of all users share it, and all our processes.
                self._budget.hold(fault.retry_at)
            if fault.kind in _FAILURES:
                self._failed_in_a_row += 1
                if self._failed_in_a_row >= FAILURES_IN_A_ROW:
                    raise TooManyFailures(_given_up(fault.to_error(request.series))) from None
            elif fault.kind not in _OTHER_GENERATION:
                # Those are asked the other way next, which may fail each time.
                self._failed_in_a_row = 0
            raise
        finally:
            self._budget.answered()
        self._failed_in_a_row = 0
        return answer

    def _recheck(self) -> None:
        """Heed what another process was told while we waited for our turn: a pause, a block."""
        try:
            self._budget.still_allowed()
        except ServiceDown as held:
            if held.retry_at is None:
                raise
            raise PausedUntil(held.retry_at, held) from None

    def _count_for_all(self, slot: Slot) -> None:
        """Count a request where all machines of the database see it.

        Raises:
            BudgetSpent: another machine took the last of the day since we looked; here it stays
                counted, and nothing is sent.
        """
        if self._shared is None:
            return
        day = (utc_now() + timedelta(seconds=slot.wait_seconds)).date()
        per_day = self._budget.per_day
        if self._shared.add(self._client.host, day, below=per_day, at_least=slot.used - 1) is None:
            retry_at = datetime.combine(day + ONE_DAY, datetime.min.time(), tzinfo=UTC)
            raise BudgetSpent(
                "Today's requests are used up",
                f"Other machines that share this database used the last of the {per_day} requests "
                "of this UTC day.",
                f"The next ones are available at {local_time_text(retry_at)} (Paris time).",
                retry_at,
            )

    def _reserve(self, series: Series) -> Generator[Event, None, Slot]:
        """A place in the queue, after a pause that the host asked for where it is short."""
        try:
            return self._budget.reserve(floor_used=self._shared_used())
        except ServiceDown as held:
            if held.retry_at is None:
                raise
            until, pause = held.retry_at, held
        seconds = (until - utc_now()).total_seconds()
        if seconds > INLINE_WAIT_S:
            raise PausedUntil(until, pause)
        yield from self._wait(max(seconds, 0.0) + random.uniform(0.5, 1.5), pause.title, series)
        return self._budget.reserve(floor_used=self._shared_used())

    def _respect_a_long_pace(self) -> None:
        """End the run where the next request is not due soon, without reserving a place for it.

        A place that is reserved and not used would push the next run back just as far, for ever.
        """
        pace_s = self._budget.min_seconds
        if pace_s <= INLINE_WAIT_S or (last := self._budget.last_request) is None:
            return
        due_s = (last - utc_now()).total_seconds() + pace_s
        if INLINE_WAIT_S < due_s <= pace_s:
            raise _pause(due_s, POLITE)

    def _wait(self, seconds: float, reason: str, series: Series) -> Generator[Event, None, None]:
        if seconds <= 0:
            return
        if seconds > INLINE_WAIT_S:
            raise _pause(seconds, reason)
        if seconds > QUIET_WAIT_S:
            yield Waiting(series, seconds, utc_now() + timedelta(seconds=seconds), reason)
        if self.stop.wait(seconds):
            raise StopWanted

    def _retry_delay(self, fault: ApiFault, series: Series) -> float | None:
        """Seconds until the one retry, ``None`` where there is none.

        Raises:
            PausedUntil: the gateway names a time that is too far away to wait for.
        """
        if fault.retry_at is not None and (fault.retryable or fault.kind is ApiFaultKind.QUOTA):
            seconds = (fault.retry_at - utc_now()).total_seconds()
            if seconds > INLINE_WAIT_S:
                raise PausedUntil(fault.retry_at, fault.to_error(series)) from None
            return max(seconds, 0.0) + random.uniform(0.5, 1.5)
        if fault.retryable:
            return self._backoff_s * random.uniform(0.7, 1.3)
        return None

    def _remember_refusal(self, request: DataRequest, fault: ApiFault) -> None:
        if fault.is_4xx:
            self._refused[request] = fault

    def _shared_used(self) -> int:
        return 0 if self._shared is None else self._shared.used(self._client.host, _utc_day())

    def _used_today(self) -> int:
        return self._budget.used_today(floor_used=self._shared_used())


def _pause(seconds: float, reason: str) -> PausedUntil:
    until = utc_now() + timedelta(seconds=seconds)
    return PausedUntil(
        until,
        ServiceDown(
            "Waiting for the gateway",
            f"The next request is due at {local_time_text(until)} ({reason}).",
            "Start again after that; nothing is lost.",
            until,
        ),
    )


def _utc_day() -> date:
    return utc_now().date()


def _given_up(error: LinkyError) -> LinkyError:
    return ServiceDown(
        error.title,
        f"{error.cause} Three requests in a row failed, so the run ended.",
        "Try again later; what was fetched is stored.",
    )
