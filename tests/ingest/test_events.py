"""Events say which of them left readings behind, so that nothing is checked for nothing."""

from __future__ import annotations

from datetime import date

import pytest

from linky_tui.domain.models import Series
from linky_tui.errors import OutOfSpace, SeriesBusy, StorageUnavailable, TokenRefused
from linky_tui.ingest.events import (
    Event,
    Finished,
    Noted,
    Rebuilding,
    Repaired,
    Surveyed,
    Window,
    WindowAsked,
    WindowFetched,
    WindowStored,
    wrote,
)

SERIES = Series("12345678901234")
WEEK = Window(date(2026, 11, 15), date(2026, 11, 21))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (WindowStored(SERIES, WEEK, 1, 0, (), 0), True),
        (WindowStored(SERIES, WEEK, 0, 1, (), 0), True),
        (WindowStored(SERIES, WEEK, 0, 0, (), 0), False),
        (Repaired(SERIES, "3 readings were restored."), True),
        (Rebuilding(SERIES, 0, 10, "fragmented"), True),
        (Noted(SERIES, "The ledger was computed again."), False),
        (Surveyed(SERIES, None, None, 0), False),
        (WindowAsked(SERIES, WEEK), False),
        (WindowFetched(SERIES, WEEK, 336), False),
        (Finished(SERIES, "nothing_to_do", 0, 0), False),
        (Finished(SERIES, "complete", 336, 1), False),
        (Finished(SERIES, "interrupted", 0, 0), True),
        (Finished(SERIES, "failed", 0, 1, TokenRefused("No", "It ended.", "Renew it.")), False),
        *[
            (Finished(SERIES, "failed", 0, 1, kind("No", "It went away.", "Wait.")), True)
            for kind in (StorageUnavailable, OutOfSpace, SeriesBusy)
        ],
    ],
)
def test_what_may_have_written_readings(event: Event, expected: bool) -> None:
    assert wrote(event) is expected
