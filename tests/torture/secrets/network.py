"""One request of the client, to a host that has a name."""

from __future__ import annotations

import threading
from datetime import date, timedelta

from linky_tui.domain.models import Series
from linky_tui.enedis.answers import Answer
from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault
from linky_tui.enedis.request import DataKind, DataRequest, Shape
from tests.tools.marks import PROXY_PASSWORD, Marks, marked_token
from tests.tools.servers import NAME, TinyServer

PRM = "60000000000006"
EVIL = "evil.example"
TOKEN = marked_token(PRM)
MARKS = Marks(TOKEN, PROXY_PASSWORD)
VARIABLES = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
FIRST = date(2026, 11, 16)
ASKED = DataRequest(DataKind.LOAD_CURVE, Series(PRM), FIRST, FIRST + timedelta(days=1))


def ask(api_url: str, token: str, *, deadline_s: float = 60.0) -> Answer | ApiFault:
    """Send one request; the answer, or what went wrong."""
    client = ConsoClient(api_url, timeouts=(30.0, 30.0), deadline_s=deadline_s)
    try:
        return client.attempt(ASKED, token, Shape.NEW, threading.Event())
    except ApiFault as fault:
        return fault
    finally:
        client.close()


def https(server: TinyServer, name: str = NAME) -> str:
    return server.url.replace("127.0.0.1", name)
