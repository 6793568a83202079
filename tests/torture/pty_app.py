"""The application as its user runs it: a process of its own in a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
from types import TracebackType

from tests.torture.cli_runs import Home

_ESCAPES = re.compile(
    rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[PX^_].*?\x1b\\|[@-Z\\-_])"
)
_ROWS, _COLUMNS = 40, 140
_CHUNK = 65_536


class Application:
    """``linky-tui`` without a command, in a pseudo-terminal; a context manager that kills it.

    Args:
        home: its home folder.
        environment: further variables.

    Attributes:
        process: the process.
    """

    def __init__(self, home: Home, **environment: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            home.command(),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=home.environment | {"TERM": "xterm-256color"} | environment,
            start_new_session=True,
        )
        os.close(slave)
        self._written = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def mark(self) -> int:
        """A place in what it has written, for :meth:`shows`."""
        return len(self._written)

    def shows(self, text: str, since: int = 0) -> bool:
        """Whether it has written a text, which may be broken anywhere, since a place."""
        return "".join(text.split()) in self.text(since)

    def text(self, since: int = 0) -> str:
        """What it has written since a place, without escape sequences and blanks."""
        plain = _ESCAPES.sub(b"", bytes(self._written[since:]))
        return "".join(plain.decode("utf-8", errors="replace").split())

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._master, _CHUNK)
            except OSError:
                return
            if not chunk:
                return
            self._written += chunk

    def __enter__(self) -> Application:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.running:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)
        os.close(self._master)
