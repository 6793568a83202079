"""The ledger of days: what each Paris day of a series has, always computed from its readings.

One document a day in ``<collection>_days``::

    {_id: {prm, flow, day: "YYYY-MM-DD"}, minutes_expected, minutes_covered, readings, energy_wh,
     enedis_wh, status, attempts, last_attempt}

plus ``problem`` where the last answer for the day could not be read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import index
from types import MappingProxyType

import pymongo
from pymongo import ReplaceOne, UpdateOne
from pymongo.collection import Collection

from linky_tui.domain.coverage import (
    DayCoverage,
    DayRecord,
    DayStatus,
    day_coverage,
    is_recent,
    status_of,
)
from linky_tui.domain.models import DailyTotal, Series
from linky_tui.domain.paris import ONE_DAY, day_bounds, day_minutes, day_of, days_between
from linky_tui.storage.collections.confirmed_writes import STEP_LIMIT_S
from linky_tui.storage.collections.documents import Document
from linky_tui.storage.collections.readings import Readings
from linky_tui.storage.collections.window_diff import LONGEST_INTERVAL
from linky_tui.storage.connection import friendly
from linky_tui.storage.errors import as_written
from linky_tui.storage.leases.lease import Lease

_CHUNK = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What computing a whole ledger again brought to light."""

    changed: bool  # whether any record is another one now
    gone: dict[date, int]  # by day, how many readings it had that are no longer there
    recreated: tuple[date, ...]  # days with readings that had no record


