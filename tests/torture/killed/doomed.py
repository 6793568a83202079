"""The command line, run as ``python -m linky_tui`` runs it, that is killed at a chosen moment.

What is to happen comes in the environment variable ``TORTURE_DOOM``, as JSON (:class:`Doom`).
Moments have names, and are counted from 1:

* ``insert consumption``, ``drop consumptionTS`` …: just before that command is sent to MongoDB;
  with ``after`` in front, when it has answered; ``write`` is before any of them;
* ``spawn`` and ``after spawn``: before mongod is started, and when it has been and nothing else;
* ``signal`` and ``after signal``: before mongod is told to end, and just after;
* ``rename server.new``: before a file is renamed that is called so, whatever digits follow;
* the names of some of Python's audit events: ``http.client.send`` is a request that is counted and
  about to be sent, ``sqlite3.connect`` a look at the budget, ``fcntl.flock`` a lock.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import time_machine
from pymongo import monitoring

from linky_tui import cli
from linky_tui.storage.repair import rebuild
from linky_tui.system import paths
from tests.storage.server.local_server_tools import servers_of

VARIABLE = "TORTURE_DOOM"
WRITES = {"insert", "update", "delete", "findAndModify", "create", "createIndexes", "drop"}
AUDITED = {"http.client.send", "sqlite3.connect", "fcntl.flock"}
_DIGITS = re.compile(r"[-.][0-9a-f]{32}$")


@dataclass(frozen=True)
class Doom:
    """What is to happen to the process.

    Attributes:
        moment: at which moment it is killed; an empty text for none.
        number: the how manieth of these moments.
        delay_s: how long after the moment.
        signal: by which signal.
        power: whether mongod is killed with it, as a power cut does.
        now: the time that the process believes in (ISO 8601), empty for the real one.
        fill_batch: readings that a rebuild writes at once, 0 for as many as ever.
        trace: a file to which all moments are written.
    """

    moment: str = ""
    number: int = 1
    delay_s: float = 0.0
    signal: int = signal.SIGKILL
    power: bool = False
    now: str = ""
    fill_batch: int = 0
    trace: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """How the process is told."""
        return {VARIABLE: json.dumps(asdict(self))}


class _Fate:
    """Counts the moments, and kills at the right one."""

    def __init__(self, doom: Doom) -> None:
        self._doom = doom
        self._seen: Counter[str] = Counter()
        self.kill = os.kill

    def passes(self, moment: str) -> None:
        self._seen[moment] += 1
        if self._doom.trace:
            trace = os.open(self._doom.trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(trace, f"{moment}\n".encode())
            os.close(trace)
        if (moment, self._seen[moment]) != (self._doom.moment, self._doom.number):
            return
        if self._doom.delay_s:
            threading.Timer(self._doom.delay_s, self._die).start()
        else:
            self._die()

    def _die(self) -> None:
        for pid in servers_of(paths.data_dir()) if self._doom.power else ():
            self.kill(pid, signal.SIGKILL)
        self.kill(os.getpid(), self._doom.signal)


class _Commands(monitoring.CommandListener):
    def __init__(self, fate: _Fate) -> None:
        self._fate = fate
        self._running: dict[int, str] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in WRITES:
            name = f"{event.command_name} {event.command[event.command_name]}"
            self._running[event.request_id] = name
            self._fate.passes("write")
            self._fate.passes(name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.request_id in self._running:
            self._fate.passes(f"after {self._running.pop(event.request_id)}")

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._running.pop(event.request_id, None)


def _watch(fate: _Fate) -> None:
    """Let all moments pass by the process's fate."""
    monitoring.register(_Commands(fate))

    def audited(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename":
            fate.passes(f"rename {_DIGITS.sub('', Path(arguments[0]).name)}")
        elif event in AUDITED:
            fate.passes(event)

    sys.addaudithook(audited)

    class Popen(subprocess.Popen[Any]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            fate.passes("spawn")
            super().__init__(*arguments, **options)
            fate.passes("after spawn")

    def kill(pid: int, number: int) -> None:
        fate.passes("signal")
        fate.kill(pid, number)
        fate.passes("after signal")

    subprocess.Popen = Popen  # type: ignore[misc]
    os.kill = kill


def main() -> int:
    """Run the command line until its end, or the process's."""
    doom = Doom(**json.loads(os.environ.pop(VARIABLE)))
    if doom.fill_batch:
        rebuild.FILL_BATCH = doom.fill_batch
    if doom.moment or doom.trace:
        _watch(_Fate(doom))
    if not doom.now:
        return cli.main()
    with time_machine.travel(datetime.fromisoformat(doom.now), tick=True):
        return cli.main()


def moments(trace: Path) -> list[str]:
    """What a run with ``trace`` went through."""
    return trace.read_text().splitlines()


if __name__ == "__main__":
    sys.exit(main())
