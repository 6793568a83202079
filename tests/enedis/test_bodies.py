"""Bodies of answers: how long they may be, and how they may be compressed."""

from __future__ import annotations

import gzip
import io
import zlib
from functools import partial

import pytest

from linky_tui.enedis.faults import ApiFaultKind
from tests.enedis.test_client import GOOD, attempt, fault
from tests.tools.servers import Handler, TinyServer
from tests.tools.waiting import wait_until


def flood(handler: Handler, piece: bytes) -> int:
    """Send the same again and again; how much until the client hung up, or a hundred megabytes."""
    sent = 0
    try:
        while sent < 10**8:
            sent += handler.wfile.write(piece * (65_536 // len(piece)))
    except OSError:
        pass
    handler.close_connection = True
    return sent


def test_a_body_beyond_the_limit_is_not_read_to_its_end() -> None:
    sent: list[int] = []

    def endless(handler: Handler) -> None:
        handler.head(length=10**12)
        sent.append(flood(handler, b" "))

    found = fault(endless, max_body_bytes=100_000)
    assert found.kind is ApiFaultKind.BAD_ANSWER
    assert "longer than 100,000 bytes" in found.text
    assert sent[0] < 10**8


def test_an_endless_run_of_interim_answers_is_not_read_to_its_end() -> None:
    sent: list[int] = []
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    found = fault(lambda handler: sent.append(flood(handler, interim)), max_body_bytes=100_000)
    assert (found.kind, found.text) == (
        ApiFaultKind.BAD_ANSWER,
        "the answer is longer than any that was asked for",
    )
    wait_until(lambda: sent, "the end of the flood")
    assert sent[0] < 10**8


PACKED = gzip.compress(GOOD)


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", PACKED),
        ("  X-GZip ", PACKED),
        ("deflate", zlib.compress(GOOD)),
        ("identity", GOOD),
        ("", GOOD),
    ],
)
def test_a_compressed_answer_is_read_up_to_the_limit(encoding: str, content: bytes) -> None:
    answer = partial(Handler.send, body=content, Content_Encoding=encoding)
    with TinyServer(answer) as server:
        assert attempt(server.url, max_body_bytes=len(GOOD)).readings
        assert "gzip" in server.seen[0][1]["Accept-Encoding"]
    found = fault(answer, max_body_bytes=len(GOOD) - 1)
    assert (found.kind, found.status) == (ApiFaultKind.BAD_ANSWER, 200)
    assert "is longer than" in found.text


def test_the_limit_applies_to_what_was_compressed() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 100_000
    found = fault(lambda h: h.send(bomb, Content_Encoding="gzip"), max_body_bytes=100_000)
    assert found.kind is ApiFaultKind.BAD_ANSWER


def packed_in(length: int) -> bytes:
    """The good answer, compressed to exactly so many bytes: with a file name in its head."""
    packed = io.BytesIO()
    with gzip.GzipFile("x" * (length - len(PACKED) - 1), "wb", fileobj=packed, mtime=0) as file:
        file.write(GOOD)
    assert packed.tell() == length
    return packed.getvalue()


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", b"not gzip at all"),
        ("gzip", PACKED[:-1]),
        ("gzip", PACKED + b"x"),
        ("gzip", packed_in(1024) + b"x"),
        ("gzip, gzip", gzip.compress(PACKED)),
        ("deflate", PACKED),
        ("br", GOOD),
    ],
)
def test_damaged_or_unknown_compression_is_no_answer(encoding: str, content: bytes) -> None:
    found = fault(lambda handler: handler.send(content, Content_Encoding=encoding))
    assert (found.kind, found.text) == (
        ApiFaultKind.BAD_ANSWER,
        "the answer's compression is damaged",
    )


def test_of_nothing_no_compression_is_damaged() -> None:
    found = fault(lambda handler: handler.send(b"", Content_Encoding="gzip"))
    assert (found.kind, found.status) == (ApiFaultKind.BAD_ANSWER, 200)
