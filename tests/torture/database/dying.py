"""Runs against a MongoDB that dies, and what it was told to keep (issue 4, part 2).

A :class:`Rig` is one meter, one gateway and one database. Every run opens the store anew, as a
process would, and notes what the engine says is stored at the moment it says so. What both
collections hold is then read behind the application's back.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent
from pymongo.monitoring import CommandSucceededEvent as Succeeded

from linky_tui.demo.server import RecordedSource
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import ONE_DAY, today
from linky_tui.errors import LinkyError
from linky_tui.ingest.events import Event, Finished, WindowStored
from linky_tui.ingest.jobs import JobKind
from linky_tui.storage import connection
from linky_tui.storage.collections import confirmed_writes
from linky_tui.storage.compare.verify import verify
from tests.tools.bench import Bench
from tests.tools.gateway import PRM, SERIES, gateway, half_hours, wh
from tests.tools.stored import open_store
from tests.tools.wire import WRITES
from tests.torture.manners.manners import assert_manners, same_request, split_runs
from tests.torture.report import Row

READS = frozenset({"find", "aggregate"})


class Wire(CommandListener):
    """What the application sends to MongoDB."""

    def __init__(self) -> None:
        self.writes: list[CommandStartedEvent] = []
        self.reads: list[CommandStartedEvent] = []
        self._strikes: list[tuple[int, Callable[[], None]]] = []

    def strike(self, writes_from_now: int, action: Callable[[], None]) -> None:
        """Do something just before one of the next writes is sent (the first is number 1)."""
        self._strikes.append((len(self.writes) + writes_from_now, action))

    def calm(self) -> None:
        self._strikes.clear()

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in READS:
            self.reads.append(event)
        if event.command_name in WRITES:
            self.writes.append(event)
            due = [each for each in self._strikes if each[0] <= len(self.writes)]
            self._strikes = [each for each in self._strikes if each not in due]
            for _, action in due:
                action()

    def succeeded(self, event: Succeeded) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


@dataclass(frozen=True)
class Ended:
    """How a run ended, as its process would have."""

    status: str
    exit_code: int
    error: LinkyError | None


class Rig:
    """One meter, its gateway, one database; a context manager.

    ``uri``: the MongoDB; empty for the embedded one, in ``folder``.
    """

    def __init__(self, uri: str, folder: Path, *, weeks: int = 4, latency_s: float = 0.0) -> None:
        self.uri = uri
        self.folder = folder
        self.database = f"test_{uuid.uuid4().hex}"
        self.last = today() - ONE_DAY
        self.first = self.last - timedelta(days=7 * weeks - 1)
        self.truth = half_hours(self.first, self.last)
        self.source = RecordedSource(self.truth)
        self.acknowledged: dict[datetime, Reading] = {}
        self.endings: list[Ended] = []
        self._starts_s: list[float] = []
        self.server = gateway(self.source, latency_s=latency_s)
        (folder / "state").mkdir(exist_ok=True)

    def __enter__(self) -> Rig:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def run(
        self,
        watch: Callable[[Event], None] = lambda _: None,
        kind: JobKind = JobKind.BACKFILL,
        **more: Any,
    ) -> Ended:
        self._starts_s.append(time.monotonic())
        try:
            with self.open() as bench:
                if kind is JobKind.BACKFILL:
                    more.setdefault("since", self.first)
                for event in bench.events(kind, **more):
                    self._note(event)
                    watch(event)
        except LinkyError as error:
            return self._ended(Ended("failed", error.exit_code, error))
        assert isinstance(event, Finished)
        code = 0 if event.error is None else event.error.exit_code
        return self._ended(Ended(event.status, code, event.error))

    def run_until_done(
        self, watch: Callable[[Event], None] = lambda _: None, *, at_most: int = 8
    ) -> int:
        """Runs until one is complete; every other one has to say "try again later"."""
        for number in range(1, at_most + 1):
            ended = self.run(watch)
            if ended.status == "complete":
                return number
            assert ended.exit_code == 3, ended
        raise AssertionError(f"not complete after {at_most} runs: {self.endings}")

    def assert_fails(self, *, asks: bool = True) -> None:
        """A run says "try again later"; where ``asks`` is not set, it asks the gateway nothing."""
        asked = len(self.server.log)
        ended = self.run()
        assert (ended.status, ended.exit_code) == ("failed", 3), ended
        assert asks or len(self.server.log) == asked, "asked although nothing can be stored"

    def open(self) -> Opened:
        return Opened(self)

    def lost_and_doubled(self) -> tuple[int, int]:
        """Acknowledged readings that a collection lacks, and documents that one has twice.

        Read as they are, before any run repairs anything; the lease is the barrier behind which a
        new primary shows all that a majority has.
        """
        lost = doubled = 0
        acknowledged = set(self.acknowledged.values())
        with (
            self.open() as bench,
            bench.store.leases.acquire(SERIES) as lease,
            lease.session() as session,
        ):
            for collection in (bench.store.readings.regular, bench.store.readings.timeseries):
                found: Counter[tuple[str, datetime]] = Counter()
                held = set()
                for each in collection.find({"meter.prm": PRM}, session=session):
                    found[each["meter"]["flow"], each["timestamp"]] += 1
                    held.add(
                        Reading(each["timestamp"], each["meter"]["interval_min"], each["power_w"])
                    )
                lost += len(acknowledged - held)
                doubled += found.total() - len(found)
        return lost, doubled

    def assert_kept(self, row: Row) -> None:
        """Nothing acknowledged is lost, nothing is doubled, at this moment; counted in ``row``."""
        lost, doubled = self.lost_and_doubled()
        row.lost += lost
        row.doubled += doubled
        assert (lost, doubled) == (0, 0)

    def survived(self, row: Row) -> None:
        """Carry on until all is done; nothing is lost, nothing doubled, nobody was pestered."""
        self.run_until_done()
        self.assert_kept(row)
        self.assert_complete()
        self.assert_manners()
        row.survived = row.tried

    def assert_complete(self) -> None:
        """Both collections and the ledger say the truth and nothing else."""
        with self.open() as bench:
            assert bench.stored() == self.truth
            assert verify(bench.store).identical
            records = bench.store.days.load(SERIES, self.first, self.last)
            assert sum(record.energy_wh for record in records.values()) == wh(self.truth)
            assert all(record.certified for record in records.values())
            assert bench.store.leases.state(SERIES).rebuild_pending is None

    def assert_manners(self) -> None:
        """The gateway saw nothing rude: above all, no window twice in a run."""
        runs = split_runs(self.server.log, self._starts_s)
        assert_manners(runs)
        for run in runs:
            again = [asked for asked, times in Counter(map(same_request, run)).items() if times > 1]
            assert not again, f"asked twice in a run: {again}"
        asked = Counter(same_request(entry) for run in runs for entry in run)
        failed = sum(ended.exit_code != 0 for ended in self.endings)
        assert max(asked.values()) <= 1 + failed, asked.most_common(3)

    def _note(self, event: Event) -> None:
        if isinstance(event, WindowStored):
            curve = self.source.curve(event.window.first, event.window.last + ONE_DAY)
            self.acknowledged.update((each.start, replace(each, flags=None)) for each in curve)

    def _ended(self, ended: Ended) -> Ended:
        self.endings.append(ended)
        return ended


class Opened:
    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._bench: Bench | None = None

    def __enter__(self) -> Bench:
        rig = self._rig
        store = open_store(rig.uri, rig.database, rig.folder)
        self._bench = Bench(store, rig.source, rig.server, rig.folder / "state")
        return self._bench

    def __exit__(self, *_: object) -> None:
        if self._bench is not None:
            self._bench.store.close()


@contextmanager
def in_a_hurry(*, step_s: float, primary_s: float, call_s: float) -> Iterator[None]:
    """Shorten the application's patience with MongoDB while something is done to it.

    What comes afterwards has all the time that a loaded machine may need.
    """
    limited = pymongo.timeout
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "_SELECTION_MS", min(5000, int(call_s * 1000)))
        patch.setattr(confirmed_writes, "STEP_LIMIT_S", step_s)
        patch.setattr(confirmed_writes, "PRIMARY_LIMIT_S", primary_s)
        patch.setattr(pymongo, "timeout", lambda limit: limited(limit and min(limit, call_s)))
        yield


class Later:
    """Things that happen beside a run; :meth:`join` waits for them and tells what went wrong."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []

    def __call__(self, seconds: float, action: Callable[[], object]) -> None:
        def act() -> None:
            time.sleep(seconds)
            try:
                action()
            except BaseException as error:
                self._errors.append(error)

        thread = threading.Thread(target=act, daemon=True)
        thread.start()
        self._threads.append(thread)

    def join(self) -> None:
        while self._threads:
            self._threads.pop().join(120)
        if self._errors:
            raise self._errors[0]