class Days:
    """The ledger of all series.

    Every write sets whole records by their ``_id`` where they are as they were read, so writing
    one again changes nothing. With the lease of the series, nothing is written once it was lost
    (``SeriesBusy``).
    """

    def __init__(self, collection: Collection[Document], readings: Readings) -> None:
        self._collection = collection
        self._readings = readings

    def load(
        self, series: Series, first: date | None = None, last: date | None = None
    ) -> dict[date, DayRecord]:
        """The records of the days from ``first`` to ``last``, both included, oldest first.

        Raises:
            StorageError: one of them was made or changed by another hand.
        """
        with friendly(), pymongo.timeout(STEP_LIMIT_S):
            found = self._collection.find(_range(series, first, last), sort=[("_id", 1)])
            return {record.day: record for record in map(self._record, found)}

    def mark(self, series: Series) -> Document:
        """What differs after any run that asked or wrote something, whoever ran it."""
        with friendly(), pymongo.timeout(STEP_LIMIT_S):
            asked, energy = {"$max": "$last_attempt"}, {"$sum": "$energy_wh"}
            group = {"_id": None, "days": {"$sum": 1}, "asked": asked, "energy": energy}
            return next(
                self._collection.aggregate([{"$match": _range(series)}, {"$group": group}]), {}
            )

    def recompute(
        self,
        series: Series,
        first: date,
        last: date,
        *,
        today: date,
        asked_at: datetime | None = None,
        asked_first: date | None = None,
        asked_last: date | None = None,
        problems: Mapping[date, str] = MappingProxyType({}),
        lease: Lease | None = None,
    ) -> dict[date, DayRecord]:
        """Compute the records of some days again from the regular collection.

        A record is made for each day that has readings, was asked or has one already. Enedis' own
        total is kept, and the conclusion that a day has no data while it has no reading. Where the
        load curve of ``asked_first`` to ``asked_last`` (all days, where not given) was asked just
        now, ``asked_at`` says when, and counts an attempt; ``problems`` says why the answer could
        not be read, by day.
        """
        known = self.load(series, first, last)
        start, end = day_bounds(first, last)
        readings = self._readings.window(series, start - LONGEST_INTERVAL, end)
        starts = [reading.start for reading in readings]
        records = {}
        for day in days_between(first, last):
            day_from, day_to = day_bounds(day)
            measured = day_coverage(
                day,
                readings[
                    bisect_left(starts, day_from - LONGEST_INTERVAL) : bisect_left(starts, day_to)
                ],
            )
            asked = asked_at is not None and (asked_first or first) <= day <= (asked_last or last)
            old = known.get(day)
            if old is not None or asked or measured.readings:
                records[day] = _updated(
                    day, old, measured, today, asked_at if asked else None, problems.get(day)
                )
        self._write(series, known, records, lease)
        return records

    def recompute_all(self, series: Series, today: date, lease: Lease | None = None) -> Recomputed:
        """Compute every record of a series again."""
        before, after = self.load(series), dict[date, DayRecord]()
        bounds = self._readings.bounds(series)
        days = [*before, *(map(day_of, bounds) if bounds is not None else ())]
        first = min(days, default=date.max)
        while days and first <= max(days):
            last = min(first + _CHUNK, max(days))
            after |= self.recompute(series, first, last, today=today, lease=lease)
            first = last + ONE_DAY
        gone = {day: old.readings - after[day].readings for day, old in before.items()}
        return Recomputed(
            before != after,
            {day: number for day, number in gone.items() if number > 0},
            tuple(day for day in after if day not in before),
        )

    def set_totals(
        self,
        series: Series,
        totals: Sequence[DailyTotal],
        today: date,
        lease: Lease | None = None,
    ) -> None:
        """Set Enedis' own totals; days that have no record yet get one."""
        if not totals:
            return
        days = [total.day for total in totals]
        known = self.load(series, min(days), max(days))
        records = {}
        for total in totals:
            old = known.get(total.day) or _empty(total.day)
            records[total.day] = _updated(
                total.day,
                replace(old, enedis_wh=total.energy_wh),
                _measured(old),
                today,
            )
        self._write(series, known, records, lease)

    def conclude(
        self, series: Series, days: Iterable[date], today: date, lease: Lease | None = None
    ) -> None:
        """Mark days as having no data: never one of the last 7, never one that has readings."""
        wanted = sorted({day for day in days if not is_recent(day, today)})
        if not wanted:
            return
        known = self.load(series, wanted[0], wanted[-1])
        start, end = day_bounds(wanted[0], wanted[-1])
        having = {day_of(each.start) for each in self._readings.window(series, start, end)}
        records = {}
        for day in wanted:
            old = known.get(day) or _empty(day)
            if day in having or old.readings or old.minutes_covered:
                continue
            records[day] = _updated(
                day, replace(old, status=DayStatus.NO_DATA), _measured(old), today
            )
        self._write(series, known, records, lease)

    def counts(self) -> dict[tuple[str, str], int]:
        """How many readings the ledger knows of, by meter and flow.

        Raises:
            as :meth:`load`
        """
        counted = Counter[tuple[str, str]]()
        with friendly(), pymongo.timeout(STEP_LIMIT_S):
            for found in self._collection.find():
                with as_written(self._collection.name, found["_id"]):
                    name = found["_id"]["prm"], found["_id"]["flow"]
                counted[name] += self._record(found).readings
        return counted

    def sums(
        self, series: Series, first: date | None = None, last: date | None = None
    ) -> tuple[int, int]:
        """Readings and watt-minutes of the records of some days: those of the regular collection.

        Watt-minutes are 60 times the energy, so they are the same only where every day's energy
        is a whole number of Wh, as it is for Enedis' data.
        """
        records = self.load(series, first, last).values()
        return sum(each.readings for each in records), 60 * sum(each.energy_wh for each in records)

    def _record(self, document: Document) -> DayRecord:
        with as_written(self._collection.name, document["_id"]):
            enedis_wh, last_attempt = document["enedis_wh"], document["last_attempt"]
            problem = document.get("problem")
            if not isinstance(problem, str | None):
                raise TypeError
            return DayRecord(
                date.fromisoformat(document["_id"]["day"]),
                index(document["minutes_expected"]),
                index(document["minutes_covered"]),
                index(document["readings"]),
                index(document["energy_wh"]),
                None if enedis_wh is None else index(enedis_wh),
                DayStatus(document["status"]),
                index(document["attempts"]),
                None if last_attempt is None else _milliseconds(last_attempt),
                problem,
            )

    def _write(
        self,
        series: Series,
        known: dict[date, DayRecord],
        records: dict[date, DayRecord],
        lease: Lease | None,
    ) -> None:
        operations: list[ReplaceOne[Document] | UpdateOne] = []
        for day, record in records.items():
            old, document = known.get(day), _document(series, record)
            if old is None:
                # What another owner of the lease wrote meanwhile stays as it is, here and below.
                only_new = {"$setOnInsert": document}
                operations.append(UpdateOne({"_id": document["_id"]}, only_new, upsert=True))
            elif old != record:
                as_read = {"problem": None} | _document(series, old)  # null or none at all
                operations.append(ReplaceOne(as_read, document))
        if operations:
            with friendly(), pymongo.timeout(STEP_LIMIT_S) if lease is None else lease.writing():
                self._collection.bulk_write(operations, ordered=False)


