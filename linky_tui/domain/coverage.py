"""What is known of each day of a series, and whether it is worth asking the gateway again.

Pure functions over :class:`DayRecord`, the content of one document of the ``days`` ledger. Minutes
are counted, never points: the step may change inside a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from linky_tui.domain.models import Reading, whole_wh
from linky_tui.domain.paris import day_bounds, day_minutes, months_before

RECENT_DAYS = 7
"""A day among the last 7 may still arrive: it is late, never missing."""
HISTORY_MONTHS = 24
"""How far back the load curve is asked for: Enedis has 24 months + 15 days of it."""
MAX_ATTEMPTS = 2
"""How often an older day is asked before it counts as having no data."""
LATE_RETRY = timedelta(hours=1)
OLD_RETRY = timedelta(days=7)


class DayStatus(StrEnum):
    """What is known of a day."""

    COMPLETE = "complete"
    LATE = "late"
    PARTIAL = "partial"
    MISSING = "missing"
    NO_DATA = "no_data"
    DAILY_ONLY = "daily_only"


@dataclass(frozen=True, slots=True)
class DayCoverage:
    """What a day's readings amount to."""

    minutes_expected: int  # 1380, 1440 or 1500
    minutes_covered: int  # minutes of the day inside at least one reading
    overlap: bool  # whether two readings claim the same minute
    readings: int  # readings that start in the day
    energy_wh: int  # energy of those, in Wh

    @property
    def complete(self) -> bool:
        """All minutes, none twice."""
        return self.minutes_covered == self.minutes_expected and not self.overlap


@dataclass(frozen=True, slots=True)
class DayRecord:
    """One day of one series, as the ledger keeps it."""

    day: date  # the Europe/Paris day
    minutes_expected: int  # its length in minutes
    minutes_covered: int  # minutes covered by stored readings
    readings: int  # stored readings that start in it
    energy_wh: int  # their energy in Wh
    enedis_wh: int | None  # the daily total that Enedis reports, in Wh, or `None`
    status: DayStatus  # see :class:`DayStatus`
    attempts: int  # how often its load curve was asked
    last_attempt: datetime | None  # when last (aware, UTC), or `None`
    # why the answer to the last attempt could not be read, in plain words, or `None`
    problem: str | None = None

    @property
    def certified(self) -> bool:
        """Complete, and equal to Enedis' own total to the Wh."""
        return self.status is DayStatus.COMPLETE and self.energy_wh == self.enedis_wh

    @property
    def full_energy_wh(self) -> int | None:
        """Energy of the whole day: of complete readings, else Enedis' own total, else unknown."""
        return self.energy_wh if self.status is DayStatus.COMPLETE else self.enedis_wh


def day_coverage(day: date, readings: Iterable[Reading]) -> DayCoverage:
    """Measure a day by the readings that touch it, sorted by start.

    A reading counts for the day in which it starts; the minutes that one from the evening before
    covers are covered all the same.
    """
    start, end = day_bounds(day)
    covered = timedelta()
    reached = start
    overlap = False
    count = watt_minutes = 0
    for reading in readings:
        if reading.end <= start or reading.start >= end:
            continue
        overlap = overlap or (reading.start < reached and reached > start)
        covered += max(min(reading.end, end) - max(reading.start, reached), timedelta())
        reached = max(reached, reading.end)
        if reading.start >= start:
            count += 1
            watt_minutes += reading.watt_minutes
    return DayCoverage(
        day_minutes(day),
        int(covered.total_seconds()) // 60,
        overlap,
        count,
        whole_wh(watt_minutes),
    )


def first_askable(today: date) -> date:
    """The oldest day whose load curve is asked for: the same date two years ago, included."""
    return months_before(today, HISTORY_MONTHS)


def askable_until(now: datetime) -> date:
    """The first day that cannot be asked yet: the gateway's date, which is that of UTC.

    Between midnight and 1 or 2 o'clock in Paris that is still the day before.
    """
    return now.astimezone(UTC).date()


def is_recent(day: date, today: date) -> bool:
    """Whether a day is one of the last 7 before today (or today itself)."""
    return day >= today - timedelta(days=RECENT_DAYS)


def status_of(
    day: date,
    measured: DayCoverage,
    *,
    today: date,
    attempts: int,
    concluded: bool,
    enedis_wh: int | None,
) -> DayStatus:
    """The status of a day on a given Paris date."""
    if measured.complete:
        return DayStatus.COMPLETE
    if is_recent(day, today):
        return DayStatus.LATE
    if measured.readings or measured.minutes_covered:
        return DayStatus.PARTIAL
    if day < first_askable(today) and enedis_wh is not None:
        return DayStatus.DAILY_ONLY
    if concluded or attempts >= MAX_ATTEMPTS:
        return DayStatus.NO_DATA
    return DayStatus.MISSING


def status_now(record: DayRecord, today: date) -> DayStatus:
    """A record's status as of ``today``: a late day that has grown old is one no longer."""
    if record.status is DayStatus.COMPLETE:
        return DayStatus.COMPLETE
    measured = DayCoverage(
        record.minutes_expected, record.minutes_covered, True, record.readings, record.energy_wh
    )
    return status_of(
        record.day,
        measured,
        today=today,
        attempts=record.attempts,
        concluded=record.status is DayStatus.NO_DATA,
        enedis_wh=record.enedis_wh,
    )


def worth_asking(record: DayRecord | None, day: date, *, now: datetime, today: date) -> bool:
    """Whether asking the gateway for this day's load curve may bring something."""
    if not first_askable(today) <= day < min(today, askable_until(now)):
        return False
    if record is None:
        return True
    status = status_now(record, today)
    if status is DayStatus.NO_DATA:
        return False
    if status is DayStatus.LATE:
        return record.last_attempt is None or abs(now - record.last_attempt) > LATE_RETRY
    if status is DayStatus.COMPLETE and record.enedis_wh in (None, record.energy_wh):
        return False
    if record.attempts == 0 or record.last_attempt is None:
        return status is not DayStatus.COMPLETE or record.attempts < MAX_ATTEMPTS
    # A time to come was written under a clock that was wrong; it must not put the day off.
    return record.attempts < MAX_ATTEMPTS and abs(now - record.last_attempt) > OLD_RETRY
