"""Both collections side by side, moment by moment, in bounded memory.

Both are read sorted by time, one series after the other, and merged. A moment is a start time
with every document that has it: normally one in each collection, byte for byte the same once
``_id`` is left out and keys are sorted.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from linky_tui.models import Reading
from linky_tui.storage.documents import (
    COMPARED,
    Document,
    canonical,
    to_reading,
    well_formed,
)
from linky_tui.storage.leases import Measure
from linky_tui.storage.merge import overlaps_any
from linky_tui.storage.outcomes import Stopped
from linky_tui.storage.readings import Readings

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
    """What to do so that the time series collection equals the regular one, for one series.

    Attributes:
        missing: starts of documents that the time series collection lacks, naive UTC, sorted.
        restore: documents that only the time series collection holds and that belong into the
            regular one.
        too_much: documents of the time series collection that inserting cannot make right:
            doubled ones, leftovers of corrections, ones that a regular reading overlaps.
        conflicts: readings of both, regular first, that give one interval another power, though
            no correction did that; they count as too much, too.
        foreign: a document of another shape, if there is one, and the collection it is in.
    """

    missing: list[datetime] = field(default_factory=list)
    restore: list[Document] = field(default_factory=list)
    too_much: int = 0
    conflicts: list[tuple[Reading, Reading]] = field(default_factory=list)
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
            raise Stopped
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
    leftovers: set[Measure],
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
    alone: dict[Measure, Document] = {}
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
        if (conflict := _conflict(moment)) is not None:
            start = conflict[1].start
            if (start, conflict[1].interval_min, conflict[1].power_w) not in leftovers:
                result.conflicts.append(conflict)
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
                if moment.regular or measure in leftovers or measure in alone:
                    result.too_much += 1
                else:
                    alone[measure] = document
    by_start: dict[datetime, Document] = {}
    regular = [Reading(at.replace(tzinfo=UTC), step, 0) for at, step in spans] if alone else []
    for (start, _, _), document in alone.items():
        if overlaps_any(to_reading(document), regular):
            result.too_much += 1
        else:
            result.too_much += start in by_start
            by_start[start] = document
    result.restore = list(by_start.values())
    return result


def _conflict(moment: Moment) -> tuple[Reading, Reading] | None:
    """The two readings of a moment, one in each collection, that only disagree on the power."""
    if len(moment.regular) != 1 or len(moment.timeseries) != 1:
        return None
    [(_, regular)], [(_, timeseries)] = moment.regular, moment.timeseries
    if not (well_formed(regular) and well_formed(timeseries)):
        return None
    one, two = to_reading(regular), to_reading(timeseries)
    return (one, two) if one.interval_min == two.interval_min and one != two else None


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
