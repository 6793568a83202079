"""How well the buckets of the time series collection are filled.

A bucket holds up to 1,000 readings of one meter, flow and interval. Windows inserted newest first,
or one server start for each daily append, leave many half-empty ones (mongodb-time-series.md).
Counted without touching ``system.buckets``, which newer servers no longer have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pymongo

from linky_tui.domain.models import Series
from linky_tui.storage.collections.documents import series_filter
from linky_tui.storage.collections.readings import Group, Readings
from linky_tui.storage.connection import READ_LIMIT_S, friendly

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

READINGS_PER_BUCKET = 1000
BUCKET_SPAN_MIN = 30 * 24 * 60
"""With granularity ``hours`` a bucket ends after 30 days, before 1,000 hourly readings."""
_LOOSE = 1.25, 8
_TIGHT = 1.1, 2

_UNPACKING = ("UNPACK_TS_BUCKET", "UNPACK_BUCKET", "ts_bucket_to_cellblock", "unpack_ts_bucket")


def bucket_count(readings: Readings, series: Series | None = None) -> int:
    """How many buckets a series has, or the whole collection.

    By ``explain``: what the cursor under the unpacking of buckets returned. Where its answer has
    no such stage, the statistics of the collection are taken (for a single series: its share).
    """
    collection = readings.timeseries
    match = series_filter(series) if series is not None else {"meter.prm": {"$exists": True}}
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        explained = collection.database.command(
            "explain",
            {
                "aggregate": collection.name,
                "pipeline": [{"$match": match}, {"$count": "readings"}],
                "cursor": {},
            },
            verbosity="executionStats",
        )
        found = buckets_in(explained)
        if found is not None:
            return found
        total = _by_statistics(readings)
        if series is None:
            return total
        counts = readings.counts()[1]
        own = sum(n for group, n in counts.items() if group[:2] == (series.prm, series.flow.value))
        return round(total * own / max(1, sum(counts.values())))


def buckets_in(explained: Mapping[str, Any]) -> int | None:
    """The number of buckets in an ``explain`` answer, or ``None`` if it does not tell."""
    shards = explained.get("shards")
    if isinstance(shards, Mapping):
        parts = [buckets_in(shard) for shard in shards.values()]
        return None if None in parts else sum(part for part in parts if part is not None)
    for stage in _mappings(explained.get("stages", [])):
        cursor = stage.get("$cursor")
        if isinstance(cursor, Mapping):
            statistics = cursor.get("executionStats", {})
            below = _below_unpacking(statistics.get("executionStages"))
            returned = below if below is not None else statistics.get("nReturned")
            return int(returned) if returned is not None else None
    return _below_unpacking(explained.get("executionStats", {}).get("executionStages"))


def ideal_buckets(counts: Mapping[Group, int]) -> int:
    """How few buckets could hold these readings: none is shared between groups."""
    return sum(
        -(-readings // min(READINGS_PER_BUCKET, max(1, BUCKET_SPAN_MIN // max(interval_min, 1))))
        for (_, _, interval_min), readings in counts.items()
    )


def needs_defragmenting(store: Store, *, tight: bool = False) -> bool:
    """Whether there are so many buckets that a rebuild is worth it (design.md §4.5).

    ``tight`` where the history has just been completed and will hardly grow: a tenth too many is
    enough. A quarter too many cost a real home of 21 months 5 points of the total saving.
    """
    factor, allowance = _TIGHT if tight else _LOOSE
    ideal = ideal_buckets(store.readings.counts()[1])
    return bucket_count(store.readings) > factor * ideal + allowance


def _below_unpacking(stage: Any) -> int | None:
    """What the stage under the unpacking returned, in a tree of execution stages."""
    for each in _tree(stage):
        if each.get("stage") in _UNPACKING:
            for below in _mappings(each.get("inputStage")):
                if "nReturned" in below:
                    return int(below["nReturned"])
    return None


def _tree(stage: Any) -> Iterator[Mapping[str, Any]]:
    for each in _mappings(stage):
        yield each
        for name in ("inputStage", "inputStages", "outerStage", "innerStage"):
            yield from _tree(each.get(name))


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):
            yield each


def _by_statistics(readings: Readings) -> int:
    found = next(readings.timeseries.aggregate([{"$collStats": {"storageStats": {}}}]), {})
    return int(found.get("storageStats", {}).get("timeseries", {}).get("bucketCount", 0))
