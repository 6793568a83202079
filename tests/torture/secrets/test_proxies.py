"""A proxy sees where to connect, never the token; its password is nobody's business."""

from __future__ import annotations

import base64
import select
import socket
import socketserver
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import pytest

from linky_tui.enedis.answers import Answer
from linky_tui.enedis.faults import ApiFault
from linky_tui.errors import ConfigError
from linky_tui.session import Session
from tests.tools.altered import Alteration, values_in
from tests.tools.marks import PROXY_PASSWORD, Marks
from tests.tools.servers import NAME, Authority, TinyServer, serving
from tests.torture.report import Tally
from tests.torture.secrets.echo import good_answer
from tests.torture.secrets.network import EVIL, MARKS, PRM, TOKEN, ask, https
from tests.torture.secrets.runs import Run, run_all
from tests.torture.secrets.stage import Stage, config_file, configured

PROXY_FAULT = "secrets, a proxy"

pytestmark = pytest.mark.usefixtures("names")


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

    ``refusal``: makes the answer to a request's head; None for a proxy that connects.
    """

    def __init__(self, refusal: Any = None) -> None:
        self._server = _Server(refusal)
        self._serving = serving(self._server)
        self.port: int = self._server.server_address[1]

    @property
    def clear(self) -> bytes:
        return self._server.clear

    @property
    def tunnelled(self) -> bytes:
        """What went through it, in both directions."""
        return self._server.tunnelled

    def __enter__(self) -> Self:
        self._serving.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._serving.__exit__(None, None, None)


def proxy_url(proxy: Proxy) -> str:
    return f"http://linky:{quote(PROXY_PASSWORD)}@127.0.0.1:{proxy.port}"


def refuses(status: str, make: Any = lambda head: head) -> Any:
    def answer(head: bytes) -> bytes:
        body = make(head)
        return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)

    return answer


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_sees_where_to_connect_and_never_the_token(
    variable: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    with TinyServer(good_answer, tls=authority.context(NAME)) as server:
        with Proxy() as proxy:
            monkeypatch.setenv(variable, proxy_url(proxy))
            assert isinstance(ask(https(server), TOKEN), Answer)
            assert proxy.clear.startswith(f"CONNECT {NAME}:".encode())
            basic = base64.b64encode(f"linky:{PROXY_PASSWORD}".encode())
            assert basic in proxy.clear, "the password is for the proxy"
            only_token = Marks(TOKEN)
            only_token.absent("what the proxy was told", proxy.clear)
            assert PRM.encode() not in proxy.clear
            assert len(proxy.tunnelled) > 1000
            only_token.absent("what went through the proxy", proxy.tunnelled)
        path, headers = server.seen[0]
        assert headers.pop("Authorization") == f"Bearer {TOKEN}"
        MARKS.absent("what the gateway got", f"{path} {headers}")


def test_no_proxy_where_none_is_wanted(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    with (
        Proxy() as proxy,
        TinyServer(good_answer) as here,
        TinyServer(good_answer, tls=authority.context(NAME)) as there,
    ):
        for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(variable, proxy_url(proxy))
            monkeypatch.setenv(variable.lower(), proxy_url(proxy))
        for address in (here.url, here.url.replace("127.0.0.1", "localhost")):
            assert isinstance(ask(address, TOKEN), Answer)
        monkeypatch.setenv("NO_PROXY", f"localhost,{NAME}")
        assert isinstance(ask(https(there), TOKEN), Answer)
        assert proxy.clear == b""
        monkeypatch.delenv("NO_PROXY")
        assert isinstance(ask(https(there), TOKEN), Answer)
        assert proxy.clear


def test_no_failure_of_a_proxy_tells_its_password(
    monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    row = tally(PROXY_FAULT)
    refusals = {
        "407 that repeats all": refuses("407 Proxy Authentication Required"),
        "407 with the password as reason": refuses(f"407 {PROXY_PASSWORD}"),
        "403": refuses("403 Forbidden"),
        "502": refuses("502 Bad Gateway"),
        "a redirect": lambda head: b"HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:9/\r\n\r\n",
        "no HTTP": lambda head: head,
        "nothing": lambda head: b"",
    }
    addresses = {
        "refused": f"http://linky:{PROXY_PASSWORD}@127.0.0.1:9",
        "unknown": f"http://linky:{PROXY_PASSWORD}@nowhere.invalid:3128",
        "not a port": f"http://linky:{PROXY_PASSWORD}@127.0.0.1:{PROXY_PASSWORD}",
        "a slash": f"http://linky:/{PROXY_PASSWORD}@127.0.0.1:9",
        "no scheme": f"linky:{PROXY_PASSWORD}@127.0.0.1:9",
        "another scheme": f"socks5://linky:{PROXY_PASSWORD}@127.0.0.1:9",
        "an unknown scheme": f"foo://linky:{PROXY_PASSWORD}@127.0.0.1:9",
    }
    for name, refusal in refusals.items():
        with Proxy(refusal) as proxy:
            addresses[name] = proxy_url(proxy)
            with row.one_try():
                monkeypatch.setenv("HTTPS_PROXY", addresses[name])
                fault = ask(f"https://{NAME}:9/api", TOKEN)
                assert isinstance(fault, ApiFault), name
                MARKS.absent(name, f"{fault} {fault!r} {fault.text}")
                assert proxy.clear, "it was asked"
                Marks(TOKEN).absent("what the proxy was told", proxy.clear)
            del addresses[name]
    for name, address in addresses.items():
        with row.one_try():
            monkeypatch.setenv("HTTPS_PROXY", address)
            said: object
            try:
                said = ask(f"https://{NAME}:9/api", TOKEN)
            except ConfigError as refused:  # before anything is counted
                said = refused
            kind = ConfigError if name in ("another scheme", "an unknown scheme") else ApiFault
            assert isinstance(said, kind), name
            MARKS.absent(name, f"{said} {said!r}")


def test_what_a_proxy_says_ends_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = b"HTTP/1.1 200 Connection established\r\n" + b"X-More: of it\r\n" * 400_000
    with Proxy(lambda head: endless) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy_url(proxy))
        fault = ask(f"https://{NAME}:9/api", TOKEN)
    assert isinstance(fault, ApiFault)
    assert "longer than any" in fault.text


def test_a_command_behind_a_proxy_or_a_wrong_certificate(
    stage: Stage, short_tmp_path: Path, authority: Authority, tally: Tally
) -> None:
    row = tally(PROXY_FAULT)
    home = configured(stage, short_tmp_path, "network")
    context = authority.context(EVIL)
    with home, Proxy(refuses("407 No")) as proxy, TinyServer(good_answer, tls=context) as server:
        port = server.url.split(":")[2].split("/")[0]
        runs = []
        for name, variables in {
            "proxy": {"HTTPS_PROXY": proxy_url(proxy)},
            "certificate": {"CURL_CA_BUNDLE": "", "REQUESTS_CA_BUNDLE": ""},
        }.items():
            values = stage.settings("network") | {"api_url": f"https://{name}.example:{port}/api"}
            file = config_file(home, name, **values)
            altered = Alteration(
                values=values_in(Session, timing={"backoff_s": 0.0}),
                hosts={f"{name}.example": f"127.0.0.1:{port}"},
            )
            command = ("--sync", "--verbose", "--config", str(file))
            runs.append(Run(name, command, variables, altered))
        for name, done in run_all(home, runs).items():
            with row.one_try():
                assert done.code == 3, (name, done)
                assert name in done.err, "it says what was in the way"
                stage.marks.absent(name, done.out + done.err)
        assert server.seen == []
        assert stage.marks.absent_in_files(home.folder) > 1
