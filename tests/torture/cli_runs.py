"""The program as its user runs it: processes of their own, with a home folder of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from linky_tui.demo.server import ApiServer
from tests.storage.server.local_server_tools import servers_of
from tests.whole.cli.tools import Done, configuration, meter

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 120.0


class Home:
    """A home folder, in which ``linky-tui`` runs; a context manager that ends what it left behind.

    Args:
        folder: an empty folder with a short path (``short_tmp_path``): sockets are made in it.
        name: another name for another user's or machine's home in the same folder.

    Attributes:
        module: what is run; a test can put a module of its own around the command line.
    """

    def __init__(self, folder: Path, name: str = "home") -> None:
        self.folder = folder / name
        self.folder.mkdir(mode=0o700)
        self.config = self.folder / ".config" / "linky-tui" / "config.toml"
        self.data_dir = self.folder / ".local" / "share" / "linky-tui"
        self.state_dir = self.folder / ".local" / "state" / "linky-tui"
        self.runtime_dir = self.folder / "run"
        self.runtime_dir.mkdir(mode=0o700)
        self.module = "linky_tui"

    def configure(self, server: ApiServer, *prms: str, **values: Any) -> None:
        """Write the configuration; without ``uri`` the embedded server is used.

        Args:
            server: the gateway.
            prms: the meters behind it.
            values: of :func:`tests.whole.cli.tools.configuration`.
        """
        meters = [meter(prm, server.token) for prm in prms]
        text = configuration(**{"api_url": server.url, "meters": meters, **values})
        self.config.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.config.write_text(text, encoding="utf-8")
        self.config.chmod(0o600)

    @property
    def environment(self) -> dict[str, str]:
        """What the processes get: nothing of the user's own settings."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
        return {
            **kept,
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.runtime_dir),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def command(self, *arguments: str) -> list[str]:
        """The command line of a run."""
        return [sys.executable, "-m", self.module, *arguments]

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a run in a session of its own; stdout and stderr are pipes.

        Args:
            arguments: of the command line.
            environment: further variables.
        """
        return subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment | environment,
            start_new_session=True,
        )

    def run(self, *arguments: str, **environment: str) -> Done:
        """Run to the end."""
        return finished(self.start(*arguments, **environment))

    def servers(self) -> list[int]:
        """The processes of embedded servers of this home, also of its demo."""
        return [
            pid for folder in (self.data_dir, self.data_dir / "demo") for pid in servers_of(folder)
        ]

    def __enter__(self) -> Home:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for pid in self.servers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while self.servers() and time.monotonic() < deadline:
            time.sleep(0.01)


def finished(process: subprocess.Popen[str], timeout_s: float = TIMEOUT_S) -> Done:
    """Wait for the end of a run and collect what it printed; kills what takes too long."""
    with process:
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"still running after {timeout_s:g} s: {out}{err}") from None
    return Done(process.returncode, out, err)


def killed(process: subprocess.Popen[str]) -> bool:
    """SIGKILL a run, as a power cut would; whether it was still running."""
    was_running = process.poll() is None
    process.kill()
    process.communicate()
    return was_running and process.returncode == -signal.SIGKILL


def document(done: Done) -> dict[str, Any]:
    """What a run printed with ``--json``."""
    found = json.loads(done.out)
    assert isinstance(found, dict)
    return found
