"""The documents of the experiments: readings as the application stores them, and in other shapes.

All are encoded once and inserted as they are, so that every side gets the same bytes. A regular
collection has the server add an ``_id``; a time series one gets one only where that is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import bson
from bson import ObjectId
from bson.raw_bson import RawBSONDocument

from linky_tui.domain.models import Reading, Series
from linky_tui.domain.paris import day_of, day_start
from linky_tui.storage.collections.documents import Document, to_document
from linky_tui.storage.lab.fills import DAY_FIELD

FAT: Document = {
    "operator": "Enedis",
    "contract": "Heures creuses",
    "tariff_period": "HC/HP",
    "subscribed_kva": 9,
    "postcode": "31000",
    "model": "Linky G3 monophase",
}
"""Six constant fields that others keep with each reading."""

Change = Callable[[int, Document], None]
"""Alters a document; it gets the number of the reading, too."""


def encoded(
    series: Series, readings: Iterable[Reading], change: Change | None = None
) -> list[RawBSONDocument]:
    """Readings as documents, one field altered where ``change`` does so."""
    found = []
    for number, reading in enumerate(readings):
        document = to_document(series, reading)
        if change is not None:
            change(number, document)
        found.append(RawBSONDocument(bson.encode(document)))
    return found


def fat(number: int, document: Document) -> None:
    """Six more fields in the metadata."""
    document["meter"] |= FAT


def with_double(number: int, document: Document) -> None:
    """The watts as a double."""
    document["power_w"] = float(document["power_w"])


def with_id(number: int, document: Document) -> None:
    """An ``_id`` as a driver adds it."""
    document["_id"] = ObjectId()


def flagged(number: int, document: Document) -> None:
    """Flags as Enedis gives them, on one reading in ten."""
    if number % 10 == 0:
        document["flags"] = {"iv": 2, "ec": 11}


def day_documents(series: Series, readings: Sequence[Reading]) -> list[RawBSONDocument]:
    """The classic bucket pattern: a document for each Paris day and interval, watts in an array.

    Places without a reading hold null; flags name theirs. Nothing of the readings is lost.
    """
    days: dict[tuple[date, int], list[Reading]] = {}
    for reading in readings:
        days.setdefault((day_of(reading.start), reading.interval_min), []).append(reading)
    return [
        RawBSONDocument(bson.encode(_day_document(series, day_start(day), interval_min, found)))
        for (day, interval_min), found in days.items()
    ]


def _day_document(
    series: Series, start: datetime, interval_min: int, readings: Sequence[Reading]
) -> Document:
    step = timedelta(minutes=interval_min)
    places = [(reading.start - start) // step for reading in readings]
    watts: list[int | None] = [None] * (max(places) + 1)
    flags: list[dict[str, Any]] = []
    for place, reading in zip(places, readings, strict=True):
        watts[place] = reading.power_w
        if reading.flags is not None:
            flags.append({"place": place, **to_document(series, reading).get("flags", {})})
    meter = {"prm": series.prm, "flow": series.flow.value, "interval_min": interval_min}
    document: Document = {DAY_FIELD: start, "meter": meter, "power_w": watts}
    return document | ({"flags": flags} if flags else {})
