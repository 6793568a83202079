"""The HTTP side of the simulated gateway: one handler, and the faults that need the socket."""

from __future__ import annotations

import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler
from typing import Protocol, cast
from urllib.parse import parse_qs, urlsplit

from linky_tui.demo import canned
from linky_tui.demo.canned import Reply
from linky_tui.demo.faults import Fault, FaultKind
from linky_tui.demo.gateway import Gateway
from linky_tui.demo.rules import GatewayRequest

_PREFIX = "/api/"
_PIECE_BYTES = 64
_HUGE_PIECE = b" " * 65_536
_LINGER_ZERO = struct.pack("ii", 1, 0)


class _Server(Protocol):
    gateway: Gateway
    latency_s: float
    closing: threading.Event
    to_reset: set[socket.socket]


class Handler(BaseHTTPRequestHandler):
    """One connection to the simulated gateway (HTTP/1.1, kept alive)."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Header and body leave in one packet; otherwise each answer may wait for a delayed ACK.
    wbufsize = -1

    @property
    def _simulator(self) -> _Server:
        return cast(_Server, self.server)

    def version_string(self) -> str:
        """The ``Server`` header that the real site sends."""
        return "cloudflare"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base
        """Nothing: requests are in the server's log list."""

    def _serve(self) -> None:
        if int(self.headers.get("Content-Length") or 0):
            self.close_connection = True
        simulator = self._simulator
        if simulator.latency_s:
            simulator.closing.wait(simulator.latency_s)
        parts = urlsplit(self.path)
        type_name = parts.path.removeprefix(_PREFIX)
        if type_name == parts.path or "/" in type_name:
            self._send(canned.not_found_page())
            return
        request = self._request(type_name, parts.query)
        reply, fault = simulator.gateway.answer(request, self.headers.get("User-Agent") or "")
        if reply is None:
            self._end_without_answer(fault)
        elif fault is None:
            self._send(reply)
        else:
            self._send_with(fault, reply)

    do_GET = _serve  # noqa: N815 - these names are the base's
    do_HEAD = _serve  # noqa: N815
    do_OPTIONS = _serve  # noqa: N815
    do_POST = _serve  # noqa: N815
    do_PUT = _serve  # noqa: N815
    do_PATCH = _serve  # noqa: N815
    do_DELETE = _serve  # noqa: N815

    def _request(self, type_name: str, query: str) -> GatewayRequest:
        found = parse_qs(query, keep_blank_values=True)

        def first(*names: str) -> str | None:
            return next((found[name][0] for name in names if name in found), None)

        return GatewayRequest(
            method=self.command,
            type=type_name,
            prm=first("pointId", "prm"),
            start=first("dateDebut", "start"),
            end=first("dateFin", "end"),
            authorization=self.headers.get("Authorization"),
        )

    def _send_head(self, reply: Reply, length: int) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, reply: Reply) -> None:
        self._send_head(reply, len(reply.body))
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()

    def _send_with(self, fault: Fault, reply: Reply) -> None:
        if fault.kind is FaultKind.TRUNCATED:
            self.close_connection = True
            self._send_head(reply, len(reply.body))
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.wfile.flush()
        elif fault.kind is FaultKind.TRICKLE:
            self._trickle(reply, fault.pause_s)
        elif fault.kind is FaultKind.HUGE_BODY:
            self._send_huge(fault.size_bytes)
        else:
            self._send(reply)

    def _trickle(self, reply: Reply, pause_s: float) -> None:
        self._send_head(reply, len(reply.body))
        for at in range(0, len(reply.body), _PIECE_BYTES):
            self.wfile.write(reply.body[at : at + _PIECE_BYTES])
            self.wfile.flush()
            if self._simulator.closing.wait(pause_s):
                self.close_connection = True
                return

    def _send_huge(self, size_bytes: int) -> None:
        """A JSON document of exactly ``size_bytes``: an object in a sea of blanks."""
        self._send_head(Reply(200, b""), size_bytes)
        self.wfile.write(b"{")
        left = size_bytes - 2
        while left > 0 and not self._simulator.closing.is_set():
            self.wfile.write(_HUGE_PIECE[:left])
            left -= len(_HUGE_PIECE)
        self.wfile.write(b"}")
        self.wfile.flush()

    def _end_without_answer(self, fault: Fault | None) -> None:
        self.close_connection = True
        if fault is not None and fault.kind is FaultKind.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
            self._simulator.to_reset.add(self.connection)
        else:
            self._simulator.closing.wait()
