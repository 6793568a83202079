"""Which limits apply to which host, and what counts as one host."""

from __future__ import annotations

import pytest

from linky_tui.enedis.budget import Limits, clamp
from linky_tui.enedis.hosts import host_of
from linky_tui.errors import ConfigError

GATEWAY = "https://conso.boris.sh/api"


@pytest.mark.parametrize(
    ("url", "per_day", "seconds", "limits", "notes"),
    [
        (GATEWAY, 80, 1.0, (80, 1.0), 0),
        (GATEWAY, 90, 1.0, (90, 1.0), 0),
        (GATEWAY, 91, 0.99, (90, 1.0), 2),
        (GATEWAY, 1000, 5, (90, 5), 1),
        (GATEWAY, 0, 1.0, (1, 1.0), 1),
        (GATEWAY, 80, -1.0, (80, 1.0), 1),
        ("https://localhost.example.org/", 100, 1.0, (90, 1.0), 1),
        ("http://127.0.0.1:8080/api", 1000, 0.0, (1000, 0.0), 0),
        ("http://localhost/api", 1, 0.0, (1, 0.0), 0),
        ("http://[::1]:80/api", 1, 0.0, (1, 0.0), 0),
        ("https://127.9.9.9", 500, 0.1, (500, 0.1), 0),
    ],
)
def test_limits_beyond_what_the_gateway_stands_are_clamped(
    url: str, per_day: int, seconds: float, limits: tuple[int, float], notes: int
) -> None:
    found = clamp(url, per_day, seconds)
    assert (found.per_day, found.min_seconds) == limits
    assert len(found.notes) == notes
    assert isinstance(found, Limits)


def test_what_was_not_taken_is_said() -> None:
    assert clamp(GATEWAY, 91, 0.99).notes == (
        "requests_per_day is 91, but 90 applies: the gateway blocks addresses at 100 a day, for "
        "good.",
        "seconds_between_requests is 0.99, but 1 applies.",
    )


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (GATEWAY, "conso.boris.sh"),
        ("https://CONSO.boris.SH:443/api/", "conso.boris.sh"),
        ("https://conso.boris.sh./api", "conso.boris.sh"),
        ("https://conso.boris.sh:8443", "conso.boris.sh:8443"),
        ("http://127.0.0.1:80", "127.0.0.1"),
        ("http://127.0.0.1:8000/api", "127.0.0.1:8000"),
        ("http://[::1]:8000/api", "[::1]:8000"),
    ],
)
def test_one_host_has_one_spelling(url: str, host: str) -> None:
    """Another spelling would be another budget."""
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url",
    [
        "http://conso.boris.sh/api",
        "https://user:secret@conso.boris.sh/api",
        "ftp://127.0.0.1/",
        "https://conso.boris.sh/api?x=secret",
        "",
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        host_of(url)
    assert "secret" not in str(caught.value)
