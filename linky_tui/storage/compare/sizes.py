"""What one collection takes: its ``$collStats`` answers, a document a shard, added up.

Files grow with the way they were written, so their *used* bytes are told: the file less what
WiredTiger can use again in it. ``size``, ``count`` and ``bucketCount`` are
counters in memory, which a crash spoils.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from linky_tui.storage.collections.documents import (
    INDEX_KEYS,
    META_FIELD,
    TIME_FIELD,
    Document,
)
from linky_tui.text.formatting import plain

ID_BYTES = 17
"""``_id`` in a document: a type byte, the name and its end (4), an ObjectId (12)."""
ID_INDEX = "_id_"

_NAMESPACE_NOT_FOUND = 26
_ONE_PAGE = 4096
"""A file before its first checkpoint, whatever is in it."""
_CHECKPOINT_BYTES = 16_384
"""What a file takes for its head and its checkpoint itself."""
_LITTLE = 0.01
_COMPRESSOR = re.compile(r"(?:^|,)block_compressor=([^,()]*)")
_SERVER_KEYS = [(META_FIELD, 1), (TIME_FIELD, 1)]
"""From 6.3 on the server itself indexes a time series collection so, to reopen buckets by it."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the server says of one collection, in bytes; all zero where there is none."""

    data_bytes: int = 0  # the documents, or the compressed buckets; a counter
    documents: int | None = None  # of a regular collection; a counter
    buckets: int | None = None  # of a time series one; a counter
    # readings inserted into a time series one since the server started
    committed: int | None = None
    storage_bytes: int = 0  # used on disk
    index_bytes: int = 0  # used on disk by all indexes
    indexes: Mapping[str, int] = field(default_factory=dict)  # used on disk, by name
    reusable_bytes: int = 0  # in the files beside these
    # `snappy`, `zstd`, `none`, `zlib`; two with "and" where shards differ; `None`: not told
    compressor: str | None = None
    orphans: int = 0  # documents, or buckets, that a shard holds and another one owns
    # whether all is written to disk, so that sizes there are those of the data; `None`: not told
    written: bool | None = None


def statistics(collection: Collection[Document]) -> Statistics:
    """Ask the server; a collection that does not exist takes nothing.

    Raises:
        PyMongoError: MongoDB refuses, or cannot be reached.
    """
    try:
        return statistics_of(collection.aggregate([{"$collStats": {"storageStats": {}}}]))
    except OperationFailure as error:
        if error.code == _NAMESPACE_NOT_FOUND:
            return Statistics(written=True)
        raise


def statistics_of(answers: Iterable[Mapping[str, Any]]) -> Statistics:
    """The sum of the answers of ``$collStats`` with ``storageStats``, one a shard."""
    total: Counter[str] = Counter()
    indexes: Counter[str] = Counter()
    compressors: set[str | None] = set()
    written: list[bool | None] = []
    told: Counter[str] = Counter()  # how many shards
    for answer in answers:
        found = answer.get("storageStats", {})
        counters = found.get("timeseries", {})
        own = {name: found.get(name) for name in ("size", "count", "numOrphanDocs")}
        own |= {name: counters.get(name) for name in ("bucketCount", "numMeasurementsCommitted")}
        told.update(name for name, number in own.items() if number is not None)
        total.update({name: int(number or 0) for name, number in own.items()})
        details = found.get("indexDetails", {})
        sizes = {name: int(size) for name, size in found.get("indexSizes", {}).items()}
        free = {name: _reusable(details.get(name, {}), size) for name, size in sizes.items()}
        indexes.update({name: size - free[name] for name, size in sizes.items()})
        storage = int(found.get("storageSize", 0))
        free_storage = int(found.get("freeStorageSize", 0))
        free_storage = max(free_storage, _reusable(found.get("wiredTiger", {}), storage))
        total["storage"] += storage - free_storage
        total["index"] += int(found.get("totalIndexSize", 0)) - sum(free.values())
        total["reusable"] += free_storage + sum(free.values())
        compressors.add(_compressor(found))
        written.append(_written(found))

    def counter(name: str) -> int | None:
        return total[name] if written and told[name] == len(written) else None

    return Statistics(
        total["size"],
        counter("count"),
        counter("bucketCount"),
        counter("numMeasurementsCommitted"),
        total["storage"],
        total["index"],
        dict(indexes),
        total["reusable"],
        None if None in compressors else " and ".join(sorted(filter(None, compressors))) or None,
        total["numOrphanDocs"],
        all_of(written),
    )


def all_of(told: Sequence[bool | None]) -> bool | None:
    """Whether all are true; ``None`` where none is false and one is not told."""
    return False if False in told else None if None in told else True


