"""Killed before any of its writes, whatever it was at: the next run makes all identical and exact.

Between two writes a death at one moment is as good as at another, so dying before each of them in
turn is every crash there is.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pymongo
import pytest

from linky_tui.demo.server import ApiServer, RecordedSource
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import ONE_DAY, day_of, days_between, today, utc_now
from linky_tui.enedis.budget import Budget
from linky_tui.enedis.client import ConsoClient
from linky_tui.ingest.engine import run_jobs
from linky_tui.ingest.events import Finished, Window
from linky_tui.ingest.jobs import Job, JobKind
from linky_tui.ingest.requests.run import RequestRun
from linky_tui.storage.compare.buckets import needs_defragmenting
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.repair import rebuild
from linky_tui.storage.repair.extent import Trail
from linky_tui.storage.repair.reconcile import reconcile
from linky_tui.storage.store import Store
from tests.tools.altered import Alteration
from tests.tools.bench import Bench
from tests.tools.gateway import SERIES, gateway, half_hours, wh
from tests.tools.moments import watch
from tests.tools.stored import open_store, put_regular, put_timeseries

Prepare = Callable[[Store], None]
FILL_BATCH = 100
"""So that a rebuild of a few days fills in several steps."""


@pytest.fixture(scope="module")
def processes() -> multiprocessing.context.ForkServerContext:
    """Starts processes quickly: what they need is already imported there."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def run_until(number: int, job: Job, uri: str, database: str, folder: Path, api_url: str) -> None:
    """Run a job, in a process that is killed just before its n-th write, as by a power cut."""
    rebuild.FILL_BATCH = FILL_BATCH
    watch(Alteration(moment="write", number=number))
    with open_store(uri, database, folder) as store:
        client = ConsoClient(api_url)
        budget = Budget(None, client.host, per_day=None, min_seconds=0.0)
        requests = RequestRun(client, budget, None, threading.Event())
        last = list(run_jobs(store, requests, [job]))[-1]
    assert isinstance(last, Finished)
    os._exit(0 if last.status == "complete" else 1)


class Crashes:
    """One job, killed before each of its writes in turn."""

    def __init__(
        self,
        processes: multiprocessing.context.ForkServerContext,
        folder: Path,
        uri: str,
        database: str,
    ) -> None:
        self._processes = processes
        self._folder = folder
        self._uri = uri
        self._database = database

    def each(self, source: RecordedSource, job: Job, prepare: Prepare, truth: list[Reading]) -> int:
        """Kill, run again and compare, for every write; gives their number."""
        with gateway(source) as server:
            job = replace(job, token=server.token)
            number = 1
            while self._killed(server, job, prepare, number):
                self._recover(server, source, job, truth, number)
                number += 1
            self._recover(server, source, job, truth, number)
        return number - 1

    def _killed(self, server: ApiServer, job: Job, prepare: Prepare, number: int) -> bool:
        with pymongo.MongoClient[dict[str, object]](self._uri) as client:
            client.drop_database(self._database)
        with open_store(self._uri, self._database, self._folder) as store:
            prepare(store)
            with store.leases.acquire(SERIES) as lease:
                Trail(store).end(lease, today(), None)
        where = self._uri, self._database, self._folder, server.url
        process = self._processes.Process(target=run_until, args=(number, job, *where))
        process.start()
        process.join(30)
        assert process.exitcode in (0, -signal.SIGKILL), f"write {number}: {process.exitcode}"
        return process.exitcode != 0

    def _recover(
        self,
        server: ApiServer,
        source: RecordedSource,
        job: Job,
        truth: list[Reading],
        number: int,
    ) -> None:
        place = f"killed before write {number}"
        with open_store(self._uri, self._database, self._folder) as store:
            bench = Bench(store, source, server, self._folder / "state")
            # The lease of the dead is taken over at once: its lock file is free.
            with store.leases.acquire(SERIES) as lease:
                extent = Trail(store).extent(SERIES, store.leases.state(SERIES), today())
                reconcile(store, lease, SERIES, today(), extent=extent)
            assert verify(store).identical, f"{place}: not even before anything is asked"
            done = bench.run(job.kind, since=job.since, days=job.days)
            assert done.status == "complete", place
            assert bench.stored() == truth, place
            assert verify(store).identical, place
            first = day_of(truth[0].start)
            last = today() - ONE_DAY
            records = store.days.load(SERIES, first, last)
            assert sum(record.energy_wh for record in records.values()) == wh(truth), place
            assert all(record.certified for record in records.values()), place
            assert len(records) == len(list(days_between(first, last))), place
            state = store.leases.state(SERIES)
            assert state.rebuild_pending is None, place
            assert store.leases.in_use() == set(), place


