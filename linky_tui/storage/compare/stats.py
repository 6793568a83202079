"""What both collections cost: the comparison that the whole application is about.

Data is the size of the documents (of the compressed buckets for a time series collection), storage
what they take on disk after compression, total is storage plus indexes. The regular collection has
to carry ``_id`` and its index; a time series one need not, so the share of ``_id`` is given too.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pymongo
from pymongo.collection import Collection

from linky_tui.storage.collections.documents import INDEX_KEYS, Document
from linky_tui.storage.collections.schema import describe
from linky_tui.storage.compare.buckets import bucket_count
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.connection import READ_LIMIT_S, friendly

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

ID_BYTES = 17
"""``_id`` in a document: a type byte, the name and its end (4), an ObjectId (12)."""
COMPARE_LIMIT = 200_000
"""Up to this many readings, ``identical`` is proved by digests (about a second each 35,000)."""


@dataclass(frozen=True, slots=True)
class CollectionSize:
    """The size of one collection, in bytes."""

    name: str  # of the collection
    readings: int  # documents in it
    data_bytes: int  # the documents, uncompressed, or the compressed buckets
    storage_bytes: int  # on disk
    index_bytes: int  # all indexes, on disk
    id_bytes: int = 0  # the share of `_id` in `data_bytes`
    id_index_bytes: int = 0  # the share of the index on `_id` in `index_bytes`
    foreign_indexes: tuple[str, ...] = ()  # names of those that another hand made
    foreign_index_bytes: int = 0  # their share in `index_bytes`

    @property
    def total_bytes(self) -> int:
        """Storage and indexes."""
        return self.storage_bytes + self.index_bytes

    @property
    def bytes_per_reading(self) -> float | None:
        """Data bytes a reading, ``None`` without readings."""
        return self.data_bytes / self.readings if self.readings else None

    def to_json(self) -> dict[str, Any]:
        """The fields of design.md §5."""
        return {
            "name": self.name,
            "readings": self.readings,
            "data_bytes": self.data_bytes,
            "storage_bytes": self.storage_bytes,
            "index_bytes": self.index_bytes,
            "total_bytes": self.total_bytes,
            "bytes_per_reading": self.bytes_per_reading,
            "foreign_indexes": list(self.foreign_indexes),
            "foreign_index_bytes": self.foreign_index_bytes,
        }


@dataclass(frozen=True, slots=True)
class Saved:
    """What the time series collection saves, as fractions of the regular one.

    All ``None`` when the regular collection is empty.
    """

    data: float | None
    storage: float | None
    index: float | None
    total: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both collections compared, with the names of ``--stats --json`` (design.md §5)."""

    server_version: str  # of MongoDB
    server_kind: str  # `local` or `remote`
    regular: CollectionSize  # size of the regular collection
    timeseries: CollectionSize  # size of the time series collection
    buckets: int | None  # buckets of the time series collection, `None` where not known
    granularity: str | None  # its granularity, `None` where it does not exist
    saved: Saved  # what it saves
    # what it saves of the data when `_id` is left out of the regular collection's figure
    saved_without_id_data: float | None
    # the same of the total, with the index on `_id` left out (what `_id` takes in the compressed
    # storage cannot be told apart)
    saved_without_id_total: float | None
    identical: bool | None  # whether both hold the same, `None` where that was not checked
    settling: bool  # whether sizes may still change at the next checkpoint of the server

    @property
    def regular_lost(self) -> bool:
        """Whether only the time series collection holds anything."""
        return not self.regular.readings and self.timeseries.readings > 0

    @property
    def readings_per_bucket(self) -> float | None:
        """How full the buckets are, ``None`` without buckets or where that is not known."""
        return self.timeseries.readings / self.buckets if self.buckets else None

    def to_json(self) -> dict[str, Any]:
        """The fields of design.md §5 after ``command``, and some more."""
        return {
            "server": {"version": self.server_version, "kind": self.server_kind},
            "regular": {
                **self.regular.to_json(),
                "id_bytes": self.regular.id_bytes,
                "id_index_bytes": self.regular.id_index_bytes,
            },
            "timeseries": {
                **self.timeseries.to_json(),
                "buckets": self.buckets,
                "readings_per_bucket": self.readings_per_bucket,
                "granularity": self.granularity,
            },
            "saved": asdict(self.saved),
            "saved_without_id": {
                "data": self.saved_without_id_data,
                "total": self.saved_without_id_total,
            },
            "identical": self.identical,
            "settling": self.settling,
        }


