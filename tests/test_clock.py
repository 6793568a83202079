"""The wait for midnight, on which the tests of whole processes rely."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from linky_tui.domain.paris import PARIS
from tests.tools.clock import seconds_to_midnight


@pytest.mark.parametrize(
    ("now", "paris_h", "utc_h"),
    [
        (datetime(2026, 11, 22, 12, tzinfo=UTC), 11, 12),
        (datetime(2026, 11, 22, 23, tzinfo=UTC), 24, 1),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 25, 2),
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 23, 1),
    ],
)
def test_midnight_is_as_far_as_the_clock_change_makes_it(
    now: datetime, paris_h: int, utc_h: int
) -> None:
    assert seconds_to_midnight(now, PARIS) == paris_h * 3600
    assert seconds_to_midnight(now, UTC) == utc_h * 3600
