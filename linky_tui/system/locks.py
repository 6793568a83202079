"""Locks on files between processes, shared or exclusive, freed by the system when a holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from pathlib import Path

from linky_tui.system.own_files import open_own

_POLL_S = 0.02


def try_lock(descriptor: int, *, exclusive: bool = True) -> bool:
    """Lock an open file until the descriptor is closed, if it is free at this moment.

    Raises:
        OSError: its file system has no locks.
    """
    mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class FileLock:
    """A lock that several processes (or several objects of one process) take on one file.

    The file is created 0600, stays empty and is never removed: removing it would let two
    processes lock two different files of the same name. Its folder must exist. A child process
    does not inherit the lock. The same object is not meant for several threads at once.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock, shared or exclusive."""
        return self._file is not None

    def try_acquire(self, exclusive: bool = True) -> bool:
        """Takes the lock if it is free at this moment, alone or together with others that share it.

        Returns:
            Whether it is held now.

        Raises:
            RuntimeError: this object holds it already (there is no atomic change of mode).
            OSError: the file cannot be opened or is no regular one, or its file system has no
                locks.
        """
        if self._file is not None:
            raise RuntimeError("the lock is held already: release it first")
        file = open_own(self.path, os.O_RDWR | os.O_CREAT)
        try:
            if try_lock(file, exclusive=exclusive):
                self._file, file = file, -1
        finally:
            if file >= 0:
                os.close(file)
        return self.held

    def acquire(
        self, exclusive: bool = True, timeout_s: float = 10.0, stop: threading.Event | None = None
    ) -> bool:
        """Takes the lock as :meth:`try_acquire` does, waiting for ``timeout_s`` seconds at most.

        Returns:
            Whether it is held now: False after the timeout or a stop.
        """
        pause = stop if stop is not None else threading.Event()
        deadline = time.monotonic() + timeout_s
        while not self.try_acquire(exclusive):
            if time.monotonic() >= deadline or pause.wait(_POLL_S):
                return False
        return True

    def release(self) -> None:
        """Gives the lock back; does nothing when it is not held."""
        file, self._file = self._file, None
        if file is not None:
            # A child that is being started may hold the file open for an instant more.
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_UN)
            os.close(file)


def is_locked(path: Path) -> bool:
    """Whether some process holds the file exclusively (mongod's own lock file counts too).

    The question itself takes a shared lock for an instant, so a :meth:`FileLock.try_acquire`
    at that very moment can fail: ask where that does no harm, or acquire with a timeout. A
    missing file is not locked.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    try:
        file = open_own(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not try_lock(file, exclusive=False)
    finally:
        os.close(file)
