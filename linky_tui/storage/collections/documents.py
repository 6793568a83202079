"""Readings as MongoDB documents, identical in both collections but for ``_id``.

::

    {timestamp: ISODate, meter: {prm, flow, interval_min: Int32}, power_w: Int32}

plus ``flags: {nature, iv, ec}`` with just the unusual keys. A time series collection sorts the
keys of its metaField, so documents are compared in a canonical form whose keys are sorted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument

from linky_tui.domain.models import Flags, Flow, Reading, Series
from linky_tui.domain.paris import ONE_DAY, day_start
from linky_tui.errors import StorageError
from linky_tui.storage.connection import Document as Document

Keyed: TypeAlias = tuple[bytes, Document]
"""A document with its canonical form."""

TIME_FIELD = "timestamp"
META_FIELD = "meter"
GRANULARITY = "hours"
TIMESERIES_OPTIONS = {
    "timeField": TIME_FIELD,
    "metaField": META_FIELD,
    "granularity": GRANULARITY,
}
INDEX_NAME = "meter_prm_flow_timestamp"
INDEX_KEYS = (("meter.prm", 1), ("meter.flow", 1), ("timestamp", 1))

WELL_FORMED: Document = {
    "timestamp": {"$type": "date"},
    "meter.prm": {"$type": "string"},
    "meter.flow": {"$in": [flow.value for flow in Flow]},
    "meter.interval_min": {"$type": "int"},
    "power_w": {"$type": "int"},
}
"""A filter for documents of our shape."""
FOREIGN: Document = {"$nor": [WELL_FORMED]}
"""A filter for documents of any other shape."""

COMPARED = CodecOptions(
    document_class=dict[str, Any], datetime_conversion=DatetimeConversion.DATETIME_CLAMP
)
"""How documents are decoded for comparison: naive UTC, dates beyond Python's range at its end."""

_YEARS = range(1900, 9000)
_STEPS_MIN = range(1, 61)
_INT32_MAX = 2**31 - 1
_FIELDS = {"_id", "timestamp", "meter", "power_w", "flags"}
_METER_FIELDS = {"prm", "flow", "interval_min"}


def to_document(series: Series, reading: Reading) -> Document:
    """A reading of a series as the document that both collections store, without ``_id``.

    Raises:
        ValueError: a naive or sub-millisecond start, or a number that is no Int32. Both would
            come back from MongoDB as something else than what was written.
    """
    if reading.start.utcoffset() is None or reading.start.microsecond % 1000:
        raise ValueError("a reading starts at an aware datetime of whole milliseconds")
    document: Document = {
        "timestamp": reading.start.astimezone(UTC),
        "meter": {
            "prm": series.prm,
            "flow": series.flow.value,
            "interval_min": _int32(reading.interval_min),
        },
        "power_w": _int32(reading.power_w),
    }
    flags = _flags_document(reading.flags)
    if flags:
        document["flags"] = flags
    return document


def to_reading(document: Mapping[str, Any]) -> Reading:
    """The reading in a stored document (decoded with or without time zones).

    Raises:
        StorageError: the document has another shape.
    """
    if not well_formed(document):
        raise foreign_document(document)
    start: datetime = document["timestamp"]
    start = start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
    flags = document.get("flags")
    return Reading(
        start,
        int(document["meter"]["interval_min"]),
        int(document["power_w"]),
        None if flags is None else Flags(flags.get("nature"), flags.get("iv"), flags.get("ec")),
    )


def well_formed(document: Mapping[str, Any]) -> bool:
    """Whether a decoded document is one of ours, with no field that we do not write."""
    meter = document.get("meter")
    if not isinstance(meter, dict) or not document.keys() <= _FIELDS:
        return False
    start, flags = document.get("timestamp"), document.get("flags")
    return (
        isinstance(start, datetime)
        and start.year in _YEARS
        and meter.keys() == _METER_FIELDS
        and isinstance(meter["prm"], str)
        and meter["flow"] in ("consumption", "production")
        and type(meter["interval_min"]) is int
        and meter["interval_min"] in _STEPS_MIN
        and type(document.get("power_w")) is int
        and (flags is None or (isinstance(flags, dict) and _our_flags(flags)))
    )


class ForeignDocument(StorageError):
    """A collection holds a document that is not one of ours; nothing in it was touched."""


