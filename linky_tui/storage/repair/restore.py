"""Making one series whole again by copying, never by dropping."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from pymongo.client_session import ClientSession

from linky_tui.domain.models import Reading
from linky_tui.errors import StorageError
from linky_tui.storage.collections.confirmed_writes import StorageStopped, confirm
from linky_tui.storage.collections.documents import to_document, window_filter
from linky_tui.storage.compare.pairs import Examination, examine
from linky_tui.storage.connection import friendly
from linky_tui.storage.leases.lease import Lease

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

_BATCH = 1000
_WINDOW = timedelta(days=60)


def restore_regular(
    store: Store, lease: Lease, stop: threading.Event | None = None
) -> tuple[int, Examination]:
    """Copy what only the time series collection holds of a series into the regular one.

    Left out is what a reading of the regular collection overlaps, and leftovers of corrections
    where something else holds their time. Documents of another shape are left alone, and not
    refused.

    Returns:
        How many readings were copied, and what an examination finds after that.

    Raises:
        StorageError: the copies are not there although MongoDB confirmed them.
    """
    found = _examined(store, lease, stop)
    restored = len(found.restore)
    for start in range(0, restored, _BATCH):
        if stop is not None and stop.is_set():
            raise StorageStopped
        batch = found.restore[start : start + _BATCH]
        lease.touch(batch[0].start, batch[-1].start)
        copy = partial(_copy, store, lease, batch)
        confirm(copy, store.connection, lease, stop)
    if restored:
        found = _examined(store, lease, stop)
    if found.restore:
        raise StorageError(
            "Readings could not be copied back",
            f"The collection {store.readings.regular.name!r} still lacks "
            f"{len(found.restore)} of the readings of the time series collection.",
            "Nothing was dropped. Start again; if it comes back, report it.",
        )
    return restored, found


def insert_missing(
    store: Store, lease: Lease, missing: list[datetime], stop: threading.Event | None = None
) -> None:
    """Insert the readings that start at ``missing`` (sorted) into the time series collection."""
    for _, group in groupby(missing, key=lambda start: (start - missing[0]) // _WINDOW):
        if stop is not None and stop.is_set():
            raise StorageStopped
        window = list(group)
        end = window[-1] + timedelta(milliseconds=1)
        store.readings.complete_timeseries(lease.series, window[0], end, lease, stop)


def _examined(store: Store, lease: Lease, stop: threading.Event | None) -> Examination:
    leftovers = store.leases.leftovers(lease.series)
    with friendly(), lease.session() as session:
        return examine(store.readings, lease.series, leftovers, session=session, stop=stop)


def _copy(store: Store, lease: Lease, batch: list[Reading], session: ClientSession) -> None:
    """Insert those of a sorted batch that the regular collection lacks."""
    collection = store.readings.regular
    window = window_filter(
        lease.series, batch[0].start, batch[-1].start + timedelta(milliseconds=1)
    )
    present = {
        found["timestamp"]
        for found in collection.find(window, {"timestamp": 1, "_id": 0}, session=session)
    }
    absent = [to_document(lease.series, each) for each in batch if each.start not in present]
    if absent:
        lease.check()
        collection.insert_many(absent, ordered=False, session=session)
