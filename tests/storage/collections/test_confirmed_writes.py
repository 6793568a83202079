"""Real faults of a real server: whatever happens to a write, nothing is doubled or lost."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.collection import Collection
from pymongo.errors import AutoReconnect, BulkWriteError, NetworkTimeout, OperationFailure

from linky_tui.errors import AccessRefused, StorageError, StorageUnavailable
from linky_tui.storage.collections import confirmed_writes
from linky_tui.storage.collections.confirmed_writes import (
    StorageStopped,
    confirm,
    only_duplicates,
    outcome_unknown,
)
from linky_tui.storage.leases.lease import Lease
from linky_tui.storage.store import Store
from tests.tools.mongod import PrivateMongod, short_folder
from tests.tools.stored import SERIES, open_store, regular, timeseries, week

START, END, WEEK = week(date(2026, 9, 7))


@pytest.fixture(scope="module")
def replica_set() -> Iterator[PrivateMongod]:
    """A replica set of one member whose commands can be made to fail."""
    with short_folder() as folder, PrivateMongod(folder, "--replSet", "rs") as server:
        with pymongo.MongoClient[Any](server.uri, directConnection=True) as client:
            members = [{"_id": 0, "host": str(folder / "m.sock")}]
            settings = {"electionTimeoutMillis": 1000}
            client.admin.command(
                "replSetInitiate", {"_id": "rs", "members": members, "settings": settings}
            )
            while not client.admin.command("hello")["isWritablePrimary"]:
                time.sleep(0.05)
        yield server


@pytest.fixture
def member(
    replica_set: PrivateMongod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """A store on that replica set."""
    # Short to wait for, long enough for a step on a loaded machine.
    monkeypatch.setattr(confirmed_writes, "STEP_LIMIT_S", 2.0)
    uri = f"{replica_set.uri}/?replicaSet=rs"
    with open_store(uri, f"test_{tmp_path.name[-40:]}", tmp_path) as opened:
        yield opened
        opened.connection.client.drop_database(opened.readings.regular.database.name)


BUSY_TIMES = 4 if pymongo.version_tuple[:2] >= (4, 17) else 2
"""More often than drivers try it again by themselves, which older ones do not do."""


def fail(store: Store, command: str, times: int, **how: Any) -> None:
    store.connection.client.admin.command(
        "configureFailPoint",
        "failCommand",
        mode={"times": times},
        data={"failCommands": [command], "appName": "linky-tui", **how},
    )


@pytest.mark.parametrize(
    ("times", "how"),
    [
        (1, {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}),
        (2, {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}),
        (1, {"closeConnection": True}),
        (2, {"closeConnection": True}),
        (2, {"errorCode": 10107, "errorLabels": ["RetryableWriteError"]}),
        (1, {"errorCode": 50}),
        (2, {"errorCode": 462}),
        (1, {"errorCode": 117}),
        (2, {"errorCode": 2, "errorLabels": ["SystemOverloadedError"]}),
        (1, {"errorCode": 2, "errorLabels": ["RetryableError"]}),
        (
            BUSY_TIMES,
            {"errorCode": 462, "errorLabels": ["SystemOverloadedError", "RetryableError"]},
        ),
    ],
)
def test_a_fault_of_an_insert_is_settled(member: Store, times: int, how: dict[str, Any]) -> None:
    with member.leases.acquire(SERIES) as lease:
        fail(member, "insert", times, **how)
        result = member.readings.store_window(SERIES, START, END, WEEK, lease)
        assert member.leases.state(SERIES).rebuild_pending is None
    assert result.inserted == 336
    assert regular(member) == timeseries(member)
    assert len(timeseries(member)) == 336


@pytest.mark.parametrize("label", [None, "SystemOverloadedError", "RetryableError"])
@pytest.mark.parametrize("command", ["insert", "find", "update"])
def test_a_server_that_stays_overloaded_is_a_matter_of_later(
    member: Store, monkeypatch: pytest.MonkeyPatch, command: str, label: str | None
) -> None:
    monkeypatch.setattr(confirmed_writes, "BUSY_PAUSE_S", 0.01)
    how = {"errorCode": 2, "errorLabels": [label]} if label else {"errorCode": 462}
    with member.leases.acquire(SERIES) as lease:

        def store() -> object:
            return member.readings.store_window(SERIES, START, END, WEEK, lease)

        fail(member, command, 1000, **how)
        try:
            with pytest.raises(StorageUnavailable, match="MongoDB is busy") as caught:
                lease.renew() if command == "update" else store()
        finally:
            fail(member, command, 0)
        assert caught.value.exit_code == 3
        store()
    assert regular(member) == timeseries(member)
    assert len(timeseries(member)) == 336


def test_a_primary_that_steps_down_while_windows_are_stored(
    member: Store, replica_set: PrivateMongod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmed_writes, "STEP_LIMIT_S", 8.0)

    def step_down() -> None:
        uri = f"{replica_set.uri}/?directConnection=true"
        with (
            pymongo.MongoClient[Any](uri) as client,
            contextlib.suppress(AutoReconnect, OperationFailure),
        ):
            client.admin.command("replSetStepDown", 1, force=True)

    with member.leases.acquire(SERIES) as lease:
        for number in range(6):
            start, end, curve = week(date(2026, 9, 7) - timedelta(days=7 * number))
            thread = threading.Thread(target=step_down if number in (1, 3) else bool)
            thread.start()
            member.readings.store_window(SERIES, start, end, curve, lease)
            thread.join()
    assert regular(member) == timeseries(member)
    assert len(timeseries(member)) == 6 * 336


@pytest.mark.parametrize("written", [False, True])
def test_a_server_that_is_killed_while_a_window_is_stored(
    short_tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    monkeypatch.setattr(confirmed_writes, "STEP_LIMIT_S", 2.0)
    server = PrivateMongod(short_tmp_path)
    server.start()
    original = Collection.insert_many
    kills = [1]
    restart = threading.Timer(0.2, server.start)

    def killed(*args: Any, **kwargs: Any) -> Any:
        if not kills:
            return original(*args, **kwargs)
        kills.pop()
        if written:
            original(*args, **kwargs)
        server.kill()
        restart.start()
        return original(*args, **kwargs) if not written else _lose_reply()

    monkeypatch.setattr(Collection, "insert_many", killed)
    try:
        with (
            open_store(server.uri, "test", short_tmp_path) as store,
            store.leases.acquire(SERIES) as lease,
        ):
            result = store.readings.store_window(SERIES, START, END, WEEK, lease)
            assert (kills, result.inserted) == ([], 336)
            assert regular(store) == timeseries(store)
            assert len(timeseries(store)) == 336
    finally:
        if restart.is_alive():
            restart.join()
        server.stop()


def _lose_reply() -> None:
    raise AutoReconnect("connection closed")


def test_a_stop_ends_the_waiting_for_a_server(
    store: Store, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()

    def lost(*_: Any, **__: Any) -> None:
        threading.Timer(0.05, stop.set).start()
        raise NetworkTimeout("no reply")

    monkeypatch.setattr(Collection, "bulk_write", lost)
    started = time.monotonic()
    with pytest.raises(StorageStopped):
        store.readings.store_window(SERIES, START, END, WEEK, lease, stop)
    assert time.monotonic() - started < confirmed_writes.STEP_LIMIT_S - 1


def test_a_write_that_the_server_refuses_is_not_tried_again(store: Store, lease: Lease) -> None:
    tried = []

    def step(_: object) -> None:
        tried.append(1)
        raise OperationFailure("Unauthorized", 13)

    with pytest.raises(AccessRefused):
        confirm(step, store.connection, lease)
    assert tried == [1]


def test_a_full_disk_is_said_as_such(store: Store, lease: Lease) -> None:
    failed = {"writeErrors": [{"code": 14031, "errmsg": "out of disk space"}]}

    def step(_: object) -> None:
        raise BulkWriteError(failed)

    with pytest.raises(StorageError, match="out of space"):
        confirm(step, store.connection, lease)


@pytest.mark.parametrize(
    ("details", "harmless"),
    [
        ({"writeErrors": [{"code": 11000}, {"code": 11000}]}, True),
        ({"writeErrors": [{"code": 11000}, {"code": 50}]}, False),
        ({"writeErrors": [{"code": 11000}], "writeConcernErrors": [{"code": 64}]}, False),
        ({"writeErrors": [], "writeConcernErrors": [{"code": 64}]}, False),
        ({}, False),
    ],
)
def test_only_duplicate_keys_alone_are_harmless(details: dict[str, Any], harmless: bool) -> None:
    error = BulkWriteError(details)
    assert only_duplicates(error) is harmless
    assert outcome_unknown(error)
