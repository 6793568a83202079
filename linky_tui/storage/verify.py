"""Proof that both collections hold the same readings: counts of every difference, and digests.

A digest is the sha256 over every document, all fields but ``_id``, as BSON with sorted keys: by
(prm, flow, timestamp), several documents of one moment in the order of their bytes. Documents
without a place in that order (of another shape) follow, as the sorted list of their own digests.
So the digests are equal exactly when the collections hold the same documents equally often.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from linky_tui.storage.connection import friendly
from linky_tui.storage.documents import Document, canonical
from linky_tui.storage.pairs import Moment, names, unplaced, walk

if TYPE_CHECKING:
    from linky_tui.storage.store import Store


class Verdict(StrEnum):
    """What a verification ends with."""

    IDENTICAL = "identical"
    DIFFERENT = "different"
    REPAIRED = "repaired"


@dataclass(frozen=True, slots=True)
class Verification:
    """The result, with the names of ``--verify --json`` (design.md §5).

    Attributes:
        status: the verdict.
        regular_readings: documents of the regular collection.
        timeseries_readings: documents of the time series collection.
        missing_in_timeseries: only in the regular one.
        extra_in_timeseries: only in the time series one.
        duplicated_in_timeseries: there once more than in the regular one.
        differing: in both, with the same start but another content.
        digest_regular: the digest of the regular collection, in hexadecimal.
        digest_timeseries: that of the time series one.
        in_use: whether a process held a lease when a difference was found: it may just have been
            writing.
    """

    status: Verdict
    regular_readings: int
    timeseries_readings: int
    missing_in_timeseries: int
    extra_in_timeseries: int
    duplicated_in_timeseries: int
    differing: int
    digest_regular: str
    digest_timeseries: str
    in_use: bool = False

    @property
    def identical(self) -> bool:
        """Whether both collections hold the same."""
        return self.digest_regular == self.digest_timeseries

    def to_json(self) -> dict[str, Any]:
        """The fields of design.md §5 after ``command``."""
        return {
            "status": self.status.value,
            "regular_readings": self.regular_readings,
            "timeseries_readings": self.timeseries_readings,
            "missing_in_timeseries": self.missing_in_timeseries,
            "extra_in_timeseries": self.extra_in_timeseries,
            "duplicated_in_timeseries": self.duplicated_in_timeseries,
            "differing": self.differing,
            "digest": {"regular": self.digest_regular, "timeseries": self.digest_timeseries},
        }


def verify(store: Store, stop: threading.Event | None = None) -> Verification:
    """Compare every document of both collections; reads only, in bounded memory.

    Args:
        store: the store.
        stop: ends it.

    Raises:
        StorageUnavailable: MongoDB cannot be reached, or stopped (``Stopped``).
    """
    readings = store.readings
    tally = _Tally()
    with friendly(), store.connection.client.start_session() as session:
        for prm, flow in names(readings, session):
            for moment in walk(readings, prm, flow, session, stop):
                tally.add(moment)
        tally.add_unplaced(
            _digests(readings.regular, session), _digests(readings.timeseries, session)
        )
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
        in_use=not same and bool(store.leases.in_use()),
    )


class _Tally:
    """Digests and differences so far."""

    def __init__(self) -> None:
        self.regular = hashlib.sha256()
        self.timeseries = hashlib.sha256()
        self.regular_count = self.timeseries_count = 0
        self.missing = self.extra = self.duplicated = self.differing = 0

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
        lacking, surplus = _Left(regular, timeseries), _Left(timeseries, regular)
        doubled = surplus.repeated(regular)
        other = surplus.total - doubled
        differing = min(lacking.total, other)
        self.duplicated += doubled
        self.differing += differing
        self.missing += lacking.total - differing
        self.extra += other - differing

    def add_unplaced(self, regular: list[bytes], timeseries: list[bytes]) -> None:
        """Count the documents without a place in the order, by their digests."""
        self.regular_count += len(regular)
        self.timeseries_count += len(timeseries)
        self.regular.update(b"".join(regular))
        self.timeseries.update(b"".join(timeseries))
        self.missing += _Left(regular, timeseries).total
        surplus = _Left(timeseries, regular)
        doubled = surplus.repeated(regular)
        self.duplicated += doubled
        self.extra += surplus.total - doubled


class _Left:
    """What is left of some documents when each of the others takes one of its kind away."""

    def __init__(self, some: Iterable[bytes], others: Iterable[bytes]) -> None:
        self._counts = Counter(some) - Counter(others)
        self.total = self._counts.total()

    def repeated(self, known: Iterable[bytes]) -> int:
        """How many of them are copies of a known document, or of each other."""
        kept = set(known)
        return sum(number - (key not in kept) for key, number in self._counts.items())


def _digests(collection: Collection[Document], session: ClientSession) -> list[bytes]:
    return sorted(
        hashlib.sha256(canonical(each)).digest() for each in unplaced(collection, session)
    )
