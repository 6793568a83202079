"""The command line in a process with a wrong clock, or one that is frozen at a chosen moment.

Started by :func:`start`; run as ``python -m tests.torture.disk.odd_process ODDITY -- ARGUMENTS``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import time_machine
from pymongo import monitoring

from linky_tui import cli
from linky_tui.domain.paris import utc_now
from linky_tui.storage.collections import confirmed_writes
from linky_tui.storage.leases import lease
from tests.torture.cli_runs import Home
from tests.torture.manners.patient import be_patient

AGED_S = 4.5
"""Frozen for longer than this, a process of :class:`Freeze` has to ask for its lease."""


@dataclass(frozen=True)
class Freeze:
    """Where a process stops itself with SIGSTOP.

    Attributes:
        command: the MongoDB command that it is about to send.
        collection: its collection.
        number: the how manieth such command.
        sent: in the last moment, when the driver has the bytes ready and looks at no clock any
            more; otherwise between the check of the lease and the driver.
    """

    command: str
    collection: str
    number: int = 1
    sent: bool = True


def start(
    home: Home,
    *arguments: str,
    freeze: Freeze | None = None,
    clock_ahead: timedelta | None = None,
    **environment: str,
) -> subprocess.Popen[str]:
    """Start the command line in such a process.

    Args:
        home: its home.
        arguments: of the command line.
        freeze: where it freezes, once.
        clock_ahead: how wrong its wall clock is.
        environment: further variables.
    """
    oddity = {
        "freeze": asdict(freeze) if freeze else None,
        "ahead_s": clock_ahead.total_seconds() if clock_ahead else 0.0,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.torture.disk.odd_process", json.dumps(oddity), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=home.environment | environment,
        start_new_session=True,
    )


def is_frozen(process: subprocess.Popen[str]) -> bool:
    """Whether a process has stopped itself."""
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "T"


class _Freezer(monitoring.CommandListener):
    """Stops this process when the driver has encoded a command and is about to send it.

    The driver looks at its time limit before it encodes, so this is behind every clock.
    """

    def __init__(self, freeze: Freeze) -> None:
        self._freeze = freeze
        self._left = freeze.number

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        name = event.command.get(event.command_name)
        if (event.command_name, name) == (self._freeze.command, self._freeze.collection):
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGSTOP)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


def _freeze_before_driver(freeze: Freeze) -> None:
    """Stop this process on its way into the driver, after the lease was checked."""
    from pymongo.synchronous.bulk import _Bulk

    left = freeze.number
    execute: Any = _Bulk.execute

    def frozen(self: Any, *arguments: Any, **named: Any) -> Any:
        nonlocal left
        kinds = {operation for operation, _ in self.ops}
        if self.collection.name == freeze.collection and kinds == {0}:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGSTOP)
        return execute(self, *arguments, **named)

    _Bulk.execute = frozen  # type: ignore[method-assign]


def main(oddity: dict[str, Any], arguments: list[str]) -> int:
    """Become odd, then run the command line."""
    be_patient()
    if oddity["freeze"] is not None:
        freeze = Freeze(**oddity["freeze"])
        # In proportion: a lease of a minute is renewed every 15 s, fresh for 5, a write takes 10.
        # Enough for a loaded machine, which has to come to the freeze first.
        lease.RENEW_EVERY_S, lease.FRESH_S, lease.WRITE_LIMIT_S = 2.0, 1.6, 4.0
        confirmed_writes.STEP_LIMIT_S = 4.0
        if freeze.sent:
            monitoring.register(_Freezer(freeze))
        else:
            _freeze_before_driver(freeze)
    if oddity["ahead_s"]:
        with time_machine.travel(utc_now() + timedelta(seconds=oddity["ahead_s"])):
            return cli.main(arguments)
    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), sys.argv[2:]))
