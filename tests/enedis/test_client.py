"""One request over real HTTP: what is sent, what stops it, what can never happen."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from linky_tui import __version__
from linky_tui.enedis.answers import Answer
from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import Shape
from linky_tui.errors import ConfigError, TokenRefused
from tests.tools.answers import PRM, body, legacy_curve, new_curve, new_point, request
from tests.tools.servers import Handler, TinyServer
from tests.tools.tokens import token

TOKEN = token(sub=[PRM])
GOOD = body(new_curve([new_point("2026-11-16 00:30:00", "250")]))
OWN_THREAD = "conso-api request"
AT_ONCE_S = 5.0
"""A twentieth of a second is promised; a loaded machine takes longer, but waits for nothing."""


def attempt(
    url: str,
    *,
    shape: Shape = Shape.NEW,
    stop: threading.Event | None = None,
    token: str = TOKEN,
    deadline_s: float = 60.0,
    timeouts: tuple[float, float] = (30.0, 30.0),
    max_body_bytes: int = 1_000_000,
) -> Answer:
    client = ConsoClient(
        url, timeouts=timeouts, deadline_s=deadline_s, max_body_bytes=max_body_bytes
    )
    try:
        return client.attempt(request(), token, shape, stop or threading.Event())
    finally:
        client.close()


def fault(answer: Callable[[Handler], object], **options: float) -> ApiFault:
    """What becomes of a request that is answered so; it is sent exactly once."""
    with TinyServer(answer) as server:
        with pytest.raises(ApiFault) as caught:
            attempt(server.url, **options)  # type: ignore[arg-type]
        assert len(server.seen) == 1
    assert_harmless(caught.value)
    return caught.value


def assert_harmless(error: BaseException) -> None:
    """Neither the token nor the meter is in anything that a log or a screen may show."""
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(error)
    assert TOKEN not in shown
    assert PRM not in shown
    assert error.__cause__ is None
    assert error.__context__ is None


def test_what_is_sent() -> None:
    with TinyServer(lambda handler: handler.send(GOOD)) as server:
        answer = attempt(f"{server.url}/")
        assert [reading.power_w for reading in answer.readings] == [250]
        attempt(server.url, shape=Shape.LEGACY)
    new, legacy = (urlsplit(path) for path, _ in server.seen)
    assert new.path == "/api/courbe_de_charge_consommation"
    assert parse_qs(new.query) == {
        "pointId": [PRM],
        "dateDebut": ["2026-11-16"],
        "dateFin": ["2026-11-17"],
    }
    assert legacy.path == "/api/consumption_load_curve"
    assert parse_qs(legacy.query) == {
        "prm": [PRM],
        "start": ["2026-11-16"],
        "end": ["2026-11-17"],
    }
    for _, headers in server.seen:
        assert headers["Authorization"] == f"Bearer {TOKEN}"
        assert headers["User-Agent"].startswith(f"linky-tui/{__version__} (+https://")
        assert headers["Accept"] == "application/json"


def test_an_answer_of_the_other_generation_is_recognised() -> None:
    with TinyServer(lambda handler: handler.send(body(legacy_curve([])))) as server:
        assert attempt(server.url, shape=Shape.NEW).shape is Shape.LEGACY


def test_one_connection_serves_several_requests() -> None:
    with TinyServer(lambda handler: handler.send(GOOD)) as server:
        client = ConsoClient(server.url)
        for _ in range(3):
            client.attempt(request(), TOKEN, Shape.NEW, threading.Event())
        client.close()
        assert (len(server.seen), server.connections) == (3, 1)


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("socks5://ann:geheim@127.0.0.1:9", "SOCKS proxies are not supported"),
        ("SOCKS5H://ann:geheim@127.0.0.1:9", "SOCKS proxies are not supported"),
        ("ftp://ann:geheim@127.0.0.1:9", "not http:// or https://"),
    ],
)
def test_a_proxy_of_another_kind_is_refused_before_anything_is_counted(
    monkeypatch: pytest.MonkeyPatch, proxy: str, said: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ConfigError) as caught:
        ConsoClient("https://conso.example.org/api")
    assert said in caught.value.cause
    assert "ALL_PROXY" in caught.value.cause
    assert "HTTPS_PROXY" in caught.value.next_step
    assert "geheim" not in str(caught.value)
    for name, value in (("HTTPS_PROXY", "127.0.0.1:9"), ("NO_PROXY", "conso.example.org")):
        with monkeypatch.context() as also:
            also.setenv(name, value)
            ConsoClient("https://conso.example.org/api").close()
    ConsoClient("http://127.0.0.1:9/api").close()


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Other: 1", "é", "a\x00b", "jeton\u200b"])
def test_a_token_that_no_header_can_hold_is_not_sent(token: str) -> None:
    with TinyServer(lambda handler: handler.send(GOOD)) as server:
        with pytest.raises(TokenRefused) as caught:
            attempt(server.url, token=token)
        assert server.seen == []
    assert not token or token not in f"{caught.value} {caught.value!r}"


def test_a_stop_before_the_request_sends_nothing() -> None:
    stop = threading.Event()
    stop.set()
    with TinyServer(lambda handler: handler.send(GOOD)) as server:
        with pytest.raises(ApiFault) as caught:
            attempt(server.url, stop=stop)
        assert caught.value.kind is ApiFaultKind.STOPPED
        assert server.seen == []


def test_an_error_is_classified_by_its_body() -> None:
    page = b"<!DOCTYPE html><title>Attention Required! | Cloudflare</title>"
    assert fault(lambda h: h.send(page, 403, Content_Type="text/html")).kind is ApiFaultKind.BANNED
    found = fault(lambda h: h.send(b"", 503, Retry_After="60"))
    assert found.kind is ApiFaultKind.SERVICE
    assert found.retry_at is not None


def test_an_error_that_repeats_what_was_sent_is_shown_without_it() -> None:
    text = f"PRM {PRM}, Authorization: Bearer {TOKEN}"
    found = fault(lambda handler: handler.send(body({"error": text}), 400))
    assert found.text


def test_a_success_of_no_known_shape_is_a_fault() -> None:
    assert fault(lambda handler: handler.send(b"{}")).kind is ApiFaultKind.BAD_ANSWER
    assert fault(lambda handler: handler.send(b"", 204)).kind is ApiFaultKind.BAD_ANSWER


def test_plain_http_where_tls_is_expected() -> None:
    with TinyServer(lambda handler: handler.send(GOOD)) as server:
        with pytest.raises(ApiFault) as caught:
            attempt(server.url.replace("http:", "https:"))
        assert server.seen == []
    assert (caught.value.kind, caught.value.text) == (ApiFaultKind.NETWORK, "no TLS connection")


def test_an_address_without_encryption_is_refused_at_once() -> None:
    with pytest.raises(ConfigError):
        ConsoClient("http://conso.boris.sh/api")
    client = ConsoClient("https://CONSO.boris.sh:443/api")
    assert (client.host, client.is_loopback) == ("conso.boris.sh", False)
    assert client._session.verify is True
    assert client._session.trust_env
    assert ConsoClient("http://127.0.0.1:8000/api").is_loopback
