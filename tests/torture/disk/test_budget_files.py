"""Whatever lies in place of the count of requests: never more requests than were left."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pymongo
import pytest

from linky_tui.domain.paris import utc_now
from linky_tui.enedis.budget import Budget
from linky_tui.errors import BudgetSpent
from tests.torture.conftest import Scale
from tests.torture.disk.disks import Snapshot, lost, snapshot
from tests.torture.ground import PER_DAY, Ground, ground, remove, told
from tests.torture.report import Tally

Spoil = Callable[[Path], object]

DATABASE = f"test_{uuid.uuid4().hex}"

HOST = "127.0.0.1:1"
USED = 3

OUR_NAMES = """
CREATE TABLE days (host TEXT, day TEXT, used, spent, PRIMARY KEY (host, day));
CREATE TABLE hosts (host TEXT PRIMARY KEY, last, shape, shape_noted, held_until);
"""


def sql(*statements: str) -> Spoil:
    def change(path: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            for statement in statements:
                connection.execute(statement)
        finally:
            connection.close()

    return change


def other_schema(used: str) -> Spoil:
    """Our tables without our constraints, with a count that is none."""

    def change(path: Path) -> None:
        path.unlink()
        connection = sqlite3.connect(path)
        connection.executescript(OUR_NAMES)
        connection.execute(f"INSERT INTO days VALUES ('{HOST}', '{utc_now().date()}', {used}, '')")
        connection.execute(f"INSERT INTO hosts VALUES ('{HOST}', {used}, 'new', 0, {used})")
        connection.commit()
        connection.close()

    return change


def instead(make: Callable[[Path], object]) -> Spoil:
    def change(path: Path) -> None:
        path.unlink()
        make(path)

    return change


def unbalanced(path: Path) -> None:
    """A file of ours whose count goes backwards, against its constraint."""
    sql("PRAGMA ignore_check_constraints = ON", "UPDATE days SET used = -1000")(path)


SPENT: dict[str, Spoil] = {
    "random bytes": lambda path: path.write_bytes(os.urandom(20_000)),
    "truncated": lambda path: os.truncate(path, 5_000),
    "damaged pages": lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\x05" * 12_000),
    "a few bytes": lambda path: os.truncate(path, 50),
    "no byte": lambda path: os.truncate(path, 0),
    "far too large": lambda path: os.truncate(path, 2_000_000),
    "a folder": instead(lambda path: path.mkdir()),
    "a pipe": instead(lambda path: os.mkfifo(path)),
    "a device that is always full": instead(lambda path: path.symlink_to("/dev/full")),
    "a device without an end": instead(lambda path: path.symlink_to("/dev/zero")),
    "a link in a circle": instead(lambda path: path.symlink_to(path)),
    "a link to nowhere": instead(lambda path: path.symlink_to(path.parent / "nowhere")),
    "another program's database": instead(sql("CREATE TABLE cookies (name TEXT)")),
    "a count below nothing": unbalanced,
    "a count of text": other_schema("'many'"),
    "a count that is no number": other_schema("NULL"),
    "a count beyond all numbers": other_schema("9e999"),
    "a negative count without a constraint": other_schema("-1000"),
    "a count of bytes": other_schema("x'00ff'"),
    "a pipe for a journal": lambda path: os.mkfifo(f"{path}-journal"),
    "a folder for a journal": lambda path: os.mkdir(f"{path}-journal"),
}
"""What cannot be read as a count: it is kept aside, and today is spent."""

STILL_COUNTS: dict[str, Spoil] = {
    "write-ahead logging": sql("PRAGMA journal_mode = WAL", "UPDATE days SET used = used"),
    "a journal of somebody else": lambda path: Path(f"{path}-journal").write_bytes(
        b"not a journal" * 100
    ),
    "a write-ahead log of somebody else": lambda path: Path(f"{path}-wal").write_bytes(
        os.urandom(5_000)
    ),
    "a huge count": sql(f"UPDATE days SET used = {2**63 - 1}"),
    "a last request at the end of time": sql("UPDATE hosts SET last = 9e999, held_until = 9e999"),
    "a last request before all time": sql("UPDATE hosts SET last = -9e999, held_until = -1e300"),
}
"""What is odd, but holds today's count."""


class Counted:
    """A home with a day's readings stored and a budget that allows one request more."""

    def __init__(self, home: Ground, uri: str) -> None:
        self.home = home
        self._uri = uri

    @contextlib.contextmanager
    def spoilt(self, spoil: Spoil) -> Iterator[Path]:
        """The budget file, spoilt meanwhile; as it should be afterwards."""
        home, path = self.home, self.home.budget_file
        home.settle(uri=self._uri, database=DATABASE, per_day=home.requests() + 1)
        with pymongo.MongoClient[dict[str, object]](self._uri) as client:
            # The count that all machines share would make up for what the file forgets.
            client[DATABASE].drop_collection("consumption_requests")
        whole = path.read_bytes()
        try:
            spoil(path)
            yield path
        finally:
            for each in path.parent.glob(f"{path.name}*"):
                remove(each)
            path.write_bytes(whole)
            path.chmod(0o600)
            sql(f"UPDATE days SET used = {home.requests()}")(path)


