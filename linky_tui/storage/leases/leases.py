"""Only one process works on a series at a time; what its runs hand on about the series.

One document a series in ``<collection>_leases``::

    {_id: {prm, flow}, owner: {installation, host, pid, nonce, lock, since} | null, expires,
     rebuilding, surveyed_at, totals_at, daily_from, curve_from, backfill_since, last_rebuild,
     rebuild_pending, survey_refused_at, unclean_since, counters, compared_on, compared_until,
     buckets_counted_at, leftovers: [{timestamp, interval_min, power_w}],
     reached: {buckets, ideal_buckets, readings}}

Time is judged by the server's clock (``$$NOW``), so the owners' clocks do not matter. The document
also carries what is remembered about the series from one owner to the next.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from operator import index
from pathlib import Path
from typing import Any

import pymongo
from pymongo.client_session import ClientSession
from pymongo.collection import Collection, ReturnDocument
from pymongo.errors import DuplicateKeyError

from linky_tui.domain.models import Flow, Series
from linky_tui.errors import SeriesBusy
from linky_tui.storage.connection import SHORT_LIMIT_S, Document, friendly
from linky_tui.storage.errors import as_written
from linky_tui.storage.leases.files import LeaseFiles
from linky_tui.storage.leases.lease import ALIVE, LEASE_S, Lease, Reached, lease_id
from linky_tui.text.formatting import mask_prm, moment_text, plain

__all__ = ["Lease", "Leases", "ReadingKey", "SeriesState"]

ReadingKey = tuple[datetime, int, int]
"""Start (aware, UTC), minutes and watts of a reading."""

_ANY: Document = {"_id": {"$ne": None}}
"""By an index, which servers with `notablescan` insist on."""


@dataclass(frozen=True, slots=True)
class SeriesState:
    """What is remembered about a series."""

    surveyed_at: datetime | None = None  # when the survey of its daily totals was finished
    totals_at: datetime | None = None  # when daily totals were asked last
    daily_from: date | None = None  # daily totals were asked for from this day on
    curve_from: date | None = None  # the first day whose load curve Enedis gives; never ask below
    # how far back a backfill started by hand goes, while it has windows left
    backfill_since: date | None = None
    # since when the time series collection is known to need a rebuild
    rebuild_pending: datetime | None = None
    last_rebuild: datetime | None = None  # when it was rebuilt last
    survey_refused_at: datetime | None = None  # when a year of the survey was refused last
    # since when something was written that no clean end has compared
    unclean_since: datetime | None = None
    # what the server counted when the last run ended cleanly, kept up by clean ends of others
    counters: str | None = None
    compared_on: date | None = None  # the day of that run
    compared_until: date | None = None  # where its slice of the history ended; `None`: at the end


class Leases:
    """The leases of all series in one pair of collections.

    ``state_dir`` holds the lock files and the installation's identity.
    """

    def __init__(self, collection: Collection[Document], state_dir: Path) -> None:
        self._collection = collection
        self._files = LeaseFiles(state_dir)

    def acquire(self, series: Series) -> Lease:
        """Take the lease of a series; it is renewed in the background until released.

        Raises:
            SeriesBusy: another process has it, or rebuilds the time series collection.
            StorageUnavailable: MongoDB cannot be reached.
        """
        lock = self._files.take(series)
        nonce = secrets.token_hex(16)
        owner = {
            "installation": self._files.installation,
            "host": self._files.host,
            "pid": os.getpid(),
            "nonce": nonce,
            "lock": lock.path.name,
        }
        lease: Lease | None = None
        try:
            with (
                friendly(),
                pymongo.timeout(SHORT_LIMIT_S),
                self._collection.database.client.start_session() as session,
            ):
                self._insert_if_absent(series, session)
                self.leftovers(series)  # what another hand spoilt is not taken
                lease = Lease(self._collection, series, nonce, lock)
                while not self._claim(series, owner, session):
                    other = self._other(series)
                    dead = other.get("nonce") if self._files.is_dead(other, lock) else None
                    if dead is not None and self._claim(series, owner, session, dead):
                        break
                    if other.get("nonce") is not None:
                        raise _busy(series, other)
                    # It was given back at this very moment.
                lease.saw(session)
                rebuilder = self._collection.find_one(
                    {
                        "rebuilding": True,
                        "owner.nonce": {"$type": "string"},
                        "_id": {"$ne": lease_id(series)},
                        "$expr": ALIVE,
                    },
                    session=session,
                )
                if rebuilder is not None and not self._files.is_dead(rebuilder["owner"], lock):
                    raise _busy(series, rebuilder["owner"])
        except BaseException:
            if lease is None:
                lock.release()
            else:
                lease.release()
            raise
        lease.start()
        return lease

    def state(self, series: Series) -> SeriesState:
        """What is remembered about a series; all ``None`` for an unknown one."""
        with friendly(), pymongo.timeout(SHORT_LIMIT_S):
            found = self._collection.find_one({"_id": lease_id(series)}, {"leftovers": 0}) or {}
        with as_written(self._collection.name, lease_id(series)):
            return SeriesState(
                _instant(found.get("surveyed_at")),
                _instant(found.get("totals_at")),
                _day(found.get("daily_from")),
                _day(found.get("curve_from")),
                _day(found.get("backfill_since")),
                _instant(found.get("rebuild_pending")),
                _instant(found.get("last_rebuild")),
                _instant(found.get("survey_refused_at")),
                _instant(found.get("unclean_since")),
                found.get("counters"),
                _day(found.get("compared_on")),
                _day(found.get("compared_until")),
            )

    def leftovers(self, series: Series) -> set[ReadingKey]:
        """What corrections removed from the regular collection since the last rebuild.

        The time series one may still hold these; nothing else in it is ever given up unless a
        reading of the regular collection takes its place.
        """
        with friendly(), pymongo.timeout(SHORT_LIMIT_S):
            found = self._collection.find_one({"_id": lease_id(series)}, {"leftovers": 1}) or {}
        with as_written(self._collection.name, lease_id(series)):
            return {
                (
                    each["timestamp"].astimezone(UTC),
                    index(each["interval_min"]),
                    index(each["power_w"]),
                )
                for each in found.get("leftovers") or ()
            }

    def reached(self) -> Reached | None:
        """What the last rebuild of the collection reached; ``None`` where nobody remembers."""
        with friendly(), pymongo.timeout(SHORT_LIMIT_S):
            # Without a condition, which a server with `notablescan` would refuse.
            found = self._collection.find_one({}, {"reached": 1}, sort=[("last_rebuild", -1)])
        if found is None or "reached" not in found:
            return None
        with as_written(self._collection.name, found["_id"]):
            names = (field.name for field in fields(Reached))
            return Reached(*(index(found["reached"][name]) for name in names))

    def knows(self, counters: str) -> bool:
        """Whether a run ended cleanly with the counters of the server as they are."""
        with friendly(), pymongo.timeout(SHORT_LIMIT_S):
            return self._collection.find_one({**_ANY, "counters": counters}, {"_id": 1}) is not None

    def keep_up(self, before: str, now: str) -> None:
        """Every series that was good with the counters ``before`` is so with those of ``now``."""
        good = {**_ANY, "counters": before}
        with friendly(), pymongo.timeout(SHORT_LIMIT_S):
            # One by one: the driver sends only such updates again after a lost reply.
            for found in self._collection.find(good, {"_id": 1}):
                mine = {"_id": found["_id"], "counters": before}
                self._collection.update_one(mine, {"$set": {"counters": now}})

    def buckets_counted_at(self) -> datetime | None:
        """When a sync of any series looked last whether the buckets are fragmented."""
        with friendly(), pymongo.timeout(SHORT_LIMIT_S):
            found = self._collection.find_one(
                {**_ANY, "buckets_counted_at": {"$type": "date"}}, sort=[("buckets_counted_at", -1)]
            )
        return None if found is None else _instant(found["buckets_counted_at"])

    def in_use(self) -> set[Series]:
        """Every series whose lease is held at this moment, by anyone."""
        with friendly(), pymongo.timeout(SHORT_LIMIT_S):
            found = self._collection.find(
                {
                    "owner.nonce": {"$type": "string"},
                    "_id.prm": {"$type": "string"},
                    "_id.flow": {"$in": [flow.value for flow in Flow]},
                    "$expr": ALIVE,
                },
                {"_id": 1},
            )
            return {Series(each["_id"]["prm"], Flow(each["_id"]["flow"])) for each in found}

    def busy(self, series: Series) -> SeriesBusy:
        """The error about another process that holds the lease of a series."""
        with friendly(), pymongo.timeout(SHORT_LIMIT_S):
            return _busy(series, self._other(series))

    def _insert_if_absent(self, series: Series, session: ClientSession) -> None:
        with contextlib.suppress(DuplicateKeyError):  # another process was as fast
            self._collection.update_one(
                {"_id": lease_id(series)},
                {"$setOnInsert": {"owner": None}},
                upsert=True,
                session=session,
            )

    def _claim(
        self,
        series: Series,
        owner: Mapping[str, Any],
        session: ClientSession,
        dead: str | None = None,
    ) -> bool:
        """Become the owner if there is none, its time is over, or it is known to be dead."""
        free: list[Document] = [
            {"$eq": [{"$ifNull": ["$owner.nonce", None]}, None]},
            {"$eq": ["$owner.nonce", owner["nonce"]]},  # the reply of a first try was lost
            {"$not": [ALIVE]},
        ]
        if dead is not None:
            free.append({"$eq": ["$owner.nonce", dead]})
        claimed = {
            "owner": {"$mergeObjects": [{"$literal": dict(owner)}, {"since": "$$NOW"}]},
            "expires": {"$add": ["$$NOW", LEASE_S * 1000]},
            "rebuilding": False,
            "leftovers": {"$ifNull": ["$leftovers", []]},
        }
        found = self._collection.find_one_and_update(
            {"_id": lease_id(series), "$expr": {"$or": free}},
            [{"$set": claimed}],
            projection={"_id": 1},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return found is not None

    def _other(self, series: Series) -> Mapping[str, Any]:
        found = self._collection.find_one({"_id": lease_id(series)}, {"owner": 1}) or {}
        with as_written(self._collection.name, lease_id(series)):
            return dict(found.get("owner") or {})


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _instant(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _busy(series: Series, owner: Mapping[str, Any]) -> SeriesBusy:
    since = owner.get("since")
    when = f" since {moment_text(since)}" if isinstance(since, datetime) else ""
    who = f"Process {owner.get('pid', '?')} on {owner.get('host', 'another machine')}"
    return SeriesBusy(
        "Another process is at work",
        plain(f"{who} works on meter {mask_prm(series.prm)}{when}."),
        "Nothing was done here. Wait until it has finished, or close it.",
    )
