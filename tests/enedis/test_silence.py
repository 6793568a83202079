"""Hosts that say nothing, too little or too slowly, and a stop meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest

from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import Shape
from tests.enedis.test_client import (
    AT_ONCE_S,
    GOOD,
    OWN_THREAD,
    TOKEN,
    assert_harmless,
    attempt,
    fault,
)
from tests.tools.answers import request
from tests.tools.servers import Handler, TinyServer


def hang(handler: Handler) -> None:
    handler.server.closing.wait(20)
    handler.close_connection = True


def slow_body(handler: Handler) -> None:
    """Headers at once, then a byte now and then."""
    handler.head(length=1_000_000)
    handler.trickle()
    handler.close_connection = True


@pytest.mark.parametrize("answer", [hang, slow_body])
def test_a_stop_abandons_the_request_at_once(answer: Callable[[Handler], None]) -> None:
    stop = threading.Event()
    stopped_at = 0.0

    def set_stop() -> None:
        nonlocal stopped_at
        stopped_at = time.monotonic()
        stop.set()

    def stopped_meanwhile(handler: Handler) -> None:
        timer.start()
        answer(handler)

    timer = threading.Timer(0.1, set_stop)
    with TinyServer(stopped_meanwhile) as server:
        with pytest.raises(ApiFault) as caught:
            attempt(server.url, stop=stop, deadline_s=60, timeouts=(30, 30))
        assert time.monotonic() - stopped_at < AT_ONCE_S
        timer.join()
        assert caught.value.kind is ApiFaultKind.STOPPED
        assert len(server.seen) == 1
        assert_harmless(caught.value)


def test_an_abandoned_request_lets_go_of_its_connection() -> None:
    def flood(handler: Handler) -> None:
        handler.head(length=100_000_000)
        stop.set()
        try:
            while not handler.server.closing.wait(0.01):
                handler.wfile.write(b" " * 1024)
        except OSError:
            handler.server.hung_up.set()
        handler.close_connection = True

    stop = threading.Event()
    with TinyServer(flood) as server:
        with pytest.raises(ApiFault):
            attempt(server.url, stop=stop)
        assert server.hung_up.wait(60)
    gone = time.monotonic() + 60
    while any(thread.name == OWN_THREAD for thread in threading.enumerate()):
        assert time.monotonic() < gone
        time.sleep(0.01)


def test_a_slow_body_meets_the_deadline() -> None:
    started = time.monotonic()
    found = fault(slow_body, deadline_s=1.5, timeouts=(20.0, 20.0))  # type: ignore[arg-type]
    assert time.monotonic() - started < 15, "it trickles for longer"
    assert found.kind is ApiFaultKind.TIMEOUT
    # Whoever looks at the clock first: the one who waits, or the connection itself.
    assert "1.5 s" in found.text or found.text == "it took too long"


def test_silence_meets_the_read_timeout() -> None:
    found = fault(hang, timeouts=(20.0, 1.5))  # type: ignore[arg-type]
    assert (found.kind, found.text) == (ApiFaultKind.TIMEOUT, "it took too long")
    assert found.retryable
    assert found.to_error(request().series).title == "The gateway did not answer in time"


def test_a_slow_enedis_is_waited_for() -> None:
    """Answers that take 12 s were counted and thrown away; the gateway waits for a minute."""

    def slow(handler: Handler) -> None:
        handler.server.closing.wait(11)
        handler.send(GOOD)

    with TinyServer(slow) as server, ConsoClient(server.url) as client:
        assert client.attempt(request(), TOKEN, Shape.NEW, threading.Event()).readings


def test_a_host_that_does_not_take_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket.socket, "connect", nobody)
    with pytest.raises(ApiFault) as caught:
        attempt("http://127.0.0.1:9/api")
    assert (caught.value.kind, caught.value.text) == (
        ApiFaultKind.NETWORK,
        "no connection was made in time",
    )


def test_a_reset_is_a_fault_of_the_network() -> None:
    found = fault(Handler.reset)
    assert (found.kind, found.text) == (ApiFaultKind.NETWORK, "the connection broke off")
    assert found.retryable


def test_a_connection_that_ends_without_an_answer() -> None:
    def nothing(handler: Handler) -> None:
        handler.close_connection = True

    assert fault(nothing).kind is ApiFaultKind.NETWORK


def test_a_body_that_is_cut_off_is_no_answer() -> None:
    """What came may well be whole JSON."""

    def cut(handler: Handler) -> None:
        handler.head(length=len(GOOD) + 10)
        handler.wfile.write(GOOD)
        handler.close_connection = True

    found = fault(cut)
    assert (found.kind, found.text) == (ApiFaultKind.NETWORK, "the connection broke off")


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/api"
    with pytest.raises(ApiFault) as caught:
        attempt(url)
    assert (caught.value.kind, caught.value.text) == (
        ApiFaultKind.NETWORK,
        "the connection was refused",
    )
    assert_harmless(caught.value)


def test_a_host_that_has_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(ApiFault) as caught:
        attempt("https://conso.example.org/api")
    assert caught.value.text == "the name of the host is not known"
    assert_harmless(caught.value)


def test_a_header_that_trickles_lets_go_of_its_connection_at_the_deadline() -> None:
    def trickle(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        handler.trickle(60)
        handler.close_connection = True

    with TinyServer(trickle) as server:
        with pytest.raises(ApiFault) as caught:
            attempt(server.url, deadline_s=1.0)
        assert caught.value.kind is ApiFaultKind.TIMEOUT
        assert server.hung_up.wait(30)
