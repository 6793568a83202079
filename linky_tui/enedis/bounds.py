"""Answers that end: whatever is sent, an answer takes only so long and so many bytes.

``http.client`` and ``urllib3`` limit the time between two bytes, not that of an answer, and not
everything that they read: an endless run of interim answers or a header that trickles keeps a
thread for ever. So each answer is read through a tap that closes.
"""

from __future__ import annotations

import io
import time
import zlib
from http.client import HTTPResponse
from typing import Any, cast

ACCEPT_ENCODING = "gzip, deflate"
"""What :class:`Inflater` reads, so that no other compression is sent in good faith."""

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class TooLong(OSError):
    """An answer with more bytes than any answer needs, head included."""


class _Tap(io.RawIOBase):
    """What comes from a socket until the deadline or the limit."""

    def __init__(self, source: io.RawIOBase, deadline: float, max_bytes: int) -> None:
        self._source = source
        self._deadline = deadline
        self._left = max_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        if time.monotonic() > self._deadline:
            raise TimeoutError("the answer takes too long")
        count = cast("int | None", self._source.readinto(buffer))
        self._left -= count or 0
        if self._left < 0:
            raise TooLong("the answer is too long")
        return count

    def close(self) -> None:
        # The socket itself is closed only when its last file is.
        self._source.close()
        super().close()


def bounded_response(deadline_s: float, max_bytes: int) -> type[HTTPResponse]:
    """The class of answers that end, for connections to make theirs of.

    Args:
        deadline_s: seconds from the sent request to the last byte, up to a read timeout more.
        max_bytes: the most that is read of an answer, head, interim answers and framing included;
            more raises :class:`TooLong`.
    """

    class Response(HTTPResponse):
        def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
            super().__init__(sock, *args, **options)
            tap = _Tap(self.fp.detach(), time.monotonic() + deadline_s, max_bytes)
            self.fp = io.BufferedReader(tap)

    return Response


class Damaged(Exception):
    """Compression that is unknown, broken, or not at its end."""


class Inflater:
    """Decompresses an answer no further than its limit, whatever it was compressed with.

    Args:
        encoding: the header ``Content-Encoding``; empty for none.
        max_bytes: the most that an answer may hold.

    Attributes:
        body: what came so far, at most one byte more than ``max_bytes``.

    Raises:
        Damaged: a compression that was not asked for, also several on top of each other.
    """

    def __init__(self, encoding: str, max_bytes: int) -> None:
        self.body = bytearray()
        self._max_bytes = max_bytes
        self._fed = False
        name = encoding.strip().lower()
        self._stream = None
        if name not in ("", "identity"):
            if name not in _WINDOW_BITS:
                raise Damaged
            self._stream = zlib.decompressobj(_WINDOW_BITS[name])

    @property
    def full(self) -> bool:
        """Whether there is more than may be."""
        return len(self.body) > self._max_bytes

    def feed(self, data: bytes) -> None:
        """Take the next piece.

        Raises:
            Damaged: it is not what was announced.
        """
        if self._stream is None:
            self.body += data[: self._max_bytes + 1 - len(self.body)]
            return
        self._fed = self._fed or bool(data)
        if data and self._stream.eof:
            raise Damaged
        while data and not self.full:
            try:
                self.body += self._stream.decompress(data, self._max_bytes + 1 - len(self.body))
            except zlib.error:
                raise Damaged from None
            if self._stream.unused_data:
                raise Damaged
            data = self._stream.unconsumed_tail

    def end(self) -> None:
        """Say that nothing more comes.

        Raises:
            Damaged: something is missing.
        """
        if self._stream is not None and self._fed and not self._stream.eof and not self.full:
            raise Damaged
