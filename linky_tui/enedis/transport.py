"""The HTTP session of the client: the token goes to the configured host and nowhere else.

What comes back is bounded as linky_tui/enedis/bounds.py says.
"""

from __future__ import annotations

import urllib.request
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from linky_tui.config.checks import is_loopback
from linky_tui.enedis.bounds import ACCEPT_ENCODING
from linky_tui.text.redaction import protect_address


class NotLoopback(OSError):
    """A name that stands for this machine led to another one."""


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
    user_agent: str, response: type[HTTPResponse], *, loopback: bool
) -> requests.Session:
    """A session for one host.

    Args:
        user_agent: how the host knows us.
        response: the class of its answers (:func:`linky_tui.enedis.bounds.bounded_response`).
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
            "Accept-Encoding": ACCEPT_ENCODING,
        }
    )
    adapter = _Adapter(_pools(response, loopback=loopback))
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    if not loopback:
        for proxy in urllib.request.getproxies().values():
            protect_address(proxy if "://" in proxy else f"http://{proxy}")
    return session


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


def _pools(response: type[HTTPResponse], *, loopback: bool) -> dict[str, type[HTTPConnectionPool]]:
    """What makes connections, by scheme."""
    plain = _LoopbackConnection if loopback else HTTPConnection
    made = {"response_class": response}
    http = type("Connection", (plain,), made)
    https = type("TlsConnection", (HTTPSConnection,), made)
    return {
        "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": http}),
        "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": https}),
    }


class _Adapter(HTTPAdapter):
    """Sends through these pools, also behind a proxy."""

    def __init__(self, pools: dict[str, type[HTTPConnectionPool]]) -> None:
        self._pools = pools
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager
