"""The simulated Conso API on loopback: real HTTP, the gateway's real rules, faults on demand.

::

    with ApiServer({prm: Household(prm)}) as server:
        ...  # server.url, server.token, server.log, server.inject(Fault(FaultKind.RESET))

``python -m linky_tui.demo.api_server`` serves a simulated home until it is interrupted.
"""

from __future__ import annotations

import logging
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from http.server import ThreadingHTTPServer
from typing import Any

from linky_tui.demo.faults import Fault, FaultKind
from linky_tui.demo.gateway import BLOCK_AFTER, Gateway, RequestLogEntry
from linky_tui.demo.rules import AnswerShape, FloorAnswer
from linky_tui.demo.sources import RecordedSource, Source
from linky_tui.demo.wire import Handler
from linky_tui.domain.models import Series
from linky_tui.domain.paris import utc_now
from linky_tui.system.closing import Closing

__all__ = ["ApiServer", "Fault", "FaultKind", "RecordedSource", "RequestLogEntry", "Source"]

_LOG = logging.getLogger(__name__)
_POLL_S = 0.05
_CLOSE_S = 2.0


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self, port: int, gateway: Gateway, latency_s: float, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.scheme = "https" if tls else "http"
        if tls:
            # Hands are shaken by the thread of each connection, not by the one that accepts.
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.gateway = gateway
        self.latency_s = latency_s
        self.closing = threading.Event()
        self.to_reset: set[socket.socket] = set()
        self._open: dict[socket.socket, threading.Thread | None] = {}
        self._open_lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        # Noted by the serving thread, so that after `shutdown` no connection is unknown.
        with self._open_lock:
            self._open[request] = None
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._open_lock:
                self._open.pop(request, None)

    def shutdown_request(self, request: Any) -> None:
        if request in self.to_reset:
            # The handler set SO_LINGER to 0: closing without a shutdown sends RST.
            self.to_reset.discard(request)
            request.close()
            return
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if not isinstance(error, ConnectionError | ssl.SSLError):
            _LOG.error("The simulated gateway failed", exc_info=error)

    @property
    def connections(self) -> int:
        with self._open_lock:
            return len(self._open)

    def hang_up(self) -> None:
        """End every open connection and wait a moment for their threads."""
        self.closing.set()
        with self._open_lock:
            connections = dict(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in connections.values():
            if thread is not None:
                thread.join(_CLOSE_S / len(connections))


class ApiServer(Closing):
    """The simulated gateway as a running HTTP server; a context manager.

    Args:
        homes: a PRM (consumption) or a series, and where its data come from.
        port: the port on 127.0.0.1; 0 takes a free one.
        shapes: whose types it knows: ``{"new"}``, ``{"legacy"}`` or both.
        clock: the current instant as an aware datetime; decides what today is, what is
            published, whether a token has expired, and the days and hours that are counted.
        block_after: requests of one UTC day after which every answer is Cloudflare's 403 page,
            for good; ``None`` for never.
        quota_per_hour: requests of one UTC hour after which Enedis says 429; ``None`` for never.
        floor_answer: ``"error"``, ``"empty"`` or ``"consent"``: how a load curve from before a
            source's ``curve_from`` is answered.
        late_yesterday: yesterday's data are not out, whatever the time, until :meth:`publish`.
        latency_s: seconds before each answer.
        tls: certificate and key, for https; ``None`` for http.
    """

    def __init__(
        self,
        homes: Mapping[str | Series, Source] | Mapping[str, Source] | Mapping[Series, Source],
        *,
        port: int = 0,
        shapes: Collection[str] = (AnswerShape.NEW, AnswerShape.LEGACY),
        clock: Callable[[], datetime] = utc_now,
        block_after: int | None = BLOCK_AFTER,
        quota_per_hour: int | None = None,
        floor_answer: FloorAnswer | str = FloorAnswer.ERROR,
        late_yesterday: bool = False,
        latency_s: float = 0.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.gateway = Gateway(
            homes,
            shapes=shapes,
            clock=clock,
            block_after=block_after,
            quota_per_hour=quota_per_hour,
            floor_answer=floor_answer,
            late_yesterday=late_yesterday,
        )
        self.token = self.gateway.make_token()
        self._http = _HttpServer(port, self.gateway, latency_s, tls)
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(_POLL_S,), name="demo-api", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The base of all types, for ``api_url`` in the configuration."""
        return f"{self._http.scheme}://127.0.0.1:{self._http.server_address[1]}/api"

    @property
    def log(self) -> list[RequestLogEntry]:
        """The requests so far, oldest first (a copy); each is in it before its answer is sent."""
        return self.gateway.log

    @property
    def connections(self) -> int:
        """Connections that are open; once there is none, no request of a dead client is left."""
        return self._http.connections

    @property
    def blocked(self) -> bool:
        """Whether the address has been blocked."""
        return self.gateway.blocked

    def clear_log(self) -> None:
        """Forget the requests so far; the counters of block and quota stay."""
        self.gateway.clear_log()

    def inject(self, fault: Fault | FaultKind | str) -> None:
        """Let a fault happen; a mere kind happens once, to the next request it fits."""
        self.gateway.faults.add(fault if isinstance(fault, Fault) else Fault(fault))

    def clear_faults(self) -> None:
        """Forget the faults that have not happened yet."""
        self.gateway.faults.clear()

    def make_token(
        self, prms: Iterable[str] | None = None, *, expires: datetime | None = None
    ) -> str:
        """Another token of this gateway, for other meters or with another expiry (aware)."""
        return self.gateway.make_token(prms, expires=expires)

    def publish(self) -> None:
        """Let a late yesterday appear."""
        self.gateway.late_yesterday = False

    def close(self) -> None:
        """Stop serving and hang up, also on handlers that are slow on purpose."""
        if self._http.closing.is_set():
            return
        self._http.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._http.hang_up()
        self._thread.join(_CLOSE_S)