@pytest.fixture
def crashes(
    processes: multiprocessing.context.ForkServerContext,
    tmp_path: Path,
    mongod_uri: str,
    mongo_database_name: str,
) -> Crashes:
    return Crashes(processes, tmp_path, mongod_uri, mongo_database_name)


def surveyed(store: Store, source: RecordedSource) -> None:
    """The survey is done, so that the job begins with what the test is about."""
    with store.leases.acquire(SERIES) as lease:
        now = utc_now()
        lease.set_state(surveyed_at=now, totals_at=now, daily_from=date(2023, 1, 1))
    store.days.set_totals(SERIES, source.daily(date(2023, 1, 1), today()), today())


def filled(store: Store, readings: list[Reading]) -> None:
    put_regular(store, SERIES, readings)
    put_timeseries(store, SERIES, readings)
    store.days.recompute_all(SERIES, today())


def last_week() -> list[Reading]:
    return half_hours(today() - timedelta(days=6), today() - ONE_DAY)


def test_at_every_step_of_storing_a_window(crashes: Crashes) -> None:
    truth = last_week()
    source = RecordedSource(truth)
    job = Job(JobKind.BACKFILL, SERIES, "", since=day_of(truth[0].start))
    steps = crashes.each(source, job, lambda store: surveyed(store, source), truth)
    assert steps >= 6


@pytest.mark.parametrize("step_changes", [False, True])
def test_at_every_step_of_a_correction(crashes: Crashes, step_changes: bool) -> None:
    before = last_week()
    first, last = (day_of(reading.start) for reading in (before[0], before[-1]))
    source = RecordedSource(before)
    source.correct(before[10].start, before[10].power_w + 60)
    if step_changes:
        # Two half hours become one hour: replaced and deleted, not only replaced.
        hour = next(r.start for r in before[20:] if r.start.minute == 0)
        half = [r for r in source.curve(first, today()) if r.start != hour + timedelta(minutes=30)]
        source.remove(first, last)
        source.put([replace(r, interval_min=60) if r.start == hour else r for r in half])
    truth = source.curve(first, today())
    assert len(truth) == len(before) - step_changes
    job = Job(JobKind.REFETCH, SERIES, "", days=Window(first, last))

    def prepare(store: Store) -> None:
        surveyed(store, source)
        filled(store, before[:-2] if step_changes else before)

    steps = crashes.each(source, job, prepare, truth)
    assert steps >= 14


def test_at_every_step_of_a_rebuild(crashes: Crashes) -> None:
    first, last = today() - timedelta(days=11), today() - ONE_DAY
    truth = half_hours(first, last, step_min=60)
    source = RecordedSource(truth)

    def prepare(store: Store) -> None:
        surveyed(store, source)
        put_regular(store, SERIES, truth)
        # Newest first: a day older than its bucket opens the next one.
        for day in reversed(list(days_between(first, last))):
            put_timeseries(store, SERIES, source.curve(day, day + ONE_DAY))
        store.days.recompute_all(SERIES, today())
        assert needs_defragmenting(store)

    job = Job(JobKind.BACKFILL, SERIES, "", since=first)
    steps = crashes.each(source, job, prepare, truth)
    assert steps >= 10
