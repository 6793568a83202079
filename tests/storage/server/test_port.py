"""The embedded server on a port: who gets in, who does not, and how it is turned on and off."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from linky_tui.config import MongoSettings
from linky_tui.errors import ConfigError, StorageError
from linky_tui.storage.connection import connect
from linky_tui.storage.server import local_server
from linky_tui.storage.server.local_server import LocalServer
from linky_tui.storage.store import Store
from linky_tui.text.redaction import scrub
from tests.tools.homes import Home
from tests.tools.local_server import (
    Holder,
    is_running,
    listening_inodes,
    mongod_pid,
    servers_of,
    wait_until_ended,
)
from tests.tools.ports import free_port

NOT_AUTHORIZED, UNKNOWN_USER = 13, 18


@pytest.fixture
def data_dir(short_tmp_path: Path) -> Path:
    return short_tmp_path / "data"


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


def acquire(data_dir: Path, port: int = 0) -> LocalServer:
    return LocalServer.acquire(data_dir, data_dir / "run", port=port)


def rounds(uri: str, **options: Any) -> int:
    """How many documents holders have left, as far as one is let in."""
    options = {"serverSelectionTimeoutMS": 2000, "directConnection": True, **options}
    with pymongo.MongoClient[dict[str, object]](uri, **options) as client:
        return client["test"]["rounds"].count_documents({})


def refusal(uri: str, **options: Any) -> int | None:
    with pytest.raises(OperationFailure) as refused:
        rounds(uri, **options)
    return refused.value.code


def tcp_listeners(pid: int) -> set[tuple[str, int]]:
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in listening_inodes(pid):
                address, _, number = fields[1].rpartition(":")
                found.add((address, int(number, 16)))
    return {each for each in found if each[1]}


def test_a_port_is_for_this_machine_and_for_who_knows_the_password(
    data_dir: Path, port: int
) -> None:
    with acquire(data_dir, port) as server:
        password = server.password_file.read_text().strip()
        assert len(password) >= 32
        assert server.password_file.stat().st_mode & 0o777 == 0o600
        tcp, by_socket = f"mongodb://127.0.0.1:{port}", f"mongodb://{server.uri.rpartition('@')[2]}"
        for address in (tcp, by_socket, server.uri):
            assert rounds(address, username="linky", password=password) == 0
        for address in (tcp, by_socket):
            assert refusal(address) == NOT_AUTHORIZED
            assert refusal(address, username="linky", password=password[:-1]) == UNKNOWN_USER
            with (
                pymongo.MongoClient[dict[str, object]](address) as nobody,
                pytest.raises(OperationFailure),
            ):
                nobody.admin.command("createUser", "me", pwd="x", roles=["root"])
        with pytest.raises(ServerSelectionTimeoutError, match="refused"):
            rounds(f"mongodb://127.0.0.2:{port}", username="linky", password=password)
        pid = mongod_pid(data_dir)
        assert {number for _, number in tcp_listeners(pid)} == {port}
        assert {address for address, _ in tcp_listeners(pid)} == {"0100007F"}
        for said in (
            Path(f"/proc/{pid}/cmdline").read_bytes().decode(),
            Path(f"/proc/{pid}/environ").read_bytes().decode(),
            server.log_path.read_text(),
            (data_dir / "mongodb" / "server.json").read_text(),
            repr(server) + repr(server.endpoint),
            scrub(f"mongodb://linky:{password}@127.0.0.1"),
        ):
            assert password not in said


def test_our_own_rights_are_enough_and_users_are_not_among_them(data_dir: Path, port: int) -> None:
    settings = MongoSettings(local_port=port)
    opened = connect(settings, data_dir, data_dir / "run")
    with Store.open(opened, settings, data_dir / "state") as store:
        client, database = store.connection.client, store.connection.database
        client.admin.command("fsync")
        client.admin.command("serverStatus")
        for name in ("consumption", "system.buckets.consumptionTS"):
            assert database.command("validate", name)["valid"]
        assert client["another"]["any"].insert_one({}).acknowledged
        client.drop_database("another")
        with pytest.raises(OperationFailure):
            client.admin.command("createUser", "me", pwd="x", roles=["root"])
        with pytest.raises(OperationFailure):
            client.admin["system.users"].find_one()


def test_it_is_turned_on_and_off_over_the_same_data(data_dir: Path, port: int) -> None:
    passwords = set()
    for number, own in enumerate([0, port, free_port(), 0, port]):
        with Holder(data_dir, f"--port={own}") as holder:
            uri = holder.ready()
            assert rounds(uri) == number + 1
            assert {found for _, found in tcp_listeners(mongod_pid(data_dir))} == {own} - {0}
            assert ("linky" in uri) == bool(own)
            if own:
                passwords.add((data_dir / "mongodb" / "linky.password").read_text())
            holder.leave()
    assert len(passwords) == 1


@pytest.mark.parametrize(("first", "second"), [(1, 0), (0, 1), (1, 1)])
def test_a_second_process_shares_the_server_as_it_is(
    data_dir: Path, port: int, first: int, second: int
) -> None:
    with Holder(data_dir, f"--port={first * port}") as holder:
        holder.ready()
        pid = mongod_pid(data_dir)
        with acquire(data_dir, second * port) as server:
            assert servers_of(data_dir) == [pid]
            assert rounds(server.uri) == 1
            assert any("local_port" in note for note in server.notes) == (first != second)
            # It is started again as its other user knows it.
            os.kill(pid, signal.SIGKILL)
            wait_until_ended(pid)
            with acquire(data_dir, second * port) as third:
                assert third.endpoint == server.endpoint
            assert rounds(server.uri) == 1
        holder.leave()
    assert servers_of(data_dir) == []


def test_one_left_behind_with_another_port_is_replaced(data_dir: Path, port: int) -> None:
    for left_behind, wanted in ((0, port), (port, free_port()), (port, 0)):
        with Holder(data_dir, f"--port={left_behind}") as killed:
            killed.ready()
            pid = mongod_pid(data_dir)
            killed.kill()
        with acquire(data_dir, wanted) as server:
            assert not is_running(pid)
            assert server.endpoint.port == wanted
            assert rounds(server.uri) > 0


def test_a_client_carries_on_when_its_server_was_ended(data_dir: Path, port: int) -> None:
    with connect(MongoSettings(local_port=port), data_dir, data_dir / "run") as connection:
        connection.database["kept"].insert_one({})
        pid = mongod_pid(data_dir)
        os.kill(pid, signal.SIGKILL)
        wait_until_ended(pid)
        assert connection.wait_for_primary(timeout_s=100)
        assert connection.database["kept"].count_documents({}) == 1
        assert {number for _, number in tcp_listeners(mongod_pid(data_dir))} == {port}


def test_a_port_that_is_taken_is_told_and_nothing_is_touched(data_dir: Path) -> None:
    taken = free_port()
    with Holder(data_dir) as holder:
        holder.ready()
        holder.leave()
    with socket.create_server(("127.0.0.1", taken)):
        with pytest.raises(ConfigError, match=f"127.0.0.1:{taken}") as told:
            acquire(data_dir, taken)
        assert "mongodb.local_port" in told.value.next_step
        assert servers_of(data_dir) == []
        with acquire(data_dir) as server:
            assert rounds(server.uri) == 1
    with acquire(data_dir, taken) as server:
        assert rounds(server.uri) == 1


def test_a_start_that_broke_off_before_the_password_was_taught_is_made_good(
    data_dir: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(local_server, "teach", broken)
        with pytest.raises(KeyboardInterrupt):
            acquire(data_dir, port)
    assert servers_of(data_dir) == []
    with acquire(data_dir, port) as server:
        assert rounds(server.uri) == 0


@pytest.mark.parametrize("text", [None, "", "half a passw"])
def test_a_password_that_is_lost_is_made_anew(data_dir: Path, port: int, text: str | None) -> None:
    with acquire(data_dir, port) as server:
        file, before = server.password_file, server.password_file.read_text()
        file.unlink()
        if text is not None:
            file.write_text(text)
        with pytest.raises(StorageError, match=r"Quit every linky-tui") as told:
            acquire(data_dir, port)
        assert str(file) in told.value.cause
        assert rounds(server.uri) == 0
    with acquire(data_dir, port) as server:
        assert file.read_text() != before
        assert file.stat().st_mode & 0o777 == 0o600
        assert rounds(server.uri) == 0


def test_no_command_says_the_password(short_tmp_path: Path, port: int) -> None:
    with Home(short_tmp_path) as home:
        home.config.parent.mkdir(parents=True)
        home.config.touch(0o600)
        home.config.write_text(f"[mongodb]\nlocal_port = {port}\n")
        said = []
        for command in ("--check", "--stats", "--verify", "--sync"):
            for how in ("--json", "--verbose"):
                done = home.run(command, how)
                said.append(done.out + done.err)
        document = home.run("--check", "--json").document
        file = home.data_dir / "mongodb" / "linky.password"
        access = document["server"]["access"]
        assert access["password_file"] == str(file)
        assert access["address"] == f"mongodb://linky@127.0.0.1:{port}/electricity?authSource=admin"
        assert access["mongosh"] == f"mongosh '{access['address']}'"
        assert str(file) in said[1]
        password = file.read_text().strip()
        kept = [
            path.read_bytes().decode("utf-8", errors="replace")
            for path in home.folder.rglob("*")
            if path.is_file() and path != file and "data" not in path.parts
        ]
        assert kept
        assert not [text for text in (*said, *kept) if password in text]
