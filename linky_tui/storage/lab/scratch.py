"""Scratch servers: a mongod of the laboratory's own, in a new folder that is dropped at the end.

Each folder holds a lock that its process keeps. A folder whose lock is free is a killed process's:
the next start ends the server in it, if one is left, and drops it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pymongo import MongoClient

from linky_tui.errors import OutOfSpace, StorageUnavailable
from linky_tui.storage.connection import Document, friendly
from linky_tui.storage.lab.ground import Ground
from linky_tui.storage.server.binary import MongodUnfit, find_mongods
from linky_tui.storage.server.endpoint import (
    clear_place,
    remove_socket,
    socket_endpoint,
)
from linky_tui.storage.server.process import FRUGAL, POLL_S, Mongod
from linky_tui.system.locks import FileLock
from linky_tui.system.paths import private_dir
from linky_tui.text.formatting import bytes_text, plain

FOLDER = "laboratory"
"""Below the data folder."""
LEAST_FREE_BYTES = 500_000_000
"""What is left on the disk beside what an experiment needs."""

_NAME = re.compile("scratch-[0-9a-f]{8}")
_START_S, _TURN_S, _END_S = 60.0, 30.0, 20.0
_DATABASE = "laboratory"
_CHECKPOINT_S = 3600
"""Between two checkpoints that nobody asked for, the most there is: none may fall into a fill."""


class ScratchServer(Ground):
    """A running scratch server; a context manager that ends and drops it."""

    scratch = True

    def __init__(
        self,
        data_dir: Path,
        runtime_dir: Path,
        mongod: str,
        *,
        need_bytes: int,
        cache_gb: float = 0.25,
        parameters: Sequence[str] = (),
        options: Sequence[str] = (),
        stop: threading.Event | None = None,
    ) -> None:
        """Drops what killed processes left, looks for room, starts the server.

        Args:
            data_dir: the user's data folder.
            runtime_dir: for the socket, where its path would be too long.
            mongod: the configured one.
            need_bytes: how much it will take at most.
            cache_gb: memory of the storage engine.
            parameters: for ``--setParameter``, such as ``name=value``.
            options: further arguments.
            stop: ends the start.

        Raises:
            ConfigError: there is no mongod.
            OutOfSpace: there is not enough room.
            StorageError: it does not start.
        """
        root = private_dir(data_dir.absolute() / FOLDER).resolve()
        turn = FileLock(root / "turn.lock")
        if not turn.acquire(True, _TURN_S, stop):
            raise _busy()
        try:
            _drop_dead(root)
            self._folder = private_dir(root / f"scratch-{secrets.token_hex(4)}")
            self._lock = FileLock(self._folder / "owner.lock")
            self._lock.try_acquire()
        finally:
            turn.release()
        self.settings = (
            f"--wiredTigerCacheSizeGB={cache_gb:g}",
            f"--syncdelay={_CHECKPOINT_S}",
            *(f"--setParameter={each}" for each in parameters),
            *options,
        )
        self._mongod = Mongod(self._folder, (*self.settings, *FRUGAL))
        self._client: MongoClient[Document] | None = None
        self.place = str(self._folder)
        try:
            _require_room(root, need_bytes)
            self._start(runtime_dir, mongod, stop or threading.Event())
        except BaseException:
            self.close()
            raise

    def _start(self, runtime_dir: Path, mongod: str, stop: threading.Event) -> None:
        binaries = find_mongods(mongod)
        endpoint = socket_endpoint(self._folder, runtime_dir)
        unfit: MongodUnfit | None = None
        for binary in binaries.paths:
            private_dir(endpoint.socket_path.parent)
            clear_place(endpoint.socket_path)
            try:
                binaries.refuse_unfit(binary)
                self._mongod.start(binary, endpoint, time.monotonic() + _START_S, stop)
                break
            except MongodUnfit as error:
                unfit = unfit or error
        else:
            assert unfit is not None  # noqa: S101 there is at least one binary
            raise unfit
        self.uri = endpoint.uri
        with friendly():
            self.client = self._client = MongoClient(
                self.uri, directConnection=True, serverSelectionTimeoutMS=5000, tz_aware=True
            )
            self.database = self.client[_DATABASE]

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder beside the server's data: what a killed process leaves goes with them."""
        yield private_dir(self._folder / "files")

    def close(self) -> None:
        """Ends the server and drops its folder."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
        _end(self._mongod)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.release()


def drop_leftovers(data_dir: Path) -> int:
    """End and drop the scratch servers of killed processes; gives how many there were.

    Does nothing while another process starts one.
    """
    root = data_dir.absolute() / FOLDER
    if not root.is_dir() or root.is_symlink():
        return 0
    turn = FileLock(root.resolve() / "turn.lock")
    with suppress(OSError):
        if turn.try_acquire():
            try:
                return _drop_dead(root.resolve())
            finally:
                turn.release()
    return 0


def _drop_dead(root: Path) -> int:
    dropped = 0
    for folder in sorted(root.iterdir()):
        if not _NAME.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
            continue
        lock = FileLock(folder / "owner.lock")
        with suppress(OSError):
            if not lock.try_acquire():
                continue  # its process lives
            try:
                mongod = Mongod(folder)
                _end(mongod)
                if not mongod.data_in_use():
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


def _require_room(root: Path, need_bytes: int) -> None:
    free = shutil.disk_usage(root).free
    if free < need_bytes + LEAST_FREE_BYTES:
        raise OutOfSpace(
            "There is not enough room for the experiment",
            f"It needs up to {bytes_text(need_bytes)} beside the {bytes_text(LEAST_FREE_BYTES)} "
            f"that stay free, and {bytes_text(free)} are left on the disk of {plain(str(root))}.",
            "Free some space, or run it with fewer homes.",
        )


def _busy() -> StorageUnavailable:
    return StorageUnavailable(
        "The laboratory is busy",
        "Another linky-tui process has been starting a scratch server for a while.",
        "Try again in a moment.",
    )
