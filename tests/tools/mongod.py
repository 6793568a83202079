"""A private mongod from the package of the ``local`` extra."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import pymongo
import pytest
from pymongo.errors import PyMongoError

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
"""For a loaded machine."""
_ROOT_PASSWORD = "of the tests alone"


def find_binary() -> Path | None:
    """The mongod that the ``local`` extra brings, found without importing the package."""
    spec = importlib.util.find_spec("fiftyone")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(folder) / "db" / "bin" / "mongod"
        if os.access(binary, os.X_OK):
            return binary
    return None


@contextmanager
def short_folder() -> Iterator[Path]:
    """A temporary folder whose path leaves room for a unix socket (under 108 bytes).

    Skips where there is no mongod.
    """
    if find_binary() is None:
        pytest.skip("no mongod: install the 'local' extra")
    folder = Path(tempfile.mkdtemp(prefix="lt-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class PrivateMongod:
    """One mongod process, ended by pid; a context manager that starts it, and ends it cleanly."""

    def __init__(
        self,
        folder: Path,
        *extra: str,
        socket: Path | None = None,
        port: int | None = None,
        auth: bool = False,
    ) -> None:
        self.folder = folder
        self._auth = auth
        self._root: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None
        if port is None:
            place = str(socket or folder / "m.sock")
            self.uri = f"mongodb://{quote(place, safe='')}"
            self._arguments = ["--bind_ip", place, *extra]
        else:
            self.uri = f"mongodb://127.0.0.1:{port}"
            self._arguments = ["--bind_ip", "127.0.0.1", "--port", str(port), *extra]

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> Path:
        return self.folder / "mongod.log"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        self.launch()
        self.wait_until_ready()
        if self._auth and not self._root:
            self.create_user("root", _ROOT_PASSWORD, "root")
            self._root = {"username": "root", "password": _ROOT_PASSWORD}

    def launch(self) -> None:
        binary = find_binary()
        assert binary is not None, "tests need the packages of the 'dev' extra"
        data = self.folder / "data"
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    str(binary),
                    *("--dbpath", str(data)),
                    "--nounixsocket",  # no second socket in /tmp; the one of bind_ip stays
                    *("--filePermissions", "0600"),
                    *("--wiredTigerCacheSizeGB", "0.25"),
                    *("--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=8MB)"),
                    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
                    # Fault injection: the failCommand fail point.
                    *("--setParameter", "enableTestCommands=1"),
                    *self._arguments,
                    *(["--auth"] if self._auth else []),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_TIMEOUT_S
        patience_ms = 200
        while True:
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-2000:]
            try:
                with pymongo.MongoClient[dict[str, object]](
                    self.uri, serverSelectionTimeoutMS=patience_ms, directConnection=True
                ) as client:
                    client.admin.command("ping")
                    return
            except PyMongoError:
                assert time.monotonic() < deadline, "mongod does not answer"
                patience_ms = min(2 * patience_ms, 5000)
                time.sleep(0.02)

    def create_user(self, name: str, password: str, *roles: object) -> None:
        with pymongo.MongoClient[dict[str, object]](
            self.uri, directConnection=True, **self._root
        ) as client:
            client.admin.command("createUser", name, pwd=password, roles=[*roles])

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Stops it in the middle of whatever it does: to others it looks like a broken network."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on as if nothing had been; does nothing to one that has ended."""
        if self.process is not None:
            os.kill(self.pid, signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_TIMEOUT_S)
