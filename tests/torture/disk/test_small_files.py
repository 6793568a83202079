"""Something else in place of our locks, notes, logs and sockets: told, and never written to."""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymongo
import pytest

from tests.tools.local_server import Holder
from tests.torture.conftest import Scale
from tests.torture.disk.disks import lost, snapshot
from tests.torture.ground import Ground, ground, remove, told
from tests.torture.report import Tally

Make = Callable[[Path, Path], object]
"""Puts something at a path; the second path is a file of the user that must stay as it is."""

VICTIM = b"\0the only photograph of grandmother" * 200_000
"""Larger than a log may grow, and it begins with a zero like a journal that is not in use."""


def pipe(path: Path, victim: Path) -> None:
    os.mkfifo(path)


def folder(path: Path, victim: Path) -> None:
    path.mkdir()


def link(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def second_name(path: Path, victim: Path) -> None:
    os.link(victim, path)


def loop(path: Path, victim: Path) -> None:
    path.symlink_to(path.name)


def dangling(path: Path, victim: Path) -> None:
    path.symlink_to(victim.with_name("not-there"))


def endless(path: Path, victim: Path) -> None:
    path.symlink_to("/dev/zero")


def with_bytes(content: bytes) -> Make:
    return lambda path, victim: path.write_bytes(content)


def stale_socket(path: Path, victim: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))


@dataclass(frozen=True)
class Case:
    """One thing in one place."""

    place: str  # below the state folder, or the local server's folder
    make: Make  # puts it there
    says: str = ""  # what the error says; empty where all works in spite of it

    def __str__(self) -> str:
        return f"{self.place} {getattr(self.make, '__name__', 'content')} {self.says}"


STATE = [
    Case("installation-id", pipe, "no regular file"),
    Case("installation-id", folder, "no regular file"),
    Case("installation-id", endless, "symbolic link"),
    Case("installation-id", dangling, "symbolic link"),
    Case("leases", with_bytes(b"x"), "leases"),
    Case("leases", dangling, "leases"),
    Case("LOCK", folder, "a folder"),
    Case("LOCK", pipe, "no regular file"),
    Case("LOCK", link, "symbolic link"),
    Case("requests.sqlite", link, "could not be read"),
    Case("requests.sqlite", second_name, "could not be read"),
    Case("requests.sqlite-journal", link, "could not be read"),
    Case("requests.sqlite-wal", link, "could not be read"),
    # The history is complete after these, and nothing is left to ask.
    Case("installation-id", with_bytes(bytes(range(256)) * 1000)),
    Case("installation-id", second_name),
]

SERVER = [
    Case("turn.lock", folder, "a folder"),
    Case("turn.lock", link, "symbolic link"),
    Case("users.lock", pipe, "no regular file"),
    Case("users.lock", loop, "symbolic link"),
    Case("server.json", folder, "folder"),
    Case("mongod.log", pipe, "no regular file"),
    Case("mongod.log", link, "symbolic link"),
    Case("mongod.log", dangling, "symbolic link"),
    Case("mongod.log", endless, "symbolic link"),
    Case("data/mongod.lock", link, "symbolic link"),
    Case("data/mongod.lock", pipe, "no regular file"),
    Case("data/storage.bson", link, "symbolic link"),
    Case("mongod.sock", second_name, "is no socket"),
    Case("mongod.sock", link, "is no socket"),
    Case("mongod.sock", folder, "is no socket"),
]

HARMLESS = [
    [
        Case("server.json", with_bytes(b'{"pid": 1e999, "socket": "/x", "port": 1}')),
        Case("mongod.sock", stale_socket),
        Case("mongod.log", second_name),
    ],
    [
        Case("server.json", with_bytes(b"[" * 9_000)),
        Case("server.new", link),
    ],
    [Case("server.json", link), Case("server.new", second_name)],
    [Case("server.json", pipe)],
]
"""What is in the way of nothing; several at once, since each run takes a second."""


def some(cases: list[Case], number: int, scale: Scale) -> list[Case]:
    """A few of the cases in CI, in their order; the same ``--seed`` takes the same ones."""
    chosen = scale.random("cases").sample(cases, scale.times(number, len(cases)))
    return [case for case in cases if case in chosen]