@pytest.fixture(scope="module")
def counted(mongod_uri: str) -> Iterator[Counted]:
    folder = Path(tempfile.mkdtemp(prefix="lt-", dir="/tmp"))
    try:
        with ground(folder) as home:
            home.settle(uri=mongod_uri, database=DATABASE)
            done = home.run("--sync", "--json")
            assert done.code == 0, done
            yield Counted(home, mongod_uri)
    finally:
        with pymongo.MongoClient[dict[str, object]](mongod_uri) as client:
            client.drop_database(DATABASE)
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", SPENT)
def test_what_is_no_count_is_kept_aside_and_the_day_is_spent(
    name: str, tmp_path: Path, tally: Tally
) -> None:
    row = tally("damaged budget file")
    path = budget_of(tmp_path)
    SPENT[name](path)
    before = contents(path)
    with row.one_try():
        with pytest.raises(BudgetSpent, match="could not be read"):
            Budget(path, HOST, per_day=PER_DAY, min_seconds=0).reserve()
        row.lost += len(lost(before, aside(path)))
        assert not row.lost


@pytest.mark.parametrize("name", STILL_COUNTS)
@pytest.mark.fault("damaged budget file")
def test_an_odd_count_still_counts(name: str, tmp_path: Path) -> None:
    path = budget_of(tmp_path)
    STILL_COUNTS[name](path)
    budget = Budget(path, HOST, per_day=USED + 1, min_seconds=0)
    assert budget.used_today() >= USED
    if budget.used_today() == USED:
        budget.reserve()
    with pytest.raises(BudgetSpent, match="used up"):
        budget.reserve()
    assert budget.last_request is None or budget.last_request.year < 3000


def test_the_program_sends_nothing_without_a_count(
    counted: Counted, scale: Scale, tally: Tally
) -> None:
    row = tally("damaged budget file")
    home = counted.home
    for name in scale.random("spent").sample([*SPENT], scale.times(4, len(SPENT))):
        with counted.spoilt(SPENT[name]) as path:
            sent, before = home.requests(), contents(path)
            with row.one_try():
                told(home.run("--backfill", "--json"), "could not be read", codes=(3,))
                assert home.requests() == sent, name
                row.lost += len(lost(before, aside(path)))
                assert not row.lost, name


def test_the_program_sends_no_more_than_an_odd_count_leaves(
    counted: Counted, scale: Scale, tally: Tally
) -> None:
    row = tally("damaged budget file")
    home = counted.home
    names = [*STILL_COUNTS]
    for name in scale.random("odd").sample(names, scale.times(2, len(names))):
        with counted.spoilt(STILL_COUNTS[name]):
            sent = home.requests()
            with row.one_try():
                told(home.run("--backfill", "--json"), "used up", codes=(3,))
                assert home.requests() <= sent + 1, name


@pytest.mark.fault("damaged budget file")
def test_a_count_that_another_program_keeps_locked_is_waited_for(
    counted: Counted, scale: Scale
) -> None:
    if not scale.long:
        pytest.skip("waits for 10 seconds; tests/enedis/test_budget.py has a shorter one")
    home = counted.home
    with counted.spoilt(lambda path: None) as path:
        sent = home.requests()
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as locker:
            locker.execute("BEGIN EXCLUSIVE")
            text = told(home.run("--backfill", "--json"), "locked", codes=(3,))
            assert str(path) in text
        assert home.requests() == sent


def test_afterwards_everything_works_again(counted: Counted, mongod_uri: str, tally: Tally) -> None:
    counted.home.settle(uri=mongod_uri, database=DATABASE)
    row = tally("damaged budget file")
    row.tried += 1
    counted.home.complete(row)


def budget_of(folder: Path) -> Path:
    path = folder / "state" / "requests.sqlite"
    budget = Budget(path, HOST, per_day=PER_DAY, min_seconds=0)
    for _ in range(USED):
        budget.reserve()
    return path


def contents(path: Path, suffix: str = "") -> Snapshot:
    """A budget file and its journal, under the names that belong to ``path``."""
    found = snapshot(Path(f"{path}{suffix}"), Path(f"{path}{suffix}-journal"))
    return {each.replace(f"{path}{suffix}", str(path)): what for each, what in found.items()}


def aside(path: Path) -> Snapshot:
    """What was set aside, under the names that it had."""
    (found,) = (
        each.name.removeprefix(path.name)
        for each in path.parent.glob(f"{path.name}.corrupt-*")
        if not each.name.endswith(("-journal", "-wal", "-shm"))
    )
    return contents(path, found)
