"""Names that lead to loopback, a proxy that writes down what it sees, one request of the client."""

from __future__ import annotations

import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Mapping
from datetime import date, timedelta
from types import TracebackType
from typing import Any, Self

import pytest
import trustme

from linky_tui.domain.models import Series
from linky_tui.enedis.answers import Answer
from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault
from linky_tui.enedis.request import DataKind, DataRequest, Shape
from tests.enedis.tiny_server import TinyServer
from tests.torture.secrets.marks import PROXY_PASSWORD, Marks, marked_token

PRM = "60000000000006"
NAME, EVIL = "gateway.example", "evil.example"
TOKEN = marked_token(PRM)
MARKS = Marks(TOKEN, PROXY_PASSWORD)
VARIABLES = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
FIRST = date(2026, 11, 16)
ASKED = DataRequest(DataKind.LOAD_CURVE, Series(PRM), FIRST, FIRST + timedelta(days=1))


def lead(monkeypatch: pytest.MonkeyPatch, hosts: Mapping[str, str]) -> None:
    """Let names lead to addresses; every other name but of this machine is unknown."""
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        known = {"localhost": "127.0.0.1", "127.0.0.1": "127.0.0.1", **hosts}
        if name not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(known[name], *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def ask(api_url: str, token: str, *, deadline_s: float = 60.0) -> Answer | ApiFault:
    """Send one request; the answer, or what went wrong."""
    client = ConsoClient(api_url, timeouts=(30.0, 30.0), deadline_s=deadline_s)
    try:
        return client.attempt(ASKED, token, Shape.NEW, threading.Event())
    except ApiFault as fault:
        return fault
    finally:
        client.close()


def shown_by(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def https(server: TinyServer, name: str = NAME) -> str:
    return server.url.replace("127.0.0.1", name)


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            part = self.request.recv(65536)
            if not part:
                return
            head += part
            self.server.clear += part
        if self.server.refusal is not None:
            self.request.sendall(self.server.refusal(head))
            return
        port = int(head.split(b" ")[1].rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port)) as other:
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._pass_on(other)

    def _pass_on(self, other: socket.socket) -> None:
        ends = {self.request: other, other: self.request}
        while True:
            for end in select.select([*ends], [], [], 60.0)[0] or [None]:
                part = b"" if end is None else end.recv(65536)
                if not part:
                    return
                self.server.tunnelled += part
                ends[end].sendall(part)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, refusal: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.refusal = refusal
        self.clear = b""
        self.tunnelled = b""

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class Proxy:
    """A proxy on loopback; a context manager.

    Args:
        refusal: makes the answer to a request's head; None for a proxy that connects.
    """

    def __init__(self, refusal: Any = None) -> None:
        self._server = _Server(refusal)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.port: int = self._server.server_address[1]

    @property
    def clear(self) -> bytes:
        """What was said to the proxy itself."""
        return self._server.clear

    @property
    def tunnelled(self) -> bytes:
        """What went through it, in both directions."""
        return self._server.tunnelled

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
