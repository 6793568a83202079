"""Several processes at once: each has a token of its own, so that the gateway's log tells them."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any, Self

import pymongo
from pymongo.database import Database

from linky_tui.demo.gateway import caller_of
from linky_tui.demo.server import ApiServer
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import ONE_DAY, today, utc_now
from tests.tools.altered import Alteration
from tests.tools.clock import SINCE
from tests.tools.gateway import PRM, Gate, half_hours
from tests.tools.homes import PATIENT, Home
from tests.tools.program import TIMEOUT_S, Done, finished
from tests.torture.manners.manners import assert_manners
from tests.torture.report import Row

DAYS = 20


class GatedSource(Gate):
    """A meter with some days behind a gate; the processes of :class:`Crowd` wait for it.

    ``activated``: whether requests from before the first day are refused, which they are without
    passing the gate.
    """

    def __init__(self, *, activated: bool = True) -> None:
        self.first, self.last = today() - timedelta(DAYS), today() - ONE_DAY
        self.truth = half_hours(self.first, self.last)
        floor = self.first if activated else None
        super().__init__(self.truth, activated=floor, curve_from=floor)


@dataclass
class Run:
    process: subprocess.Popen[str]  # the process
    caller: str  # how the gateway's log names it

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def done(self, more_s: float = 0.0) -> Done:
        """Wait for its end, ``more_s`` longer than for any program."""
        return finished(self.process, TIMEOUT_S + more_s)


class Crowd:
    """Starts patient processes, each with a token of its own; a context manager that ends them."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server
        self._made = 0
        self._started: list[subprocess.Popen[str]] = []

    def token(self) -> str:
        self._made += 1
        return self.server.make_token(expires=utc_now() + timedelta(days=400 + self._made))

    def start(
        self,
        home: Home,
        *arguments: str,
        alteration: Alteration = PATIENT,
        **environment: str,
    ) -> Run:
        token = self.token()
        process = home.start(
            *arguments, alteration=alteration, LINKY_TUI_TOKEN=token, **environment
        )
        self._started.append(process)
        return Run(process, caller_of(token))

    def requests_of(self, run: Run) -> int:
        return sum(entry.caller == run.caller for entry in self.server.log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()


def assert_said_busy(done: Done, pid: int | None = None) -> None:
    """A process that did nothing said so: exit code 3, who is at work, and since when."""
    assert done.code == 3, (done.code, done.out, done.err)
    error = done.document["error"]
    assert all(error[key] for key in ("title", "cause", "next_step")), error
    assert "at work" in error["title"]
    assert pid is None or f"Process {pid} " in error["cause"], error
    assert SINCE.search(error["cause"]), error
    assert PRM not in error["cause"] + done.err


def assert_one_after_the_other(server: ApiServer, prm: str = PRM) -> None:
    """The requests about a meter of one process never stand between those of another."""
    asked = sorted((e for e in server.log if e.prm == prm), key=lambda entry: entry.monotonic)
    order = [caller for caller, _ in groupby(entry.caller for entry in asked)]
    assert len(order) == len(set(order)), order


def assert_polite(server: ApiServer, per_day: int | None = None, pace_s: float = 0.0) -> None:
    log = server.log
    callers = dict.fromkeys(entry.caller for entry in log)
    runs = [[entry for entry in log if entry.caller == caller] for caller in callers]
    assert_manners(runs, per_day=per_day, pace_s=pace_s)


Measure = tuple[Any, int, int]


@contextmanager
def database(where: dict[str, str]) -> Iterator[Database[dict[str, Any]]]:
    """A database past our own storage; that of the embedded server where none is named."""
    with pymongo.MongoClient[dict[str, Any]](where["uri"], tz_aware=True) as client:
        yield client[where.get("database", "electricity")]


def measured(where: dict[str, str], prm: str = PRM) -> tuple[list[Measure], list[Measure]]:
    with database(where) as opened:
        regular, timeseries = (
            sorted(
                (each["timestamp"], each["meter"]["interval_min"], each["power_w"])
                for each in opened[name].find({"meter.prm": prm})
            )
            for name in ("consumption", "consumptionTS")
        )
    return regular, timeseries


def judge(
    row: Row, where: dict[str, str], truth: Sequence[Reading], *prms: str, tried: int = 1
) -> None:
    """Count what was lost and doubled in both collections, and insist on none."""
    row.tried += tried
    wanted = Counter((each.start, each.interval_min, each.power_w) for each in truth)
    lost = doubled = 0
    for prm in prms or (PRM,):
        for present in map(Counter, measured(where, prm)):
            lost += (wanted - present).total()
            doubled += (present - wanted).total()
    row.lost += lost
    row.doubled += doubled
    assert (lost, doubled) == (0, 0)
    row.survived += tried


def double_a_reading(where: dict[str, str]) -> None:
    """Make a rebuild necessary: only that takes a reading out of a time series collection."""
    with database(where) as opened:
        collection = opened["consumptionTS"]
        found = collection.find_one({}, {"_id": 0})
        assert found is not None
        collection.insert_one(found)
