"""Answers that never end, or unfold: what each of them sends, byte by byte."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from functools import cache

from tests.tools.servers import Handler

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
