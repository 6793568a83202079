"""A proxy sees where to connect, never the token; its password is nobody's business."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import trustme

from linky_tui.enedis.answers import Answer
from linky_tui.enedis.faults import ApiFault
from tests.enedis.tiny_server import TinyServer
from tests.torture.report import Tally
from tests.torture.secrets.altered import Run, run_altered
from tests.torture.secrets.echo import good_answer
from tests.torture.secrets.marks import PROXY_PASSWORD, Marks
from tests.torture.secrets.network import (
    EVIL,
    MARKS,
    NAME,
    PRM,
    TOKEN,
    Proxy,
    ask,
    https,
    shown_by,
)
from tests.torture.secrets.stage import Stage, config_file, configured

PROXY_FAULT = "secrets, a proxy"

pytestmark = pytest.mark.usefixtures("names")


def proxy_url(proxy: Proxy) -> str:
    return f"http://linky:{quote(PROXY_PASSWORD)}@127.0.0.1:{proxy.port}"


def refuses(status: str, make: Any = lambda head: head) -> Any:
    def answer(head: bytes) -> bytes:
        body = make(head)
        return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)

    return answer


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_sees_where_to_connect_and_never_the_token(
    variable: str, authority: trustme.CA, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with TinyServer(good_answer, tls=shown_by(authority.issue_cert(NAME))) as server:
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
    authority: trustme.CA, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with (
        Proxy() as proxy,
        TinyServer(good_answer) as here,
        TinyServer(good_answer, tls=shown_by(authority.issue_cert(NAME))) as there,
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
            row.tried += 1
            monkeypatch.setenv("HTTPS_PROXY", addresses[name])
            fault = ask(f"https://{NAME}:9/api", TOKEN)
            assert isinstance(fault, ApiFault), name
            MARKS.absent(name, f"{fault} {fault!r} {fault.text}")
            assert proxy.clear, "it was asked"
            Marks(TOKEN).absent("what the proxy was told", proxy.clear)
            row.survived += 1
            del addresses[name]
    for name, address in addresses.items():
        row.tried += 1
        monkeypatch.setenv("HTTPS_PROXY", address)
        fault = ask(f"https://{NAME}:9/api", TOKEN)
        assert isinstance(fault, ApiFault), name
        MARKS.absent(name, f"{fault} {fault!r}")
        row.survived += 1


def test_what_a_proxy_says_ends_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = b"HTTP/1.1 200 Connection established\r\n" + b"X-More: of it\r\n" * 400_000
    with Proxy(lambda head: endless) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy_url(proxy))
        fault = ask(f"https://{NAME}:9/api", TOKEN)
    assert isinstance(fault, ApiFault)
    assert "longer than any" in fault.text


def test_a_command_behind_a_proxy_or_a_wrong_certificate(
    stage: Stage, short_tmp_path: Path, authority: trustme.CA, tally: Tally
) -> None:
    row = tally(PROXY_FAULT)
    home = configured(stage, short_tmp_path, "network")
    context = shown_by(authority.issue_cert(EVIL))
    with home, Proxy(refuses("407 No")) as proxy, TinyServer(good_answer, tls=context) as server:
        port = server.url.split(":")[2].split("/")[0]
        runs = []
        for name, variables in {
            "proxy": {"HTTPS_PROXY": proxy_url(proxy)},
            "certificate": {"CURL_CA_BUNDLE": "", "REQUESTS_CA_BUNDLE": ""},
        }.items():
            values = stage.settings("network") | {"api_url": f"https://{name}.example:{port}/api"}
            file = config_file(home, name, **values)
            runs.append(
                Run(
                    name,
                    ("--sync", "--verbose", "--config", str(file)),
                    variables,
                    {"linky_tui.session:Session.timing": {"backoff_s": 0.0}},
                    {f"{name}.example": f"127.0.0.1:{port}"},
                )
            )
        for name, done in run_altered(home, runs).items():
            row.tried += 1
            assert done.code == 3, (name, done)
            assert name in done.err, "it says what was in the way"
            stage.marks.absent(name, done.out + done.err)
            row.survived += 1
        assert server.seen == []
        assert stage.marks.absent_in_files(home.folder) > 1
