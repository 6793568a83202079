"""Answers without end: bounded memory, bounded time, no thread left (issue 4)."""

from __future__ import annotations

import gzip
import json
import resource
import threading
import time
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault
from linky_tui.enedis.request import Shape
from tests.tools.answers import body, new_curve, new_point, request
from tests.tools.program import calling, finished, start
from tests.tools.servers import Handler, TinyServer
from tests.torture.hostile.harmless import assert_short
from tests.torture.report import Tally

GIGABYTE = 10**9
_PIECE = b" " * 65_536
Flood = Callable[[Handler], object]


def _pour(handler: Handler, piece: bytes = _PIECE, total: int = GIGABYTE) -> None:
    """Send a piece over and over until all is sent or the other side has had enough."""
    try:
        for _ in range(total // len(piece)):
            if handler.server.closing.is_set():
                return
            handler.wfile.write(piece)
    except OSError:
        handler.server.hung_up.set()
    handler.close_connection = True


def _status(handler: Handler, *lines: bytes, end: bool = True) -> None:
    handler.wfile.write(b"\r\n".join([b"HTTP/1.1 200 OK", *lines]) + b"\r\n" + b"\r\n" * end)


def _with_length(handler: Handler) -> None:
    handler.head(200, GIGABYTE)
    _pour(handler)


def _without_length(handler: Handler) -> None:
    _status(handler, b"Connection: close")
    _pour(handler)


def _chunked(handler: Handler) -> None:
    _status(handler, b"Transfer-Encoding: chunked")
    _pour(handler, b"10000\r\n" + _PIECE + b"\r\n")


def _tiny_chunks(handler: Handler) -> None:
    _status(handler, b"Transfer-Encoding: chunked")
    _pour(handler, b"1\r\n \r\n" * 5000)


def _chunk_line(handler: Handler) -> None:
    _status(handler, b"Transfer-Encoding: chunked")
    _pour(handler, b"0" * 65_536)


def _trailers(handler: Handler) -> None:
    _status(handler, b"Transfer-Encoding: chunked")
    handler.wfile.write(b"0\r\n")
    _pour(handler, b"X: y\r\n" * 10_000)


def _header_line(handler: Handler) -> None:
    _status(handler, b"X: ", end=False)
    _pour(handler, b"x" * 65_536)


def _many_headers(handler: Handler) -> None:
    _status(handler, end=False)
    _pour(handler, b"X-%d: y\r\n" % 7 * 5_000)


def _interim(handler: Handler) -> None:
    _pour(handler, b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000)


def _error(handler: Handler) -> None:
    handler.head(500, GIGABYTE, Content_Type="application/json")
    _pour(handler)


def _slow_head(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    handler.trickle(8.0)
    handler.close_connection = True


def _slow_body(handler: Handler) -> None:
    handler.head(200, 10_000)
    handler.trickle(8.0)
    handler.close_connection = True


def _slow_quota(handler: Handler) -> None:
    handler.head(429, 10_000, Retry_After="1800")
    handler.trickle(8.0)
    handler.close_connection = True


def _garbage(handler: Handler) -> None:
    _pour(handler, b"\x1b[31m\x00\xff" * 5_000, 10**7)


@cache
def _zeros(times: int) -> bytes:
    packed = gzip.compress(bytes(GIGABYTE // 4), 1)
    for _ in range(times - 1):
        packed = gzip.compress(packed, 6)
    return packed


def prepare() -> None:
    """Pack the bombs: while a client waits it would give up before they come."""
    _zeros(1)
    _zeros(2)
    _deflated()


@cache
def _deflated() -> bytes:
    return zlib.compress(bytes(GIGABYTE // 4), 1)


def _body(content: Callable[[], bytes], **headers: str) -> Flood:
    return lambda handler: handler.send(content(), 200, **headers)


FLOODS: dict[str, Flood] = {
    "a gigabyte": _with_length,
    "a gigabyte without a length": _without_length,
    "a gigabyte in chunks": _chunked,
    "a gigabyte in chunks of a byte": _tiny_chunks,
    "a chunk whose size never ends": _chunk_line,
    "trailers that never end": _trailers,
    "a header that never ends": _header_line,
    "headers that never end": _many_headers,
    "interim answers that never end": _interim,
    "an error of a gigabyte": _error,
    "no HTTP at all": _garbage,
    "a gzip bomb": _body(lambda: _zeros(1), Content_Encoding="gzip"),
    "a deflate bomb": _body(_deflated, Content_Encoding="deflate"),
    "a gzip bomb in gzip": _body(lambda: _zeros(2), Content_Encoding="gzip, gzip"),
    "a bomb under a wrong name": _body(lambda: _zeros(1), Content_Encoding="deflate"),
    "an unknown compression": _body(lambda: b"x", Content_Encoding="br, zstd, compress"),
    "many encodings": _body(lambda: b"x", Content_Encoding="gzip," * 1_000),
    "100,000 brackets": _body(lambda: b"[" * 100_000 + b"]" * 100_000),
    "100,000 objects in objects": _body(lambda: b'{"grandeur":' * 100_000),
    "half a million lists": _body(lambda: b'{"grandeur":[' + b"[]," * 690_000 + b"[]]}"),
    "half a million objects": _body(lambda: b'{"grandeur":[' + b"{}," * 690_000 + b"{}]}"),
    "a number of a million digits": _body(lambda: b'{"idPrm":' + b"9" * 1_000_000 + b"}"),
    "5,000 digits": _body(lambda: b'{"grandeur":[],"idPrm":' + b"9" * 5_000 + b"}"),
    "a text of two megabytes": _body(lambda: b'{"message":"' + b"<" * 2_000_000 + b'"}'),
    "an error of two megabytes": lambda handler: handler.send(
        b'{"error":"' + b"<[" * 1_000_000 + b'>"}', 400, Content_Type="text/html"
    ),
    "a head that trickles": _slow_head,
    "a body that trickles": _slow_body,
    "a quota that trickles": _slow_quota,
}
"""What is sent, by name; each of them makes an error, none of them a reading."""


HONEST = body(new_curve([new_point("2026-11-16 00:30:00", "250")]))
DEADLINE_S = 1.5
MOST_MB = 160
"""Above an honest answer: two megabytes of empty lists are ninety in Python."""
SLACK_S = 20.0
"""A loaded machine."""


def test_no_answer_takes_more_than_its_share(tally: Tally) -> None:
    prepare()
    sent = iter([lambda handler: handler.send(HONEST), *FLOODS.values()])

    def answer(handler: Handler) -> None:
        next(sent)(handler)

    with TinyServer(answer) as server:
        lines = run_child(server.url, 1 + len(FLOODS))
    first, *rest, end = lines
    assert (first["kind"], first["readings"]) == ("", 1)
    assert end == {"threads": ["MainThread"], "failures": []}
    row = tally("endless or unfolding answer")
    for name, line in zip(FLOODS, rest, strict=True):
        with row.one_try():
            assert line["kind"] in (
                "bad_answer",
                "network",
                "timeout",
                "service",
                "quota",
                "bad_request",
            ), name
            assert_short(line["text"])
            assert line["seconds"] < DEADLINE_S + SLACK_S, (name, line)
            assert line["peak_mb"] - first["peak_mb"] < MOST_MB, (name, line, first)
    assert dict(zip(FLOODS, rest, strict=True))["a quota that trickles"]["kind"] == "quota"
    print(f"\nAt most {rest[-1]['peak_mb'] - first['peak_mb']} MB above an honest answer")


def run_child(url: str, times: int) -> list[dict[str, Any]]:
    """Ask in a process of its own, whose peak of memory is nobody else's."""
    done = finished(start(calling(ask, url, times)), 500)
    assert done.code == 0, done.err
    assert not done.err
    return [json.loads(line) for line in done.out.splitlines()]


def ask(url: str, times: str) -> None:
    """Ask a gateway, one time after another, and print what that cost as a JSON object each.

    The first answer is an honest one, for the memory that is needed anyway.
    """
    failures: list[str] = []
    threading.excepthook = lambda failure: failures.append(repr(failure))
    client = ConsoClient(url, timeouts=(1.0, 1.0), deadline_s=DEADLINE_S)
    for _ in range(int(times)):
        started = time.monotonic()
        fault: ApiFault | None = None
        readings = 0
        try:
            answer = client.attempt(request(), "a.b.c", Shape.NEW, threading.Event())
            readings = len(answer.readings)
        except ApiFault as refused:
            fault = refused
        cost = {
            "kind": fault.kind if fault else "",
            "text": fault.text if fault else "",
            "readings": readings,
            "seconds": round(time.monotonic() - started, 2),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000,
        }
        print(json.dumps(cost), flush=True)
    client.close()
    ending = time.monotonic() + 60.0
    while threading.active_count() > 1 and time.monotonic() < ending:
        time.sleep(0.02)
    left = [thread.name for thread in threading.enumerate()]
    print(json.dumps({"threads": left, "failures": failures}))


def test_no_cookie_is_kept() -> None:
    """What one answer sets would go out with every later request, as large as it likes."""
    cookie = "a=" + "x" * 4_000 + "; Max-Age=99999999; Path=/"
    with TinyServer(lambda handler: handler.send(HONEST, Set_Cookie=cookie)) as server:
        run_child(server.url, 2)
        assert len(server.seen) == 2
        assert not any("Cookie" in headers for _, headers in server.seen)
