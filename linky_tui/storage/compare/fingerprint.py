"""Whether both collections say the same, as cheaply as counting them (design.md §3, reconciling).

Equal numbers are not equal readings: where one collection lost some documents and the other lost
others, or where one value was changed by hand, only the contents tell. So the server adds up, for
each meter, flow and interval, the readings, their watts, their times, the product of both, and
their sizes. The proof is :mod:`linky_tui.storage.compare.verify`; this is what every run can afford
(35,000 readings in 0.3 s).
"""

from __future__ import annotations

from typing import Any

import pymongo
from pymongo.collection import Collection

from linky_tui.domain.models import Series
from linky_tui.storage.collections.documents import Document, series_filter
from linky_tui.storage.collections.readings import GROUP_KEY, READ_LIMIT_S, Readings
from linky_tui.storage.connection import friendly

_MODULUS = 1_000_003
"""A prime: times of whole minutes differ in it, and the sums of a million readings fit 64 bits."""


def fingerprints_equal(readings: Readings, series: Series | None = None) -> bool:
    """Whether the contents of both collections add up to the same.

    Args:
        readings: both collections.
        series: only this one.

    Raises:
        StorageUnavailable: MongoDB cannot be reached.
    """
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        return _sums(readings.regular, series) == _sums(readings.timeseries, series)


def _sums(collection: Collection[Document], series: Series | None) -> list[Document]:
    when, power = {"$mod": [_whole("$timestamp"), _MODULUS]}, _whole("$power_w")
    pipeline: list[dict[str, Any]] = [
        {"$project": {"_id": 0}},
        {
            "$group": {
                "_id": GROUP_KEY,
                "readings": {"$sum": 1},
                "power": {"$sum": power},
                "time": {"$sum": when},
                "both": {"$sum": {"$multiply": [power, when]}},
                # Flags, other types and fields that are not ours.
                "bytes": {"$sum": {"$bsonSize": "$$ROOT"}},
            }
        },
        {"$sort": {"_id": 1}},
    ]
    if series is not None:
        pipeline.insert(0, {"$match": series_filter(series)})
    return list(collection.aggregate(pipeline, allowDiskUse=True))


def _whole(field: str) -> Document:
    """A field as a whole number, 0 in documents of another shape."""
    return {"$convert": {"input": field, "to": "long", "onError": 0, "onNull": 0}}