def _updated(
    day: date,
    old: DayRecord | None,
    measured: DayCoverage,
    today: date,
    asked_at: datetime | None = None,
    problem: str | None = None,
) -> DayRecord:
    """The record of a day by what is measured now and what was known before."""
    if old is not None and asked_at is None and _worse(old, measured):
        # What was asked for the day counts no longer, so that it is worth asking for at once and
        # never ends as a day without data.
        old = replace(old, attempts=0, last_attempt=None, problem=None)
    attempts = (old.attempts if old else 0) + (1 if asked_at else 0)
    enedis_wh = old.enedis_wh if old else None
    return DayRecord(
        day,
        measured.minutes_expected,
        measured.minutes_covered,
        measured.readings,
        measured.energy_wh,
        enedis_wh,
        status_of(
            day,
            measured,
            today=today,
            attempts=attempts,
            concluded=old is not None and old.status is DayStatus.NO_DATA,
            enedis_wh=enedis_wh,
        ),
        attempts,
        _milliseconds(asked_at) if asked_at else old.last_attempt if old else None,
        problem if asked_at else old.problem if old else None,
    )


def _worse(old: DayRecord, measured: DayCoverage) -> bool:
    """Whether readings have gone from a day, or another hand changed one of them."""
    whole = old.status is DayStatus.COMPLETE
    return (
        measured.readings < old.readings
        or (whole and not measured.complete)
        or (old.certified and measured.energy_wh != old.enedis_wh)
    )


def _empty(day: date) -> DayRecord:
    return DayRecord(day, day_minutes(day), 0, 0, 0, None, DayStatus.MISSING, 0, None)


def _measured(record: DayRecord) -> DayCoverage:
    """What a record says was measured: not complete with all minutes means an overlap."""
    return DayCoverage(
        record.minutes_expected,
        record.minutes_covered,
        record.status is not DayStatus.COMPLETE,
        record.readings,
        record.energy_wh,
    )


def _range(series: Series, first: date | None = None, last: date | None = None) -> Document:
    """A range over whole ``_id`` objects: a condition on ``_id.prm`` would not use the index."""

    def key(day: str) -> Document:
        return {"prm": series.prm, "flow": series.flow.value, "day": day}

    low = first.isoformat() if first else "0000-00-00"
    high = last.isoformat() if last else "9999-99-99"
    return {"_id": {"$gte": key(low), "$lte": key(high)}}


def _document(series: Series, record: DayRecord) -> Document:
    document: Document = {
        "_id": {"prm": series.prm, "flow": series.flow.value, "day": record.day.isoformat()},
        "minutes_expected": record.minutes_expected,
        "minutes_covered": record.minutes_covered,
        "readings": record.readings,
        "energy_wh": record.energy_wh,
        "enedis_wh": record.enedis_wh,
        "status": record.status.value,
        "attempts": record.attempts,
        "last_attempt": record.last_attempt,
    }
    return document if record.problem is None else document | {"problem": record.problem}


def _milliseconds(instant: datetime) -> datetime:
    """As MongoDB gives it back, so that a record equals the one that was stored."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
