"""One reading as both collections store it: its document, and the bucket that holds it.

Buckets are read, never written. Where a server has no ``system.buckets`` (9.0 and newer), or this
user may not read them, there is no bucket to show.
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
from linky_tui.storage.collections.documents import Document, series_filter
from linky_tui.storage.connection import READ_LIMIT_S, friendly
from linky_tui.text.formatting import count_text, mask_prm, plain, utc_text

_OPENED = ("control", "meta", "meter", "flags", "data", "min", "max")
"""Fields whose own fields are shown."""
_EMPTY_BYTES = 5
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

    document: tuple[StoredField, ...]
    document_bytes: int
    bucket: tuple[StoredField, ...]  # empty where the server does not show its buckets
    bucket_bytes: int | None
    bucket_readings: int | None  # that the bucket holds


def inside(
    database: Database[Document], regular: str, timeseries: str, series: Series, start: datetime
) -> Inside | None:
    """The reading that starts at an aware instant, or the next one; ``None`` without any.

    Raises:
        StorageUnavailable: MongoDB cannot be reached.
    """
    aware = CodecOptions[Document](tz_aware=True)
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        collection = database.get_collection(regular, codec_options=aware)
        query = {**series_filter(series), "timestamp": {"$gte": start}}
        document = collection.find_one(query, sort=[("timestamp", 1)])
        if document is None:
            return None
        bucket = _bucket(database, timeseries, document, aware)
    count = None if bucket is None else _count(bucket)
    return Inside(
        tuple(_fields(document)),
        len(bson.encode(document)),
        () if bucket is None else tuple(_fields(bucket)),
        None if bucket is None else len(bson.encode(bucket)),
        count,
    )


def _bucket(
    database: Database[Document], timeseries: str, document: Document, aware: CodecOptions[Document]
) -> Document | None:
    meter = document["meter"]
    query = {
        **{f"meta.{name}": meter[name] for name in ("prm", "flow", "interval_min")},
        "control.min.timestamp": {"$lte": document["timestamp"]},
        "control.max.timestamp": {"$gte": document["timestamp"]},
    }
    try:
        buckets = database.get_collection(f"system.buckets.{timeseries}", codec_options=aware)
        return buckets.find_one(query)
    except OperationFailure:
        return None


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
