"""How soon the first frame is there: at most 1.6 times a Textual application that does nothing.

``python -m pytest -m benchmark tests/benchmarks/test_start.py -s`` prints the figures. Both are
started in turn, each a whole process on a terminal of its own, until its first frame arrives.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tools.config import configuration, meter, write
from tests.tools.tokens import token

pytestmark = pytest.mark.benchmark

ROUNDS = 15
LIMIT = 1.6
PRM = "12345678901234"
MINIMAL = """
from textual.app import App, ComposeResult
from textual.widgets import Static

class Minimal(App):
    def compose(self) -> ComposeResult:
        yield Static("Yesterday")

Minimal().run()
"""
FRAME = b"Yesterday"


def _first_frame_s(command: list[str], environment: Mapping[str, str]) -> float:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    started_s = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    seen = b""
    try:
        while FRAME not in seen:
            seen += os.read(master, 65_536)
        return time.perf_counter() - started_s
    finally:
        process.terminate()
        with contextlib.suppress(OSError):
            while os.read(master, 65_536):
                pass
        process.wait()
        os.close(master)


def test_the_first_frame_is_there_soon(tmp_path: Path) -> None:
    dropped = ("XDG_", "PYTHONDONTWRITEBYTECODE")
    environment = {name: each for name, each in os.environ.items() if not name.startswith(dropped)}
    environment |= {
        "HOME": str(tmp_path),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        # As pip installs it: compiled. The first round, which does not count, does that for both.
        "PYTHONPYCACHEPREFIX": str(tmp_path / "compiled"),
    }
    file = tmp_path / "config.toml"
    # An address where nobody answers: what is measured is the frame before any data.
    uri = "mongodb://127.0.0.1:9/"
    write(file, configuration(uri=uri, meters=[meter(PRM, token(sub=[PRM]))]))
    ours = [sys.executable, "-m", "linky_tui", "--config", str(file)]
    minimal = [sys.executable, "-c", MINIMAL]
    taken: dict[str, list[float]] = {"minimal": [], "linky-tui": []}
    for _ in range(ROUNDS + 1):
        taken["minimal"].append(_first_frame_s(minimal, environment))
        taken["linky-tui"].append(_first_frame_s(ours, environment))
    medians = {name: statistics.median(each[1:]) for name, each in taken.items()}
    ratio = medians["linky-tui"] / medians["minimal"]
    print(
        f"\nfirst frame: {medians['linky-tui']:.2f} s, x{ratio:.2f} of {medians['minimal']:.2f} s"
    )
    assert ratio <= LIMIT
