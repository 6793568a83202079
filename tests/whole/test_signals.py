"""A closed window, a logout, ``kill``: each is a quit that leaves terminal and server tidy."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEAVES_SCREEN, MOUSE_OFF = b"\x1b[?1049l", b"\x1b[?1000l"


def controlling() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def drained(master: int, seen: bytearray) -> None:
    with contextlib.suppress(OSError):
        while chunk := os.read(master, 65_536):
            seen += chunk


def servers_of(home: Path) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes()
            if b"mongod" in words and os.fsencode(home) in words:
                found.append(folder.name)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("way", ["SIGTERM", "SIGHUP", "closed window"])
def test_a_signal_quits_restores_the_terminal_and_stops_the_server(
    short_tmp_path: Path, way: str
) -> None:
    home = short_tmp_path
    kept = {name: each for name, each in os.environ.items() if not name.startswith("XDG_")}
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "linky_tui", "--demo"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=kept | {"HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
        cwd=ROOT,
        start_new_session=True,
        preexec_fn=controlling,
    )
    os.close(slave)
    os.set_blocking(master, False)
    seen = bytearray()
    try:
        until = time.monotonic() + 60
        while b"backfill" not in seen or not servers_of(home):
            assert time.monotonic() < until
            assert process.poll() is None, bytes(seen[-2000:])
            drained(master, seen)
            time.sleep(0.05)
        if way == "closed window":
            os.close(master)
        else:
            process.send_signal(getattr(signal, way))
        until = time.monotonic() + 30
        while process.poll() is None:
            assert time.monotonic() < until, "it goes on"
            if way != "closed window":
                drained(master, seen)
            time.sleep(0.05)
        assert servers_of(home) == []
        if way != "closed window":
            drained(master, seen)
            assert process.returncode == 0
            assert seen.rindex(LEAVES_SCREEN) > 0
            assert seen.rindex(MOUSE_OFF) > 0
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if way != "closed window" or process.returncode is None:
            os.close(master)
