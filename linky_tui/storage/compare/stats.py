"""What both collections cost: the comparison that the whole application is about.

Data is the size of the documents (of the compressed buckets for a time series collection), storage
what they use on disk after compression, total is storage plus indexes. The regular collection has
to carry ``_id`` and its index; a time series one need not, so the share of ``_id`` is given too.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pymongo

from linky_tui.storage.compare.buckets import ideal_buckets
from linky_tui.storage.compare.counted import counted
from linky_tui.storage.compare.settled import all_written, write_to_disk
from linky_tui.storage.compare.sizes import CollectionSize, size_of
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.connection import READ_LIMIT_S, friendly

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

COMPARE_LIMIT = 200_000
"""Up to this many readings, ``identical`` is proved by digests (about a second each 35,000)."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What the time series collection saves, as fractions of the regular one.

    All ``None`` when the regular collection is empty, those on disk also before they are settled.
    """

    data: float | None
    storage: float | None
    index: float | None
    total: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both collections compared, with the names of ``--stats --json``."""

    server_version: str  # of MongoDB
    server_kind: str  # `local` or `remote`
    regular: CollectionSize  # size of the regular collection
    timeseries: CollectionSize  # size of the time series collection
    buckets: int | None  # buckets of the time series collection; `None`: not known
    ideal_buckets: int  # how few could hold its readings
    granularity: str | None  # its granularity, `None` where it does not exist
    identical: bool | None  # whether both hold the same, `None` where that was not checked
    # whether sizes on disk are those of the data; `None`: the server does not tell, only time can
    settled: bool | None

    @property
    def saved(self) -> Saved:
        """What the time series collection saves."""
        one, two = self.regular, self.timeseries
        return Saved(
            self._saved(two.data_bytes, one.data_bytes),
            self._saved_on_disk(two.storage_bytes, one.storage_bytes),
            self._saved_on_disk(two.index_bytes, one.index_bytes),
            self._saved_on_disk(two.total_bytes, one.total_bytes),
        )

    @property
    def saved_without_id_data(self) -> float | None:
        """What it saves of the data when ``_id`` is left out of the regular collection's figure."""
        one = self.regular
        if one.data_bytes is None:
            return None
        return self._saved(self.timeseries.data_bytes, one.data_bytes - one.id_bytes)

    @property
    def saved_without_id_total(self) -> float | None:
        """The same of the total, with the index on ``_id`` left out.

        What ``_id`` takes in the compressed storage cannot be told apart.
        """
        one, two = self.regular, self.timeseries
        return self._saved_on_disk(two.total_bytes, one.total_bytes - one.id_index_bytes)

    @property
    def saved_without_server_index(self) -> tuple[float | None, float | None]:
        """What it saves of the indexes and the total without those that MongoDB itself made."""
        one, two = self.regular, self.timeseries
        made = two.server_index_bytes
        return (
            self._saved_on_disk(two.index_bytes - made, one.index_bytes),
            self._saved_on_disk(two.total_bytes - made, one.total_bytes),
        )

    @property
    def counters_lost(self) -> bool:
        """Whether the size of the time series data is not known, since a crash of the server."""
        return self.timeseries.data_bytes is None

    @property
    def regular_lost(self) -> bool:
        """Whether only the time series collection holds anything."""
        return not self.regular.readings and self.timeseries.readings > 0

    @property
    def readings_per_bucket(self) -> float | None:
        """How full the buckets are, ``None`` without buckets or where that is not known."""
        return self.timeseries.readings / self.buckets if self.buckets else None

    def to_json(self) -> dict[str, Any]:
        """The fields of ``--stats --json`` after ``command``."""
        index, total = self.saved_without_server_index
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
            "saved_without_server_index": {"index": index, "total": total},
            "identical": self.identical,
            "settled": bool(self.settled),
            "settling": not self.settled,
        }

    def _saved(self, smaller: int | None, larger: int | None) -> float | None:
        if smaller is None or larger is None or larger <= 0 or not self.regular.readings:
            return None
        return 1 - smaller / larger

    def _saved_on_disk(self, smaller: int, larger: int) -> float | None:
        return self._saved(smaller, larger) if self.settled else None


def compare_sizes(
    store: Store,
    checkpoint: bool = False,
    compare: bool = False,
    stop: threading.Event | None = None,
) -> Comparison:
    """Measure both collections.

    A ``checkpoint`` first makes the sizes on disk current. Only the embedded server is told to;
    never do it while readings are being written, which inflates the files.
    ``compare`` finds out whether both hold the same; where there are too many readings for that to
    be quick, only a difference in their numbers is noticed.

    Raises:
        StorageUnavailable: MongoDB cannot be reached, or stopped (``StorageStopped``).
    """
    readings = store.readings
    with friendly():
        checkpoint = checkpoint and store.server.kind == "local"
        if checkpoint:
            write_to_disk(store)
        found, counters_lost = counted(store)
        if checkpoint and not all_written(found.statistics):
            write_to_disk(store)  # what counting again left behind
            found, counters_lost = counted(store)
        one, two = found.statistics
        data_bytes = None if counters_lost else two.data_bytes
        # Where explain is refused, the buckets are such a counter, too.
        lost = counters_lost and found.buckets == two.buckets
        buckets = None if lost else found.buckets
        with pymongo.timeout(READ_LIMIT_S):
            regular = size_of(
                readings.regular, one, found.readings[0], found.regular_bytes, ids=True
            )
            timeseries = size_of(readings.timeseries, two, found.readings[1], data_bytes)
    identical: bool | None = None
    if compare and found.counts[0] != found.counts[1]:
        identical = False
    elif compare and found.readings[0] <= COMPARE_LIMIT:
        identical = verify(store, stop).identical
    return Comparison(
        store.server.version,
        store.server.kind,
        regular,
        timeseries,
        buckets,
        ideal_buckets(found.counts[1]),
        found.granularity,
        identical,
        all_written(found.statistics),
    )