def foreign_document(document: Mapping[str, Any], collection: str = "") -> ForeignDocument:
    """The error about a document of another shape: its fields and types, never its values."""
    where = f" of the collection {collection!r}" if collection else ""
    return ForeignDocument(
        "A stored document is not one of ours",
        f"A document{where} has the shape {shape(document)}.",
        "Nothing was touched. Move such documents to a collection of their own, or choose other "
        "collection names in [mongodb].",
    )


def shape(document: Mapping[str, Any]) -> str:
    """The field names and types of a document, without any value, shortened."""

    def kind(value: object, name: str = "") -> str:
        if isinstance(value, Mapping):
            inner = ", ".join(f"{_name(name)}: {kind(item, name)}" for name, item in value.items())
            return "{" + inner + "}"
        impossible = (name == "interval_min" and value not in _STEPS_MIN) or (
            isinstance(value, datetime) and value.year not in _YEARS
        )
        return type(value).__name__ + " out of range" * impossible

    text = kind({name: value for name, value in document.items() if name != "_id"})
    return text if len(text) <= 150 else text[:149] + "…"


def series_filter(series: Series) -> Document:
    """Matches a series by the sub-fields of ``meter`` (their order differs between the two)."""
    return {"meter.prm": series.prm, "meter.flow": series.flow.value}


def window_filter(series: Series, start: datetime, end: datetime) -> Document:
    """Matches the readings of a series that start in ``[start, end)``, both aware."""
    return {**series_filter(series), "timestamp": {"$gte": start, "$lt": end}}


def days_filter(series: Series, first: date | None = None, last: date | None = None) -> Document:
    """Matches the readings of a series that start in some Paris days, both included.

    ``None``: however old or new, be it of another shape where both are not given.
    """
    when: Document = {}
    if first is not None:
        when["$gte"] = day_start(first)
    if last is not None:
        when["$lt"] = day_start(last + ONE_DAY)
    return {**series_filter(series), **({"timestamp": when} if when else {})}


def canonical(document: Mapping[str, Any]) -> bytes:
    """Every field but ``_id`` as BSON with sorted keys: equal exactly for equal documents."""
    # Nearly all documents are plain readings: the same bytes, four times faster.
    if len(document) == 3 and well_formed(document):
        meter = document["meter"]
        ordered = {name: meter[name] for name in ("flow", "interval_min", "prm")}
        return bson.encode(
            {"meter": ordered, "power_w": document["power_w"], "timestamp": document["timestamp"]}
        )
    return bson.encode(
        {name: _sorted(document[name]) for name in sorted(document) if name != "_id"}
    )


def less(documents: Iterable[Keyed], others: Iterable[Keyed]) -> Iterator[Keyed]:
    """The documents that are left when each of ``others`` takes one of its kind away."""
    unmatched = Counter(key for key, _ in others)
    for key, document in documents:
        if unmatched[key] > 0:
            unmatched[key] -= 1
        else:
            yield key, document


def without_id(document: Mapping[str, Any]) -> RawBSONDocument:
    """A document for ``insert_many`` to a time series collection: the driver adds no ``_id``.

    The fields keep their order, so the bytes are those of the regular collection.
    """
    return RawBSONDocument(
        bson.encode({name: value for name, value in document.items() if name != "_id"})
    )


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


def _our_flags(flags: Mapping[str, Any]) -> bool:
    kinds = {"nature": str, "iv": int, "ec": int}
    return all(type(value) is kinds.get(name) for name, value in flags.items())


def _flags_document(flags: Flags | None) -> Document:
    if flags is None:
        return {}
    found: Document = {}
    if flags.nature is not None:
        found["nature"] = flags.nature
    if flags.iv is not None:
        found["iv"] = _int32(flags.iv)
    if flags.ec is not None:
        found["ec"] = _int32(flags.ec)
    return found


def _int32(value: int) -> int:
    """A plain int that BSON stores in 32 bits: another type inside a bucket breaks it up."""
    if type(value) is not int or not -_INT32_MAX - 1 <= value <= _INT32_MAX:
        raise ValueError("a stored number has to be an Int32")
    return value


def _name(name: str) -> str:
    return name if name.isidentifier() and len(name) <= 30 else ascii(name[:30])
