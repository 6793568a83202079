"""Proof that both collections hold the same readings: counts of every difference, and digests.

A digest is the sha256 over every document, all fields but ``_id``, as BSON with sorted keys: by
(prm, flow, timestamp), several documents of one moment in the order of their bytes. Documents
without a place in that order (of another shape) follow, as the sorted list of their own digests.
So the digests are equal exactly when the collections hold the same documents equally often.

What a run can afford instead is :func:`compare_days`: sums that the server makes.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pymongo
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from linky_tui.domain.models import Series
from linky_tui.errors import LinkyError
from linky_tui.storage.collections.documents import (
    Document,
    canonical,
    days_filter,
    shape,
    well_formed,
)
from linky_tui.storage.collections.readings import GROUP_KEY, Readings
from linky_tui.storage.compare.pairs import Moment, names, unplaced, walk
from linky_tui.storage.connection import READ_LIMIT_S, friendly

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

_WITHOUT_ID: Document = {"$unsetField": {"field": "_id", "input": "$$ROOT"}}
"""Not by a projection before: an engine may read the size from the document below it."""
_MODULUS = 1_000_003
"""A prime: times of whole minutes differ in it, and the sums of a million readings fit 64 bits."""


class Verdict(StrEnum):
    """What a verification ends with."""

    IDENTICAL = "identical"
    DIFFERENT = "different"
    REPAIRED = "repaired"


@dataclass(frozen=True, slots=True)
class Verification:
    """The result, with the names of ``--verify --json``."""

    status: Verdict  # the verdict
    regular_readings: int  # documents of the regular collection
    timeseries_readings: int  # documents of the time series collection
    missing_in_timeseries: int  # only in the regular one
    extra_in_timeseries: int  # only in the time series one
    duplicated_in_timeseries: int  # there once more than in the regular one
    differing: int  # in both, with the same start but another content
    digest_regular: str  # the digest of the regular collection, in hexadecimal
    digest_timeseries: str  # that of the time series one
    gone: int = 0  # readings that the ledger of days knows of and neither collection holds
    # what a repair found to be gone for good, an error a series
    lost: tuple[LinkyError, ...] = ()
    # where a document that is not ours makes a difference: its collection and shape
    foreign: str = ""
    # whether a process held a lease when a difference was found: it may just have been writing
    in_use: bool = False

    @property
    def good(self) -> bool:
        """Whether both hold the same, and all that ever was."""
        return self.status is not Verdict.DIFFERENT and not self.lost

    @property
    def identical(self) -> bool:
        """Whether both collections hold the same."""
        return self.digest_regular == self.digest_timeseries

    def to_json(self) -> dict[str, Any]:
        """The fields after ``command``."""
        return {
            "status": self.status.value,
            "regular_readings": self.regular_readings,
            "timeseries_readings": self.timeseries_readings,
            "missing_in_timeseries": self.missing_in_timeseries,
            "extra_in_timeseries": self.extra_in_timeseries,
            "duplicated_in_timeseries": self.duplicated_in_timeseries,
            "differing": self.differing,
            "gone": self.gone,
            "error": self.lost[0].to_json() if self.lost else None,
            "digest": {"regular": self.digest_regular, "timeseries": self.digest_timeseries},
        }


def verify(store: Store, stop: threading.Event | None = None) -> Verification:
    """Compare every document of both collections; reads only, in bounded memory.

    Raises:
        StorageUnavailable: MongoDB cannot be reached, or stopped (``StorageStopped``).
    """
    readings = store.readings
    tally = _Tally(readings)
    held: dict[tuple[str, str], int] = {}
    with friendly(), store.connection.client.start_session() as session:
        for prm, flow in names(readings, session):
            before = tally.held
            for moment in walk(readings, prm, flow, session, stop):
                tally.add(moment)
            held[prm, flow] = tally.held - before
        tally.add_unplaced(
            _digests(readings.regular, session, tally),
            _digests(readings.timeseries, session, tally),
        )
    known = store.days.counts()
    same = tally.regular.digest() == tally.timeseries.digest()
    return Verification(
        Verdict.IDENTICAL if same else Verdict.DIFFERENT,
        tally.regular_count,
        tally.timeseries_count,
        tally.missing,
        tally.extra,
        tally.duplicated,
        tally.differing,
        tally.regular.hexdigest(),
        tally.timeseries.hexdigest(),
        gone=sum(max(0, number - held.get(name, 0)) for name, number in known.items()),
        foreign=tally.foreign,
        in_use=not same and bool(store.leases.in_use()),
    )


def fingerprints_equal(readings: Readings) -> bool:
    """Whether the contents of both collections add up to the same.

    Equal numbers are not equal readings: where one collection lost some documents and the other
    lost others, or where one value was changed by hand, only the contents tell. So the server adds
    up, for each meter, flow and interval, the readings, their watts, their times, the product of
    both, and their sizes (35,000 readings in 0.3 s).

    Raises:
        StorageUnavailable: MongoDB cannot be reached.
    """
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        return _sums(readings.regular, {}) == _sums(readings.timeseries, {})


@dataclass(frozen=True, slots=True)
class ComparedDays:
    """What comparing some days of a series found."""

    equal: bool  # whether both collections add up to the same
    regular: tuple[int, int]  # readings of the regular one, and their watt-minutes


def compare_days(
    readings: Readings, series: Series, first: date | None = None, last: date | None = None
) -> ComparedDays:
    """As :func:`fingerprints_equal`, for one series and its Paris days from ``first`` to ``last``.

    Raises:
        StorageUnavailable: MongoDB cannot be reached.
    """
    match = days_filter(series, first, last)
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        regular, timeseries = (
            _sums(collection, match, "$meter.interval_min")
            for collection in (readings.regular, readings.timeseries)
        )
    watt_minutes = (each["power"] * each["_id"] for each in regular if isinstance(each["_id"], int))
    return ComparedDays(
        regular == timeseries, (sum(each["readings"] for each in regular), sum(watt_minutes))
    )


class _Tally:
    """Digests and differences so far."""

    def __init__(self, readings: Readings) -> None:
        self._names = readings.regular.name, readings.timeseries.name
        self.foreign = ""
        self.regular = hashlib.sha256()
        self.timeseries = hashlib.sha256()
        self.regular_count = self.timeseries_count = 0
        self.missing = self.extra = self.duplicated = self.differing = 0

    @property
    def held(self) -> int:
        """How many readings there are in one collection or the other."""
        return self.regular_count + self.extra

    def note_foreign(self, collection: str, document: Document) -> None:
        """Keep what the first document of another shape looks like."""
        if not self.foreign:
            self.foreign = f"{collection!r} holds one of the shape {shape(document)}"

    def add(self, moment: Moment) -> None:
        """Count a moment of one series."""
        regular = [key for key, _ in moment.regular]
        timeseries = [key for key, _ in moment.timeseries]
        self.regular_count += len(regular)
        self.timeseries_count += len(timeseries)
        for key in regular:
            self.regular.update(key)
        for key in timeseries:
            self.timeseries.update(key)
        if regular == timeseries:
            return
        for name, documents in zip(self._names, (moment.regular, moment.timeseries), strict=True):
            for _, document in documents:
                if not well_formed(document):
                    self.note_foreign(name, document)
        lacking = (Counter(regular) - Counter(timeseries)).total()
        doubled, other = _surplus(timeseries, regular)
        differing = min(lacking, other)
        self.duplicated += doubled
        self.differing += differing
        self.missing += lacking - differing
        self.extra += other - differing

    def add_unplaced(self, regular: list[bytes], timeseries: list[bytes]) -> None:
        """Count the documents without a place in the order, by their digests."""
        self.regular_count += len(regular)
        self.timeseries_count += len(timeseries)
        self.regular.update(b"".join(regular))
        self.timeseries.update(b"".join(timeseries))
        self.missing += (Counter(regular) - Counter(timeseries)).total()
        doubled, other = _surplus(timeseries, regular)
        self.duplicated += doubled
        self.extra += other


def _surplus(timeseries: list[bytes], regular: list[bytes]) -> tuple[int, int]:
    """How many documents of the one the other lacks: copies of any document, and others."""
    surplus, known = Counter(timeseries) - Counter(regular), set(regular)
    doubled = sum(number - (key not in known) for key, number in surplus.items())
    return doubled, surplus.total() - doubled


def _digests(
    collection: Collection[Document], session: ClientSession, tally: _Tally
) -> list[bytes]:
    digests = []
    for each in unplaced(collection, session):
        tally.note_foreign(collection.name, each)
        digests.append(hashlib.sha256(canonical(each)).digest())
    return sorted(digests)


def _sums(
    collection: Collection[Document], match: Document, key: Document | str | None = None
) -> list[Document]:
    when, power = {"$mod": [_whole("$timestamp"), _MODULUS]}, _whole("$power_w")
    pipeline: list[dict[str, Any]] = [
        {"$match": match},
        {
            "$group": {
                "_id": GROUP_KEY if key is None else key,
                "readings": {"$sum": 1},
                "power": {"$sum": power},
                "time": {"$sum": when},
                "both": {"$sum": {"$multiply": [power, when]}},
                # Flags, other types and fields that are not ours.
                "bytes": {"$sum": {"$bsonSize": _WITHOUT_ID}},
            }
        },
        {"$sort": {"_id": 1}},
    ]
    return list(collection.aggregate(pipeline, allowDiskUse=True))


def _whole(field: str) -> Document:
    """A field as a whole number, 0 in documents of another shape."""
    return {"$convert": {"input": field, "to": "long", "onError": 0, "onNull": 0}}
