"""What the regular documents would take with the compressor of time series collections.

Unless a server was told otherwise, regular collections are compressed with snappy and time series
ones with zstd, so part of what a time series collection saves is only that. This copies the regular
documents, ``_id`` and all, into a temporary collection with zstd and the same index, measures it
and drops it. It touches no other collection and needs no lease: it only reads the readings.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import pymongo
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from linky_tui.storage.collections.confirmed_writes import STEP_LIMIT_S, StorageStopped
from linky_tui.storage.collections.documents import INDEX_KEYS, INDEX_NAME, Document
from linky_tui.storage.compare.settled import LONGEST_WAIT_S, wait_until_settled, write_to_disk
from linky_tui.storage.compare.sizes import CollectionSize, size_of, statistics
from linky_tui.storage.connection import READ_LIMIT_S, friendly

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

SUFFIX = "_zstd_probe"
"""What temporary collections are called after the regular one, before time and a number."""

_OPTIONS = {"wiredTiger": {"configString": "block_compressor=zstd"}}
_BATCH = 5000
_LEFTOVER_S = 3600


@dataclass(frozen=True, slots=True)
class ZstdCopy:
    """What was measured."""

    size: CollectionSize  # of the copy, under the name of the temporary collection, gone by now
    settled: bool  # whether the sizes on disk are those after a checkpoint


def zstd_copy_steps(
    store: Store,
    stop: threading.Event | None = None,
    *,
    limit_s: float = LONGEST_WAIT_S,
) -> Generator[tuple[int, int], None, ZstdCopy]:
    """Copy, measure and drop, as a generator of (documents copied, their total).

    Once stopped, it drops the copy all the same. For a checkpoint of a server that is not ours it
    waits up to ``limit_s``.

    Raises:
        StorageError: the server has no zstd, or refuses to choose it.
        StorageUnavailable: MongoDB cannot be reached, or stopped (``StorageStopped``).
    """
    stop = stop or threading.Event()
    regular = store.readings.regular
    _drop_leftovers(regular)
    # A copy that is lost in a failover is no loss.
    probe = regular.database.get_collection(
        f"{regular.name}{SUFFIX}_{int(time.time())}_{secrets.token_hex(4)}",
        write_concern=WriteConcern(1),
    )
    with friendly():
        try:
            copied = yield from _copy(regular, probe, stop)
            settled = _settle(store, probe, stop, limit_s)
            with pymongo.timeout(READ_LIMIT_S):
                found = statistics(probe)
                return ZstdCopy(size_of(probe, found, copied, found.data_bytes, ids=True), settled)
        finally:
            with suppress(PyMongoError), pymongo.timeout(STEP_LIMIT_S):
                probe.drop()


def _drop_leftovers(regular: Collection[Document]) -> None:
    """Drop the copies of processes that were killed: of this name, these options, and old."""
    name = re.compile(re.escape(regular.name + SUFFIX) + "_([0-9]{1,12})_[0-9a-f]{8}")
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        for found in regular.database.list_collections():
            named = name.fullmatch(found["name"])
            ours = found.get("options", {}).get("storageEngine") == _OPTIONS
            if named and ours and time.time() - int(named[1]) > _LEFTOVER_S:
                regular.database.drop_collection(found["name"])


def _copy(
    regular: Collection[Document], probe: Collection[Document], stop: threading.Event
) -> Generator[tuple[int, int], None, int]:
    """Copy every document as it is; how many there were."""
    raw = CodecOptions(RawBSONDocument)
    with pymongo.timeout(READ_LIMIT_S):
        probe.database.create_collection(probe.name, check_exists=False, storageEngine=_OPTIONS)
        probe.create_index(list(INDEX_KEYS), name=INDEX_NAME, unique=True)
        total = regular.estimated_document_count()
    done = 0
    yield done, total
    cursor = regular.with_options(codec_options=raw).find(batch_size=_BATCH)
    while batch := list(islice(cursor, _BATCH)):
        if stop.is_set():
            raise StorageStopped
        with pymongo.timeout(STEP_LIMIT_S):
            probe.with_options(codec_options=raw).insert_many(batch, ordered=False)
        done += len(batch)
        yield done, max(done, total)
    return done


def _settle(
    store: Store, probe: Collection[Document], stop: threading.Event, limit_s: float
) -> bool:
    """Force a checkpoint on our own server, wait for that of another one."""
    # Others may be writing readings, which a checkpoint inflates; ours can wait.
    if store.server.kind == "local" and not store.leases.in_use():
        write_to_disk(store)
    settled = wait_until_settled([probe], stop, limit_s=limit_s)
    if stop.is_set():
        raise StorageStopped
    return settled
