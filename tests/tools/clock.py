"""The real clock in tests whose processes have no other: no result depends on the time of day."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
import time_machine

from linky_tui.domain.paris import ONE_DAY, PARIS, day_start, today, utc_now

LONGER_THAN_A_NIGHT = timedelta(hours=3)
_AHEAD = "TESTS_CLOCK_AHEAD_S"
SINCE = re.compile(r"\ssince\s[A-Z][a-z]{2}\s\d{1,2}\s[A-Z][a-z]{2}\s\d\d:\d\d\.")
"""Since when another process is at work, as it is told, on a line or two."""


def noon() -> datetime:
    """Noon of the current Paris day (aware): for a gateway that has published yesterday."""
    return day_start(today()) + timedelta(hours=12)


def away_from_midnight(margin_s: float) -> None:
    """Return at once, unless a midnight is near: then just after it.

    A test that stores "everything up to yesterday" in several processes is no test any more when
    yesterday becomes another day on its way. A day of Enedis ends at midnight in Paris, a day of
    the request budget at midnight in UTC.
    """
    for zone in (PARIS, UTC):
        left_s = seconds_to_midnight(utc_now(), zone)
        if left_s < margin_s:
            time.sleep(left_s + 0.1)


@contextmanager
def by_day() -> Iterator[None]:
    """At night set the clock ahead, also that of each Python process started meanwhile.

    Between midnight in Paris and midnight in UTC nobody may ask for yesterday,
    which is what most tests are about.
    """
    now = utc_now()
    if now.date() == today(now):
        yield
        return
    ahead_s = float(os.environ.get(_AHEAD, "0")) + LONGER_THAN_A_NIGHT.total_seconds()
    with (
        pytest.MonkeyPatch.context() as patch,
        time_machine.travel(now + LONGER_THAN_A_NIGHT, tick=True),
    ):
        patch.setenv(_AHEAD, str(ahead_s))
        patch.setenv("PYTHONPATH", clock_of_the_test()["PYTHONPATH"])
        yield


def clock_of_the_test() -> dict[str, str]:
    """The variables with which a Python process has the clock of the test that starts it."""
    if _AHEAD not in os.environ:
        return {}
    folders = (Path(__file__).parents[2], Path(__file__).with_name("night"))
    return {_AHEAD: os.environ[_AHEAD], "PYTHONPATH": os.pathsep.join(map(str, folders))}


def seconds_to_midnight(now: datetime, zone: tzinfo) -> float:
    """How long until the date changes in ``zone``."""
    tomorrow = now.astimezone(zone).date() + ONE_DAY
    midnight = datetime.combine(tomorrow, datetime.min.time(), tzinfo=zone)
    return (midnight.astimezone(UTC) - now.astimezone(UTC)).total_seconds()
