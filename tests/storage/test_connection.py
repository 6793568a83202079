"""The connection: our own concerns whatever the address says, and errors without secrets."""

from __future__ import annotations

import errno
import os
import threading
import time
import traceback
from dataclasses import replace
from pathlib import Path

import pymongo
import pytest
from pymongo import ReadPreference
from pymongo.errors import AutoReconnect, BulkWriteError, OperationFailure, PyMongoError

from linky_tui.config import MongoSettings
from linky_tui.errors import (
    AccessRefused,
    ConfigError,
    LinkyError,
    OutOfSpace,
    StorageError,
    StorageUnavailable,
)
from linky_tui.storage import connection as connection_module
from linky_tui.storage.connection import (
    READ_CONCERN,
    WRITE_CONCERN,
    Connection,
    connect,
    friendly,
    translate,
    wait_for_primary,
)
from tests.tools.mongod import PrivateMongod
from tests.tools.ports import free_port
from tests.tools.replica_set import ReplicaSet
from tests.tools.servers import GREETING, claimed_mongod

SECRET = "hunter2"


def refused(uri: str, folder: Path, stop: threading.Event | None = None) -> LinkyError:
    """The error for an address; nothing of it may hold the password, the traceback included."""
    with pytest.raises(LinkyError) as caught:
        connect(MongoSettings(uri=uri), folder, folder, stop=stop)
    error = caught.value
    assert SECRET not in f"{error!s} {error!r} {getattr(error, 'problems', '')}"
    assert SECRET not in "".join(traceback.format_exception_only(error))
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    return error


def test_a_connection_says_what_it_talks_to(connection: Connection) -> None:
    assert connection.server.kind == "remote"
    assert connection.server.version == connection.client.server_info()["version"]
    assert connection.server.replica_set is None
    assert connection.wait_for_primary()


def test_the_embedded_server_is_used_without_an_address(short_tmp_path: Path) -> None:
    with connect(MongoSettings(), short_tmp_path, short_tmp_path / "run") as opened:
        assert opened.server.kind == "local"
        assert opened.server.hosts == ""
        assert opened.database.name == "electricity"
    opened.close()


@pytest.mark.parametrize(
    "options",
    [
        "w=1&journal=false&wTimeoutMS=1&readConcernLevel=local&readPreference=secondary",
        "w=0&fsync=true&J=false&timeoutMS=1&readPreferenceTags=dc:x&maxStalenessSeconds=100",
        "RETRYWRITES=false;retryReads=false;socketTimeoutMS=1;connectTimeoutMS=1;tz_aware=false",
    ],
)
def test_options_of_the_address_do_not_change_what_a_write_means(
    mongo_settings: MongoSettings, tmp_path: Path, options: str
) -> None:
    settings = replace(mongo_settings, uri=f"{mongo_settings.uri}/?{options}")
    with connect(settings, tmp_path, tmp_path) as opened:
        for handle in (opened.client, opened.database, opened.database["readings"]):
            assert handle.write_concern == WRITE_CONCERN
            assert handle.read_concern == READ_CONCERN
            assert handle.read_preference == ReadPreference.PRIMARY
            assert handle.codec_options.tz_aware
        assert WRITE_CONCERN.document == {"w": "majority", "j": True, "wtimeout": 10_000}
        assert opened.client.options.retry_writes
        assert opened.client.options.retry_reads
        assert opened.client.options.timeout is None
        assert opened.client.options.pool_options.socket_timeout == 20
        assert opened.database["readings"].insert_one({}).acknowledged


def test_options_that_are_the_users_stay(mongo_settings: MongoSettings, tmp_path: Path) -> None:
    settings = replace(mongo_settings, uri=f"{mongo_settings.uri}/?w=1&maxPoolSize=7")
    with connect(settings, tmp_path, tmp_path) as opened:
        assert opened.client.options.pool_options.max_pool_size == 7


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        (f"mongodb://me:{SECRET}", "port"),
        (f"mongodb://me:{SECRET}@h:99999", "port"),
        (f"mongodb://me:{SECRET}/x@localhost", "percent-encoded"),
        (f"mongodb://me:x@{SECRET}@localhost", "percent-encoded"),
        (f"mongodb://me:x?{SECRET}@localhost", "percent-encoded"),
        (f"mongodb://localhost/?{SECRET}", "options"),
        (f"mongodb://me:%{SECRET}@localhost,", "mongodb"),
        (f"mongodb+srv://me:{SECRET}@a.example.org:27017", "no port"),
        (f"mongodb+srv://me:{SECRET}@a.example.org,b.example.org", "one host"),
        (f"me:{SECRET}@localhost", "begins neither"),
        (f"http://me:{SECRET}@localhost", "begins neither"),
    ],
)
def test_a_wrong_address_is_explained_without_its_password(
    uri: str, said: str, tmp_path: Path
) -> None:
    error = refused(uri, tmp_path)
    assert isinstance(error, ConfigError)
    assert said.lower() in str(error).lower()
    assert error.problems


