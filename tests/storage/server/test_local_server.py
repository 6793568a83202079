"""The embedded server between processes: shared, left behind, taken over, shut down."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.errors import AutoReconnect

from linky_tui.config import MongoSettings
from linky_tui.errors import OutOfSpace, StorageUnavailable
from linky_tui.storage.collections.confirmed_writes import confirm
from linky_tui.storage.connection import connect
from linky_tui.storage.server import local_server
from linky_tui.storage.server.failures import start_failure
from linky_tui.storage.server.local_server import LocalServer
from linky_tui.storage.store import Store
from linky_tui.system.locks import FileLock
from tests.tools.local_server import (
    Holder,
    is_running,
    listening_inodes,
    mongod_pid,
    script,
    servers_of,
    wait_until_ended,
)
from tests.tools.mongod import PrivateMongod
from tests.tools.stored import SERIES


@pytest.fixture
def data_dir(short_tmp_path: Path) -> Path:
    return short_tmp_path / "data"


def acquire(data_dir: Path, **options: Any) -> LocalServer:
    return LocalServer.acquire(data_dir, data_dir / "run", **options)


def socket_of(data_dir: Path) -> Path:
    return data_dir / "mongodb" / "mongod.sock"


def rewrite_record(data_dir: Path, **values: object) -> None:
    file = data_dir / "mongodb" / "server.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def count_rounds(uri: str) -> int:
    with pymongo.MongoClient[dict[str, object]](uri) as client:
        return client["test"]["rounds"].count_documents({})


def test_processes_share_one_server_and_the_last_one_shuts_it_down(data_dir: Path) -> None:
    with Holder(data_dir) as first, Holder(data_dir) as second:
        assert first.ready() == second.ready()
        pid = mongod_pid(data_dir)
        assert servers_of(data_dir) == [pid]
        first.leave()
        assert is_running(pid)
        second.leave()
        assert not is_running(pid)
    folder = data_dir / "mongodb"
    assert (folder / "data" / "mongod.lock").read_text() == "", "it ended in good order"
    assert not (folder / "mongod.sock").exists()
    assert not (folder / "server.json").exists()


def test_a_server_left_behind_by_a_killed_process_is_reused_then_ended(data_dir: Path) -> None:
    with Holder(data_dir) as killed:
        killed.ready()
        pid = mongod_pid(data_dir)
        killed.kill()
    assert is_running(pid)
    with acquire(data_dir) as server:
        assert mongod_pid(data_dir) == pid
        assert count_rounds(server.uri) == 1
    wait_until_ended(pid)


def test_a_server_whose_starter_did_not_live_to_write_its_pid_is_found(data_dir: Path) -> None:
    with Holder(data_dir) as killed:
        killed.ready()
        pid = mongod_pid(data_dir)
        rewrite_record(data_dir, pid=0)
        (data_dir / "mongodb" / "data" / "mongod.lock").write_text("")  # nor did mongod, yet
        killed.kill()
    socket_of(data_dir).rename(data_dir / "for-a-moment")
    back = threading.Timer(0.3, (data_dir / "for-a-moment").rename, [socket_of(data_dir)])
    back.start()
    with acquire(data_dir):
        assert servers_of(data_dir) == [pid]
    wait_until_ended(pid)


def test_a_server_that_was_told_to_end_is_not_joined(data_dir: Path) -> None:
    """It answers until it has ended, and its last user was killed while waiting for that."""
    with Holder(data_dir) as killed:
        killed.ready()
        pid = mongod_pid(data_dir)
        rewrite_record(data_dir, ending=True)
        killed.kill()
    with acquire(data_dir) as server:
        assert not is_running(pid)
        assert count_rounds(server.uri) == 1


def test_stale_socket_lock_and_record_after_a_power_cut_are_recovered(data_dir: Path) -> None:
    with Holder(data_dir) as holder:
        holder.ready()
        pid = mongod_pid(data_dir)
        holder.kill()
        os.kill(pid, signal.SIGKILL)
        wait_until_ended(pid)
    folder = data_dir / "mongodb"
    assert (folder / "mongod.sock").is_socket()
    assert (folder / "server.json").exists()
    assert mongod_pid(data_dir) == pid
    with acquire(data_dir) as server:
        assert mongod_pid(data_dir) != pid
        assert count_rounds(server.uri) == 1


def test_a_record_that_names_a_foreign_process_harms_nobody(data_dir: Path) -> None:
    """After a reboot the pid in the record may be anybody's: here, our own."""
    folder = data_dir / "mongodb"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "server.json").write_text(
        f'{{"pid": {os.getpid()}, "socket": "{folder}/mongod.sock", "port": 0}}'
    )
    with acquire(data_dir) as server:
        assert count_rounds(server.uri) == 0
    (folder / "server.json").write_text("half a rec")
    acquire(data_dir).release()


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(data_dir: Path) -> None:
    with Holder(data_dir, "--deaf") as holder:
        uri = holder.ready()
        pid = mongod_pid(data_dir)
        os.killpg(holder.process.pid, signal.SIGINT)
        time.sleep(0.2)
        assert is_running(pid)
        assert count_rounds(uri) == 1
        holder.leave()
    assert not is_running(pid)


