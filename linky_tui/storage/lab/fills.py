"""Collections of an experiment: created, filled, measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pymongo
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from linky_tui.domain.laboratory import Layout, Side
from linky_tui.errors import StorageError
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.storage.collections.documents import (
    GRANULARITY,
    INDEX_KEYS,
    INDEX_NAME,
    META_FIELD,
    TIME_FIELD,
    Document,
)
from linky_tui.storage.compare.sizes import statistics
from linky_tui.storage.connection import READ_LIMIT_S, friendly
from linky_tui.storage.lab.ground import Ground
from linky_tui.text.formatting import plain

BATCH = 1000
"""Documents of an insert, on every side."""
DAY_FIELD = "day"
_LOOKS = 6
"""How often sizes are measured until they stay equal."""
_WAITS, _WAIT_S = 35, 2.0
"""The same where the server takes its checkpoint by itself, once a minute."""
_COUNT_LIMIT_S = 900.0


@dataclass(frozen=True, slots=True)
class Spec:
    """A collection to be made."""

    label: str
    layout: Layout
    compressor: str = ""  # the server's own choice where it is empty
    granularity: str = GRANULARITY
    span_s: int = 0  # a bucket's longest, instead of the granularity


def create(database: Database[Document], name: str, spec: Spec) -> Collection[Document]:
    """Create a collection with the index that both collections of the application carry.

    Raises:
        OperationFailure: the server refuses the options.
    """
    options: dict[str, Any] = {}
    if spec.compressor:
        engine = {"configString": f"block_compressor={spec.compressor}"}
        options["storageEngine"] = {"wiredTiger": engine}
    if spec.layout is Layout.TIME_SERIES:
        span = {"bucketMaxSpanSeconds": spec.span_s, "bucketRoundingSeconds": spec.span_s}
        options["timeseries"] = {
            "timeField": TIME_FIELD,
            "metaField": META_FIELD,
            **(span if spec.span_s else {"granularity": spec.granularity}),
        }
    with pymongo.timeout(READ_LIMIT_S):
        collection = database.create_collection(name, check_exists=False, **options)
        keys = list(INDEX_KEYS)
        if spec.layout is Layout.DAYS:
            # A day whose interval changes has two documents.
            keys[-1:] = [(DAY_FIELD, 1), (f"{META_FIELD}.interval_min", 1)]
        collection.create_index(keys, name=INDEX_NAME, unique=spec.layout is not Layout.TIME_SERIES)
    return collection


def in_batches(documents: Sequence[Any], size: int = BATCH) -> list[Sequence[Any]]:
    """Documents cut into inserts."""
    return [documents[at : at + size] for at in range(0, len(documents), size)]


@dataclass(frozen=True, slots=True)
class Variant:
    """A collection to be made, and what goes into it."""

    spec: Spec
    readings: int
    batches: Sequence[Sequence[Any]]  # of encoded documents, an insert each
    checkpoints: bool = False  # whether one follows each insert


@dataclass(frozen=True, slots=True)
class Filled:
    """A variant that was filled; its collection, where the server made one."""

    side: Side
    collection: Collection[Document] | None

    def drop(self) -> None:
        """Drop the collection."""
        if self.collection is not None:
            self.collection.drop()


def fill(
    ground: Ground, name: str, variant: Variant, stop: threading.Event
) -> Generator[int, None, Filled]:
    """Make and fill a collection, as a generator of the documents of each insert.

    Raises:
        StorageStopped: stopped.
        LinkyError: MongoDB does not do it.
    """
    spec = variant.spec
    with friendly():
        try:
            collection = create(ground.database, name, spec)
        except OperationFailure as error:
            text = plain(str((error.details or {}).get("errmsg") or error), 120)
            refusal = f"refused by this server: {text}"
            return Filled(Side(spec.label, spec.layout, 0, 0, refused=refusal), None)
        took_s = 0.0
        for batch in variant.batches:
            if stop.is_set():
                raise StorageStopped
            begun = time.perf_counter()
            with pymongo.timeout(READ_LIMIT_S):
                collection.insert_many(batch, ordered=False)
            took_s += time.perf_counter() - begun
            if variant.checkpoints:
                ground.checkpoint()
            yield len(batch)
    documents = sum(len(batch) for batch in variant.batches)
    side = Side(spec.label, spec.layout, variant.readings, documents, fill_s=took_s)
    return Filled(side, collection)


def measure_settled(
    ground: Ground, filled: Sequence[Filled], stop: threading.Event
) -> tuple[list[Side], str]:
    """One checkpoint, then the sizes of all sides, twice until equal; and how that was made sure.

    On a server that refuses a checkpoint sizes on disk stay ``None`` where they did not settle.

    Raises:
        StorageStopped: stopped.
        StorageError: a collection does not hold what was inserted.
    """
    with friendly():
        return _settled(ground, filled, stop)


def _settled(
    ground: Ground, filled: Sequence[Filled], stop: threading.Event
) -> tuple[list[Side], str]:
    for each in filled:
        _require_all(each)
    forced = ground.checkpoint()
    before = [_measured(each) for each in filled]
    for _ in range(_LOOKS if forced else _WAITS):
        if not forced and stop.wait(_WAIT_S):
            raise StorageStopped
        if forced:
            ground.checkpoint()
        now = [_measured(each) for each in filled]
        if now == before and (forced or all(written for _, written in now)):
            return [side for side, _ in now], "fsync" if forced else "the server's own"
        before = now
    if forced:
        return [side for side, _ in before], "fsync"
    return [
        side if written else replace(side, storage_bytes=None, index_bytes=None)
        for side, written in before
    ], "the server's own, not awaited to its end"


def data_bytes(ground: Ground, name: str) -> int:
    """Data of a collection at this moment.

    Raises:
        LinkyError: MongoDB does not say.
    """
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        return statistics(ground.database[name]).data_bytes


def _measured(filled: Filled) -> tuple[Side, bool]:
    """A side with its sizes, and whether those on disk are not known to be old."""
    collection, side = filled.collection, filled.side
    if collection is None:
        return side, True
    with pymongo.timeout(READ_LIMIT_S * 4):
        found = statistics(collection)
    measured = replace(
        side,
        compressor=found.compressor,
        indexes=tuple(sorted(found.indexes)),
        buckets=found.buckets,
        data_bytes=found.data_bytes,
        storage_bytes=found.storage_bytes,
        index_bytes=found.index_bytes,
        reusable_bytes=found.reusable_bytes,
    )
    return measured, found.written is not False


def _require_all(filled: Filled) -> None:
    """Count what is there.

    Raises:
        StorageError: it is not what was inserted.
    """
    if filled.collection is None:
        return
    side, count = filled.side, {"$group": {"_id": None, "n": {"$sum": 1}}}
    with pymongo.timeout(_COUNT_LIMIT_S):
        groups = list(filled.collection.aggregate([count]))
    found = int(groups[0]["n"]) if groups else 0
    if found != side.documents:
        raise StorageError(
            "An experiment cannot be trusted",
            f"{plain(side.label)}: {side.documents} documents were inserted, {found} are there.",
            "Run it again; if it comes back, report it.",
        )
