"""When the next request is welcome, as far as an answer says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from linky_tui.enedis.faults import next_full_hour, retry_time
from tests.enedis.test_faults import NEXT_HOUR, NOW, envelope, fault


@pytest.mark.parametrize(
    "text",
    [
        "2026-Nov-22 18:30:00+0000 UTC",
        "2026-NOV-22 18:30:00+0000",
        "2026-11-22T18:30:00Z",
        "2026-11-22T19:30:00+01:00",
        "2026-11-22 18:30:00",
    ],
)
def test_next_access_time(text: str) -> None:
    expected = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
    quota = {"code": "900804", "nextAccessTime": text}
    for content in (quota, envelope(429, quota), {"detail": json.dumps(quota)}):
        assert fault(429, content).retry_at == expected
    assert fault(429, quota, {"Retry-After": "60"}).retry_at == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-Nov-22 17:10:00+0000 UTC",
        "2026-Nov-23 18:10:21+0000 UTC",
        "2026-Nov-31 18:00:00+0000 UTC",
        "2026-Foo-22 18:00:00+0000 UTC",
        "0001-01-01T00:00:00+14:00",
        "soon",
        "",
    ],
)
def test_a_next_access_time_that_cannot_be_meant_is_ignored(text: str) -> None:
    quota = {"code": "900804", "nextAccessTime": text}
    assert fault(429, quota).retry_at == NEXT_HOUR
    assert fault(429, quota, {"Retry-After": "60"}).retry_at == NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("60", NOW + timedelta(seconds=60)),
        (" 90000 ", NOW + timedelta(hours=25)),
        ("Sun, 22 Nov 2026 17:30:00 GMT", datetime(2026, 11, 22, 17, 30, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 17:30:00 -0000", datetime(2026, 11, 22, 17, 30, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 16:30:00 GMT", None),
        ("90001", None),
        ("0", None),
        ("-5", None),
        ("9" * 400, None),
        ("٦٠", None),
        ("Sun, 99 Nov 2026 17:30:00 GMT", None),
        ("", None),
    ],
)
def test_retry_after(text: str, expected: datetime | None) -> None:
    assert retry_time(None, text, NOW) == expected
    assert fault(503, b"", {"retry-after": text}).retry_at == expected
    assert fault(429, b"", {"RETRY-AFTER": text}).retry_at == expected or NEXT_HOUR


def test_without_a_time_a_quota_lasts_until_the_next_full_hour() -> None:
    assert fault(429, b"").retry_at == NEXT_HOUR
    assert next_full_hour(NEXT_HOUR) == NEXT_HOUR + timedelta(hours=1)
    midnight = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert next_full_hour(midnight) == datetime(2027, 1, 1, tzinfo=UTC)
    assert fault(500, b"").retry_at is None