def compare_sizes(
    store: Store,
    checkpoint: bool = False,
    compare: bool = False,
    stop: threading.Event | None = None,
) -> Comparison:
    """Measure both collections.

    A ``checkpoint`` first makes the sizes on disk current. Only the embedded server is told to;
    never do it while readings are being written, which inflates the files (mongodb-time-series.md).
    ``compare`` finds out whether both hold the same; where there are too many readings for that to
    be quick, only a difference in their numbers is noticed.

    Raises:
        StorageUnavailable: MongoDB cannot be reached, or stopped (``StorageStopped``).
    """
    settled = checkpoint and store.server.kind == "local"
    regular_counts, timeseries_counts = store.readings.counts()
    identical: bool | None = None
    if compare and regular_counts != timeseries_counts:
        identical = False
    elif compare and sum(regular_counts.values()) <= COMPARE_LIMIT:
        identical = verify(store, stop).identical

    def saved(smaller: int, larger: int) -> float | None:
        return 1 - smaller / larger if regular.readings and larger > 0 else None

    with friendly(), pymongo.timeout(READ_LIMIT_S):
        if settled:
            store.connection.client.admin.command("fsync")
        regular, _ = collection_size(store.readings.regular, sum(regular_counts.values()), ids=True)
        timeseries, granularity = collection_size(
            store.readings.timeseries, sum(timeseries_counts.values())
        )
    return Comparison(
        store.server.version,
        store.server.kind,
        regular,
        timeseries,
        bucket_count(store.readings) if timeseries.readings else 0,
        granularity,
        Saved(
            saved(timeseries.data_bytes, regular.data_bytes),
            saved(timeseries.storage_bytes, regular.storage_bytes),
            saved(timeseries.index_bytes, regular.index_bytes),
            saved(timeseries.total_bytes, regular.total_bytes),
        ),
        saved(timeseries.data_bytes, regular.data_bytes - regular.id_bytes),
        saved(timeseries.total_bytes, regular.total_bytes - regular.id_index_bytes),
        identical,
        settling=not settled,
    )


def collection_size(
    collection: Collection[Document], readings: int, *, ids: bool = False
) -> tuple[CollectionSize, str | None]:
    """The size of a collection, summed over shards, and the granularity of a time series one.

    One that does not exist takes nothing. With ``ids`` each of its ``readings`` documents carries
    an ``_id``, so that its share is worth telling.
    """
    size = {"size": 0, "storageSize": 0, "totalIndexSize": 0}
    indexes: Counter[str] = Counter()
    kind, options = describe(collection.database, collection.name)
    if kind is None:
        return CollectionSize(collection.name, 0, 0, 0, 0), None
    for shard in collection.aggregate([{"$collStats": {"storageStats": {}}}]):
        found: Mapping[str, Any] = shard.get("storageStats", {})
        for name in size:
            size[name] += int(found.get(name, 0))
        indexes.update(found.get("indexSizes", {}))
    foreign = _foreign_indexes(collection) if len(indexes) > 1 + ids else ()
    return (
        CollectionSize(
            collection.name,
            readings,
            size["size"],
            size["storageSize"],
            size["totalIndexSize"],
            readings * ID_BYTES if ids else 0,
            indexes["_id_"] if ids else 0,
            foreign,
            sum(indexes[name] for name in foreign),
        ),
        options.get("timeseries", {}).get("granularity"),
    )


def _foreign_indexes(collection: Collection[Document]) -> tuple[str, ...]:
    ours = ([("_id", 1)], list(INDEX_KEYS))
    return tuple(
        sorted(
            found["name"]
            for found in collection.list_indexes()
            if list(found["key"].items()) not in ours
        )
    )
