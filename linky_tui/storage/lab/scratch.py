"""Scratch servers: a mongod of the laboratory's own, in a new folder that is dropped at the end."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

from pymongo import MongoClient

from linky_tui.errors import OutOfSpace
from linky_tui.storage.connection import Document, friendly
from linky_tui.storage.lab.folders import ScratchFolder
from linky_tui.storage.lab.ground import Ground, Needs
from linky_tui.storage.server.binary import MongodUnfit, find_mongods
from linky_tui.storage.server.endpoint import (
    clear_place,
    socket_endpoint,
)
from linky_tui.storage.server.process import FRUGAL, Mongod
from linky_tui.system.paths import private_dir
from linky_tui.text.formatting import bytes_text, plain

LEAST_FREE_BYTES = 500_000_000
"""What is left on the disk beside what an experiment needs."""

_START_S = 60.0
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
        needs: Needs,
        stop: threading.Event | None = None,
    ) -> None:
        """Drops what killed processes left, looks for room, starts the server.

        Args:
            data_dir: the user's data folder.
            runtime_dir: for the socket, where its path would be too long.
            mongod: the configured one.
            needs: how much room it will take, and what it is started with.
            stop: ends the start.

        Raises:
            ConfigError: there is no mongod.
            OutOfSpace: there is not enough room.
            StorageError: it does not start.
        """
        self._scratch = ScratchFolder(data_dir, stop)
        folder = self._scratch.path
        self.settings = (
            f"--wiredTigerCacheSizeGB={needs.cache_gb:g}",
            f"--syncdelay={_CHECKPOINT_S}",
            *needs.options,
        )
        self._mongod = Mongod(folder, (*self.settings, *FRUGAL))
        self._client: MongoClient[Document] | None = None
        self.place = str(folder)
        try:
            _require_room(folder, needs.room_bytes)
            self._start(runtime_dir, mongod, stop or threading.Event())
        except BaseException:
            self.close()
            raise

    def _start(self, runtime_dir: Path, mongod: str, stop: threading.Event) -> None:
        binaries = find_mongods(mongod)
        endpoint = socket_endpoint(self._scratch.path, runtime_dir)
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

    def close(self) -> None:
        """Ends the server and drops its folder."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
        self._scratch.close()


def _require_room(folder: Path, need_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < need_bytes + LEAST_FREE_BYTES:
        raise OutOfSpace(
            "There is not enough room for the experiment",
            f"It needs up to {bytes_text(need_bytes)} beside the {bytes_text(LEAST_FREE_BYTES)} "
            f"that stay free, and {bytes_text(free)} are left on the disk of {plain(str(folder))}.",
            "Free some space, or run it with fewer homes.",
        )