def test_there_is_no_tcp_port_no_second_socket_and_nothing_is_open_to_others(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINKY_TUI_TOKEN", "secret-of-the-user")
    with acquire(data_dir) as server:
        pid = mongod_pid(data_dir)
        sockets = listening_inodes(pid)
        for table in ("tcp", "tcp6", "udp"):
            lines = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
            assert not sockets & {line.split()[9] for line in lines}
        rows = [line.split() for line in Path(f"/proc/{pid}/net/unix").read_text().splitlines()]
        names = {row[7] for row in rows if row[6] in sockets and len(row) > 7}
        assert names == {str(data_dir / "mongodb" / "mongod.sock")}
        for name, mode in {".": 0o700, "data": 0o700, "mongod.sock": 0o600, "mongod.log": 0o600,
                           "turn.lock": 0o600, "users.lock": 0o600}.items():  # fmt: skip
            assert (data_dir / "mongodb" / name).stat().st_mode & 0o777 == mode, name
        assert b"secret-of-the-user" not in Path(f"/proc/{pid}/environ").read_bytes()
        inherited = [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()]
        assert not [name for name in inherited if name.endswith(("turn.lock", "users.lock"))]
        assert "mongod.sock" in server.uri


def test_a_release_can_be_repeated_and_one_of_two_shares_keeps_the_server(data_dir: Path) -> None:
    first, second = acquire(data_dir), acquire(data_dir)
    pid = mongod_pid(data_dir)
    first.release()
    first.release()
    assert is_running(pid)
    second.release()
    assert not is_running(pid)
    with pytest.raises(StorageUnavailable):
        second.ensure()


def test_a_server_ended_from_outside_is_started_again_for_the_same_client(data_dir: Path) -> None:
    with connect(MongoSettings(), data_dir, data_dir / "run") as connection:
        connection.database["kept"].insert_one({})
        pid = mongod_pid(data_dir)
        os.kill(pid, signal.SIGTERM)
        wait_until_ended(pid)
        assert connection.wait_for_primary(timeout_s=100)
        assert mongod_pid(data_dir) != pid
        assert connection.database["kept"].count_documents({}) == 1
    assert servers_of(data_dir) == []


def test_a_server_that_lost_its_socket_is_replaced_when_nobody_uses_it(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_server, "_SOCKET_TIMEOUT_S", 0.2)
    with acquire(data_dir):
        pid = mongod_pid(data_dir)
        (data_dir / "mongodb" / "mongod.sock").unlink()
        with pytest.raises(StorageUnavailable, match=f"Process {pid}"):
            acquire(data_dir)
        assert is_running(pid)
        with Holder(data_dir) as other:
            other.kill()
    wait_until_ended(pid)
    acquire(data_dir).release()


def test_a_foreign_server_on_the_data_folder_is_left_alone(data_dir: Path) -> None:
    folder = data_dir / "mongodb"
    folder.mkdir(parents=True, mode=0o700)
    with PrivateMongod(folder, socket=data_dir / "other.sock") as foreign:
        with pytest.raises(StorageUnavailable, match="did not start"):
            acquire(data_dir)
        assert is_running(foreign.pid)
    acquire(data_dir).release()


def test_a_killed_server_that_the_system_still_takes_down_is_waited_for(data_dir: Path) -> None:
    acquire(data_dir).release()
    dying = FileLock(data_dir / "mongodb" / "data" / "mongod.lock")
    assert dying.try_acquire()
    threading.Timer(0.3, dying.release).start()
    acquire(data_dir).release()


def test_a_stop_ends_the_wait_for_a_start_and_the_start(data_dir: Path) -> None:
    data_dir.mkdir()
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(StorageUnavailable, match="Stopped"):
        acquire(data_dir, mongod=script(data_dir, "exec sleep 600"), stop=stop)
    assert time.monotonic() - began < 15, "the start itself is given longer"
    assert servers_of(data_dir) == []


def test_who_waits_for_another_start_gives_up_after_the_timeout(data_dir: Path) -> None:
    acquire(data_dir).release()
    turn = FileLock(data_dir / "mongodb" / "turn.lock")
    assert turn.try_acquire()
    with pytest.raises(StorageUnavailable, match="busy"):
        acquire(data_dir, timeout_s=0.1)
    turn.release()


def test_a_log_that_has_grown_too_long_is_emptied(data_dir: Path) -> None:
    with acquire(data_dir) as server:
        with server.log_path.open("a") as log:
            log.write("x" * 5_000_001)
        acquire(data_dir).release()
        assert server.log_path.stat().st_size < 100_000


def test_the_data_survive_a_move_of_the_folder(data_dir: Path) -> None:
    with Holder(data_dir) as holder:
        holder.ready()
        holder.leave()
    moved = data_dir.with_name("été, a b")
    shutil.move(data_dir, moved)
    with acquire(moved) as server:
        assert count_rounds(server.uri) == 1


def test_a_write_on_a_full_disk_is_told_at_once(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits ten seconds for what cannot have been written, and twenty for the server."""
    settings = MongoSettings()
    opened = connect(settings, data_dir, data_dir / "run")
    asked: list[object] = []

    def step(session: object) -> None:
        asked.append(session)
        monkeypatch.setattr(shutil, "disk_usage", nearly_full)
        raise AutoReconnect("connection closed")

    with (
        Store.open(opened, settings, data_dir / "state") as store,
        store.leases.acquire(SERIES) as lease,
    ):
        began = time.monotonic()
        with pytest.raises(OutOfSpace, match="The disk is full"):
            confirm(step, store.connection, lease)
        assert time.monotonic() - began < 5
    assert len(asked) == 1


def nearly_full(folder: Path) -> tuple[int, int, int]:
    return shutil._ntuple_diskusage(100, 100, 0)


def test_a_full_disk_is_named_even_where_the_log_could_not_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = start_failure("", -6, tmp_path / "mongod", tmp_path / "mongod.log")
    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    after = start_failure("", -6, tmp_path / "mongod", tmp_path / "mongod.log")
    assert (before.title, after.title) == ("MongoDB did not start", "The disk is full")
