"""One reading as both collections store it: its document, and the bucket that holds it.

Buckets are read, never written: as `system.buckets` up to 8.x, from 9.0 on as raw data of the time
series collection. Where this user may not read them, there is no bucket to show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import bson
import pymongo
from bson import Binary, CodecOptions
from pymongo.database import Database
from pymongo.errors import OperationFailure

from linky_tui.domain.models import Series
from linky_tui.storage.collections.documents import (
    META_FIELD,
    TIME_FIELD,
    Document,
    series_filter,
)
from linky_tui.storage.collections.sharding import VIEWLESS_FROM
from linky_tui.storage.compare.buckets import BUCKET_SPAN_MIN
from linky_tui.storage.connection import READ_LIMIT_S, friendly
from linky_tui.text.formatting import count_text, mask_prm, plain, utc_text

_OPENED = ("control", "meta", "meter", "flags", "data", "min", "max")
"""Fields whose own fields are shown."""
_EMPTY_BYTES = 5
_MOST_BUCKETS = 300
_OPEN = 1
"""The version of a bucket that is not compressed."""
_COMPRESSED = 7
"""The subtype of a column in a compressed bucket."""


@dataclass(frozen=True, slots=True)
class StoredField:
    """One field as it is stored."""

    name: str  # with the names of what it lies in, such as `control.min.power_w`
    kind: str  # `date`, `int`, `compressed column` …
    size_bytes: int  # of the field with its name, in BSON
    value: str  # for people; meters are masked


@dataclass(frozen=True, slots=True)
class Inside:
    """A reading in both collections."""

    start: datetime  # of the reading (aware)
    document: tuple[StoredField, ...]
    document_bytes: int
    bucket: tuple[StoredField, ...]  # empty where there is none to show
    bucket_bytes: int | None
    bucket_readings: int | None  # that the bucket holds
    note: str = ""  # why there is no bucket, or what is not sure about it


def inside(
    database: Database[Document],
    regular: str,
    timeseries: str,
    series: Series,
    start: datetime | None,
    step: int = 0,
) -> Inside | None:
    """A reading and its bucket; ``None`` where there is no such reading.

    Args:
        database: of both collections.
        regular: name of the regular collection.
        timeseries: name of the time series one.
        series: whose reading.
        start: an aware instant; ``None`` for the newest reading.
        step: 0 for the reading that starts there, or the next one; -1 for the one before, 1 after.

    Raises:
        StorageUnavailable: MongoDB cannot be reached.
    """
    aware = CodecOptions[Document](tz_aware=True)
    operator = {-1: "$lt", 0: "$gte", 1: "$gt"}[step]
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        collection = database.get_collection(regular, codec_options=aware)
        query = series_filter(series)
        if start is not None:
            query = {**query, "timestamp": {operator: start}}
        newest = start is None or step < 0
        document = collection.find_one(query, sort=[("timestamp", -1 if newest else 1)])
        if document is None:
            return None
        bucket, note = _bucket(database, timeseries, document, aware)
    if bucket is not None and not note and bucket["control"]["version"] == _OPEN:
        note = "This bucket is not compressed: it may still be open, waiting for more readings."
    return Inside(
        document["timestamp"],
        tuple(_fields(document)),
        len(bson.encode(document)),
        () if bucket is None else tuple(_fields(bucket)),
        None if bucket is None else len(bson.encode(bucket)),
        None if bucket is None else _count(bucket),
        note,
    )


def _bucket(
    database: Database[Document], timeseries: str, document: Document, aware: CodecOptions[Document]
) -> tuple[Document | None, str]:
    """The bucket that holds a reading, and what there is to say about it."""
    meter, at = document["meter"], document["timestamp"]
    query = {
        **{f"meta.{name}": meter[name] for name in ("prm", "flow", "interval_min")},
        "control.min.timestamp": {"$lte": at},
        "control.max.timestamp": {"$gte": at},
    }
    try:
        found = _raw(database, timeseries, query, aware)
    except OperationFailure as error:
        return None, (
            "This server does not show buckets, or not to this user: "
            f"{plain(str((error.details or {}).get('errmsg', error.code)), 120)}"
        )
    if not found:
        return None, "The time series collection holds no such reading."
    holding = found if len(found) == 1 else _holding(database, timeseries, found, at)
    if holding:
        return holding[0], ""
    return found[0], (
        f"{count_text(len(found))} buckets span this time, and the server does not say which of "
        "them holds the reading: this is the first."
    )


def _raw(
    database: Database[Document], timeseries: str, query: Document, aware: CodecOptions[Document]
) -> list[Document]:
    """The buckets that a query finds, as they are stored."""
    find: Document = {"filter": query, "limit": _MOST_BUCKETS, "singleBatch": True}
    name = f"system.buckets.{timeseries}"
    if database.client.server_info()["versionArray"][0] >= VIEWLESS_FROM:
        find, name = {**find, "rawData": True}, timeseries
    answer = database.command({"find": name, **find}, codec_options=aware)
    return list(answer["cursor"]["firstBatch"])


def _holding(
    database: Database[Document], timeseries: str, buckets: list[Document], at: datetime
) -> list[Document]:
    """Those of some buckets in which a reading of an instant lies; empty where that is not told."""
    unpacking: Document = {"timeField": TIME_FIELD, "metaField": META_FIELD, "exclude": []}
    unpacking["bucketMaxSpanSeconds"] = BUCKET_SPAN_MIN * 60
    within = database[f"system.buckets.{timeseries}"]
    try:
        return [
            each
            for each in buckets
            if list(
                within.aggregate(
                    [
                        {"$match": {"_id": each["_id"]}},
                        {"$_internalUnpackBucket": unpacking},
                        {"$match": {TIME_FIELD: at}},
                    ]
                )
            )
        ]
    except OperationFailure:
        return []


def _count(bucket: Mapping[str, Any]) -> int | None:
    """Readings of a bucket: a compressed one counts them, an open one is counted."""
    count = bucket["control"].get("count")
    if count is not None:
        return int(count)
    column = bucket.get("data", {}).get("timestamp")
    return len(column) if isinstance(column, Mapping) else None


def _fields(document: Mapping[str, Any], within: str = "") -> Iterator[StoredField]:
    for name, value in document.items():
        if isinstance(value, Mapping) and name in _OPENED:
            yield from _fields(value, f"{within}{name}.")
            continue
        size = len(bson.encode({name: value})) - _EMPTY_BYTES
        yield StoredField(f"{within}{plain(name, 60)}", _kind(value), size, _text(name, value))


def _kind(value: object) -> str:
    if isinstance(value, bytes):
        column = isinstance(value, Binary) and value.subtype == _COMPRESSED
        return "compressed column" if column else "binary"
    if isinstance(value, Mapping):
        return "column"  # of a bucket that is still open: a field a reading
    return {"datetime": "date", "str": "string", "ObjectId": "object id"}.get(
        type(value).__name__, type(value).__name__
    )


def _text(name: str, value: object) -> str:
    if isinstance(value, bytes):
        return f"{value[:12].hex(' ')} …"
    if isinstance(value, Mapping):
        return f"{count_text(len(value))} values"
    if isinstance(value, datetime):
        return utc_text(value)
    return mask_prm(str(value)) if name == "prm" else plain(str(value), 60)
