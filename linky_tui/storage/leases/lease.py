"""A lease that is held: renewed in the background, checked before each write."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import pymongo
from bson.timestamp import Timestamp
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from linky_tui.domain.models import Reading, Series
from linky_tui.domain.paris import day_of, days_between
from linky_tui.errors import SeriesBusy
from linky_tui.storage.connection import SHORT_LIMIT_S, Document, friendly
from linky_tui.system.closing import Closing
from linky_tui.system.locks import FileLock
from linky_tui.text.formatting import mask_prm

LEASE_S = 60
"""How long a lease lasts without being renewed, by the server's clock."""
RENEW_EVERY_S = 15.0
FRESH_S = 5.0
"""A lease renewed less than this ago is not renewed again before a write."""
WRITE_LIMIT_S = 10.0
"""What is written under a lease is sent within this time of making sure of it, or not at all."""

_FAR_S = 3600
ALIVE: Document = {
    "$and": [
        {"$gt": ["$expires", "$$NOW"]},
        # A time that far off was written under another clock, or by another hand.
        {"$lt": ["$expires", {"$add": ["$$NOW", _FAR_S * 1000]}]},
    ]
}
"""Whether a lease has not run out, by the server's clock."""

_RELEASE_LIMIT_S = 2.0
_STATE_FIELDS = {
    "surveyed_at",
    "totals_at",
    "daily_from",
    "curve_from",
    "backfill_since",
    "rebuild_pending",
    "last_rebuild",
    "survey_refused_at",
    "unclean_since",
    "counters",
    "compared_on",
    "compared_until",
    "buckets_counted_at",
}


@dataclass(frozen=True, slots=True)
class Reached:
    """How well a rebuild filled the buckets of the whole time series collection."""

    buckets: int  # how many it left
    ideal_buckets: int  # how few could have held the readings by default
    readings: int  # how many there were


def lease_id(series: Series) -> Document:
    """The ``_id`` of a series' lease document."""
    return {"prm": series.prm, "flow": series.flow.value}


