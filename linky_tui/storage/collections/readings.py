"""Readings, stored twice: first in the regular collection, then in the time series one.

The regular collection has a unique index and is the source of truth; the time series one is made
equal to it by inserting exactly what it lacks. What cannot be done by inserting (a correction, a
duplicate) is noted in the lease for a rebuild, a correction before anything else is written.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pymongo
from pymongo import DeleteOne, InsertOne, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from linky_tui.domain.models import Reading, Series
from linky_tui.storage.collections.confirmed_writes import confirm
from linky_tui.storage.collections.documents import (
    COMPARED,
    WELL_FORMED,
    Document,
    canonical,
    less,
    series_filter,
    to_document,
    to_reading,
    well_formed,
    window_filter,
    without_id,
)
from linky_tui.storage.collections.schema import ensure_present
from linky_tui.storage.collections.window_diff import LONGEST_INTERVAL, Changes, compare
from linky_tui.storage.connection import READ_LIMIT_S, SHORT_LIMIT_S, Connection, friendly
from linky_tui.storage.leases.lease import Lease

Group = tuple[str, str, int]
"""Meter, flow and interval in minutes: what shares buckets in a time series collection."""


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """What storing an answer changed in the regular collection."""

    inserted: int  # new readings
    replaced: int  # readings whose power or step changed
    deleted: int  # readings that a new one overlapped


class Readings:
    """The readings of all series in both collections."""

    def __init__(
        self,
        connection: Connection,
        regular: Collection[Document],
        timeseries: Collection[Document],
    ) -> None:
        self.connection = connection
        self.regular = regular
        self.timeseries = timeseries

    def window(
        self,
        series: Series,
        start: datetime,
        end: datetime,
        session: ClientSession | None = None,
    ) -> list[Reading]:
        """The readings of the regular collection that start in ``[start, end)``, sorted."""
        with friendly(), pymongo.timeout(READ_LIMIT_S):
            return [to_reading(found) for found in find(self.regular, series, start, end, session)]

    def store_window(
        self,
        series: Series,
        start: datetime,
        end: datetime,
        incoming: Sequence[Reading],
        lease: Lease,
        stop: threading.Event | None = None,
    ) -> StoredWindow:
        """Store an answer for ``[start, end)`` (aware) in both collections; again changes nothing.

        Raises:
            SeriesBusy: the lease was lost; nothing was written after that.
            StorageUnavailable: the outcome could not be settled; the next run does.
            StorageError: a stored document has another shape, or MongoDB refused a write.
        """
        with friendly(), pymongo.timeout(SHORT_LIMIT_S):
            ensure_present(self.regular.database, self.regular.name, self.timeseries.name)
        low = min([start, *(reading.start for reading in incoming)]) - LONGEST_INTERVAL
        lease.touch(low, max([end, *(reading.end for reading in incoming)]))
        window = _Window(self.regular, series, start, end)
        changes = confirm(
            lambda session: window.store(incoming, lease, session),
            self.connection,
            lease,
            stop,
        )
        touched = [*incoming, *changes.delete]
        low = min([start, *(reading.start for reading in touched)])
        high = max([end, *(reading.end for reading in touched)])
        self.complete_timeseries(series, low, high, lease, stop)
        return StoredWindow(len(changes.insert), len(changes.replace), len(changes.delete))

    def complete_timeseries(
        self,
        series: Series,
        start: datetime,
        end: datetime,
        lease: Lease,
        stop: threading.Event | None = None,
    ) -> None:
        """Insert what the time series collection lacks of ``[start, end)`` of the regular one.

        Where it holds anything else there, which a rebuild has to cure, that is noted in the lease.

        Raises:
            SeriesBusy: the lease was lost; nothing was written after that.
            StorageUnavailable: the outcome could not be settled; the next run does.
        """
        lease.touch(start, end)
        confirm(
            lambda session: self._complete(series, start, end, lease, session),
            self.connection,
            lease,
            stop,
        )

    def counts(self, series: Series | None = None) -> tuple[dict[Group, int], dict[Group, int]]:
        """Readings by meter, flow and interval, of the regular and the time series collection.

        Documents without these fields count under ``("", "", 0)``.
        """
        with friendly(), pymongo.timeout(READ_LIMIT_S):
            return _counts(self.regular, series)[0], _counts(self.timeseries, series)[0]

    def counts_and_bytes(self) -> tuple[tuple[dict[Group, int], dict[Group, int]], int]:
        """The same of all series, and the bytes of all regular documents, ``_id`` and all.

        The server's own figure for these is a counter, which a crash spoils.
        """
        with friendly(), pymongo.timeout(READ_LIMIT_S):
            regular, size_bytes = _counts(self.regular, sized=True)
            return (regular, _counts(self.timeseries)[0]), size_bytes

    def count(self, series: Series | None = None) -> int:
        """How many readings the regular collection has."""
        with friendly(), pymongo.timeout(READ_LIMIT_S):
            return self.regular.count_documents({} if series is None else series_filter(series))

    def sums(self, series: Series) -> tuple[int, int]:
        """How many readings of a series the regular collection has, and their watt-minutes."""
        energy = {"$sum": {"$multiply": ["$power_w", "$meter.interval_min"]}}
        pipeline: list[dict[str, Any]] = [
            {"$match": {**WELL_FORMED, **series_filter(series)}},
            {"$group": {"_id": None, "readings": {"$sum": 1}, "watt_minutes": energy}},
        ]
        with friendly(), pymongo.timeout(READ_LIMIT_S):
            for found in self.regular.aggregate(pipeline):
                return int(found["readings"]), int(found["watt_minutes"])
        return 0, 0

    def bounds(self, series: Series) -> tuple[datetime, datetime] | None:
        """Start of the first and end of the last reading (UTC), or ``None`` without readings."""
        with friendly(), pymongo.timeout(READ_LIMIT_S):
            first, last = (
                self.regular.find_one(series_filter(series), sort=[("timestamp", order)])
                for order in (pymongo.ASCENDING, pymongo.DESCENDING)
            )
        return (to_reading(first).start, to_reading(last).end) if first and last else None

    def _complete(
        self,
        series: Series,
        start: datetime,
        end: datetime,
        lease: Lease,
        session: ClientSession,
    ) -> None:
        wanted, present = (
            [(canonical(each), each) for each in find(collection, series, start, end, session)]
            for collection in (self.regular, self.timeseries)
        )
        if any(less(present, wanted)):
            lease.note_rebuild_pending()
        # What is not ours is not multiplied.
        if missing := [without_id(each) for _, each in less(wanted, present) if well_formed(each)]:
            lease.check()
            self.timeseries.insert_many(missing, ordered=False, session=session)


class _Window:
    """One window of the regular collection and the writes that bring an answer into it."""

    def __init__(
        self, collection: Collection[Document], series: Series, start: datetime, end: datetime
    ) -> None:
        self._collection = collection
        self._series = series
        self._start = start
        self._end = end
        self._first: Changes | None = None

    def store(self, incoming: Sequence[Reading], lease: Lease, session: ClientSession) -> Changes:
        """Write what differs; the changes that were found when this ran first."""
        low = min([self._start, *(reading.start for reading in incoming)]) - LONGEST_INTERVAL
        high = max([self._end, *(reading.end for reading in incoming)]) + LONGEST_INTERVAL
        stored = {}
        # Matches a document as it was read: what another owner wrote since then stays as it is.
        seen: dict[datetime, Document] = {}
        for found in find(self._collection, self._series, low, high, session):
            reading = to_reading(found)
            stored[reading.start] = reading
            seen[reading.start] = {
                "_id": found["_id"],
                **series_filter(self._series),  # the shard key: so one shard is asked, not all
                "meter.interval_min": reading.interval_min,
                "power_w": reading.power_w,
            }
        changes = compare(list(stored.values()), incoming)
        self._first = self._first if self._first is not None else changes
        if not changes:
            return self._first
        if changes.corrections:
            replaced = [stored[reading.start] for reading in changes.replace]
            lease.note_rebuild_pending([*replaced, *changes.delete], valid=incoming)
        # A power corrected first: new days, once they are there, are not asked again. Deleting
        # comes last: a crash in between leaves an overlap, which the next answer ends, never a
        # hole.
        replacing = {
            each.start: ReplaceOne(seen[each.start], to_document(self._series, each))
            for each in changes.replace
        }
        powers = [
            replacing.pop(each.start)
            for each in changes.replace
            if stored[each.start].interval_min == each.interval_min
        ]
        operations: list[InsertOne[Document] | ReplaceOne[Document] | DeleteOne] = [
            *powers,
            *(InsertOne(to_document(self._series, each)) for each in changes.insert),
            *replacing.values(),
            *(DeleteOne(seen[each.start]) for each in changes.delete),
        ]
        lease.check()
        self._collection.bulk_write(operations, ordered=True, session=session)
        return self._first


def find(
    collection: Collection[Document],
    series: Series,
    start: datetime,
    end: datetime,
    session: ClientSession | None = None,
) -> Iterable[Document]:
    """The documents of a series in ``[start, end)``, sorted by time, decoded for comparison."""
    return collection.with_options(codec_options=COMPARED).find(
        window_filter(series, start, end), sort=[("timestamp", 1)], session=session
    )


GROUP_KEY = {
    "prm": "$meter.prm",
    "flow": "$meter.flow",
    "interval_min": "$meter.interval_min",
}
"""The ``_id`` of a ``$group`` by meter, flow and interval."""


def group_filter(group: Group) -> Document:
    """Matches the readings of one meter, flow and interval."""
    return {"meter.prm": group[0], "meter.flow": group[1], "meter.interval_min": group[2]}


def _counts(
    collection: Collection[Document], series: Series | None = None, *, sized: bool = False
) -> tuple[dict[Group, int], int]:
    """Readings by group, and where it is ``sized`` the bytes of all documents."""
    size_bytes = {"bytes": {"$sum": {"$bsonSize": "$$ROOT"}}} if sized else {}
    pipeline: list[dict[str, Any]] = [
        {"$group": {"_id": GROUP_KEY, "readings": {"$sum": 1}, **size_bytes}}
    ]
    if series is not None:
        pipeline.insert(0, {"$match": series_filter(series)})
    counted: Counter[Group] = Counter()
    total_bytes = 0
    for found in collection.aggregate(pipeline, allowDiskUse=True):
        name = found["_id"]
        prm, flow, interval_min = name.get("prm"), name.get("flow"), name.get("interval_min")
        known = isinstance(prm, str) and isinstance(flow, str) and isinstance(interval_min, int)
        counted[(prm, flow, interval_min) if known else ("", "", 0)] += found["readings"]
        total_bytes += int(found.get("bytes", 0))
    return dict(counted), total_bytes
