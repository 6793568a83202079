"""When a run may send its next request: the day's count, the pace, pauses, failures in a row.

What the gateway must never see from us: more than the budget, two requests closer
than the pace, anything before the time that a 429 names.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Generator
from datetime import date, datetime, timedelta
from typing import Protocol

from linky_tui.domain.models import Series
from linky_tui.domain.paris import next_utc_day, utc_now
from linky_tui.enedis.budget import BLOCKED, Budget, Slot
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.errors import BudgetSpent, LinkyError, ServiceDown, Side
from linky_tui.ingest.events import Event, Waiting
from linky_tui.ingest.requests.negotiation import ABOUT_THE_GENERATION
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
    ApiFaultKind.TIMEOUT,
    ApiFaultKind.BAD_ANSWER,
    ApiFaultKind.OTHER,
}
"""What counts towards three in a row; the other kinds are answers, or end the run by themselves."""


class RunEnds(Exception):
    """Nothing more is asked in this run."""


class StopWanted(RunEnds):
    """The user asked the run to stop."""


class PausedUntil(RunEnds):
    """Going on makes sense at ``until`` (aware, UTC): the budget is spent, or a pause is long."""

    def __init__(self, until: datetime, error: LinkyError) -> None:
        super().__init__(error.title)
        self.until = until
        self.error = error

    @property
    def is_long(self) -> bool:
        """Whether it is too long to wait for."""
        return (self.until - utc_now()).total_seconds() > INLINE_WAIT_S

    def inline_s(self) -> float:
        """Seconds to wait for a short one; a little more, for others wait for the same time."""
        seconds = (self.until - utc_now()).total_seconds()
        return max(seconds, 0.0) + random.uniform(0.5, 1.5)


class TooManyFailures(RunEnds):
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


class Manners:
    """Gives the requests of one run their turns; ``stop`` ends every wait."""

    def __init__(
        self,
        host: str,
        budget: Budget,
        shared: SharedCount | None,
        stop: threading.Event,
    ) -> None:
        self._host = host
        self._budget = budget
        self._shared = shared
        self._stop = stop
        self._due_s = 0.0
        self._failed_in_a_row: Counter[Series | None] = Counter()
        """By series; under ``None`` of all, whatever they are about."""
        self._ban: ApiFault | None = None

    @property
    def per_day(self) -> int | None:
        """Requests that a day's budget allows, ``None`` without a limit."""
        return self._budget.per_day

    @property
    def left_today(self) -> int | None:
        """Requests that today's budget still allows, ``None`` without a limit."""
        per_day = self._budget.per_day
        return None if per_day is None else max(0, per_day - self._used_today())

    @property
    def half_used(self) -> bool:
        """Whether half of today's budget is used."""
        per_day = self._budget.per_day
        return per_day is not None and self._used_today() * 2 >= per_day

    def reserve(self, series: Series) -> Generator[Event, None, Slot]:
        """Count a request and take its place in the queue, after a pause where that is short.

        Raises:
            RunEnds: nothing may be sent, or not for a while.
            ApiFault: the gateway has blocked us before in this run.
        """
        if self._stop.is_set():
            raise StopWanted
        if self._ban is not None:
            raise self._ban
        self._respect_a_long_pace()
        try:
            return self._slot()
        except ServiceDown as held:
            pause = _paused(held)
        if pause.is_long:
            raise pause
        yield from self.wait(pause.inline_s(), pause.error.title, series)
        return self._slot()

    def wait_for_turn(self, slot: Slot, series: Series) -> Generator[Event, None, None]:
        """Count a request where all machines see it, and wait until it may be sent."""
        self._due_s = time.monotonic() + slot.wait_seconds
        self._count_for_all(slot)
        yield from self.wait(slot.wait_seconds, POLITE, series)

    def is_still_our_turn(self, slot: Slot) -> bool:
        """Whether a request may be sent at last; where it is too late it stays counted.

        Raises:
            PausedUntil: another process was told to, while we waited.
        """
        if slot.wait_seconds:
            try:
                self._budget.still_allowed()
            except (BudgetSpent, ServiceDown) as told:
                raise _paused(told) from None
        # If this process was frozen, others have sent since, and count on our being done.
        return time.monotonic() - self._due_s <= STALE_S

    def answered(self, series: Series) -> None:
        """A request brought what was asked for."""
        del self._failed_in_a_row[series], self._failed_in_a_row[None]

    def failed(self, fault: ApiFault, series: Series) -> None:
        """Heed what a fault says of the requests to come.

        Raises:
            StopWanted: it was none, the user left.
            TooManyFailures: it is the third in a row.
        """
        if fault.kind is ApiFaultKind.STOPPED:
            raise StopWanted from None
        if fault.kind is ApiFaultKind.BANNED:
            self._ban = fault
            self._budget.mark_spent(BLOCKED)
        if fault.kind is ApiFaultKind.QUOTA and fault.retry_at is not None:
            # All meters of all users share it, and all our processes.
            self._budget.hold(fault.retry_at)
        if fault.kind in _FAILURES:
            self._failed_in_a_row.update((series, None))
            if max(self._failed_in_a_row.values()) >= FAILURES_IN_A_ROW:
                raise TooManyFailures(_given_up(fault.to_error(series))) from None
        elif fault.kind not in ABOUT_THE_GENERATION:
            # Those are asked the other way next, which may fail each time.
            self.answered(series)

    def release(self) -> None:
        """The next request keeps its distance from now on, whatever became of this one."""
        self._budget.answered()

    def wait(self, seconds: float, reason: str, series: Series) -> Generator[Event, None, None]:
        """Wait, and say so where it takes a while.

        Raises:
            PausedUntil: that is too long for a run.
        """
        if seconds <= 0:
            return
        if seconds > INLINE_WAIT_S:
            raise _pause(seconds, reason)
        if seconds > QUIET_WAIT_S:
            yield Waiting(series, seconds, utc_now() + timedelta(seconds=seconds), reason)
        if self._stop.wait(seconds):
            raise StopWanted

    def _slot(self) -> Slot:
        try:
            return self._budget.reserve(floor_used=self._shared_used())
        except BudgetSpent as spent:
            raise _paused(spent) from None

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

    def _count_for_all(self, slot: Slot) -> None:
        """Count a request for all machines; where another took the last one, nothing is sent."""
        if self._shared is None:
            return
        day = (utc_now() + timedelta(seconds=slot.wait_seconds)).date()
        per_day = self._budget.per_day
        if self._shared.add(self._host, day, below=per_day, at_least=slot.used - 1) is None:
            retry_at = next_utc_day(day)
            raise _paused(
                BudgetSpent(
                    "Today's requests are used up",
                    "Other machines that share this database used the last of the "
                    f"{per_day} requests of today.",
                    f"The next ones are available at {local_time_text(retry_at)} (Paris time).",
                    retry_at,
                )
            )

    def _shared_used(self) -> int:
        return 0 if self._shared is None else self._shared.used(self._host, utc_now().date())

    def _used_today(self) -> int:
        return self._budget.used_today(floor_used=self._shared_used())


def _paused(error: BudgetSpent | ServiceDown) -> PausedUntil:
    return PausedUntil(error.retry_at or utc_now(), error)


def _pause(seconds: float, reason: str) -> PausedUntil:
    until = utc_now() + timedelta(seconds=seconds)
    return _paused(
        ServiceDown(
            "Waiting for the gateway",
            f"The next request is due at {local_time_text(until)} ({reason}).",
            "Start again after that; nothing is lost.",
            until,
            sides=(Side.GATEWAY,),
        )
    )


def _given_up(error: LinkyError) -> LinkyError:
    return ServiceDown(
        error.title,
        f"{error.cause} Three requests in a row failed, so the run ended.",
        "Try again later; what was fetched is stored.",
        sides=error.sides,
    )
