"""Both collections side by side, moment by moment, in bounded memory.

Both are read sorted by time, one series after the other, and merged. A moment is a start time
with every document that has it: normally one in each collection, byte for byte the same once
``_id`` is left out and keys are sorted.
"""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from itertools import groupby
from operator import itemgetter

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from linky_tui.domain.models import Reading, Series
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.storage.collections.documents import (
    COMPARED,
    Document,
    ForeignDocument,
    Keyed,
    canonical,
    foreign_document,
    less,
    to_reading,
    well_formed,
)
from linky_tui.storage.collections.readings import Readings
from linky_tui.storage.collections.window_diff import overlaps_any
from linky_tui.storage.leases.leases import ReadingKey

_NO_ARRAY: Document = {"$not": {"$type": "array"}}
KEYED: Document = {
    "meter": {"$type": "object", **_NO_ARRAY},
    "meter.prm": {"$type": "string", **_NO_ARRAY},
    "meter.flow": {"$type": "string", **_NO_ARRAY},
    "timestamp": {"$type": "date", **_NO_ARRAY},
}
"""Documents that have a place in the order; the others are compared as a heap."""
BATCH = 5000

_STOP_EVERY = 500


@dataclass(frozen=True, slots=True)
class Moment:
    """All documents of one series with one start, with their canonical form."""

    regular: list[Keyed]
    timeseries: list[Keyed]

    @property
    def same(self) -> bool:
        """Whether both collections hold the same here."""
        return [key for key, _ in self.regular] == [key for key, _ in self.timeseries]


@dataclass
class Examination:
    """What keeps both collections of one series from being equal."""

    # starts (aware) of readings that the time series collection lacks, sorted
    missing: list[datetime] = field(default_factory=list)
    # readings that only the time series collection holds and that belong into the regular one,
    # sorted
    restore: list[Reading] = field(default_factory=list)
    # documents of the time series collection that inserting cannot make right: doubled ones,
    # leftovers of corrections, ones in whose place the regular collection holds another reading
    too_much: int = 0
    # the error about a document of another shape, if there is one
    foreign: ForeignDocument | None = None

    def ours(self, documents: Iterable[Keyed], collection: Collection[Document]) -> list[Reading]:
        """The readings among some documents of a collection; a foreign one is noted."""
        readings = []
        for _, document in documents:
            if well_formed(document):
                readings.append(to_reading(document))
            else:
                self.foreign = foreign_document(document, collection.name)
        return readings

    def refuse_foreign(self) -> None:
        """Refuse to go on where a document of another shape was found.

        Raises:
            ForeignDocument: there is one; what it is, is said.
        """
        if self.foreign is not None:
            raise self.foreign


def names(readings: Readings, session: ClientSession | None = None) -> list[tuple[str, str]]:
    """Every (prm, flow) in either collection, sorted as both are read."""
    group = {"$group": {"_id": {"prm": "$meter.prm", "flow": "$meter.flow"}}}
    found = set()
    for collection in (readings.regular, readings.timeseries):
        for each in collection.aggregate([group], session=session, allowDiskUse=True):
            prm, flow = each["_id"].get("prm"), each["_id"].get("flow")
            if isinstance(prm, str) and isinstance(flow, str):
                found.add((prm, flow))
    return sorted(found)


def walk(
    readings: Readings,
    prm: str,
    flow: str,
    session: ClientSession | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Moment]:
    """The moments of one series in both collections, oldest first.

    Raises:
        StorageStopped: the stop event was set.
    """
    both = (
        _moments(collection, prm, flow, session)
        for collection in (readings.regular, readings.timeseries)
    )
    merged = merge(*both, key=itemgetter(0))
    for number, (_, found) in enumerate(groupby(merged, key=itemgetter(0)), start=1):
        if stop is not None and number % _STOP_EVERY == 0 and stop.is_set():
            raise StorageStopped
        by_name = {name: documents for _, name, documents in found}
        yield Moment(
            by_name.get(readings.regular.name, []), by_name.get(readings.timeseries.name, [])
        )


def unplaced(
    collection: Collection[Document], session: ClientSession | None = None
) -> Iterator[Document]:
    """The documents that :func:`walk` does not see."""
    yield from _decoded(collection, {"$nor": [KEYED]}, session)


def examine(
    readings: Readings,
    series: Series,
    leftovers: set[ReadingKey],
    session: ClientSession | None = None,
    stop: threading.Event | None = None,
) -> Examination:
    """Compare one series in both collections and say what has to be done.

    ``leftovers`` is what corrections removed from the regular collection; the session should be
    causally consistent.
    """
    found = Examination()
    held: list[Reading] = []
    alone: dict[ReadingKey, Reading] = {}
    for moment in walk(readings, series.prm, series.flow.value, session, stop):
        held += found.ours(moment.regular, readings.regular)
        if moment.same:
            continue
        missing = less(moment.regular, moment.timeseries)
        found.missing += [each.start for each in found.ours(missing, readings.regular)]
        surplus = less(moment.timeseries, moment.regular)
        for reading in found.ours(surplus, readings.timeseries):
            if moment.regular or reading.measure in alone:
                found.too_much += 1
            else:
                alone[reading.measure] = reading
    found.restore = _to_restore(alone, leftovers, held)
    found.too_much += len(alone) - len(found.restore)
    return found


def _to_restore(
    alone: dict[ReadingKey, Reading], leftovers: set[ReadingKey], held: list[Reading]
) -> list[Reading]:
    """Which of the readings that only the time series collection holds, one for each start.

    The regular collection wins wherever it holds the time. What a correction removed is given up
    only where anything else holds it.
    """
    chosen = {
        alone[measure].start: alone[measure]
        for measure in sorted(alone.keys() - leftovers)
        if not overlaps_any(alone[measure], held)
    }
    taken = sorted([*held, *chosen.values()], key=_start)
    for measure in sorted(alone.keys() & leftovers):
        reading = alone[measure]
        if not overlaps_any(reading, taken):
            chosen[reading.start] = reading
            insort(taken, reading, key=_start)
    return sorted(chosen.values(), key=_start)


def _start(reading: Reading) -> datetime:
    return reading.start


def _moments(
    collection: Collection[Document], prm: str, flow: str, session: ClientSession | None
) -> Iterator[tuple[datetime, str, list[Keyed]]]:
    """Start, collection and documents of each moment, sorted by start."""
    query = {"meter.prm": prm, "meter.flow": flow, "timestamp": {"$type": "date"}}
    # The same condition as KEYED, which would cost the server a third of the time.
    documents = (
        each
        for each in _decoded(collection, query, session, ordered=True)
        if type(each["timestamp"]) is datetime
        and type(each["meter"]) is dict
        and (each["meter"]["prm"], each["meter"]["flow"]) == (prm, flow)
    )
    for start, group in groupby(documents, key=lambda document: document["timestamp"]):
        found = [(canonical(each), each) for each in group]
        yield start, collection.name, sorted(found, key=itemgetter(0))


def _decoded(
    collection: Collection[Document],
    query: Document,
    session: ClientSession | None,
    *,
    ordered: bool = False,
) -> Iterator[Document]:
    return collection.with_options(codec_options=COMPARED).find(
        query,
        {"_id": 0},
        sort=[("timestamp", 1)] if ordered else None,
        batch_size=BATCH,
        allow_disk_use=True,
        session=session,
    )