@contextmanager
def spoilt(base: Path, case: Case, victim: Path) -> Iterator[None]:
    """Something else in its place, and afterwards what was there before."""
    path = base / case.place
    if case.place == "LOCK":
        path = next(base.glob("leases/*.lock"))
    kept = path.with_name("kept-by-the-test")
    if os.path.lexists(path):
        path.rename(kept)
    try:
        case.make(path, victim)
        yield
    finally:
        for each in base.glob(f"{case.place}*"):
            remove(each)
        remove(path)
        if os.path.lexists(kept):
            kept.rename(path)


@pytest.fixture
def victim(short_tmp_path: Path) -> Path:
    """A file of the user."""
    path = short_tmp_path / "photograph"
    path.write_bytes(VICTIM)
    path.chmod(0o640)
    return path


def attempt(
    home: Ground, base: Path, cases: list[Case], victim: Path, command: str, tally: Tally
) -> None:
    """One run with these cases, and what it left of everything that it had no business with."""
    row = tally("links, pipes and folders in place of our files")
    before = snapshot(victim)
    stored = home.data_dir / "mongodb" / "data"
    stack = [spoilt(base, case, victim) for case in cases]
    says = [case.says for case in cases if case.says]
    for each in stack:
        each.__enter__()
    try:
        with row.one_try():
            data_before = snapshot(stored) if says else {}
            done = home.run(command, "--json")
            if says:
                told(done, *says)
            else:
                assert done.code == 0, done
            damage = lost(before, snapshot(victim)) + lost(data_before, snapshot(stored))
            row.lost += len(damage)
            assert not damage, (cases, damage)
            assert not victim.with_name("not-there").exists()
    finally:
        for each in reversed(stack):
            each.__exit__(None, None, None)


def test_in_the_state_folder(
    short_tmp_path: Path, victim: Path, where: dict[str, str], scale: Scale, tally: Tally
) -> None:
    with ground(short_tmp_path) as home:
        home.settle(**where)
        assert home.run("--sync", "--json").code == 0
        whole = home.budget_file.read_bytes()
        for case in some(STATE, 3, scale):
            attempt(home, home.state_dir, [case], victim, "--backfill", tally)
            for each in home.state_dir.glob(f"{home.budget_file.name}*"):
                remove(each)
            home.budget_file.write_bytes(whole)
        row = tally("links, pipes and folders in place of our files")
        row.tried += 1
        home.complete(row)


def test_in_the_folder_of_the_local_server(
    short_tmp_path: Path, victim: Path, scale: Scale, tally: Tally
) -> None:
    with ground(short_tmp_path) as home:
        home.settle()
        assert home.run("--sync", "--json").code == 0
        folder_of_server = home.data_dir / "mongodb"
        for case in some(SERVER, 4, scale):
            attempt(home, folder_of_server, [case], victim, "--stats", tally)
        for cases in HARMLESS[: scale.times(1, 99)]:
            attempt(home, folder_of_server, cases, victim, "--stats", tally)
        row = tally("links, pipes and folders in place of our files")
        row.tried += 1
        home.complete(row, fetch=False)


def test_the_record_of_a_server_elsewhere_is_not_believed(
    short_tmp_path: Path, mongod_uri: str, tally: Tally
) -> None:
    row = tally("another server in our place")
    database = f"test_{uuid.uuid4().hex}"
    with ground(short_tmp_path) as home, Holder(home.data_dir) as user:
        home.settle(database=database)
        user.ready()
        elsewhere = mongod_uri.removeprefix("mongodb://").replace("%2F", "/")
        record = {"pid": os.getpid(), "socket": elsewhere, "port": 0}
        (home.data_dir / "mongodb" / "server.json").write_text(json.dumps(record))
        with row.one_try():
            told(home.run("--sync", "--json"), "in use", codes=(3,))
            with pymongo.MongoClient[dict[str, object]](mongod_uri) as client:
                assert database not in client.list_database_names()
            user.leave()
            assert home.run("--check", "--json").code == 0
