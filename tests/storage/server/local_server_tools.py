"""What the tests of the embedded server look at: processes, sockets, scripts in place of mongod."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.private_mongod import find_binary


def mongod_pid(data_dir: Path) -> int:
    """The process that mongod itself wrote down."""
    return int((data_dir / "mongodb" / "data" / "mongod.lock").read_text())


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def wait_until_ended(pid: int) -> None:
    deadline = time.monotonic() + 60
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.01)


def servers_of(data_dir: Path) -> list[int]:
    """Every process that was told to use this data folder."""
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
    """The inodes of all sockets of a process."""
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
