"""Folders of the laboratory below the data folder, each locked by the process that uses it.

A folder whose lock is free is a killed process's. What else that left is ended by the next start:
a server in it, a database that it names.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from linky_tui.errors import StorageUnavailable
from linky_tui.storage.server.endpoint import remove_socket
from linky_tui.storage.server.process import POLL_S, Mongod
from linky_tui.system.closing import Closing
from linky_tui.system.locks import FileLock
from linky_tui.system.own_files import read_own
from linky_tui.system.paths import private_dir

FOLDER = "laboratory"
"""Below the data folder."""
_NAME = re.compile("scratch-[0-9a-f]{8}")
_NOTE, _NOTE_BYTES = "database", 1000
_TURN_S, _END_S = 30.0, 20.0


class ScratchFolder(Closing):
    """A new folder; a context manager that drops it, with what is in it.

    Raises:
        ConfigError: the data folder is not this user's own.
        StorageUnavailable: another process has been making one for too long, or stopped.

    Attributes:
        path: the folder.
    """

    def __init__(self, data_dir: Path, stop: threading.Event | None = None) -> None:
        root = private_dir(data_dir.absolute() / FOLDER).resolve()
        turn = FileLock(root / "turn.lock")
        if not turn.acquire(True, _TURN_S, stop):
            raise StorageUnavailable(
                "The laboratory is busy",
                "Another linky-tui process has been starting a scratch server for a while.",
                "Try again in a moment.",
            )
        try:
            _drop_dead(root)
            self.path = private_dir(root / f"scratch-{secrets.token_hex(4)}")
            self._lock = FileLock(self.path / "owner.lock")
            self._lock.acquire()  # somebody may be looking at it for an instant
        finally:
            turn.release()

    def note(self, database: str) -> None:
        """Say which database goes with it, before it is made."""
        (self.path / _NOTE).write_text(database, encoding="utf-8")

    def close(self) -> None:
        """Drop it."""
        _end(Mongod(self.path))
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()


def drop_leftovers(data_dir: Path) -> int:
    """End and drop the scratch servers of killed processes; gives how many there were.

    Does nothing while another process starts one. Databases on the user's own server are left to
    :func:`left_databases`.
    """
    root = data_dir.absolute() / FOLDER
    with suppress(OSError):
        if root.is_dir() and not root.is_symlink():
            turn = FileLock(root.resolve() / "turn.lock")
            if turn.try_acquire():
                try:
                    return _drop_dead(root.resolve())
                finally:
                    turn.release()
    return 0


@contextmanager
def left_databases(data_dir: Path) -> Iterator[list[str]]:
    """What killed processes noted of databases; forgotten at the end of the block."""
    root = data_dir.absolute() / FOLDER
    dead: list[tuple[Path, FileLock]] = []
    try:
        for folder, lock in _dead(root) if root.is_dir() else ():
            if (folder / _NOTE).exists():
                dead.append((folder, lock))
            else:
                lock.release()
        yield [
            read_own(folder / _NOTE, _NOTE_BYTES).decode("utf-8", "replace") for folder, _ in dead
        ]
        for folder, _ in dead:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        for _, lock in dead:
            lock.release()


def _dead(root: Path) -> Iterator[tuple[Path, FileLock]]:
    """The folders of killed processes, with their locks, which are held then."""
    for folder in sorted(root.iterdir()):
        if not _NAME.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
            continue
        lock = FileLock(folder / "owner.lock")
        with suppress(OSError):
            if lock.try_acquire():
                yield folder, lock


def _drop_dead(root: Path) -> int:
    dropped = 0
    for folder, lock in _dead(root):
        try:
            mongod = Mongod(folder)
            _end(mongod)
            if not mongod.data_in_use() and not (folder / _NOTE).exists():
                shutil.rmtree(folder, ignore_errors=True)
                dropped += 1
        finally:
            lock.release()
    return dropped


def _end(mongod: Mongod) -> None:
    """End the server of a folder at once: nothing of it is kept."""
    recorded = mongod.recorded()
    if recorded is None:
        return
    if (pid := mongod.running_pid(recorded.endpoint, recorded.pid)) is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + _END_S
    while mongod.data_in_use() and time.monotonic() < deadline:
        time.sleep(POLL_S)
    remove_socket(recorded.endpoint, mongod.folder)
