"""The token goes to the configured host only, and unencrypted to this machine only."""

from __future__ import annotations

import pytest

from linky_tui.config.checks import Refused, is_loopback
from linky_tui.config.checks import api_url as checked
from linky_tui.enedis import transport
from linky_tui.enedis.answers import Answer
from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault
from linky_tui.errors import ConfigError
from tests.tools.servers import NAME, Authority, Handler, TinyServer
from tests.torture.report import Tally
from tests.torture.secrets.echo import good_answer
from tests.torture.secrets.network import EVIL, MARKS, TOKEN, ask, https

REDIRECT_FAULT = "secrets, an answer that leads elsewhere"

pytestmark = pytest.mark.usefixtures("names")


@pytest.mark.parametrize("tls", [False, True], ids=["loopback", "https"])
def test_no_answer_leads_the_token_elsewhere(
    tls: bool, authority: Authority, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    row = tally(REDIRECT_FAULT)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    context = authority.context(NAME, EVIL) if tls else None
    todo: list[tuple[int, dict[str, str]]] = []

    def answer(handler: Handler) -> None:
        status, headers = todo[-1]
        handler.send(b"{}", status, **headers)

    with (
        TinyServer(good_answer, tls=context) as other,
        TinyServer(good_answer) as clear,
        TinyServer(answer, tls=context) as server,
    ):
        port, clear_port = (each.url.split(":")[2].split("/")[0] for each in (other, clear))
        scheme = "https" if tls else "http"
        places = [
            f"{scheme}://127.0.0.1:{port}/api",
            f"{scheme}://{EVIL}:{port}/api",
            f"{scheme}://{NAME}:{port}/api",
            f"//{EVIL}:{port}/api",
            f"http://127.0.0.1:{clear_port}/",
            f"http://{NAME}:{clear_port}/",
            f"http://localhost:{clear_port}/",
            f"http://{NAME}@127.0.0.1:{clear_port}/",
            "/api/elsewhere",
            "?again",
            "https://[broken",
            "file:///etc/passwd",
        ]
        for place in places:
            headers = [
                *((status, {"Location": place}) for status in (301, 302, 303, 307, 308)),
                *((status, {"Location": place}) for status in (200, 201, 300, 304, 305, 401, 503)),
                (200, {"Refresh": f"0; url={place}", "Content_Location": place}),
                (200, {"Link": f'<{place}>; rel="next"', "Alt_Svc": f'h2="{EVIL}:{port}"'}),
            ]
            for each in headers:
                todo.append(each)
                with row.one_try():
                    before = len(server.seen)
                    outcome = ask(https(server) if tls else server.url, TOKEN)
                    assert isinstance(outcome, ApiFault), each
                    MARKS.absent(str(each), f"{outcome} {outcome!r}")
                    assert len(server.seen) == before + 1, each
        assert [other.seen, clear.seen] == [[], []]
        assert [other.connections, clear.connections] == [0, 0]
        # The same servers do answer who asks them: so they would have noticed.
        assert isinstance(ask(https(other) if tls else other.url, TOKEN), Answer)
        assert other.connections == 1


def test_the_body_of_a_redirect_is_not_read_without_end() -> None:
    def answer(handler: Handler) -> None:
        handler.head(302, 10**12, Location="http://127.0.0.1:9/")
        try:
            while not handler.server.closing.is_set():
                handler.wfile.write(b" " * 65536)
        except OSError:
            handler.server.hung_up.set()

    with TinyServer(answer) as server:
        outcome = ask(server.url, TOKEN)
        assert isinstance(outcome, ApiFault)
        assert outcome.status == 302
        assert server.hung_up.wait(60)


WRONG_ADDRESSES = [
    f"http://{NAME}/api",
    "http://127.0.0.1.evil.example/",
    "http://localhost.evil/",
    "http://localhost.evil.example/",
    "http://evil.example/localhost",
    "http://127.1/",
    "http://127.0.1/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::1%25lo]/",
    "http://[::1]evil.example/",
    "http://127.0.0.1./",
    "http://localhost./",
    "http://localhost%2eevil.example/",
    "http://127.0.0.1%00.evil.example/",
    "http://localhost:80@evil.example/",
    "http://localhost@evil.example/",
    f"https://conso.boris.sh@{EVIL}/",
    f"https://conso.boris.sh:443@{EVIL}/",
    f"https://user:password@{NAME}/",
    f"https://@{NAME}/",
    f"https://conso.boris.sh\\@{EVIL}/",
    f"http://localhost\\.{EVIL}/",
    f"http://127.0.0.1 .{EVIL}/",
    f"http://127.0.0.1\t.{EVIL}/",
    "http://localhost\u3002evil.example/",
    "http://ⓛocalhost/",
    "http://１２７.0.0.1/",
    "https://conso.boris.ѕh/",
    "https://conso.boris.sh\uff0fapi/",
    "http://LOCALHOST.EVIL/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http:///localhost/",
    "http:localhost/",
    "//localhost/",
    "localhost/api",
    "ftp://localhost/",
    "file://localhost/etc/passwd",
    "https://",
    "https://host:0/",
    "https://host:99999/",
    "https://host/?next=1",
    "https://host/#x",
]


@pytest.mark.parametrize("address", WRONG_ADDRESSES)
def test_an_address_that_could_lead_the_token_astray_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        checked(address)
    with pytest.raises(ConfigError):
        ConsoClient(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://conso.boris.sh/api",
        "https://CONSO.BORIS.SH./api/",
        "http://LOCALHOST:8080/api",
        "http://127.0.0.1:8080",
        "http://127.8.9.1/",
        "http://[::1]:8080/api",
        "http://[0:0:0:0:0:0:0:1]/",
    ],
)
def test_an_address_that_is_encrypted_or_here_is_taken(address: str) -> None:
    checked(address)
    client = ConsoClient(address)
    assert client.is_loopback == ("https" not in address)
    client.close()


def test_localhost_is_believed_only_where_it_is_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with TinyServer(good_answer) as server:
        address = server.url.replace("127.0.0.1", "localhost")
        assert isinstance(ask(address, TOKEN), Answer)
        assert len(server.seen) == 1
        # A hosts file that sends localhost to another machine; its address is not here to be had.
        monkeypatch.setattr(transport, "is_loopback", lambda peer: not is_loopback(peer))
        fault = ask(address, TOKEN)
        assert isinstance(fault, ApiFault)
        assert "another one" in fault.text
        assert len(server.seen) == 1