@pytest.mark.parametrize(
    "option", [f"tls={SECRET}", f"zlibCompressionLevel={SECRET}", "tlsCAFile=/no/ca.pem"]
)
def test_what_the_driver_says_of_an_option_is_shown(option: str, tmp_path: Path) -> None:
    uri = f"mongodb://localhost/?tls=true&{option}"
    with pytest.raises((UserWarning, OSError)) as said:
        pymongo.MongoClient[dict[str, object]](uri)
    error = refused(uri, tmp_path)
    assert isinstance(error, ConfigError)
    assert f"The driver refuses it: {str(said.value)[:12]}" in error.cause
    assert error.problems == (f"mongodb.uri: {error.cause}",)


def test_a_compressor_that_is_not_installed_is_no_error(
    mongo_settings: MongoSettings, tmp_path: Path
) -> None:
    settings = replace(mongo_settings, uri=f"{mongo_settings.uri}/?compressors=snappy,zstd")
    connect(settings, tmp_path, tmp_path).close()


@pytest.mark.parametrize("stop", [None, threading.Event()])
def test_an_unreachable_server_is_named_by_its_host_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stop: threading.Event | None
) -> None:
    monkeypatch.setattr(connection_module, "_SELECTION_MS", 100)
    error = refused(f"mongodb://me:{SECRET}@127.0.0.1:1/?replicaSet=rs", tmp_path, stop)
    assert isinstance(error, StorageUnavailable)
    assert error.cause.startswith("127.0.0.1:1")
    assert os.strerror(errno.ECONNREFUSED) in error.cause
    assert len(error.cause) < 80, "neither the topology nor the limits that the driver adds"


def test_an_unknown_host_is_a_wrong_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(connection_module, "_SELECTION_MS", 500)
    error = refused(f"mongodb://me:{SECRET}@no-such-host.invalid", tmp_path)
    assert isinstance(error, ConfigError | StorageUnavailable)  # offline the resolver is silent
    assert "no-such-host.invalid" in error.cause


def test_a_wrong_password_and_a_missing_right_are_refused_access(tmp_path: Path) -> None:
    port = free_port()
    with PrivateMongod(tmp_path, port=port, auth=True) as server:
        server.create_user("guest", SECRET)
        uri = f"mongodb://guest:{SECRET}@127.0.0.1:{port}/?authSource=admin"
        error = refused(uri.replace(SECRET, f"{SECRET}0"), tmp_path)
        assert isinstance(error, AccessRefused)
        assert "password is wrong" in error.cause
        with connect(MongoSettings(uri=uri), tmp_path, tmp_path) as guest:
            assert guest.server.hosts == f"127.0.0.1:{port}"
            with pytest.raises(AccessRefused, match="right"), friendly():
                guest.database["readings"].insert_one({})


@pytest.mark.parametrize(("version", "wire"), [("4.4.29", 9), ("4.0.28", 7)])
def test_a_server_without_time_series_is_refused(version: str, wire: int, tmp_path: Path) -> None:
    parts = [*(int(part) for part in version.split(".")), 0]
    old = {**GREETING, "maxWireVersion": wire, "version": version, "versionArray": parts}
    with claimed_mongod(lambda _: old) as host:
        error = refused(f"mongodb://{host}", tmp_path)
    assert isinstance(error, StorageError)
    assert "needs MongoDB 5.0 or newer for time series" in error.cause


def test_a_majority_write_that_timed_out_is_an_unconfirmed_write(connection: Connection) -> None:
    with fail_command(
        connection, writeConcernError={"code": 64, "errmsg": "waiting for replication timed out"}
    ):
        with pytest.raises(BulkWriteError) as caught:
            connection.database["readings"].insert_many([{}])
        assert not caught.value.details["writeErrors"]
        with pytest.raises(StorageUnavailable, match="did not confirm"), friendly():
            connection.database["readings"].insert_many([{}])


def test_a_broken_connection_is_temporary(connection: Connection) -> None:
    with (
        fail_command(connection, closeConnection=True),
        pytest.raises(StorageUnavailable, match="cannot be reached"),
        friendly(),
    ):
        connection.database["readings"].insert_many([{}])


