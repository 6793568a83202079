"""When an answer says that the next request is welcome."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from linky_tui.text.formatting import MONTH_NAMES

MAX_AHEAD = timedelta(hours=25)
"""A time further ahead is no answer to "when may I ask again?", it is a fault (design.md §4)."""

_ENEDIS_TIME = re.compile(
    r"(20\d\d)-([A-Za-z]{3})-(\d\d)[ T](\d\d):(\d\d):(\d\d) ?\+0000(?: UTC)?", re.ASCII
)


def retry_time(next_access: str | None, retry_after: str | None, now: datetime) -> datetime | None:
    """The time that an answer gives, in UTC, or ``None``; ``nextAccessTime`` comes first.

    A time in the past or over 25 hours ahead is ignored (design.md §4), and so is one that cannot
    be read.

    Args:
        next_access: ``nextAccessTime`` as Enedis writes it, ``2026-Nov-22 18:00:00+0000 UTC``, or
            in ISO 8601 (without an offset: UTC).
        retry_after: the HTTP header, seconds or a date.
        now: the current instant, aware.
    """
    for moment in (_next_access(next_access), _retry_after(retry_after, now)):
        if moment is not None and now < moment <= now + MAX_AHEAD:
            return moment
    return None


def next_full_hour(now: datetime) -> datetime:
    """The next full UTC hour: Enedis' quota is counted by the hour (conso-api.md §2)."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _next_access(text: str | None) -> datetime | None:
    if text is None:
        return None
    text = text.strip()
    if match := _ENEDIS_TIME.fullmatch(text):
        year, month, *rest = match.groups()
        if month.title() not in MONTH_NAMES:
            return None
        text = f"{year}-{MONTH_NAMES.index(month.title()) + 1:02d}-{rest[0]}T{':'.join(rest[1:])}Z"
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
        return _in_utc(moment)
    except (ValueError, OverflowError):
        return None


def _retry_after(text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,6}", text):
        return now.astimezone(UTC) + timedelta(seconds=int(text))
    try:
        return _in_utc(parsedate_to_datetime(text))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _in_utc(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
