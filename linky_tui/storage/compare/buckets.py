"""How well the buckets of the time series collection are filled.

A bucket holds readings of one meter, flow and interval. Windows inserted newest first, or one
server start for each daily append, leave many half-empty ones.
Counted without touching ``system.buckets``, which newer servers no longer have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import pymongo
from pymongo.errors import OperationFailure

from linky_tui.domain.models import Series
from linky_tui.errors import StorageUnavailable
from linky_tui.storage.collections.documents import series_filter
from linky_tui.storage.collections.readings import Group, Readings
from linky_tui.storage.compare.sizes import statistics
from linky_tui.storage.connection import READ_LIMIT_S, friendly, translate
from linky_tui.storage.leases.lease import Reached

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

T = TypeVar("T")

READINGS_PER_BUCKET = 1000
"""What a bucket holds by default. A server may be set to less, and from 6.3 on takes less where
many series are written at once."""
BUCKET_SPAN_MIN = 30 * 24 * 60
"""With granularity ``hours`` a bucket ends after 30 days, before 1,000 hourly readings."""
_LOOSE = 1.25, 8
_TIGHT = 1.1, 2

_UNPACKING = ("UNPACK_TS_BUCKET", "UNPACK_BUCKET", "ts_bucket_to_cellblock", "unpack_ts_bucket")
_GROUPING = ("group", "block_group", "GROUP")


def bucket_count(readings: Readings, series: Series | None = None) -> int | None:
    """How many buckets a series has, or the whole collection; ``None`` where that is not known.

    By ``explain``. Where that is refused (Atlas) or does not tell, the whole collection's
    statistics are taken: counters in memory, which a crash of the server may have lost.

    Raises:
        StorageUnavailable: MongoDB cannot be reached, or did not finish.
    """
    match = series_filter(series) if series is not None else None
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        found = buckets_in(explained(readings, question(readings.timeseries.name, match)))
        if found is None and series is None:
            found = _unless_refused(lambda: _by_statistics(readings))
        return found


def explained(readings: Readings, command: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer to a :func:`question`; empty where the server refuses it.

    Raises:
        StorageUnavailable: MongoDB cannot be reached, or did not finish.
    """
    database = readings.timeseries.database
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        return _unless_refused(lambda: database.command(dict(command))) or {}


def question(collection: str, match: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The command whose answer :func:`buckets_in` reads; of the whole collection without a match.

    A count of 1 each may be answered without reading a bucket; a sum of 2 each is not.
    """
    pipeline = [
        {"$match": match or {"meter.prm": {"$exists": True}}},
        {"$group": {"_id": None, "n": {"$sum": 2}}},
    ]
    asked = {"aggregate": collection, "pipeline": pipeline, "cursor": {}}
    return {"explain": asked, "verbosity": "executionStats"}


def buckets_in(answer: Mapping[str, Any]) -> int | None:
    """The number of buckets in an ``explain`` answer, or ``None`` if it does not tell.

    That is what was handed to the stage that unpacks buckets. Where nothing unpacks, the server
    answered from the buckets' headers: what was handed to the grouping.
    """
    shards = answer.get("shards")
    if isinstance(shards, Mapping):
        parts = [buckets_in(shard) for shard in shards.values()]
        known = [part for part in parts if part is not None]
        return sum(known) if parts and len(known) == len(parts) else None
    stages = list(_mappings(answer.get("stages", [])))
    plan = stages[0].get("$cursor", {}) if stages else answer
    execution = plan.get("executionStats", {})
    tree = list(_tree(execution.get("executionStages")))
    for stage in tree:
        if stage.get("stage") in _UNPACKING:
            return _handed_to(stage)
    for under, stage in pairwise(stages):
        if "$_internalUnpackBucket" in stage:
            return _returned(execution if under is stages[0] else under)
    if tree and _reads_nothing(plan, tree[0]):
        return 0
    groupings = [stage for stage in tree if stage.get("stage") in _GROUPING]
    if groupings:
        # Ours makes a single group; one by a key is not the answer to our question.
        return None if groupings[-1].get("groupBySlots") else _handed_to(groupings[-1])
    return _returned(execution) if "$control." in str(stages[1:]) else None


def ideal_buckets(counts: Mapping[Group, int]) -> int:
    """How few buckets could hold these readings: none is shared between groups."""
    return sum(
        -(-readings // min(READINGS_PER_BUCKET, max(1, BUCKET_SPAN_MIN // max(interval_min, 1))))
        for (_, _, interval_min), readings in counts.items()
    )


def reached(readings: Readings) -> Reached | None:
    """What a rebuild that has just ended reached; ``None`` where that is not known.

    Raises:
        StorageUnavailable: MongoDB cannot be reached, or did not finish.
    """
    buckets, counts = bucket_count(readings), readings.counts()[1]
    if buckets is None:
        return None
    return Reached(buckets, ideal_buckets(counts), sum(counts.values()))


def reachable_buckets(counts: Mapping[Group, int], last: Reached | None) -> float:
    """How few buckets a rebuild would leave, going by what the last one reached.

    What it needed beyond the ideal number grows with the readings.
    """
    ideal = ideal_buckets(counts)
    if last is None:
        return ideal
    beyond = max(0, last.buckets - last.ideal_buckets) / max(1, last.readings)
    return ideal + beyond * sum(counts.values())


def needs_defragmenting(store: Store, *, tight: bool = False) -> bool:
    """Whether there are so many buckets that a rebuild is worth it.

    ``tight`` where the history has just been completed and will hardly grow: a tenth too many is
    enough. A quarter too many cost a real home of 21 months 5 points of the total saving.
    """
    factor, allowance = _TIGHT if tight else _LOOSE
    found = bucket_count(store.readings)
    if found is None:
        return False
    reachable = reachable_buckets(store.readings.counts()[1], store.leases.reached())
    return found > factor * reachable + allowance


def _unless_refused(ask: Callable[[], T | None]) -> T | None:
    try:
        return ask()
    except OperationFailure as error:
        if isinstance(translate(error), StorageUnavailable):
            raise
        return None


def _handed_to(stage: Mapping[str, Any]) -> int | None:
    return _returned(next(_mappings(stage.get("inputStage")), {}))


def _returned(stage: Mapping[str, Any]) -> int | None:
    returned = stage.get("nReturned")
    return None if returned is None else int(returned)


def _reads_nothing(plan: Mapping[str, Any], first: Mapping[str, Any]) -> bool:
    """Whether there is nothing to read, as where the collection does not exist."""
    winning = plan.get("queryPlanner", {}).get("winningPlan", {})
    stages = first, winning, winning.get("queryPlan", {})
    return any(stage.get("stage") == "EOF" for stage in stages)


def _tree(stage: Any) -> Iterator[Mapping[str, Any]]:
    for each in _mappings(stage):
        yield each
        for name in ("inputStage", "inputStages", "outerStage", "innerStage"):
            yield from _tree(each.get(name))


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):
            yield each


def _by_statistics(readings: Readings) -> int | None:
    collection = readings.timeseries
    total = statistics(collection).buckets
    # Without a single bucket there is no reading: the counters were lost.
    return None if not total and collection.find_one() is not None else total
