"""Rebuilding the time series collection: dropped, created, filled in order.

It cures corrections, which a time series collection cannot follow, and half-empty buckets.
Dropping would unshard a sharded one: that is emptied and filled in place, one meter after another.
Nothing is dropped before it is certain that the regular collection holds every reading of it.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import pymongo
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from linky_tui.domain.models import Flow, Series
from linky_tui.errors import LinkyError, Side, StorageUnavailable
from linky_tui.storage.collections import confirmed_writes, sharding
from linky_tui.storage.collections.documents import (
    ForeignDocument,
    foreign_document,
    series_filter,
)
from linky_tui.storage.collections.readings import group_filter
from linky_tui.storage.collections.schema import create_timeseries, ensure_present
from linky_tui.storage.compare.buckets import bucket_count, reached
from linky_tui.storage.compare.pairs import names, unplaced
from linky_tui.storage.compare.verify import fingerprints_equal
from linky_tui.storage.connection import friendly
from linky_tui.storage.leases.lease import Lease
from linky_tui.storage.repair.restore import restore_regular

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

FILL_BATCH = 5000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """What a rebuild did."""

    readings: int  # readings in the new time series collection
    buckets_before: int | None  # its buckets before, `None` where not known
    buckets_after: int | None  # its buckets now
    seconds: float  # how long it took


def rebuild(
    store: Store,
    held: Iterable[Lease],
    stop: threading.Event | None = None,
) -> None:
    """:func:`rebuild_steps` from beginning to end."""
    for _ in rebuild_steps(store, held, stop):
        pass


def rebuild_steps(
    store: Store, held: Iterable[Lease], stop: threading.Event | None = None
) -> Generator[tuple[int, int], None, RebuildResult]:
    """Rebuild the time series collection, as a generator of (readings done, their total).

    The caller holds the leases ``held``; those of the other series are taken meanwhile. Once it is
    stopped, the note that it is pending stays, and the next run finishes it.

    Raises:
        SeriesBusy: another process works on one of the series.
        StorageError: the collection holds documents that are not ours; nothing was touched.
        StorageUnavailable: MongoDB cannot be reached, or stopped (``StorageStopped``).
    """
    started_s = time.monotonic()
    stop = stop or threading.Event()
    with contextlib.ExitStack() as stack:
        stack.enter_context(friendly())
        session = stack.enter_context(store.connection.client.start_session())
        _refuse_unplaced(store, session)
        leases = _all_leases(store, list(held), session, stack)
        for lease in leases:
            lease.follow(session)
        before = _if_known(lambda: bucket_count(store.readings))
        for lease in leases:
            restore_regular(store, lease, stop)[1].refuse_foreign()
        for lease in leases:
            lease.note_rebuild_pending()
        yield from _fill_until_settled(store, leases, session, stop)
        if not fingerprints_equal(store.readings):
            raise StorageUnavailable(
                "The rebuilt collection is not complete yet",
                "Readings were written while the time series collection was rebuilt.",
                "Start again: the next run rebuilds it from the regular collection.",
                sides=(Side.YOURS,),
            )
        now = _if_known(lambda: reached(store.readings))
        for lease in leases:
            lease.note_rebuilt(now)
        return RebuildResult(
            sum(store.readings.counts()[1].values()) if now is None else now.readings,
            before,
            None if now is None else now.buckets,
            time.monotonic() - started_s,
        )


def _if_known(count: Callable[[], T | None]) -> T | None:
    """A count of buckets that may fail without ending the rebuild."""
    with contextlib.suppress(StorageUnavailable):
        return count()
    return None


def _refuse_unplaced(store: Store, session: ClientSession) -> None:
    for collection in (store.readings.timeseries, store.readings.regular):
        for document in unplaced(collection, session):
            raise foreign_document(document, collection.name)
    flows = {flow.value for flow in Flow}
    for _, flow in names(store.readings, session):
        if flow not in flows:
            raise ForeignDocument(
                "A stored document is not one of ours",
                "Documents of one of the collections have a meter.flow that is neither "
                "consumption nor production.",
                "Nothing was touched. Move such documents to a collection of their own.",
            )


def _all_leases(
    store: Store, held: list[Lease], session: ClientSession, stack: contextlib.ExitStack
) -> list[Lease]:
    """The lease of every series in the collections, and the certainty that nobody starts another.

    First the note that we rebuild, then the look at who else is at work: a process that starts
    meanwhile takes its lease first and then looks for that note, so one of the two sees the other.
    """
    leases = {lease.series: lease for lease in held}
    stored = {Series(prm, Flow(flow)) for prm, flow in names(store.readings, session)}
    for series in sorted(stored | store.leases.in_use()):
        if series not in leases:
            leases[series] = stack.enter_context(store.leases.acquire(series))
    for lease in leases.values():
        lease.note_rebuilding(True)
        stack.callback(_forget_rebuilding, lease)
    for other in store.leases.in_use() - leases.keys():
        raise store.leases.busy(other)
    return list(leases.values())


def _forget_rebuilding(lease: Lease) -> None:
    with contextlib.suppress(LinkyError):
        lease.note_rebuilding(False)


def _fill_until_settled(
    store: Store, leases: list[Lease], session: ClientSession, stop: threading.Event
) -> Iterator[tuple[int, int]]:
    """Empty and fill; from the start again after an unknown outcome."""
    failure: PyMongoError | None = None
    for _ in range(confirmed_writes.ROUNDS):
        fill = _fill(store, leases, session, stop)
        while True:
            started_s = time.monotonic()
            try:
                step = next(fill, None)
            except PyMongoError as error:
                if not confirmed_writes.outcome_unknown(error):
                    raise
                failure = error
                break
            if step is None:
                return
            yield step
        confirmed_writes.wait_until_known(
            failure, started_s, store.connection, leases, session, stop
        )
    raise confirmed_writes.unconfirmed(failure)


def _fill(
    store: Store, leases: list[Lease], session: ClientSession, stop: threading.Event
) -> Iterator[tuple[int, int]]:
    readings = store.readings
    database, name = readings.timeseries.database, readings.timeseries.name
    counts = readings.counts()[0]
    done, total = 0, sum(counts.values())
    if stop.is_set():
        raise confirmed_writes.StorageStopped
    with pymongo.timeout(confirmed_writes.STEP_LIMIT_S):
        for lease in leases:
            lease.check()
        # In place beside a sharded regular one, too: were it dropped and we died, none could
        # be created.
        ensure_present(database, readings.regular.name, name)
        in_place = any(map(sharding.is_sharded, (readings.timeseries, readings.regular)))
        if not in_place:
            database.drop_collection(name, session=session)
            create_timeseries(database, name)
    yield done, total
    raw = readings.regular.with_options(codec_options=CodecOptions(RawBSONDocument))
    for series in sorted(lease.series for lease in leases):
        if in_place:
            if stop.is_set():
                raise confirmed_writes.StorageStopped
            with pymongo.timeout(confirmed_writes.STEP_LIMIT_S):
                for lease in leases:
                    lease.check()
                readings.timeseries.delete_many(series_filter(series), session=session)
            yield done, total
        for group in sorted(each for each in counts if each[:2] == (series.prm, series.flow.value)):
            cursor = raw.find(
                group_filter(group),
                {"_id": 0},
                sort=[("timestamp", 1)],
                batch_size=FILL_BATCH,
                session=session,
            )
            while batch := list(islice(cursor, FILL_BATCH)):
                if stop.is_set():
                    raise confirmed_writes.StorageStopped
                with pymongo.timeout(confirmed_writes.STEP_LIMIT_S):
                    for lease in leases:
                        lease.check()
                    readings.timeseries.with_options(codec_options=raw.codec_options).insert_many(
                        batch, ordered=False, session=session
                    )
                done += len(batch)
                yield done, total
