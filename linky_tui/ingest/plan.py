"""Which days to ask for, as windows of at most 7 days, newest first. Pure functions, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise

from linky_tui.domain.coverage import (
    RECENT_DAYS,
    DayRecord,
    DayStatus,
    askable_until,
    first_askable,
    is_recent,
    status_now,
    worth_asking,
)
from linky_tui.domain.paris import ONE_DAY, days_between, months_before
from linky_tui.ingest.events import Window

WINDOW_DAYS = 7
"""The gateway's limit for one load curve request."""
REREAD_DAYS = 2
"""A sync reads so many complete days again, for late corrections."""


def days_worth_asking(
    records: Mapping[date, DayRecord],
    *,
    now: datetime,
    today: date,
    since: date | None = None,
    curve_from: date | None = None,
) -> list[date]:
    """The days that a backfill asks for, oldest first.

    Nothing older than ``since``, where the user wants less than all, nor than ``curve_from``,
    below which the gateway refuses.
    """
    first = max(day for day in (first_askable(today), since, curve_from) if day is not None)
    return [
        day
        for day in days_between(first, today - ONE_DAY)
        if worth_asking(records.get(day), day, now=now, today=today)
    ]


def windows_of(days: Iterable[date]) -> list[Window]:
    """Consecutive days merged into windows of at most 7, newest first, cut from the newest end."""
    windows: list[Window] = []
    for day in sorted(set(days), reverse=True):
        newest = windows[-1] if windows else None
        if newest and newest.first - ONE_DAY == day and newest.days < WINDOW_DAYS:
            windows[-1] = Window(day, newest.last)
        else:
            windows.append(Window(day, day))
    return windows


def open_recent_days(
    records: Mapping[date, DayRecord], *, today: date, curve_from: date | None = None
) -> list[date]:
    """The days among the last 7 that are not complete, or not what Enedis counted; oldest first."""
    return [
        day
        for day in days_between(today - timedelta(days=RECENT_DAYS), today - ONE_DAY)
        if (curve_from is None or day >= curve_from)
        and (
            day not in records
            or records[day].status is not DayStatus.COMPLETE
            or records[day].enedis_wh not in (None, records[day].energy_wh)
        )
    ]


def sync_window(
    records: Mapping[date, DayRecord],
    *,
    now: datetime,
    today: date,
    curve_from: date | None = None,
) -> Window | None:
    """The one window of a sync, or ``None`` where nothing is worth a request now.

    It runs from the oldest incomplete day of the last 7 up to yesterday (at night up to the day
    before), widened back by up to two days for late corrections. A day asked within
    the last hour is left alone.
    """
    open_days = open_recent_days(records, today=today, curve_from=curve_from)
    if not any(worth_asking(records.get(day), day, now=now, today=today) for day in open_days):
        return None
    oldest = today - timedelta(days=WINDOW_DAYS)
    first = max(open_days[0] - timedelta(days=REREAD_DAYS), oldest, curve_from or oldest)
    return Window(first, min(today, askable_until(now)) - ONE_DAY)


def survey_spans(end: date) -> list[tuple[date, date]]:
    """The three years of daily totals up to ``end``, newest first, each ``[first, end)``."""
    marks = [months_before(end, months) for months in (0, 12, 24, 36)]
    return [(first, end) for end, first in pairwise(marks)]


def days_below(
    records: Mapping[date, DayRecord], limit: date, *, today: date, since: date | None = None
) -> list[date]:
    """The days older than ``limit`` that have no reading and are not yet concluded.

    The last 7 days are never among them: they may still arrive.
    """
    first = first_askable(today) if since is None else max(since, first_askable(today))
    return [
        day
        for day in days_between(first, limit - ONE_DAY)
        if not is_recent(day, today)
        and (day not in records or status_now(records[day], today) is DayStatus.MISSING)
    ]
