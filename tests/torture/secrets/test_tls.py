"""Certificates are verified, whatever they are and whatever the environment says."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linky_tui.enedis.answers import Answer
from linky_tui.enedis.faults import ApiFault
from tests.tools.marks import PROXY_PASSWORD
from tests.tools.servers import NAME, Authority, TinyServer
from tests.torture.conftest import Scale
from tests.torture.report import Tally
from tests.torture.secrets.echo import good_answer
from tests.torture.secrets.network import EVIL, MARKS, TOKEN, VARIABLES, ask, https

TLS_FAULT = "secrets, a certificate that is wrong"

pytestmark = [
    pytest.mark.usefixtures("names"),
    # As in the program; as an error it would stop the request that must not be sent.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]


def contexts(authority: Authority, folder: Path) -> dict[str, ssl.SSLContext]:
    past = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    return {
        "of another authority": Authority(folder).context(NAME),
        "expired": authority.context(NAME, not_before=past[0], not_after=past[1]),
        "of the future": authority.context(NAME, not_before=datetime(2034, 1, 1, tzinfo=UTC)),
        "of another name": authority.context(EVIL),
        "of a name in the common name": authority.context(EVIL, common_name=NAME),
        "of an address": authority.context("127.0.0.1"),
    }


def test_a_wrong_certificate_gets_no_token(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    row = tally(TLS_FAULT)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    for name, context in contexts(authority, tmp_path).items():
        with row.one_try():
            with TinyServer(good_answer, tls=context) as server:
                fault = ask(https(server), TOKEN)
            assert isinstance(fault, ApiFault), name
            assert fault.text.startswith("its TLS certificate is not accepted"), (name, fault)
            assert server.seen == [], name
            assert server.connections >= 1


def environments(folder: Path, *, long: bool) -> Iterator[tuple[str, dict[str, str]]]:
    (folder / "empty.pem").touch()
    (folder / "garbage.pem").write_text("-----BEGIN CERTIFICATE-----\nno\n")
    (folder / "empty").mkdir()
    values: tuple[str, ...] = ("", " ", "0", "False", "none", "/nowhere/at/all.pem")
    values += tuple(str(folder / name) for name in ("empty.pem", "garbage.pem", "empty"))
    for value in values:
        for variable in VARIABLES:
            if long or variable == "REQUESTS_CA_BUNDLE":
                yield f"{variable}={value}", {variable: value}
        yield f"all {value}", dict.fromkeys(VARIABLES, value)
    for name in ("PYTHONHTTPSVERIFY", "REQUESTS_VERIFY", "SSL_VERIFY", "VERIFY", "CURL_INSECURE"):
        yield name, {name: "0"}
        yield f"{name} and bundles", {name: "false", "CURL_CA_BUNDLE": "", "REQUESTS_CA_BUNDLE": ""}


def test_no_variable_turns_the_verification_off(
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scale: Scale,
    tally: Tally,
) -> None:
    row = tally(TLS_FAULT)
    context = authority.context(NAME, "127.0.0.1")
    hosts = (NAME, "127.0.0.1") if scale.long else (NAME,)
    with TinyServer(good_answer, tls=context) as server:
        for name, variables in environments(tmp_path, long=scale.long):
            for host in hosts:
                with monkeypatch.context() as patch:
                    for variable, value in variables.items():
                        patch.setenv(variable, value)
                    with row.one_try():
                        fault = ask(https(server, host), TOKEN)
                        assert isinstance(fault, ApiFault), (name, host)
                        MARKS.absent(name, f"{fault} {fault!r}")
        assert server.seen == []


def test_a_company_s_own_authority_works(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same server as above: so it was the certificate that was refused."""
    with TinyServer(good_answer, tls=authority.context(NAME)) as server:
        for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            with monkeypatch.context() as patch:
                patch.setenv(variable, str(authority.bundle))
                assert isinstance(ask(https(server), TOKEN), Answer)
        assert len(server.seen) == 2
        assert server.seen[0][1]["Authorization"] == f"Bearer {TOKEN}"


def test_a_missing_bundle_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    fault = ask(f"https://{NAME}:9/api", TOKEN)
    assert isinstance(fault, ApiFault)
    assert "REQUESTS_CA_BUNDLE" in fault.text


def test_a_netrc_file_neither_replaces_nor_adds_anything(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {NAME} login somebody password {PROXY_PASSWORD}\ndefault login a\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    with TinyServer(good_answer, tls=authority.context(NAME)) as server:
        assert isinstance(ask(https(server), TOKEN), Answer)
    path, headers = server.seen[0]
    assert headers.pop("Authorization") == f"Bearer {TOKEN}"
    MARKS.absent("the rest of the request", f"{path} {headers}")
