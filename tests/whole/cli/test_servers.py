"""A server that cannot serve is told by every command with its own sentence, and left as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo
import pytest

from linky_tui.storage.repair.rebuild import rebuild
from tests.tools.mongod import PrivateMongod, short_folder
from tests.tools.ports import free_port
from tests.tools.replica_set import ReplicaSet
from tests.tools.servers import LookAlike
from tests.tools.stored import open_store
from tests.tools.terminal import Terminal
from tests.whole.cli.conftest import A, Serve

PASSWORD = "geheim"
DATABASE = "electricity"
HELPER = {"find", "insert", "update"}
REGULAR = {*HELPER, "remove", "createCollection", "createIndex", "collStats", "listIndexes"}
LEAST = {
    "": {"listCollections"},
    "consumption": REGULAR,
    "consumptionTS": REGULAR - {"update", "remove"} | {"dropCollection"},
    "consumption_days": HELPER,
    "consumption_leases": HELPER,
    "consumption_requests": HELPER,
}


@contextmanager
def guarded(*options: str) -> Iterator[tuple[PrivateMongod, pymongo.MongoClient[Any]]]:
    """A server that wants a password, and its administrator."""
    with short_folder() as folder:
        mongod = PrivateMongod(folder, *options, "--syncdelay", "1", port=free_port(), auth=True)
        with mongod:
            mongod.create_user("boss", PASSWORD, "root")
            uri = mongod.uri.replace("://", f"://boss:{PASSWORD}@")
            with pymongo.MongoClient[Any](uri, directConnection=True) as boss:
                yield mongod, boss


@pytest.fixture(scope="module")
def users() -> Iterator[tuple[PrivateMongod, pymongo.MongoClient[Any]]]:
    with guarded() as both:
        yield both


def privileges(rights: dict[str, set[str]]) -> list[dict[str, Any]]:
    return [
        {"resource": {"db": DATABASE, "collection": name}, "actions": sorted(actions)}
        for name, actions in rights.items()
    ]


def without(*lacking: str) -> dict[str, set[str]]:
    return {name: actions - {*lacking} for name, actions in LEAST.items()}


def refused(terminal: Terminal, *parts: str) -> None:
    """Every command ends with 2 and says these words, ``--check`` also as JSON."""
    for command in ("--check", "--sync", "--stats"):
        done = terminal.run(command)
        text = " ".join((done.out + done.err).split())
        assert done.code == 2, (command, text)
        for part in parts:
            assert part in text, command
        assert PASSWORD not in text
    document = terminal.run("--check", "--json").document
    assert document["status"] == "failed"
    assert all(part in json.dumps(document) for part in parts)


@pytest.mark.parametrize(
    ("role", "missing"),
    [
        ("read", {"insert", "update", "remove", "createCollection", "createIndex",
                  "dropCollection"}),
        ("readWrite", set()),
        (without(), set()),
        (without("dropCollection"), {"dropCollection"}),
        (without("createIndex", "remove"), {"createIndex", "remove"}),
    ],
)  # fmt: skip
def test_check_names_the_missing_rights_and_creates_nothing(
    users: tuple[PrivateMongod, pymongo.MongoClient[Any]],
    terminal: Terminal,
    serve: Serve,
    tmp_path: Path,
    role: Any,
    missing: set[str],
) -> None:
    mongod, boss = users
    boss.drop_database(DATABASE)
    admin = boss.admin
    if not isinstance(role, str):
        admin.command("createRole", "least", privileges=privileges(role), roles=[])
        granted: Any = "least"
    else:
        granted = {"role": role, "db": DATABASE}
    mongod_uri = mongod.uri.replace("://", f"://ann:{PASSWORD}@") + "/?authSource=admin"
    admin.command("createUser", "ann", pwd=PASSWORD, roles=[granted])
    try:
        terminal.configure(serve(), A, uri=mongod_uri, database=DATABASE)
        document = terminal.run("--check", "--json").document
        assert set(document["server"]["missing_rights"]) == missing
        done = terminal.run("--check")
        text = " ".join(done.out.split())
        assert done.code == (2 if missing else 0), text
        if missing:
            assert f"This user may not {', '.join(document['server']['missing_rights'])}" in text
            assert "readWrite on electricity" in text
            assert DATABASE not in boss.list_database_names()
        else:  # what it calls enough is enough
            synced = terminal.run("--sync")
            assert synced.code == 0, synced
            assert terminal.run("--verify", "--json").document["status"] == "identical"
            assert terminal.run("--stats").code == 0
            with open_store(mongod_uri, DATABASE, tmp_path) as store:
                rebuild(store, [])
            assert terminal.run("--verify", "--json").document["status"] == "identical"
    finally:
        admin.command("dropUser", "ann")
        if granted == "least":
            admin.command("dropRole", "least")


def test_a_secondary_is_told_with_the_primary(
    members: ReplicaSet, terminal: Terminal, serve: Serve, mongo_database_name: str
) -> None:
    members.heal()
    number = members.secondaries()[0]
    primary = f"127.0.0.1:{members.ports[members.wait_for_primary()]}"
    uri = f"mongodb://127.0.0.1:{members.ports[number]}/?directConnection=true"
    terminal.configure(serve(), A, uri=uri, database=mongo_database_name)
    refused(terminal, "a secondary of the replica set rs0", primary, "directConnection=true")
    with pymongo.MongoClient[Any](members.uri) as client:
        assert mongo_database_name not in client.list_database_names()


@pytest.mark.parametrize(
    ("hello", "kind"),
    [
        ({"hidden": True, "secondary": True, "passive": True}, "a hidden member"),
        ({"secondary": True, "passive": True}, "a member of priority 0"),
        ({"arbiterOnly": True}, "an arbiter"),
    ],
)
def test_a_member_that_never_becomes_primary_is_told(
    terminal: Terminal, serve: Serve, hello: dict[str, Any], kind: str
) -> None:
    member = {"isWritablePrimary": False, "ismaster": False, "setName": "rs7", **hello}
    with LookAlike(hello=member) as server:
        terminal.configure(serve(), A, uri=f"{server.uri}/?directConnection=true")
        refused(terminal, f"{kind} of the replica set rs7")
    assert server.written == []


def test_a_vendor_is_told_and_gets_nothing(terminal: Terminal, serve: Serve) -> None:
    with LookAlike(build={"ferretdb": {"version": "v2.x"}}) as server:
        terminal.configure(serve(), A, uri=server.uri)
        refused(terminal, "This server is not MongoDB", "FerretDB")
    assert server.written == []


@pytest.mark.parametrize(
    "option", ["tlsInsecure", "tlsAllowInvalidCertificates", "TLSALLOWINVALIDHOSTNAMES"]
)
def test_an_address_that_trusts_anybody_is_refused(
    terminal: Terminal, serve: Serve, option: str
) -> None:
    uri = f"mongodb://ann:{PASSWORD}@127.0.0.1:1/?tls=true&{option}=true"
    terminal.configure(serve(), A, uri=uri)
    refused(terminal, option, "tlsCAFile")


@pytest.mark.parametrize("asks", [True, False])
def test_a_server_without_table_scans_is_told(terminal: Terminal, serve: Serve, asks: bool) -> None:
    """Also to a user who may not ask for parameters."""
    with guarded("--setParameter", "notablescan=1") as (mongod, boss):
        role = "root" if asks else "readWriteAnyDatabase"
        boss.admin.command("createUser", "ann", pwd=PASSWORD, roles=[role])
        uri = mongod.uri.replace("://", f"://ann:{PASSWORD}@") + "/?authSource=admin"
        terminal.configure(serve(), A, uri=uri, database=DATABASE)
        refused(terminal, "This MongoDB refuses to read whole collections", "notablescan")
        if asks:
            assert DATABASE not in boss.list_database_names()
