"""An address that leads to no MongoDB says whose side it is on and what to change."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.resolver
import pymongo
import pytest
import trustme
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from linky_tui.config import MongoSettings
from linky_tui.errors import AccessRefused, ConfigError, LinkyError, OutOfSpace, StorageUnavailable
from linky_tui.storage import connection as connection_module
from linky_tui.storage.connection import connect, translate
from linky_tui.storage.server_check import check_server
from linky_tui.storage.store import Store
from tests.tools.mongod import PrivateMongod
from tests.tools.ports import free_port


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_SELECTION_MS", 1000)


def refused(uri: str, folder: Path) -> LinkyError:
    """The error for an address, from connecting or from opening the store."""
    settings = MongoSettings(uri=uri)
    with pytest.raises(LinkyError) as caught:
        Store.open(connect(settings, folder, folder), settings, folder).close()
    return caught.value


@pytest.fixture
def inner_set(tmp_path: Path) -> Iterator[PrivateMongod]:
    """A replica set whose only member calls itself localhost, to itself and to others."""
    mongod = PrivateMongod(tmp_path, "--replSet", "rs0", port=free_port())
    member = {
        "_id": 0,
        "host": mongod.uri.removeprefix("mongodb://").replace("127.0.0.1", "localhost"),
    }
    with mongod:
        with pymongo.MongoClient[dict[str, Any]](mongod.uri, directConnection=True) as client:
            client.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
        yield mongod


def test_a_replica_set_with_inner_host_names(
    inner_set: PrivateMongod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container or behind a NAS: the member answers, then sends the driver elsewhere."""
    resolve = socket.getaddrinfo

    def resolve_outside(host: Any, *arguments: Any, **options: Any) -> Any:
        if host == "localhost":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_outside)
    error = refused(f"{inner_set.uri}/", tmp_path)
    assert isinstance(error, ConfigError)
    assert "directConnection=true" in error.next_step
    assert "calls its members localhost:" in error.cause
    assert error.problems
    monkeypatch.setattr(connection_module, "_SELECTION_MS", 20_000)
    settings = MongoSettings(uri=f"{inner_set.uri}/?directConnection=true")
    with connect(settings, tmp_path, tmp_path) as opened:
        assert opened.wait_for_primary()
        assert opened.server.replica_set == "rs0"


def test_a_replica_set_of_another_name(inner_set: PrivateMongod, tmp_path: Path) -> None:
    error = refused(f"{inner_set.uri}/?replicaSet=rs1", tmp_path)
    assert isinstance(error, ConfigError)
    assert "replicaSet" in error.next_step


def test_certificates_are_a_matter_of_configuration(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    pem = tmp_path / "server.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(pem))
    tls = ("--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(pem))
    mongod = PrivateMongod(tmp_path, *tls, port=free_port())
    mongod.uri = mongod.uri.replace("127.0.0.1", "localhost")
    ca_file = f"tlsCAFile={tmp_path}/ca.pem"
    try:
        mongod.launch()
        with pymongo.MongoClient[dict[str, Any]](
            f"{mongod.uri}/?tls=true&{ca_file}", serverSelectionTimeoutMS=60_000
        ) as client:
            client.admin.command("ping")
        for uri, said, todo in (
            (f"{mongod.uri}/?tls=true", "No authority", "tlsCAFile="),
            (
                f"{mongod.uri}/?tls=true&{ca_file}".replace("localhost", "127.0.0.1"),
                "another name",
                "as the certificate names it",
            ),
        ):
            error = refused(uri, tmp_path)
            assert isinstance(error, ConfigError)
            assert error.title == "MongoDB's certificate is not accepted"
            assert said in error.cause
            assert todo in error.next_step
        error = refused(mongod.uri, tmp_path)
        assert isinstance(error, StorageUnavailable)
        assert "add tls=true" in error.next_step
    finally:
        mongod.stop()


def test_a_server_that_wants_a_user_or_speaks_no_tls(tmp_path: Path) -> None:
    with PrivateMongod(tmp_path, port=free_port(), auth=True) as mongod:
        error = refused(mongod.uri, tmp_path)
        assert isinstance(error, AccessRefused)
        assert "names no user" in error.cause
        assert "USER:PASSWORD@" in error.next_step
        with pytest.raises(AccessRefused, match="names no user"):
            check_server(MongoSettings(uri=mongod.uri), tmp_path, tmp_path)
        error = refused(f"{mongod.uri}/?tls=true", tmp_path)
        assert isinstance(error, StorageUnavailable)
        assert "take tls=true" in error.next_step


@pytest.mark.parametrize(
    ("said", "kind", "part"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired",
         ConfigError, "date of this computer"),
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required",
         ConfigError, "tlsCertificateKeyFile"),
        ("[SSL: TLSV1_ALERT_INTERNAL_ERROR] tlsv1 alert internal error", StorageUnavailable,
         "access list"),
        ("[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred", StorageUnavailable, "take tls=true"),
        ("No replica set members match selector", StorageUnavailable, "Try again later"),
    ],
)  # fmt: skip
def test_what_tls_says(said: str, kind: type[LinkyError], part: str) -> None:
    text = f"SSL handshake failed: h:1: {said} (_ssl.c:1006) (configured timeouts: x), Timeout: 5s"
    if "SSL:" not in said:
        text = f"{said}, Timeout: 5s"
    error = translate(ServerSelectionTimeoutError(text))
    assert type(error) is kind
    assert part in error.next_step


