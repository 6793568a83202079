"""A server that claims to be an old MongoDB: just enough of the protocol to be greeted."""

from __future__ import annotations

import contextlib
import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson

from tests.private_mongod import socket_uri

_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013


@contextlib.contextmanager
def old_server(version: str, max_wire_version: int, socket: Path | None = None) -> Iterator[str]:
    """The address of one that answers hello and buildInfo, on loopback or on a unix socket."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError, struct.error):
                while True:
                    self.answer()

        def answer(self) -> None:
            header = self.request.recv(16, 0x100)  # MSG_WAITALL
            length, request_id, _, opcode = struct.unpack("<iiii", header)
            self.request.recv(length - 16, 0x100)
            body = bson.encode(reply(version, max_wire_version))
            if opcode == _OP_QUERY:
                start = struct.pack("<iqii", 8, 0, 0, 1)
                opcode = _OP_REPLY
            else:
                start = struct.pack("<IB", 0, 0)
            size = 16 + len(start) + len(body)
            self.request.sendall(struct.pack("<iiii", size, 1, request_id, opcode) + start + body)

    server: socketserver.ThreadingTCPServer | socketserver.ThreadingUnixStreamServer
    if socket is None:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        uri = f"mongodb://127.0.0.1:{server.server_address[1]}"
    else:
        server = socketserver.ThreadingUnixStreamServer(str(socket), Handler)
        uri = socket_uri(socket)
    server.daemon_threads = True
    with server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield uri
        server.shutdown()


def reply(version: str, max_wire_version: int) -> dict[str, Any]:
    return {
        "ok": 1,
        "ismaster": True,
        "isWritablePrimary": True,
        "maxWireVersion": max_wire_version,
        "minWireVersion": 0,
        "version": version,
        "versionArray": [*(int(part) for part in version.split(".")), 0],
    }
