"""When the last request of a backfill can be sent, as far as today's and tomorrow's budget go."""

from __future__ import annotations

from datetime import datetime, timedelta

from linky_tui.domain.paris import day_of, next_utc_day
from linky_tui.text.formatting import local_time_text, moment_text


def last_request_at(
    requests: int, *, left_today: int | None, per_day: int | None, now: datetime, pace_s: float
) -> datetime:
    """When the last of so many requests is sent (UTC), one each ``pace_s``, within the budget.

    ``left_today`` and ``per_day`` are ``None`` without a limit.
    """
    if left_today is None or per_day is None or requests <= left_today:
        return now + timedelta(seconds=requests * pace_s)
    days, before = divmod(requests - left_today - 1, per_day)
    return next_utc_day(now.date()) + timedelta(days=days, seconds=(before + 1) * pace_s)


def last_request_text(at: datetime, now: datetime) -> str:
    """``last request about 10:32``, with the day where that is not today."""
    when = local_time_text(at) if day_of(at) == day_of(now) else moment_text(at)
    return f"last request about {when}"
