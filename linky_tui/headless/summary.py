"""What a run left behind, per meter: as JSON and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from linky_tui.domain.coverage import DayRecord, DayStatus, first_askable, status_now
from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, days_between
from linky_tui.domain.paris import today as paris_today
from linky_tui.errors import LinkyError, OutOfSpace, StorageUnavailable
from linky_tui.storage.connection import wait_for_primary
from linky_tui.storage.store import Store
from linky_tui.text.formatting import count_text, mask_prm, things, utc_text
from linky_tui.words.events import unread_lines

MAX_UNREAD_LINES = 10
_MISSING = (DayStatus.LATE, DayStatus.PARTIAL, DayStatus.MISSING)
_LACKING = {
    "late": ": not published by Enedis yet",
    "partial": ": Enedis gave only some of the readings",
    "missing": ": Enedis gave no readings",
    "that cannot be read": "",
    "not asked yet": "",
}
"""Days that are not complete in the words of the Backfill page, and why they are not."""


@dataclass(frozen=True, slots=True)
class MeterSummary:
    """One meter after a run; what the ledger holds is ``None`` where MongoDB could not be asked."""

    series: Series
    status: str  # how its run ended
    exit_code: int  # what that means for the exit code
    inserted: int = 0  # readings that the run inserted
    error: LinkyError | None = None  # why it is not complete, where there is a reason
    # days of the last 24 months by status; days never asked count as missing
    days: Counter[DayStatus] | None = None
    lacking: Counter[str] = field(default_factory=Counter)  # days by the words of `_LACKING`
    certified: int | None = None  # complete days whose energy equals Enedis' own total
    # incomplete days whose last answer could not be read, oldest first
    unread: tuple[DayRecord, ...] = ()
    first: str | None = None  # start of the first stored reading, ISO 8601, where there is one
    last: str | None = None  # end of the last stored reading

    def to_json(self) -> dict[str, Any]:
        """The meter's part of the JSON; PRMs are whole there.

        Figures are ``null`` where MongoDB could not be asked.
        """
        return {
            "prm": self.series.prm,
            "flow": str(self.series.flow),
            "status": self.status,
            "days_complete": self._count(DayStatus.COMPLETE),
            "days_certified": self.certified,
            "days_missing": self._count(*_MISSING),
            "days_no_data": self._count(DayStatus.NO_DATA),
            "days_unread": {str(record.day): record.problem for record in self.unread},
            "readings_inserted": self.inserted,
            "first": self.first,
            "last": self.last,
            "error": self.error.to_json() if self.error else None,
        }

    @property
    def name(self) -> str:
        """The meter as people see it."""
        return f"{mask_prm(self.series.prm)} {self.series.flow}"

    def lines(self) -> list[str]:
        """The meter in lines: how it went, what is there now, which days cannot be read."""
        there = ["not known, MongoDB cannot be asked"]
        if self.days is not None:
            there = [
                f"{count_text(self.days[DayStatus.COMPLETE])} days complete "
                f"({count_text(self.certified or 0)} certified by Enedis' totals)"
            ]
        if empty := self._count(DayStatus.NO_DATA):
            there.append(f"{count_text(empty)} without data")
        lacking = [
            f"{things(count, 'day')} {words}{why}"
            for words, why in _LACKING.items()
            if (count := self.lacking[words])
        ]
        status = self.status.replace("_", " ")
        unread = unread_lines(self.unread)
        if len(unread) > MAX_UNREAD_LINES:
            unread[MAX_UNREAD_LINES:] = ["More cannot be read: the calendar tells of each day."]
        return [
            f"{self.name}: {status}, {things(self.inserted, 'new reading')}",
            f"  last 24 months: {', '.join(there)}",
            *(f"  {line}" for line in (*lacking, *unread)),
        ]

    def _count(self, *statuses: DayStatus) -> int | None:
        return None if self.days is None else sum(self.days[status] for status in statuses)


def summarise(store: Store, ended: MeterSummary) -> MeterSummary:
    """Count a meter's last 24 months in the ledger, and look up its first and last reading.

    Where MongoDB does not answer any more, what it holds cannot be told; how the run ended can.
    """
    today, error = paris_today(), ended.error
    if isinstance(error, StorageUnavailable | OutOfSpace) and not _answers(store):
        return ended
    try:
        records = store.days.load(ended.series, first_askable(today), today - ONE_DAY)
        bounds = store.readings.bounds(ended.series)
    except LinkyError as gone:
        if error is None:
            why = store.connection.explained(gone)
            return replace(ended, status="failed", exit_code=why.exit_code, error=why)
        return ended
    days: Counter[DayStatus] = Counter()
    lacking: Counter[str] = Counter()
    for day in days_between(first_askable(today), today - ONE_DAY):
        record = records.get(day)
        status = DayStatus.MISSING if record is None else status_now(record, today)
        days[status] += 1
        if status in _MISSING:
            lacking[_lack(record, status)] += 1
    first, last = (utc_text(bounds[0]), utc_text(bounds[1])) if bounds else (None, None)
    certified = sum(record.certified for record in records.values())
    unread = tuple(
        record
        for record in records.values()
        if record.problem is not None and record.status is not DayStatus.COMPLETE
    )
    return replace(
        ended,
        days=days,
        lacking=lacking,
        certified=certified,
        unread=unread,
        first=first,
        last=last,
    )


def _lack(record: DayRecord | None, status: DayStatus) -> str:
    """In which of the words of `_LACKING` a day that is not complete is told."""
    if record is None or (status is not DayStatus.PARTIAL and not record.attempts):
        return "not asked yet"
    if record.problem is not None and status is not DayStatus.LATE:
        return "that cannot be read"
    return status.value


def _answers(store: Store) -> bool:
    """Whether MongoDB answers at this moment: a question would wait for it much longer."""
    return wait_for_primary(store.connection.client, 0.0)


def worst(codes: Iterable[int]) -> int:
    """The exit code of several meters: 130 if interrupted, else 2, else 1, else 3, else 0."""
    present = set(codes)
    return next((code for code in (130, 2, 1, 3) if code in present), 0)
