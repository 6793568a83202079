"""The HTTP session: the token goes to the configured host and nowhere else, and answers end.

``http.client`` and ``urllib3`` limit the time between two bytes, not that of an answer, and not
everything that they read: an endless run of interim answers or a header that trickles keeps a
thread for ever. So each answer is read through a tap that closes, whatever is sent.
"""

from __future__ import annotations

import io
import os
import time
import urllib.request
import zlib
from collections.abc import Callable
from functools import partial
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from importlib.util import find_spec
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.utils import get_environ_proxies, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection

from linky_tui.config.checks import is_loopback
from linky_tui.errors import ConfigError
from linky_tui.text.redaction import protect_address

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class NotLoopback(OSError):
    """A name that stands for this machine led to another one."""


class TooLong(OSError):
    """An answer with more bytes than any answer needs, head included."""


class Damaged(Exception):
    """Compression that is unknown, broken, or not at its end."""


class Bearer(AuthBase):
    """Sets the token itself, so that no entry in a netrc file replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Session(requests.Session):
    """A session that no answer sends elsewhere."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: even an unfollowed redirect would be prepared, and its whole body read."""


def new_session(
    user_agent: str, *, deadline_s: float, max_bytes: int, loopback: bool
) -> requests.Session:
    """A session for one host.

    Args:
        user_agent: how the host knows us.
        deadline_s: seconds from the sent request to the last byte, up to a read timeout more.
        max_bytes: the most that is read of an answer, head, interim answers and framing included;
            more raises :class:`TooLong`.
        loopback: whether it is this very machine. Then no proxy is used, and without encryption
            only a connection that really ends here; elsewhere the proxies of the environment
            are used, and the certificate authorities of ``REQUESTS_CA_BUNDLE`` where it is set.
    """
    session = Session()
    session.verify = True
    session.trust_env = not loopback
    # No cookie is kept: it could hold what was sent, and would go to every port of the host.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update(
        {
            "User-Agent": user_agent,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",  # what Inflater reads
        }
    )
    adapter = _Adapter(partial(_Response, deadline_s, max_bytes), loopback=loopback)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    if not loopback:
        for proxy in urllib.request.getproxies().values():
            protect_address(proxy if "://" in proxy else f"http://{proxy}")
    return session


def refuse_unknown_proxy(url: str) -> None:
    """Look at the proxy of the environment, before a request is counted that cannot be sent.

    Raises:
        ConfigError: it is none of http or https; with PySocks installed SOCKS is fine, too.
    """
    proxy = select_proxy(url, get_environ_proxies(url)) or ""
    scheme, given, _ = proxy.partition("://")
    is_socks = scheme.lower().startswith("socks")
    if not given or scheme.lower() in {"http", "https"} or (is_socks and find_spec("socks")):
        return
    variables = {n: v for n, v in os.environ.items() if n.lower().endswith("_proxy")}
    variable = next((name for name, value in variables.items() if value == proxy), "The system")
    kind = "SOCKS proxies are not supported here" if is_socks else "it is not http:// or https://"
    raise ConfigError(
        "The proxy cannot be used",
        f"{variable} names the proxy, and {kind}.",
        "Set HTTPS_PROXY to a proxy that begins with http://, or name the gateway's host in "
        "NO_PROXY to do without. No request was sent.",
    )


class Inflater:
    """Decompresses an answer no further than its limit, whatever it was compressed with.

    Raises:
        Damaged: a compression that was not asked for, also several on top of each other.
    """

    def __init__(self, encoding: str, max_bytes: int) -> None:
        self.body = bytearray()  # at most one byte more than `max_bytes`
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


class _Adapter(HTTPAdapter):
    """Sends through connections whose answers are made by ``response``, also behind a proxy."""

    def __init__(self, response: Callable[..., HTTPResponse], *, loopback: bool) -> None:
        super().__init__()
        self._response = response
        self._kinds = {
            "http": _LoopbackConnection if loopback else HTTPConnection,
            "https": HTTPSConnection,
        }

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        pool.ConnectionCls = partial(self._connection, self._kinds[pool.scheme])
        return pool

    def _connection(self, kind: type[HTTPConnection], **options: Any) -> Any:
        connection: Any = kind(**options)
        connection.response_class = self._response
        return connection


class _LoopbackConnection(HTTPConnection):
    """Closes again where a hosts file or a name server sends ``localhost`` elsewhere."""

    def connect(self) -> None:
        """Connect, and look who is there before anything is sent.

        Raises:
            NotLoopback: it is another machine.
        """
        super().connect()
        peer = self.sock.getpeername()[0]
        if not is_loopback(peer):
            self.close()
            raise NotLoopback(peer)


class _Response(HTTPResponse):
    """An answer that ends."""

    def __init__(
        self, deadline_s: float, max_bytes: int, sock: Any, *args: Any, **options: Any
    ) -> None:
        super().__init__(sock, *args, **options)
        tap = _Tap(self.fp.detach(), time.monotonic() + deadline_s, max_bytes)
        self.fp = io.BufferedReader(tap)


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
