"""How many requests this machine may still send today, and when the next one.

The gateway blocks addresses at 100 requests a UTC day, by hand and for good, so a request is
counted before it is sent and stays counted whatever becomes of it. One transaction reads and writes
both the count and the time of the last request: the pace and the limit hold between processes too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from linky_tui.config.checks import is_loopback
from linky_tui.domain.paris import next_utc_day, utc_now
from linky_tui.enedis.budget_file import BudgetFile, BudgetMemory, Rows
from linky_tui.enedis.faults import MAX_AHEAD
from linky_tui.enedis.hosts import hostname_of
from linky_tui.enedis.request import Shape
from linky_tui.enedis.timing import Timing
from linky_tui.errors import AddressBlocked, BudgetSpent, ServiceDown, Side
from linky_tui.text.formatting import due_text, local_time_text

MAX_PER_DAY = 90
"""The most requests a UTC day for any host but loopback."""
LEAST_SECONDS = 1.0
"""The least time between two requests for any host but loopback."""
ARRIVAL_S = Timing.timeouts_s[0]
"""How long a request to any host but loopback may take to arrive: name, TCP and TLS come first.

The pace is what the gateway sees, so a request that nobody has reported as answered (its process
was killed, or another one queues behind it) counts from the latest moment at which it arrives.
"""
BLOCKED = "the gateway blocks this address"
"""A reason for which a day is spent that does not end with it."""
SHAPE_VALID = timedelta(days=7)
"""After this the generation of autumn 2026 is tried first again."""

_CLOCK_STEP_S = 3600.0
_LONGEST_HOLD_S = MAX_AHEAD.total_seconds()
_SET_BACK = " after its clock was set back"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that apply, and what was changed to get there."""

    per_day: int  # requests a UTC day
    min_seconds: float  # seconds between two requests
    notes: tuple[str, ...] = ()  # a sentence for each configured value that was not taken as it is
    arrival_s: float = 0.0  # seconds that a request may take to arrive


def clamp(api_url: str, per_day: int, seconds: float) -> Limits:
    """The configured limits, kept within what the gateway stands; loopback takes any.

    Raises:
        ConfigError: ``api_url`` is no address.
    """
    if is_loopback(hostname_of(api_url)):
        return Limits(max(per_day, 1), max(seconds, 0.0))
    notes: list[str] = []
    day_limit = min(max(per_day, 1), MAX_PER_DAY)
    if day_limit != per_day:
        notes.append(
            f"requests_per_day is {per_day}, but {day_limit} applies: the gateway blocks addresses "
            "at 100 a day, for good."
        )
    pace = max(seconds, LEAST_SECONDS)
    if pace != seconds:
        notes.append(f"seconds_between_requests is {seconds:g}, but {pace:g} applies.")
    return Limits(day_limit, pace, tuple(notes), ARRIVAL_S)


@dataclass(frozen=True, slots=True)
class Slot:
    """A request that may be sent, and has been counted."""

    wait_seconds: float  # how long to wait before sending it
    used: int  # requests of its UTC day, this one included
    left: int | None  # how many more that day allows; `None` without a limit