class Lease(Closing):
    """The right to write one series, made by :meth:`Leases.acquire`.

    A context manager that releases it. Every method that writes raises ``SeriesBusy`` once the
    lease was lost, and nothing is written any more.

    Attributes:
        touched: the Paris days of which readings were written under it, or may have been.
    """

    def __init__(
        self, collection: Collection[Document], series: Series, nonce: str, lock: FileLock
    ) -> None:
        self.series = series
        self._collection = collection
        self._mine = {"_id": lease_id(series), "owner.nonce": nonce}
        self._lock = lock
        self._ended = threading.Event()
        # Whether another process is known to have taken over; certain after the release.
        self.lost = False
        self._dropped = False
        self._started = False
        self._renewed_s = _since_boot_s()
        self._seen: Timestamp | None = None
        self.touched: set[date] = set()
        self._unclean = False

    def start(self) -> None:
        """Begin to renew in the background: the lease is ours now."""
        self._started = True
        threading.Thread(target=self._keep, name="lease-renewal", daemon=True).start()

    @contextlib.contextmanager
    def session(self) -> Iterator[ClientSession]:
        """A session that reads everything that was confirmed in earlier sessions of this lease.

        Majority reads alone do not: a new primary answers them from before its election until a
        write of its own is confirmed. So the taking of the lease is the barrier for what earlier
        owners wrote, and each step for the ones after it.
        """
        client = self._collection.database.client
        with client.start_session(causal_consistency=True) as session:
            self.follow(session)
            try:
                yield session
            finally:
                self.saw(session)

    def follow(self, session: ClientSession) -> None:
        """Let a session read what this lease has seen confirmed."""
        if self._seen is not None:
            session.advance_operation_time(self._seen)

    def saw(self, session: ClientSession) -> None:
        """Note what was confirmed in a session (nothing on a single server, which has no need)."""
        seen = session.operation_time
        if seen is not None and (self._seen is None or seen > self._seen):
            self._seen = seen

    def check(self, within_s: float | None = None) -> None:
        """Make sure that the lease is ours, asking the server unless it said so a moment ago.

        That is ``within_s``; ``FRESH_S`` where not given.

        Raises:
            SeriesBusy: it was lost or released.
            StorageUnavailable: MongoDB cannot be reached.
        """
        if self.lost or self._ended.is_set():
            raise self.taken_over()
        if _since_boot_s() - self._renewed_s >= (FRESH_S if within_s is None else within_s):
            self.renew()

    def check_before_request(self) -> None:
        """Make sure that the lease can still be ours, before the gateway is asked.

        Costs nothing while it is renewed in the background. A process that was frozen or whose
        machine slept finds out here, instead of asking what its successor asks, too.

        Raises:
            as :meth:`check`
        """
        self.check(2 * RENEW_EVERY_S)

    @contextlib.contextmanager
    def writing(self, limit_s: float | None = None) -> Iterator[None]:
        """Fence some writes: each is sent within ``limit_s`` of making sure of the lease.

        The driver sends nothing once its time limit is over, so a process that is frozen after
        the check writes nothing when it wakes up and the lease is somebody else's. The server
        ends by itself what it was sent in time. The limit is far less than a lease lasts:
        ``WRITE_LIMIT_S`` where not given.

        Raises:
            as :meth:`check`
        """
        with pymongo.timeout(WRITE_LIMIT_S if limit_s is None else limit_s):
            self.check()
            yield

    def renew(self, session: ClientSession | None = None) -> None:
        """Renew the lease now: a majority write, after which reads in ``session`` see everything.

        Raises:
            SeriesBusy: it was lost or released.
            StorageUnavailable: MongoDB cannot be reached.
        """
        if self.lost or self._ended.is_set():
            raise self.taken_over()
        with friendly():
            self._renew(session)
        if self.lost:
            raise self.taken_over()

    def release(self) -> None:
        """Give the lease back; does nothing the second time. Never raises.

        Where MongoDB cannot be told, the freed lock file tells this machine, and the lease runs
        out for the others. Where it was lost meanwhile, the next run is told to compare all.
        """
        if self._ended.is_set():
            return
        self._ended.set()
        try:
            with contextlib.suppress(PyMongoError), pymongo.timeout(_RELEASE_LIMIT_S):
                released = self._collection.update_one(
                    self._mine, {"$set": {"owner": None, "expires": None, "rebuilding": False}}
                )
                if self._started and not released.matched_count:
                    # A write that was on its way when we were frozen may have arrived late. No
                    # owner is needed to say so, and at worst a rebuild is done without need.
                    noted = self._collection.update_one(
                        {"_id": self._mine["_id"]}, {"$currentDate": {"rebuild_pending": True}}
                    )
                    self.lost, self._dropped = True, noted.matched_count == 0
        finally:
            self._lock.release()

    close = release

    def taken_over(self) -> SeriesBusy:
        """The error about a lease that was lost."""
        if self._dropped:
            return SeriesBusy(
                "The database was dropped during the run",
                f"{self._collection.full_name} is empty: another hand dropped it, or the whole "
                "database.",
                "Nothing more was written. Start again: the next run makes what is missing and "
                "fetches it again.",
            )
        return SeriesBusy(
            "Another process took over",
            f"It works on meter {mask_prm(self.series.prm)} now.",
            "Nothing more was written. Start again when the other process has finished.",
        )

    def set_state(self, **fields: date | datetime | str | None) -> None:
        """Remember fields of :class:`~linky_tui.storage.leases.leases.SeriesState`.

        Raises:
            ValueError: an unknown field.
            SeriesBusy: the lease was lost.
        """
        if not fields.keys() <= _STATE_FIELDS:
            raise ValueError(f"unknown state: {', '.join(sorted(fields.keys() - _STATE_FIELDS))}")
        self._update({"$set": {name: _stored(value) for name, value in fields.items()}})

    def note_unclean(self) -> None:
        """Note that the next run has to compare everything, unless this one ends cleanly.

        Raises:
            SeriesBusy: the lease was lost.
        """
        if not self._unclean:
            self._update({"$currentDate": {"unclean_since": True}})
            self._unclean = True

    def touch(self, start: datetime, end: datetime) -> None:
        """Note, before it happens, that readings of ``[start, end]`` are written.

        Raises:
            as :meth:`note_unclean`
        """
        self.note_unclean()
        self.touched.update(days_between(day_of(start), day_of(end)))

    def note_clean(self, counters: str | None, today: date, until: date | None) -> None:
        """Note that all that was written was compared; see ``SeriesState`` for the rest.

        Raises:
            SeriesBusy: the lease was lost.
        """
        self.set_state(
            unclean_since=None, counters=counters, compared_on=today, compared_until=until
        )
        self._unclean = False
        self.touched.clear()

    def note_rebuild_pending(
        self, leftovers: Sequence[Reading] = (), valid: Sequence[Reading] = ()
    ) -> None:
        """Note, before it happens, that the time series collection will need a rebuild.

        ``leftovers`` are readings that a correction is about to replace or delete: they may stay
        behind in the time series collection and are not to be restored from there. ``valid`` are
        readings that it is about to write, which an earlier one may have removed.

        Raises:
            SeriesBusy: the lease was lost.
        """
        if valid:
            self._update({"$pullAll": {"leftovers": [_leftover(each) for each in valid]}})
        self._update(
            {
                "$currentDate": {"rebuild_pending": True},
                "$push": {"leftovers": {"$each": [_leftover(each) for each in leftovers]}},
            }
        )

    def note_rebuilding(self, running: bool) -> None:
        """Note that a rebuild runs, or no longer: while it does, nobody can take any lease."""
        self._update({"$set": {"rebuilding": running}})

    def note_rebuilt(self, reached: Reached | None = None) -> None:
        """Clear the note of a rebuild that is done, and remember what it ``reached``, if known."""
        remembered = {} if reached is None else {"reached": asdict(reached)}
        self._update(
            {
                "$set": {"rebuild_pending": None, "leftovers": [], **remembered},
                "$currentDate": {"last_rebuild": True},
            }
        )

    def _update(self, update: dict[str, Any]) -> None:
        self.check()
        with friendly(), pymongo.timeout(SHORT_LIMIT_S):
            if not self._collection.update_one(self._mine, update).matched_count:
                self._lose()
        if self.lost:
            raise self.taken_over()

    def _renew(self, session: ClientSession | None = None) -> None:
        asked_s = _since_boot_s()
        with pymongo.timeout(SHORT_LIMIT_S):
            renewed = self._collection.update_one(
                # Others may start on their series once a rebuild's lease has run out, so such a
                # lease is not to be had back.
                {**self._mine, "$or": [{"rebuilding": {"$ne": True}}, {"$expr": ALIVE}]},
                [{"$set": {"expires": {"$add": ["$$NOW", LEASE_S * 1000]}}}],
                session=session,
            )
        if renewed.matched_count:
            self._renewed_s = asked_s
        else:
            self._lose()

    def _lose(self) -> None:
        self.lost = True
        with contextlib.suppress(PyMongoError), pymongo.timeout(SHORT_LIMIT_S):
            # What a majority has may still be from before a drop.
            now = self._collection.with_options(read_concern=ReadConcern("local"))
            self._dropped = now.find_one({"_id": self._mine["_id"]}, {"_id": 1}) is None

    def _keep(self) -> None:
        while not self._ended.wait(RENEW_EVERY_S) and not self.lost:
            with contextlib.suppress(PyMongoError):  # the next write finds out and says so
                self._renew()


def _leftover(reading: Reading) -> Document:
    return {
        "timestamp": reading.start,
        "interval_min": reading.interval_min,
        "power_w": reading.power_w,
    }


def _stored(value: date | datetime | str | None) -> datetime | str | None:
    return value if value is None or isinstance(value, datetime | str) else value.isoformat()


def _since_boot_s() -> float:
    """Seconds on a clock that goes on while the machine sleeps, where the system has one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