def test_a_database_that_differs_in_case_is_named(
    mongo_settings: MongoSettings, tmp_path: Path
) -> None:
    other = replace(mongo_settings, database=mongo_settings.database.swapcase())
    with connect(mongo_settings, tmp_path, tmp_path) as opened:
        opened.database["kept"].insert_one({})
        with pytest.raises(ConfigError) as caught:
            Store.open(connect(other, tmp_path, tmp_path), other, tmp_path)
    assert f'mongodb.database = "{mongo_settings.database}"' in caught.value.next_step
    assert caught.value.exit_code == 2


def test_a_cluster_that_is_full_of_collections() -> None:
    said = "cannot create a new collection -- already using 500 collections of 500"
    error = translate(OperationFailure(said, 8000))
    assert isinstance(error, OutOfSpace)
    assert "already using 500 collections of 500" in error.cause
    assert "Drop collections" in error.next_step


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("tlsCAFiel=hunter2x", "no option tlsCAFiel; did you mean tlsCAFile?"),
        ("retryWrite=hunter2x", "no option retryWrite; did you mean retryWrites?"),
        ("AuthSourc=hunter2x", "no option AuthSourc; did you mean authSource?"),
        ("qqqq=hunter2x", "no option qqqq."),
        ("hun7er=hunter2x", "Unknown option"),
    ],
)
def test_a_misspelt_option_is_named(option: str, said: str, tmp_path: Path) -> None:
    error = refused(f"mongodb://localhost:1/?appName=x&{option}", tmp_path)
    assert isinstance(error, ConfigError)
    assert said in error.cause
    assert "hunter2x" not in str(error)
    assert "hun7er" not in str(error)


@pytest.mark.parametrize(
    ("text", "kind", "todo"),
    [
        ("The DNS response does not contain an answer to the question: _mongodb._tcp.c0.abc. IN "
         "SRV", ConfigError, "mongodb:// instead of mongodb+srv://"),
        ("The DNS query name does not exist: _mongodb._tcp.c0.abc.", ConfigError, "a VPN"),
        ("The resolution lifetime expired after 5.0 seconds", StorageUnavailable, "a VPN"),
        ("All nameservers failed to answer the query c0.abc.mongodb.net.", StorageUnavailable,
         "a VPN"),
    ],
)  # fmt: skip
def test_an_srv_name_without_an_answer(
    text: str, kind: type[LinkyError], todo: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    error = refused("mongodb+srv://me:hunter2@c0.abc.mongodb.net/", tmp_path)
    assert type(error) is kind
    assert todo in error.next_step
    assert "1.1.1.1" in error.next_step
    assert text[:40] in error.cause
    assert "hunter2" not in str(error)