class Budget:
    """The requests to one host, counted in a file that every process of this machine shares.

    Args:
        path: the SQLite file, created private where it does not exist; ``None`` counts in memory.
        host: the API host, as :func:`linky_tui.enedis.hosts.host_of` gives it.
        per_day: requests a UTC day, ``None`` for no limit.
        min_seconds: seconds between two requests.
        arrival_s: seconds that a request may take to arrive at the host.

    Every method raises :class:`~linky_tui.errors.StorageError` where the file cannot be written
    and :class:`~linky_tui.errors.TemporaryError` where another process keeps it locked: no count,
    no request. A file that cannot be read is set aside, and today then counts as spent.
    """

    def __init__(
        self,
        path: Path | None,
        host: str,
        *,
        per_day: int | None,
        min_seconds: float,
        arrival_s: float = 0.0,
    ) -> None:
        self.host = host
        self.per_day = per_day
        self.min_seconds = min_seconds
        self._arrival_s = arrival_s if min_seconds else 0.0
        self._file = BudgetMemory() if path is None else BudgetFile(path)
        self._queued: tuple[float, float] | None = None
        """Before and after our place in the queue was taken: the time of the last request."""
        self._anchor: tuple[float, float] | None = None

    def used_today(self, now: datetime | None = None, *, floor_used: int = 0) -> int:
        """Requests counted for the UTC day of ``now``; at least the limit once it was spent."""
        with self._file.transaction() as file:
            used, spent = file.day(self.host, _utc_day(now or utc_now()))
        return max(used, floor_used, (self.per_day or 0) if spent else 0)

    @property
    def blocked(self) -> bool:
        """Whether the gateway blocked this address today."""
        with self._file.transaction() as file:
            return file.day(self.host, _utc_day(utc_now()))[1] == BLOCKED

    @property
    def last_request(self) -> datetime | None:
        """When the last request is sent, arrives or was answered (UTC), whichever is known last."""
        with self._file.transaction() as file:
            last = file.last(self.host)
        return None if last is None else datetime.fromtimestamp(last, UTC)

    def reserve(self, floor_used: int = 0) -> Slot:
        """Count one request and find its place in the queue.

        Args:
            floor_used: requests of today that others know of (the count in MongoDB); the higher
                figure applies.

        Raises:
            BudgetSpent: today's requests are used; ``retry_at`` is the next UTC midnight.
            ServiceDown: the host asked for a pause that is not over (:meth:`hold`).
        """
        wall = time.time()
        with self._file.transaction() as file:
            held_until = self._held_until(file, wall)
            slot = self._place(file, wall, floor_used) if held_until is None else None
        if slot is None:
            raise _held(held_until or wall)
        return slot

    def still_allowed(self) -> None:
        """Make sure that a request may still be sent whose place was reserved a while ago.

        Raises:
            BudgetSpent: the host has blocked this address since.
            ServiceDown: it has asked for a pause since (:meth:`hold`).
        """
        with self._file.transaction() as file:
            held_until = self._held_until(file, time.time())
            day = _utc_day(utc_now())
            spent = file.day(self.host, day)[1]
        if held_until is not None:
            raise _held(held_until)
        if spent:
            raise _spent(day, spent)

    def answered(self) -> None:
        """Count the pace from now on: the last request was answered, failed, or was not sent.

        Counted from its place in the queue alone, a slow first connection would let the next
        request arrive a little too soon after it.
        """
        if not self.min_seconds:
            return
        with self._file.transaction() as file:
            now = self._steady(time.time())
            last = file.last(self.host)
            if self._queued is not None and last == self._queued[1]:
                # Nobody queues behind us. Where it was not sent, whoever was before us may
                # still be on the way.
                last = self._queued[0]
            if last is None or last < now:
                last = now
            file.set_last(self.host, last)
            self._queued = None

    def hold(self, until: datetime) -> None:
        """Send nothing before ``until`` (aware), from no process: the host asked for it.

        Where it named a later time to another process, that one stays.
        """
        with self._file.transaction() as file:
            held_until = self._held_until(file, time.time())
            file.hold(self.host, max(until.timestamp(), held_until or 0.0))
            file.hold(self.host + _SET_BACK, None)

    def mark_spent(self, reason: str) -> None:
        """Send nothing more today, whatever the limit: the gateway blocks this address."""
        with self._file.transaction() as file:
            file.spend(self.host, _utc_day(utc_now()), reason)

    def remembered_shape(self) -> Shape | None:
        """The generation that this host answered, or ``None`` where it is time to see again."""
        with self._file.transaction() as file:
            found = file.shape(self.host)
        if found is None or not _is_fresh(found[1]):
            return None
        return Shape(found[0]) if found[0] in set(Shape) else None

    def remember_shape(self, shape: Shape) -> None:
        """Note which generation this host answered; confirming it does not make it younger."""
        with self._file.transaction() as file:
            found = file.shape(self.host)
            if found is None or found[0] != shape or not _is_fresh(found[1]):
                file.set_shape(self.host, shape.value, time.time())

    def _place(self, file: Rows, wall: float, floor_used: int) -> Slot:
        now = self._steady(wall)
        last = file.last(self.host)
        slot = self._next_slot(now, last)
        slot_day = _utc_day(datetime.fromtimestamp(wall + slot - now, UTC))
        used, spent = file.day(self.host, slot_day)
        used = max(used, floor_used)
        left = None if self.per_day is None else self.per_day - used - 1
        if spent or (left is not None and left < 0):
            raise _spent(slot_day, spent)
        file.count(self.host, slot_day, used + 1)
        self._queued = (slot if last is None else last, slot + self._arrival_s)
        file.set_last(self.host, slot + self._arrival_s)
        return Slot(slot - now, used + 1, left)

    def _held_until(self, file: Rows, wall: float) -> float | None:
        """The end of a pause that is not over."""
        until = file.held_until(self.host)
        if until is None or until <= wall:
            return None
        latest = wall + _LONGEST_HOLD_S
        if until <= latest:
            return until
        # The clock has been set back since. How much of the pause is left is not known any more,
        # but never more than this. What was named stays noted: the clock may soon be right again.
        instead = file.held_until(self.host + _SET_BACK)
        if instead is None or instead > latest:
            instead = latest
            file.hold(self.host + _SET_BACK, instead)
        return instead if instead > wall else None

    def _next_slot(self, now: float, last: float | None) -> float:
        if last is None or not self.min_seconds:
            return now
        # No more than a day's requests can be queued, so a later time was written by a clock
        # that has been set back since.
        if last > now + (self.per_day or MAX_PER_DAY) * (self.min_seconds + self._arrival_s):
            last = now
        return max(now, last + self.min_seconds)

    def _steady(self, wall: float) -> float:
        """The time that the pace is kept by: the wall clock, but it never stands still.

        A clock that is set back a little, or frozen by a test, would let every further request
        wait longer than the one before.
        """
        elapsed = time.monotonic()
        if self._anchor is not None:
            expected = self._anchor[0] + elapsed - self._anchor[1]
            if wall < expected < wall + _CLOCK_STEP_S:
                return expected
        self._anchor = (wall, elapsed)
        return wall


def _utc_day(instant: datetime) -> date:
    return instant.astimezone(UTC).date()


def _is_fresh(noted_at: float) -> bool:
    return 0 <= time.time() - noted_at < SHAPE_VALID.total_seconds()


def _held(held_until: float) -> ServiceDown:
    until = datetime.fromtimestamp(held_until, UTC)
    return ServiceDown(
        "Enedis asks to wait",
        "The requests that all users of the gateway share are used up for now.",
        f"Try again after {due_text(until)}.",
        until,
        sides=(Side.ENEDIS,),
    )


def _spent(day: date, reason: str) -> BudgetSpent:
    retry_at = next_utc_day(day)
    if reason == BLOCKED:
        return AddressBlocked(
            "The gateway blocks your address",
            f"No more requests today: {reason}.",
            "Stop every tool that asks the gateway, then ask its author to lift the block. "
            "Tomorrow a single request shows whether it is.",
            retry_at,
        )
    cause = "The gateway blocks addresses at 100 requests a day, so linky-tui stops before."
    return BudgetSpent(
        "Today's requests are used up",
        f"No more requests today: {reason}." if reason else cause,
        f"The next ones are available at {local_time_text(retry_at)} (Paris time).",
        retry_at,
    )
