"""The real clock in tests whose processes have no other: no result depends on the time of day."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, tzinfo

from linky_tui.domain.paris import ONE_DAY, PARIS, day_start, today, utc_now


def noon() -> datetime:
    """Noon of the current Paris day (aware): for a gateway that has published yesterday."""
    return day_start(today()) + timedelta(hours=12)


def away_from_midnight(margin_s: float) -> None:
    """Return at once, unless a midnight is near: then just after it.

    A test that stores "everything up to yesterday" in several processes is no test any more when
    yesterday becomes another day on its way. A day of Enedis ends at midnight in Paris, a day of
    the request budget at midnight in UTC.

    Args:
        margin_s: how much time the caller needs, in seconds.
    """
    for zone in (PARIS, UTC):
        left_s = seconds_to_midnight(utc_now(), zone)
        if left_s < margin_s:
            time.sleep(left_s + 0.1)


def seconds_to_midnight(now: datetime, zone: tzinfo) -> float:
    """How long until the date changes in ``zone``."""
    tomorrow = now.astimezone(zone).date() + ONE_DAY
    midnight = datetime.combine(tomorrow, datetime.min.time(), tzinfo=zone)
    return (midnight.astimezone(UTC) - now.astimezone(UTC)).total_seconds()
