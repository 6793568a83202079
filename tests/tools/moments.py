"""The moments of a process at which it can be sent a signal; named in ``altered.py``."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from pymongo import monitoring
from pymongo.synchronous.bulk import _Bulk

from linky_tui.system import paths
from tests.tools.altered import Alteration
from tests.tools.local_server import servers_of
from tests.tools.wire import WRITES

_AUDITED = {"http.client.send", "sqlite3.connect", "fcntl.flock"}
_DIGITS = re.compile(r"[-.][0-9a-f]{32}$")


class _Fate:
    """Counts the moments, and sends the signal at the right one."""

    def __init__(self, alteration: Alteration) -> None:
        self._alteration = alteration
        self._seen: Counter[str] = Counter()
        self.kill = os.kill

    def passes(self, moment: str) -> None:
        self._seen[moment] += 1
        alteration = self._alteration
        if (moment, self._seen[moment]) != (alteration.moment, alteration.number):
            return
        if alteration.delay_s:
            threading.Timer(alteration.delay_s, self._strike).start()
        else:
            self._strike()

    def _strike(self) -> None:
        for pid in servers_of(paths.data_dir()) if self._alteration.power else ():
            self.kill(pid, signal.SIGKILL)
        self.kill(os.getpid(), self._alteration.signal)


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


def watch(alteration: Alteration) -> None:
    """Let all moments of this process pass, and strike at the one that is meant."""
    fate = _Fate(alteration)
    monitoring.register(_Commands(fate))
    execute: Any = _Bulk.execute

    def bulk(self: Any, *arguments: Any, **named: Any) -> Any:
        if {operation for operation, _ in self.ops} == {0}:
            fate.passes(f"bulk {self.collection.name}")
        return execute(self, *arguments, **named)

    def audited(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename":
            fate.passes(f"rename {_DIGITS.sub('', Path(arguments[0]).name)}")
        elif event in _AUDITED:
            fate.passes(event)

    class Popen(subprocess.Popen[Any]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            fate.passes("spawn")
            super().__init__(*arguments, **options)
            fate.passes("after spawn")

    def kill(pid: int, number: int) -> None:
        fate.passes("signal")
        fate.kill(pid, number)
        fate.passes("after signal")

    _Bulk.execute = bulk  # type: ignore[method-assign]
    sys.addaudithook(audited)
    subprocess.Popen = Popen  # type: ignore[misc]
    os.kill = kill
