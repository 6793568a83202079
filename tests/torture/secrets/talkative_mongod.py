"""A server that greets like MongoDB, and then quotes in each error what it pleases."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bson

_REPLY, _QUERY, _MSG = 1, 2004, 2013
_GREETING = {
    "ismaster": True,
    "isWritablePrimary": True,
    "helloOk": True,
    "maxBsonObjectSize": 16_777_216,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "minWireVersion": 0,
    "maxWireVersion": 17,
    "readOnly": False,
    "ok": 1.0,
}


@contextmanager
def talkative_mongod(code: int, said: str) -> Iterator[int]:
    """Serve on a loopback port (which is given) until the end of the block.

    Args:
        code: the code of each error.
        said: its text.
    """
    error = {"ok": 0.0, "code": code, "codeName": said[:30], "errmsg": said}

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                while True:
                    self._answer()
            except (OSError, EOFError):
                return

        def _answer(self) -> None:
            length, request, _, kind = struct.unpack("<iiii", self._receive(16))
            body = self._receive(length - 16)
            document = body[body.index(b"\0", 4) + 9 :] if kind == _QUERY else body[5:]
            command = next(iter(bson.decode(document[: struct.unpack("<i", document[:4])[0]])))
            greets = command.lower() in ("hello", "ismaster")
            reply = bson.encode(_GREETING if greets else error)
            if kind == _QUERY:
                data, kind = struct.pack("<iqii", 8, 0, 0, 1) + reply, _REPLY
            else:
                data = struct.pack("<IB", 0, 0) + reply
            head = struct.pack("<iiii", 16 + len(data), 1, request, kind)
            self.request.sendall(head + data)

        def _receive(self, count: int) -> bytes:
            received = b""
            while len(received) < count:
                part: Any = self.request.recv(count - len(received))
                if not part:
                    raise EOFError
                received += part
            return received

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
