"""A home folder in which the program runs, with an environment and a configuration of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from linky_tui.demo.server import ApiServer
from linky_tui.session import Session
from tests.tools.altered import PLAIN, Alteration, values_in
from tests.tools.clock import clock_of_the_test
from tests.tools.config import configuration, meter, write
from tests.tools.local_server import servers_of
from tests.tools.program import ROOT, Done, OnTerminal, finished, start
from tests.tools.servers import NAME
from tests.tools.waiting import wait_until

_ANSWER_S = 170.0
"""Longer than any answer is kept back."""
PATIENCE = values_in(
    Session, timing={"timeouts_s": (_ANSWER_S, _ANSWER_S), "deadline_s": _ANSWER_S}
)
PATIENT = Alteration(values=PATIENCE)
REAL_HOST = Alteration(values=PATIENCE, hosts={NAME: "127.0.0.1"})
"""A gateway on this machine has a name that is not loopback."""
"""Waits for its gateway as long as a test lets it.

The client gives an answer 10 seconds; a test that keeps one back until other processes have ended
cannot know how long these take on a loaded machine.
"""


class Home:
    """A home folder, in which ``linky-tui`` runs; a context manager that ends what it left behind.

    ``folder``: an empty folder with a short path (``short_tmp_path``): sockets are made in it.
    """

    def __init__(self, folder: Path, name: str = "home") -> None:
        self.folder = folder / name
        self.folder.mkdir(mode=0o700)
        self.config = self.folder / ".config" / "linky-tui" / "config.toml"
        self.data_dir = self.folder / ".local" / "share" / "linky-tui"
        self.state_dir = self.folder / ".local" / "state" / "linky-tui"
        self.runtime_dir = self.folder / "run"
        self.runtime_dir.mkdir(mode=0o700)

    def configure(self, server: ApiServer, *prms: str, **values: Any) -> None:
        """Write the configuration; without ``uri`` the embedded server is used."""
        meters = [meter(prm, server.token) for prm in prms]
        text = configuration(**{"api_url": server.url, "meters": meters, **values})
        write(self.config, text)

    @property
    def environment(self) -> dict[str, str]:
        """What the processes get: nothing of the user's own settings."""
        names = ("PATH", "LANG", "TZ", "PYTHONPYCACHEPREFIX")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        return {
            **kept,
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.runtime_dir),
            "PYTHONPATH": str(ROOT),
            **clock_of_the_test(),
        }

    def command(self, *arguments: str, altered: bool = False) -> list[str]:
        module = "tests.tools.altered" if altered else "linky_tui"
        return [sys.executable, "-m", module, *arguments]

    def start(
        self, *arguments: str, alteration: Alteration = PLAIN, **environment: str
    ) -> subprocess.Popen[str]:
        """Start a run in a session of its own; stdout and stderr are pipes."""
        command = self.command(*arguments, altered=alteration != PLAIN)
        return start(command, self.environment | alteration.environment | environment)

    def on_terminal(
        self, *arguments: str, alteration: Alteration = PLAIN, **environment: str
    ) -> OnTerminal:
        """Start it on a terminal; the arguments are those of :meth:`start`."""
        command = self.command(*arguments, altered=alteration != PLAIN)
        return OnTerminal(command, self.environment | alteration.environment | environment)

    def run(self, *arguments: str, **environment: str) -> Done:
        return finished(self.start(*arguments, alteration=PLAIN, **environment))

    def servers(self) -> list[int]:
        """The processes of embedded servers of this home, also of its demo."""
        return [
            pid for folder in (self.data_dir, self.data_dir / "demo") for pid in servers_of(folder)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self.servers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.servers(), "the end of its servers")
