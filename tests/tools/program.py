"""Processes: the program as its user runs it, or one function of a test, and what they print.

:func:`start` starts a command line, :func:`finished` and :func:`killed` end it, and
:class:`OnTerminal` gives it a terminal. :func:`calling` is the command line of a function that has
to run in another process; it gets its arguments as texts.
"""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from tests.tools.clock import clock_of_the_test

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 120.0
_ESCAPES = re.compile(
    rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[PX^_].*?\x1b\\|[@-Z\\-_])"
)
_CHUNK = 65_536


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON object that stdout has to be, and nothing else."""
        assert self.out.endswith("}\n"), self
        assert self.out.count("\n") == 1, self
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "linky_tui", *arguments]


def calling(function: Callable[..., object], *arguments: object) -> list[str]:
    """The command line of a function of a module."""
    place = f"{function.__module__}:{function.__qualname__}"
    return [sys.executable, "-m", "tests.tools.program", place, *map(str, arguments)]


def here() -> dict[str, str]:
    """The environment of the test itself, for processes that import its modules."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **clock_of_the_test()}


def start(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[Any] = subprocess.PIPE,
) -> subprocess.Popen[str]:
    """Start a command line in a session of its own; stdout and stderr are pipes.

    ``stdout``: another place for what it prints.
    """
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env=here() if environment is None else environment,
        start_new_session=True,
    )


def finished(process: subprocess.Popen[str], timeout_s: float = TIMEOUT_S) -> Done:
    """Wait for the end of a run and collect what it printed; kills what takes too long."""
    with process:
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"still running after {timeout_s:g} s: {out}{err}") from None
    return Done(process.returncode, out or "", err)


def killed(process: subprocess.Popen[str]) -> bool:
    """SIGKILL a run, as a power cut would; whether it was still running."""
    was_running = process.poll() is None
    process.kill()
    process.communicate()
    return was_running and process.returncode == -signal.SIGKILL


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class OnTerminal:
    """A process on a pseudo-terminal of its own; a context manager that kills it."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        rows: int = 40,
        columns: int = 140,
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={
                "TERM": "xterm-256color",
                **environment,
                "COLUMNS": str(columns),
                "LINES": str(rows),
            },
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(slave)
        self.output = bytearray()
        self._closed = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def wait(self, timeout_s: float = TIMEOUT_S) -> int:
        code = self.process.wait(timeout_s)
        self._reader.join(5)
        return code

    def mark(self) -> int:
        """A place in what it has written, for :meth:`shows`."""
        return len(self.output)

    def shows(self, text: str, since: int = 0) -> bool:
        """Whether it has written a text, which may be broken anywhere, since a place.

        Escape sequences and blanks do not count.
        """
        plain = _ESCAPES.sub(b"", bytes(self.output[since:])).decode("utf-8", errors="replace")
        return "".join(text.split()) in "".join(plain.split())

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def close(self) -> None:
        """Close the window; what the process writes from now on goes nowhere."""
        if not self._closed:
            self._closed = True
            self._reader.join()
            os.close(self._master)

    def _read(self) -> None:
        while not self._closed:
            if not select.select([self._master], [], [], 0.05)[0]:
                continue
            try:
                chunk = os.read(self._master, _CHUNK)
            except OSError:  # the last process has closed the other side
                return
            if not chunk:
                return
            self.output += chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.running:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)
        self.close()


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    getattr(importlib.import_module(module), name)(*sys.argv[2:])
