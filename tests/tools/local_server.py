"""The embedded server from outside: its processes and sockets, and a process that uses it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

import pymongo

from linky_tui.storage.server.local_server import LocalServer
from tests.tools.mongod import find_binary
from tests.tools.program import calling, line_of, start
from tests.tools.waiting import wait_until


def mongod_pid(data_dir: Path) -> int:
    """The process that mongod itself wrote down."""
    return int((data_dir / "mongodb" / "data" / "mongod.lock").read_text())


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):  # ended before it was opened, or read
        return False


def wait_until_ended(pid: int) -> None:
    wait_until(lambda: not is_running(pid), f"the end of process {pid}")


def servers_of(data_dir: Path) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(data_dir / "mongodb" / "data") in arguments:
            found.append(int(folder.name))
    return found


def listening_inodes(pid: int) -> set[str]:
    names = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            names.append(str(entry.readlink()))
        except FileNotFoundError:
            continue
    return {name[8:-1] for name in names if name.startswith("socket:[")}


def script(folder: Path, text: str) -> str:
    """A shell script in place of mongod; ``$MONGOD`` in it is the real one."""
    path = folder / "mongod-script"
    path.write_text(f"#!/bin/sh\nMONGOD='{find_binary()}'\n{text}\n")
    path.chmod(0o755)
    return str(path)


class Holder:
    """A process that uses the embedded server; a context manager that ends it.

    ``options``: ``--deaf`` to Ctrl-C, ``--port=12345``.
    """

    def __init__(self, data_dir: Path, *options: str) -> None:
        self.process = start(calling(hold, data_dir, *options), stdin=subprocess.PIPE)

    def ready(self) -> str:
        line = line_of(self.process)
        assert line.startswith("mongodb://"), line
        return line

    def leave(self) -> None:
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.process.communicate()


def hold(data_dir: str, *options: str) -> None:
    """Use the server until stdin is closed."""
    if "--deaf" in options:  # a handler, not SIG_IGN: mongod would inherit that
        signal.signal(signal.SIGINT, lambda *_: None)
    port = next((int(each[7:]) for each in options if each.startswith("--port=")), 0)
    with LocalServer.acquire(Path(data_dir), Path(data_dir) / "run", port=port) as server:
        with pymongo.MongoClient[dict[str, object]](server.uri, journal=True) as client:
            client["test"]["rounds"].insert_one({})
        print(server.uri, flush=True)
        sys.stdin.read()