@dataclass(frozen=True, slots=True)
class CollectionSize:
    """The size of one collection, in bytes."""

    name: str  # of the collection
    readings: int  # documents in it
    # the documents, uncompressed, or the compressed buckets; `None`: not known, its counters were
    # lost in a crash
    data_bytes: int | None
    storage_bytes: int  # used on disk
    index_bytes: int  # used on disk by all indexes
    id_bytes: int = 0  # the share of `_id` in `data_bytes`
    id_index_bytes: int = 0  # the share of the index on `_id` in `index_bytes`
    foreign_indexes: tuple[str, ...] = ()  # names of those that another hand made
    foreign_index_bytes: int = 0  # their share in `index_bytes`
    server_indexes: tuple[str, ...] = ()  # names of those that MongoDB itself made, but for `_id`
    server_index_bytes: int = 0  # their share in `index_bytes`
    reusable_bytes: int = 0  # in the files beside what is used
    compressor: str | None = None  # `None`: not told
    indexes: tuple[str, ...] = ()  # the names of all
    orphans: int = 0  # documents, or buckets, that a shard holds and another one owns

    @property
    def total_bytes(self) -> int:
        """Storage and indexes."""
        return self.storage_bytes + self.index_bytes

    @property
    def bytes_per_reading(self) -> float | None:
        """Data bytes a reading, ``None`` without readings or where they are not known."""
        if self.data_bytes is None or not self.readings:
            return None
        return self.data_bytes / self.readings

    def to_json(self) -> dict[str, Any]:
        """The fields of a collection in ``--stats --json``."""
        return {
            "name": self.name,
            "readings": self.readings,
            "data_bytes": self.data_bytes,
            "storage_bytes": self.storage_bytes,
            "index_bytes": self.index_bytes,
            "total_bytes": self.total_bytes,
            "reusable_bytes": self.reusable_bytes,
            "bytes_per_reading": self.bytes_per_reading,
            "compressor": self.compressor,
            "indexes": list(self.indexes),
            "foreign_indexes": list(self.foreign_indexes),
            "foreign_index_bytes": self.foreign_index_bytes,
            "server_indexes": list(self.server_indexes),
            "server_index_bytes": self.server_index_bytes,
            "orphans": self.orphans,
        }


def size_of(
    collection: Collection[Document],
    found: Statistics,
    readings: int,
    data_bytes: int | None,
    *,
    ids: bool = False,
) -> CollectionSize:
    """The size of a collection that holds so many readings, its indexes told apart.

    With ``ids`` each document carries an ``_id``, so that its share is worth telling.
    """
    keys = {str(each["name"]): list(each["key"].items()) for each in collection.list_indexes()}
    server, foreign = foreign_indexes(keys)
    return CollectionSize(
        collection.name,
        readings,
        data_bytes,
        found.storage_bytes,
        found.index_bytes,
        readings * ID_BYTES if ids else 0,
        found.indexes.get(ID_INDEX, 0) if ids else 0,
        foreign,
        sum(found.indexes.get(name, 0) for name in foreign),
        server,
        sum(found.indexes.get(name, 0) for name in server),
        found.reusable_bytes,
        found.compressor,
        tuple(sorted(keys)),
        found.orphans,
    )


def foreign_indexes(
    keys: Mapping[str, list[tuple[str, Any]]],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of the indexes of a collection, by name: which MongoDB made itself, which another hand."""
    ours = ([("_id", 1)], list(INDEX_KEYS))
    other = {name: own for name, own in sorted(keys.items()) if own not in ours}
    server = tuple(name for name, own in other.items() if own == _SERVER_KEYS)
    return server, tuple(name for name in other if name not in server)


def _reusable(file: Mapping[str, Any], size: int) -> int:
    """What is free in a file, with what only the checkpoint before the last one still needs.

    After a validation, WiredTiger frees that at the next change only.
    """
    block = file.get("block-manager", {})
    free, checkpoint = int(block.get("file bytes available for reuse", 0)), _checkpoint_bytes(file)
    return free if _dirty(file) or not checkpoint else max(free, size - checkpoint)


def _checkpoint_bytes(file: Mapping[str, Any]) -> int:
    """What the last checkpoint takes in a file; 0 where there is none, or it is not told."""
    saved = int(file.get("block-manager", {}).get("checkpoint size", 0))
    return saved + _CHECKPOINT_BYTES if saved else 0


def _dirty(file: Mapping[str, Any]) -> int | None:
    number = file.get("cache", {}).get("tracked dirty bytes in the cache")
    return None if number is None else int(number)


def _compressor(found: Mapping[str, Any]) -> str | None:
    created = _COMPRESSOR.search(str(found.get("wiredTiger", {}).get("creationString", "")))
    return None if created is None else plain(created[1], 20) or "none"


def _written(found: Mapping[str, Any]) -> bool | None:
    """Whether nothing in memory is newer than the files; ``None`` where the answer lacks that."""
    details, names = found.get("indexDetails", {}), found.get("indexSizes", {})
    storage = int(found.get("storageSize", 0))
    held = int(found.get("size", 0)) > 0
    told = [_file_written(found.get("wiredTiger", {}), storage)]
    told += [_file_written(details.get(name, {}), int(size)) for name, size in names.items()]
    empty = [held and storage <= _ONE_PAGE]
    empty += [held and size <= _ONE_PAGE for size in names.values() if None in told]
    if any(empty) or False in told:
        return False
    return None if held and None in told else True


def _file_written(file: Mapping[str, Any], size: int) -> bool | None:
    """The same of one file.

    Who only reads may split a page in memory: what leads to its parts is dirty then, less than a
    hundredth of the file, which itself is still as large as its checkpoint.
    """
    dirty = _dirty(file)
    if not dirty:
        return None if dirty is None else True
    used = size - _reusable(file, size)
    return dirty <= _LITTLE * used and used - _checkpoint_bytes(file) <= _LITTLE * used
