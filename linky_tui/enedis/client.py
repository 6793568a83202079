"""One HTTP request to the Conso API: stoppable, bounded in time and size, never redirected."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import IncompleteRead
from queue import Empty, SimpleQueue

import requests

from linky_tui import __version__
from linky_tui.config.checks import is_loopback
from linky_tui.domain.paris import utc_now
from linky_tui.enedis import answers
from linky_tui.enedis.answers import Answer
from linky_tui.enedis.faults import ApiFault, ApiFaultKind, classify
from linky_tui.enedis.hosts import checked_url, host_of, hostname_of
from linky_tui.enedis.request import DataRequest, Shape
from linky_tui.enedis.timing import Timing
from linky_tui.enedis.token import is_sendable
from linky_tui.enedis.transport import (
    Bearer,
    Damaged,
    Inflater,
    NotLoopback,
    TooLong,
    new_session,
    refuse_unknown_proxy,
)
from linky_tui.errors import TokenRefused
from linky_tui.system.closing import Closing
from linky_tui.text.formatting import plain
from linky_tui.text.redaction import protect_token

USER_AGENT = f"linky-tui/{__version__} (+https://github.com/linky-tui/linky-tui)"
"""The gateway asks public tools for a recognisable one."""
MAX_BODY_BYTES = 2 * 1024 * 1024
"""A week by the minute, the most that can be asked, is half of it; JSON takes 30 times its size."""

_MAX_HEAD_BYTES = 256 * 1024
_POLL_S = 0.05
# Small, so that a slow body is looked at often.
_CHUNK_BYTES = 1024


@dataclass(frozen=True, slots=True)
class _Received:
    status: int
    headers: dict[str, str]
    body: bytes
    complete: bool


class _Abandoned(Exception):
    """Nobody waits for the answer any more."""


class ConsoClient(Closing):
    """Sends single requests; whoever calls it counts, paces and retries them.

    Args:
        api_url: address of the API, https or on loopback. A proxy of the environment is used
            except on loopback; certificates are always verified.
        timeouts: seconds to connect, and seconds without a byte.
        deadline_s: seconds for all of it.
        max_body_bytes: the most that an answer may hold, decompressed.
        user_agent: how the gateway knows us.

    Attributes:
        host: what the budget counts requests for.
        is_loopback: whether the API is on this very machine.

    Raises:
        ConfigError: ``api_url`` is no address, or not encrypted though not on loopback; or the
            environment names a proxy of a kind that cannot be used.
    """

    def __init__(
        self,
        api_url: str,
        *,
        timeouts: tuple[float, float] = Timing.timeouts_s,
        deadline_s: float = Timing.deadline_s,
        max_body_bytes: int = MAX_BODY_BYTES,
        user_agent: str = USER_AGENT,
    ) -> None:
        self._api_url = checked_url(api_url)
        self.host = host_of(api_url)
        self.is_loopback = is_loopback(hostname_of(api_url))
        if not self.is_loopback:
            refuse_unknown_proxy(self._api_url)
        self._timeouts = timeouts
        self._deadline_s = deadline_s
        self._max_body_bytes = max_body_bytes
        self._session = new_session(
            user_agent,
            deadline_s=deadline_s,
            max_bytes=max_body_bytes + _MAX_HEAD_BYTES,
            loopback=self.is_loopback,
        )

    def attempt(
        self, request: DataRequest, token: str, shape: Shape, stop: threading.Event
    ) -> Answer:
        """Send exactly one HTTP request, and read its answer, which may be of either generation.

        The request runs in a thread of its own: a stop or the deadline abandons it within a
        twentieth of a second, wherever it hangs, and it then ends by itself. The token appears in
        no error.

        Raises:
            ApiFault: anything but a usable answer.
            TokenRefused: the token holds characters that no header can; nothing was sent.
        """
        if not is_sendable(token):
            raise TokenRefused(
                "The token cannot be sent",
                "It is empty, or contains spaces, line breaks or foreign characters.",
                "Copy the whole token from the gateway's site into the settings.",
            )
        if stop.is_set():
            raise ApiFault(ApiFaultKind.STOPPED)
        protect_token(token)  # the other side may send it back
        outcome: SimpleQueue[_Received | ApiFault] = SimpleQueue()
        head: list[_Received] = []
        abandoned = threading.Event()
        deadline = time.monotonic() + self._deadline_s
        threading.Thread(
            target=self._run,
            args=(request, Bearer(token), shape, abandoned, head, outcome),
            name="conso-api request",
            daemon=True,
        ).start()
        while True:
            try:
                received = outcome.get(timeout=_POLL_S)
            except Empty:
                received = None
            if isinstance(received, _Received):
                return self._judge(request, received)
            if received is None and stop.is_set():
                received = ApiFault(ApiFaultKind.STOPPED)
            elif received is None and time.monotonic() > deadline:
                abandoned.set()
                if head and head[0].status != HTTPStatus.OK:
                    return self._judge(request, head[0])
                reason = f"no complete answer in {self._deadline_s:g} s"
                received = ApiFault(ApiFaultKind.TIMEOUT, text=reason)
            if received is not None:
                abandoned.set()
                raise received

    def close(self) -> None:
        """Close the idle connection."""
        self._session.close()

    def _run(
        self,
        request: DataRequest,
        auth: Bearer,
        shape: Shape,
        abandoned: threading.Event,
        head: list[_Received],
        outcome: SimpleQueue[_Received | ApiFault],
    ) -> None:
        result: _Received | ApiFault
        try:
            result = self._receive(request, auth, shape, abandoned, head)
        except Damaged:
            result = ApiFault(ApiFaultKind.BAD_ANSWER, text="the answer's compression is damaged")
        except Exception as error:
            # Any exception, because urllib3 and http.client let some of their own pass. What they
            # carry, the address with the PRM and the request with the token, ends here.
            result = _fault(error)
        if isinstance(result, ApiFault) and head and head[0].status != HTTPStatus.OK:
            # A refusal whose body does not arrive is a refusal all the same.
            result = head[0]
        outcome.put(result)

    def _receive(
        self,
        request: DataRequest,
        auth: Bearer,
        shape: Shape,
        abandoned: threading.Event,
        head: list[_Received],
    ) -> _Received:
        with self._session.get(
            f"{self._api_url}/{request.type_name(shape)}",
            params=request.parameters(shape),
            auth=auth,
            timeout=self._timeouts,
            allow_redirects=False,
            stream=True,
        ) as response:
            status, headers = response.status_code, dict(response.headers)
            head.append(_Received(status, headers, b"", complete=False))
            inflater = Inflater(headers.get("Content-Encoding", ""), self._max_body_bytes)
            # Not decoded by the library, which bounds its own bursts only in its newest versions.
            for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=False):
                if abandoned.is_set():
                    raise _Abandoned
                inflater.feed(chunk)
                if inflater.full:
                    break
            inflater.end()
            return _Received(status, headers, bytes(inflater.body), not inflater.full)

    def _judge(self, request: DataRequest, received: _Received) -> Answer:
        if received.status != HTTPStatus.OK:
            raise classify(received.status, received.headers, received.body, utc_now())
        if not received.complete:
            raise ApiFault(
                ApiFaultKind.BAD_ANSWER,
                received.status,
                text=f"the answer is longer than {self._max_body_bytes:,} bytes",
            )
        return answers.parse(request, received.body)


def _fault(error: BaseException) -> ApiFault:
    """Why no answer came, without repeating the texts of the libraries: they hold the address."""
    causes = list(_causes(error))
    for kind, fault, reason in _REASONS:
        for cause in causes:
            if isinstance(cause, kind):
                detail = getattr(cause, "verify_message", "")
                if detail:
                    reason += f": {detail}; REQUESTS_CA_BUNDLE names further authorities"
                return ApiFault(fault, text=plain(reason))
    reason = f"the connection failed ({type(error).__name__})"
    if any("CA certificate bundle" in str(cause) for cause in causes):
        reason = (
            "the file of certificates that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names is missing"
        )
    return ApiFault(ApiFaultKind.NETWORK, text=reason)


_NETWORK, _TIMEOUT = ApiFaultKind.NETWORK, ApiFaultKind.TIMEOUT
_REASONS: tuple[tuple[type[BaseException], ApiFaultKind, str], ...] = (
    (NotLoopback, _NETWORK, "the name of this machine led to another one, and nothing was sent"),
    (TooLong, ApiFaultKind.BAD_ANSWER, "the answer is longer than any that was asked for"),
    (ssl.SSLCertVerificationError, _NETWORK, "its TLS certificate is not accepted"),
    (ssl.SSLError, _NETWORK, "no TLS connection"),
    (requests.exceptions.ProxyError, _NETWORK, "the proxy of HTTPS_PROXY does not let us through"),
    (socket.gaierror, _NETWORK, "the name of the host is not known"),
    (ConnectionRefusedError, _NETWORK, "the connection was refused"),
    (requests.exceptions.ConnectTimeout, _NETWORK, "no connection was made in time"),
    (TimeoutError, _TIMEOUT, "it took too long"),
    (requests.exceptions.Timeout, _TIMEOUT, "it took too long"),
    (ConnectionError, _NETWORK, "the connection broke off"),
    (IncompleteRead, _NETWORK, "the connection broke off"),
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and whatever is inside it or led to it."""
    seen: set[int] = set()
    pending: list[object] = [error]
    while pending:
        cause = pending.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        pending += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
