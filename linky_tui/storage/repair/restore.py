"""Making one series whole again by copying, never by dropping (design.md §3, reconciling)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from pymongo.client_session import ClientSession

from linky_tui.errors import StorageError
from linky_tui.storage.collections.confirmed_writes import StorageStopped, confirm
from linky_tui.storage.collections.documents import (
    Document,
    foreign_document,
    window_filter,
)
from linky_tui.storage.compare.pairs import Examination, examine
from linky_tui.storage.connection import friendly
from linky_tui.storage.leases.lease import Lease

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

_BATCH = 1000
_WINDOW = timedelta(days=60)


def look(store: Store, lease: Lease, stop: threading.Event | None = None) -> Examination:
    """Compare one series in both collections."""
    series = lease.series
    leftovers = store.leases.leftovers(series)
    with friendly(), lease.session() as session:
        return examine(
            store.readings, series.prm, series.flow.value, leftovers, session=session, stop=stop
        )


def refuse_foreign(found: Examination) -> None:
    """Refuse to go on where a document of another shape was found.

    Raises:
        ForeignDocument: there is one; what it is, is said.
    """
    if found.foreign is not None:
        raise foreign_document(found.foreign[1], found.foreign[0])


def secure(
    store: Store, lease: Lease, stop: threading.Event | None = None
) -> tuple[int, Examination]:
    """Make sure that the regular collection holds every reading of the time series one.

    Left out is what a reading of the regular collection overlaps, and leftovers of corrections
    where something else holds their time. Documents of another shape are left alone, and not
    refused.

    Args:
        store: the store.
        lease: the lease of the series.
        stop: ends it.

    Returns:
        How many readings were copied, and what an examination finds after that.

    Raises:
        StorageError: the copies are not there although MongoDB confirmed them.
    """
    found = look(store, lease, stop)
    restored = len(found.restore)
    for start in range(0, restored, _BATCH):
        if stop is not None and stop.is_set():
            raise StorageStopped
        copy = partial(_copy, store, lease, found.restore[start : start + _BATCH])
        confirm(copy, store.connection, lease, stop)
    if restored:
        found = look(store, lease, stop)
    if found.restore:
        raise StorageError(
            "Readings could not be copied back",
            f"The collection {store.readings.regular.name!r} still lacks "
            f"{len(found.restore)} of the readings of the time series collection.",
            "Nothing was dropped. Start again; if it comes back, report it.",
        )
    return restored, found


def complete(
    store: Store, lease: Lease, missing: list[datetime], stop: threading.Event | None = None
) -> None:
    """Insert into the time series collection what it lacks, oldest first.

    Args:
        store: the store.
        lease: the lease of the series.
        missing: starts of what it lacks, naive UTC, sorted.
        stop: ends it.
    """
    for first, last in _windows(missing):
        if stop is not None and stop.is_set():
            raise StorageStopped
        store.readings.complete_timeseries(
            lease.series, first, last + timedelta(milliseconds=1), lease, stop
        )


def _copy(store: Store, lease: Lease, batch: list[Document], session: ClientSession) -> None:
    """Insert those of a sorted batch that the regular collection lacks."""
    collection = store.readings.regular
    first, last = (_aware(batch[place]["timestamp"]) for place in (0, -1))
    window = window_filter(lease.series, first, last + timedelta(milliseconds=1))
    present = {
        found["timestamp"]
        for found in collection.find(window, {"timestamp": 1, "_id": 0}, session=session)
    }
    absent = [_ours(each) for each in batch if _aware(each["timestamp"]) not in present]
    if absent:
        lease.check()
        collection.insert_many(absent, ordered=False, session=session)


def _ours(document: Document) -> Document:
    """A document of the time series collection with the fields in our order."""
    meter = document["meter"]
    ordered = {
        "timestamp": document["timestamp"],
        "meter": {name: meter[name] for name in ("prm", "flow", "interval_min")},
        "power_w": document["power_w"],
    }
    return {**ordered, **{name: document[name] for name in ("flags",) if name in document}}


def _windows(starts: list[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Sorted moments as aware windows of limited length, both ends included."""
    first = last = None
    for start in starts:
        if first is not None and last is not None and start - first > _WINDOW:
            yield _aware(first), _aware(last)
            first = None
        first, last = first or start, start
    if first is not None and last is not None:
        yield _aware(first), _aware(last)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
