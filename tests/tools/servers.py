"""Servers on loopback that answer what a test says, in HTTP or as if they were MongoDB."""

from __future__ import annotations

import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import trustme

from tests.tools.wire import WRITES, Command, receive

NAME = "gateway.example"
"""A name that is not this machine's."""


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """A server serves in a thread of its own until the end of the ``with``."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Authority:
    """Makes certificates that a process trusts once ``REQUESTS_CA_BUNDLE`` names :attr:`bundle`."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.bundle = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(str(self.bundle))

    def context(self, *names: str, **options: Any) -> ssl.SSLContext:
        """What a server of these names shows; the options are those of a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*names, **options).configure_cert(context)
        return context


class Handler(BaseHTTPRequestHandler):
    """Notes each request and lets the test answer it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for a delayed ACK
    server: _Server

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        self.server.answer(self)

    def log_message(self, *_: Any) -> None:
        pass

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.head(status, len(body), **headers)
        self.wfile.write(body)

    def head(self, status: int = 200, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def trickle(self, seconds: float = 20.0) -> bool:
        """Send a byte every now and then; whether the client was still there at the end."""
        try:
            for _ in range(int(seconds * 50)):
                if self.server.closing.wait(0.02):
                    return False
                self.wfile.write(b" ")
        except OSError:
            self.server.hung_up.set()
            return False
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: Callable[[Handler], object], tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        self.closing = threading.Event()
        self.hung_up = threading.Event()
        if tls is not None:
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class TinyServer:
    def __init__(
        self, answer: Callable[[Handler], object], tls: ssl.SSLContext | None = None
    ) -> None:
        self._server = _Server(answer, tls)
        self._serving = serving(self._server)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}/api"
        self.seen = self._server.seen
        self.closing = self._server.closing
        self.hung_up = self._server.hung_up

    @property
    def connections(self) -> int:
        return self._server.connections

    def __enter__(self) -> Self:
        self._serving.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._serving.__exit__(None, None, None)


GREETING = {
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
def claimed_mongod(
    answer: Callable[[str], Mapping[str, Any]],
    socket: Path | None = None,
    seen: list[Command] | None = None,
) -> Iterator[str]:
    """The host and port, or the socket, of one that speaks just enough of the protocol to answer.

    Args:
        answer: the answer to a command of that name; the first ones are ``hello`` or ``ismaster``.
        socket: where it listens, on loopback where it is not given.
        seen: gets each command.
    """

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError, struct.error):
                while True:
                    self.answer()

        def answer(self) -> None:
            message = receive(self.request)
            command = message.command()
            if seen is not None:
                seen.append(command)
            self.request.sendall(message.reply(answer(next(iter(command)))))

    server: socketserver.ThreadingTCPServer | socketserver.ThreadingUnixStreamServer
    if socket is None:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        place = f"127.0.0.1:{server.server_address[1]}"
    else:
        server, place = socketserver.ThreadingUnixStreamServer(str(socket), Handler), str(socket)
    server.daemon_threads = True
    with serving(server):
        yield place


def talkative_mongod(code: int, said: str) -> AbstractContextManager[str]:
    """One that greets like MongoDB, and then quotes in each error what it pleases."""
    error = {"ok": 0.0, "code": code, "codeName": said[:30], "errmsg": said}
    greets = ("hello", "ismaster")
    return claimed_mongod(lambda name: GREETING if name.lower() in greets else error)


_EMPTY = {"cursor": {"id": 0, "ns": "a.b", "firstBatch": []}, "ok": 1.0}


class LookAlike:
    """One that answers as a vendor's database does; a context manager that serves.

    Args:
        hello: what it says beside a standalone's ``hello``.
        build: what it says beside the ``buildInfo`` of a 7.0.
        answers: other answers, by the command's name; everything else is found empty or done.

    Attributes:
        uri: its address, while it serves.
        answers: all its answers; a function is asked each time.
    """

    def __init__(
        self,
        hello: Mapping[str, Any] | None = None,
        build: Mapping[str, Any] | None = None,
        **answers: Mapping[str, Any],
    ) -> None:
        greeting = {**GREETING, **(hello or {})}
        version = {"version": "7.0.77", "versionArray": [7, 0, 77, 0], "ok": 1.0}
        empty = dict.fromkeys(("listCollections", "listIndexes", "find", "aggregate"), _EMPTY)
        self.answers: dict[str, Any] = {
            **empty,
            "hello": greeting,
            "ismaster": greeting,
            "isMaster": greeting,
            "buildInfo": {**version, **(build or {})},
            "connectionStatus": {"authInfo": {"authenticatedUsers": []}, "ok": 1.0},
            **answers,
        }
        self._seen: list[Command] = []
        self._served = claimed_mongod(self._answer, seen=self._seen)
        self.uri = ""

    def __enter__(self) -> Self:
        self.uri = f"mongodb://{self._served.__enter__()}"
        return self

    def __exit__(self, *_: object) -> None:
        self._served.__exit__(None, None, None)

    def _answer(self, name: str) -> Mapping[str, Any]:
        answer = self.answers.get(name, {"ok": 1.0})
        found: Mapping[str, Any] = answer() if callable(answer) else answer
        return found

    @property
    def written(self) -> list[Command]:
        """The commands that change something, in their order."""
        return [command for command in self._seen if next(iter(command)) in WRITES]


def command_error(code: int, said: str = "no such thing here") -> dict[str, Any]:
    """The answer that refuses a command."""
    return {"ok": 0.0, "code": code, "errmsg": said}
