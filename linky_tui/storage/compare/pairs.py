"""Both collections side by side, moment by moment, in bounded memory.

Both are read sorted by time, one series after the other, and merged. A moment is a start time
with every document that has it: normally one in each collection, byte for byte the same once
``_id`` is left out and keys are sorted.
"""

from __future__ import annotations

import threading
from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from linky_tui.domain.models import Reading
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.storage.collections.documents import (
    COMPARED,
    Document,
    canonical,
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

    regular: list[tuple[bytes, Document]]
    timeseries: list[tuple[bytes, Document]]

    @property
    def same(self) -> bool:
        """Whether both collections hold the same here."""
        return [key for key, _ in self.regular] == [key for key, _ in self.timeseries]


@dataclass
class Examination:
    """What to do so that the time series collection equals the regular one, for one series."""

    # starts of documents that the time series collection lacks, naive UTC, sorted
    missing: list[datetime] = field(default_factory=list)
    # documents that only the time series collection holds and that belong into the regular one
    restore: list[Document] = field(default_factory=list)
    # documents of the time series collection that inserting cannot make right: doubled ones,
    # leftovers of corrections, ones that a regular reading overlaps
    too_much: int = 0
    # a document of another shape, if there is one, and the collection it is in
    foreign: tuple[str, Document] | None = None


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
        Stopped: the stop event was set.
    """
    regular = _moments(readings.regular, prm, flow, session)
    timeseries = _moments(readings.timeseries, prm, flow, session)
    left, right = next(regular, None), next(timeseries, None)
    number = 0
    while left is not None or right is not None:
        number += 1
        if stop is not None and number % _STOP_EVERY == 0 and stop.is_set():
            raise StorageStopped
        take_left = left is not None and (right is None or left[0] <= right[0])
        take_right = right is not None and (left is None or right[0] <= left[0])
        yield Moment(
            left[1] if left is not None and take_left else [],
            right[1] if right is not None and take_right else [],
        )
        if take_left:
            left = next(regular, None)
        if take_right:
            right = next(timeseries, None)


def unplaced(
    collection: Collection[Document], session: ClientSession | None = None
) -> Iterator[Document]:
    """The documents that :func:`walk` does not see."""
    yield from _decoded(collection, {"$nor": [KEYED]}, session)


def examine(
    readings: Readings,
    prm: str,
    flow: str,
    leftovers: set[ReadingKey],
    session: ClientSession | None = None,
    stop: threading.Event | None = None,
) -> Examination:
    """Compare one series in both collections and say what has to be done.

    Args:
        readings: both collections.
        prm: the meter.
        flow: its flow.
        leftovers: what corrections removed from the regular collection.
        session: a causally consistent session.
        stop: ends it.
    """
    result = Examination()
    alone: dict[ReadingKey, Document] = {}
    spans: list[tuple[datetime, int]] = []
    for moment in walk(readings, prm, flow, session, stop):
        for _, document in moment.regular:
            if well_formed(document):
                spans.append((document["timestamp"], document["meter"]["interval_min"]))
            else:
                result.foreign = (readings.regular.name, document)
        if moment.same:
            continue
        wanted, present = _count(moment.regular), _count(moment.timeseries)
        result.missing += [
            document["timestamp"]
            for _, document in _less(moment.regular, present)
            if well_formed(document)
        ]
        for key, document in _less(moment.timeseries, wanted):
            if key in wanted:
                result.too_much += 1
            elif not well_formed(document):
                result.foreign = (readings.timeseries.name, document)
            else:
                start = document["timestamp"].replace(tzinfo=UTC)
                measure = (start, document["meter"]["interval_min"], document["power_w"])
                if moment.regular or measure in alone:
                    result.too_much += 1
                else:
                    alone[measure] = document
    regular = [Reading(at.replace(tzinfo=UTC), step, 0) for at, step in spans] if alone else []
    by_start: dict[datetime, Document] = {}
    for measure in sorted(alone.keys() - leftovers):
        if overlaps_any(to_reading(alone[measure]), regular):
            result.too_much += 1
        else:
            result.too_much += measure[0] in by_start
            by_start[measure[0]] = alone[measure]
    # What a correction removed is given up only where something else holds its time.
    held = sorted(
        [*regular, *map(to_reading, by_start.values())], key=lambda reading: reading.start
    )
    for measure in sorted(alone.keys() & leftovers):
        reading = to_reading(alone[measure])
        if overlaps_any(reading, held):
            result.too_much += 1
        else:
            by_start[measure[0]] = alone[measure]
            insort(held, reading, key=lambda each: each.start)
    result.restore = [by_start[start] for start in sorted(by_start)]
    return result


def _count(documents: Iterable[tuple[bytes, Document]]) -> Counter[bytes]:
    return Counter(key for key, _ in documents)


def _less(
    documents: Iterable[tuple[bytes, Document]], others: Counter[bytes]
) -> Iterator[tuple[bytes, Document]]:
    """The documents that are left when each of ``others`` takes one of its kind away."""
    unmatched = Counter(others)
    for key, document in documents:
        if unmatched[key] > 0:
            unmatched[key] -= 1
        else:
            yield key, document


def _moments(
    collection: Collection[Document], prm: str, flow: str, session: ClientSession | None
) -> Iterator[tuple[datetime, list[tuple[bytes, Document]]]]:
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
        yield start, sorted(((canonical(each), each) for each in group), key=lambda pair: pair[0])


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
