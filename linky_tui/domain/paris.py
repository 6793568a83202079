"""Europe/Paris calendar days in terms of UTC: they have 1380, 1440 or 1500 minutes."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
"""The time zone in which Enedis labels and bills."""

ONE_DAY = timedelta(days=1)


def utc_now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def next_utc_day(day: date) -> datetime:
    """When the UTC day after ``day`` begins: the gateway counts requests a UTC day."""
    return datetime.combine(day + ONE_DAY, time(), UTC)


def today(now: datetime | None = None) -> date:
    """The current Paris day (or that of ``now``, an aware datetime)."""
    return day_of(now if now is not None else utc_now())


def day_of(instant: datetime) -> date:
    """The Paris day that holds an aware instant."""
    return instant.astimezone(PARIS).date()


def day_start(day: date) -> datetime:
    """The UTC instant at which a Paris day starts (midnight is never ambiguous in Paris)."""
    return datetime.combine(day, time(), tzinfo=PARIS).astimezone(UTC)


def day_bounds(first: date, last: date | None = None) -> tuple[datetime, datetime]:
    """``[start, end)`` in UTC of the Paris days from ``first`` to ``last``, both included.

    ``last`` is ``first`` where it is not given.
    """
    return day_start(first), day_start((last or first) + ONE_DAY)


def day_minutes(day: date) -> int:
    """How many minutes a Paris day has: 1380, 1440 or 1500."""
    start, end = day_bounds(day)
    return int((end - start).total_seconds()) // 60


def days_between(first: date, last: date) -> Iterator[date]:
    """Each day from ``first`` to ``last``, both included, oldest first."""
    day = first
    while day <= last:
        yield day
        day += ONE_DAY


def months_before(day: date, months: int) -> date:
    """The same date ``months`` calendar months earlier (29 Feb becomes 28 where it must)."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
