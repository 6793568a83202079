from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from linky_tui.system.locks import FileLock, is_locked
from tests.tools.program import calling, line_of, start


def hold(path: Path, how: str) -> subprocess.Popen[str]:
    """A process that holds the lock until its stdin is closed."""
    process = start(calling(held, path, how), stdin=subprocess.PIPE)
    assert line_of(process) == "held"
    return process


def held(path: str, how: str) -> None:
    lock = FileLock(Path(path))  # as long as there is a name for it
    assert lock.try_acquire(exclusive=how == "alone")
    print("held", flush=True)
    sys.stdin.read()


def test_a_lock_held_alone_keeps_everybody_out_until_its_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with hold(path, "alone") as other:
        mine = FileLock(path)
        assert is_locked(path)
        assert not mine.try_acquire(exclusive=True)
        assert not mine.try_acquire(exclusive=False)
        assert not mine.held
        other.kill()
        assert mine.acquire(exclusive=True, timeout_s=60)
        assert mine.held


def test_a_shared_lock_is_shared_and_keeps_out_who_wants_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with hold(path, "shared") as other:
        assert not is_locked(path)
        mine = FileLock(path)
        assert not mine.try_acquire(exclusive=True)
        assert mine.try_acquire(exclusive=False)
        other.communicate("")
        mine.release()
        assert mine.try_acquire(exclusive=True)


def test_two_objects_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    first, second = FileLock(path), FileLock(path)
    assert first.try_acquire()
    assert not second.try_acquire()
    first.release()
    first.release()
    assert second.try_acquire()
    with pytest.raises(RuntimeError):
        second.try_acquire(exclusive=False)


def test_waiting_ends_after_the_timeout_or_with_the_stop(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    holder, waiter = FileLock(path), FileLock(path)
    assert holder.try_acquire()
    started = time.monotonic()
    assert not waiter.acquire(timeout_s=0.1)
    assert 0.1 <= time.monotonic() - started < 20
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    started = time.monotonic()
    assert not waiter.acquire(timeout_s=60, stop=stop)
    assert time.monotonic() - started < 20


def test_a_missing_file_is_not_locked_and_not_created_by_asking(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "none.lock")
    assert not (tmp_path / "none.lock").exists()


def test_a_lock_file_is_private_and_never_a_link(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "a.lock")
    assert lock.try_acquire()
    assert lock.path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "b.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        FileLock(tmp_path / "b.lock").try_acquire()
    assert not (tmp_path / "elsewhere").exists()
