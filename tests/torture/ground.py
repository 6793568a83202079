"""A home, a gateway and a truth, on which something of the disk is spoilt and put right again."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from linky_tui.demo.server import ApiServer, RecordedSource
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import ONE_DAY, today
from tests.tools.altered import PLAIN
from tests.tools.gateway import PRM, gateway, half_hours
from tests.tools.homes import Home
from tests.tools.program import Done, calling, finished
from tests.torture.manners.manners import assert_manners, split_runs
from tests.torture.report import Row

PER_DAY = 200
SOON_S = 60.0
"""Generous for a loaded machine; what hangs takes longer."""
REFUSED = 77
"""The exit code where the capabilities cannot be given up."""
_PR_SET_SECUREBITS = 28
_NOROOT, _NOROOT_LOCKED = 1, 2


class Ground(Home):
    def __init__(
        self,
        folder: Path,
        server: ApiServer,
        readings: list[Reading],
        source: RecordedSource,
    ) -> None:
        super().__init__(folder)
        self.server = server
        self.source = source
        self.readings = readings
        self.as_user = False
        self._starts_s: list[float] = []

    def settle(self, **values: Any) -> None:
        """Write a configuration that works; without ``uri`` for the embedded server."""
        self.configure(self.server, PRM, **{"per_day": PER_DAY, **values})

    def command(self, *arguments: str, altered: bool = False) -> list[str]:
        command = super().command(*arguments, altered=altered)
        return calling(become_ordinary, *command) if self.as_user else command

    def run(self, *arguments: str, **environment: str) -> Done:
        """Run to the end, which has to come soon and without a traceback."""
        self._starts_s.append(time.monotonic())
        done = finished(self.start(*arguments, alteration=PLAIN, **environment), SOON_S)
        assert "Traceback" not in done.out + done.err, done
        return done

    def started(self) -> None:
        """Note that a run begins which is not started by :meth:`run`."""
        self._starts_s.append(time.monotonic())

    @property
    def log_dir(self) -> Path:
        return self.state_dir / "log"

    @property
    def budget_file(self) -> Path:
        return self.state_dir / "requests.sqlite"

    def requests(self) -> int:
        return len(self.server.log)

    def assert_manners(self) -> None:
        """Whatever was spoilt, the gateway was treated politely."""
        assert_manners(split_runs(self.server.log, self._starts_s or [0.0]), per_day=PER_DAY)

    def complete(self, row: Row, *, fetch: bool = True) -> None:
        """All works again: a backfill and a proof, and nothing is lost or doubled."""
        if fetch:
            done = self.run("--backfill", "--json")
            assert done.code == 0, done
        proof = self.run("--verify", "--json").document
        row.lost += max(0, len(self.readings) - proof["regular_readings"])
        row.doubled += max(0, proof["timeseries_readings"] - len(self.readings))
        assert proof["status"] == "identical"
        assert proof["regular_readings"] == proof["timeseries_readings"] == len(self.readings)
        row.survived += 1


def become_ordinary(*command: str) -> None:
    """Become a command that an ordinary user runs, whom permissions stop, even as root.

    A root without capabilities is nobody special: it owns root's files, and a mode of 0500 or
    another user's folder is a closed door; its exec gives it none.
    """
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_SECUREBITS, _NOROOT | _NOROOT_LOCKED, 0, 0, 0):
            sys.exit(REFUSED)
    os.execvp(command[0], command)


@contextmanager
def ground(
    folder: Path, *, days: int = 7, step_min: int = 30, kind: type[RecordedSource] = RecordedSource
) -> Iterator[Ground]:
    """A home with some days of readings behind a gateway, whose log is judged at the end."""
    readings = half_hours(today() - timedelta(days=days), today() - ONE_DAY, step_min=step_min)
    source = kind(readings)
    with gateway(source) as server:
        home = Ground(folder, server, readings, source)
        with home:
            yield home
        home.assert_manners()


def told(done: Done, *words: str, codes: tuple[int, ...] = (1, 2, 3)) -> str:
    """What a run with ``--json`` says went wrong: all three parts, and these words in them."""
    assert done.code in codes, done
    error = done.document["error"]
    assert error is not None, done
    assert all(error[part].strip() for part in ("title", "cause", "next_step")), error
    text = " ".join([error["title"], error["cause"], *error.get("problems", [])])
    text = f"{text} {error['next_step']}"
    missing = [word for word in words if word not in text]
    assert not missing, (missing, text)
    return text


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