class fail_command:  # noqa: N801 reads as a statement
    def __init__(self, connection: Connection, **how: object) -> None:
        self.admin = connection.client.admin
        self.data = {"failCommands": ["insert"], **how}

    def __enter__(self) -> None:
        self.admin.command("configureFailPoint", "failCommand", mode="alwaysOn", data=self.data)

    def __exit__(self, *_: object) -> None:
        self.admin.command("configureFailPoint", "failCommand", mode="off")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OperationFailure("bad auth : authentication failed", 8000), AccessRefused),
        (OperationFailure("user is not allowed to do action [find]", 8000), AccessRefused),
        (OperationFailure("not authorized on home to execute command", 8000), AccessRefused),
        (OperationFailure("you are over your space quota, using 513 MB of 512 MB", 8000),
         OutOfSpace),
        (OperationFailure("operation was interrupted", 11602), StorageUnavailable),
        (OperationFailure("unknown operator", 2), StorageError),
        (AutoReconnect("h:1: connection closed (configured timeouts: x)"), StorageUnavailable),
        (BulkWriteError({"writeErrors": [{"code": 13, "errmsg": "no"}]}), AccessRefused),
        (BulkWriteError({"writeErrors": [{"code": 121, "errmsg": "no"}]}), StorageError),
        (BulkWriteError({"writeErrors": [], "writeConcernErrors": []}), StorageUnavailable),
        (PyMongoError("odd"), StorageError),
    ],
)  # fmt: skip
def test_each_error_of_the_driver_has_its_class(
    error: PyMongoError, kind: type[LinkyError]
) -> None:
    assert type(translate(error)) is kind


@pytest.mark.parametrize(
    ("code", "said", "cause", "todo"),
    [
        (8000, "not authorized on home to execute command {}", "The user lacks a right",
         "readWrite"),
        (8000, "explain is not allowed or the syntax is incorrect, see the Atlas documentation",
         "this kind of Atlas cluster", "readWrite"),
        (8000, "bad auth : authentication failed", "password is wrong", "authSource"),
        (18, "Authentication failed.", "password is wrong", "authSource"),
        (13, "not authorized on home to execute command {}", "The user lacks a right", "readWrite"),
        (146, "PlanExecutor error: Exceeded memory limit for $group", "tier", "larger tier"),
        (292, "Executor error: Sort exceeded memory limit of 33554432 bytes", "tier",
         "larger tier"),
        (291, "No indexed plans available, and running with 'notablescan'", "notablescan",
         "set notablescan to false"),
        (462, "Ingress request rate limit exceeded", "rate limit", "Try again later"),
        (117, "another operation is in progress", "in progress", "Try again later"),
    ],
)  # fmt: skip
def test_each_code_has_its_own_sentence(code: int, said: str, cause: str, todo: str) -> None:
    for error in (
        OperationFailure(said, code, {"code": code, "errmsg": said}),
        BulkWriteError({"writeErrors": [{"code": code, "errmsg": said}]}),
    ):
        shown = translate(error)
        assert cause in shown.cause
        assert todo in shown.next_step


def test_texts_of_the_server_lose_passwords_and_meters() -> None:
    error = translate(
        OperationFailure(f"at mongodb://me:{SECRET}@h/ meter 12345678902823 \x1b[31m failed", 2)
    )
    assert SECRET not in str(error)
    assert "12345678902823" not in str(error)
    assert "\x1b" not in str(error)


def test_waiting_for_a_primary_ends_with_the_timeout_or_the_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_module, "_PRIMARY_TRY_S", 0.1)
    with pymongo.MongoClient[dict[str, object]](
        "mongodb://127.0.0.1:1", serverSelectionTimeoutMS=50
    ) as client:
        started = time.monotonic()
        assert not wait_for_primary(client, 0.1)
        stop = threading.Event()
        stop.set()
        assert not wait_for_primary(client, 60, stop)
        assert time.monotonic() - started < 30


def test_a_replica_set_is_named_and_a_new_primary_is_waited_for(
    members: ReplicaSet, tmp_path: Path
) -> None:
    settings = MongoSettings(uri=members.uri, database="named")
    with connect(settings, tmp_path, tmp_path) as opened:
        assert opened.server.replica_set == "rs0"
        opened.database["readings"].insert_one({"n": 1})
        members.kill(members.wait_for_primary())
        assert opened.wait_for_primary()
        opened.database["readings"].insert_one({"n": 2})
        assert opened.database["readings"].count_documents({}) == 2
    members.heal()
    members.drop_database("named")
