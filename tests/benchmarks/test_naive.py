"""The naive way, a request and an insert a day, beside ours: requests, seconds, buckets, bytes.

Both ask the same simulator, without a pace, and fill collections made in the same way. The naive
one goes from the oldest day to the newest, which fills buckets best; newest first is tried, too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from linky_tui.demo.household import DEMO_PRM, demo_homes
from linky_tui.demo.server import ApiServer
from linky_tui.domain.coverage import first_askable
from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, days_between, today
from linky_tui.enedis.budget import Budget
from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault
from linky_tui.enedis.request import DataKind, DataRequest, Shape
from linky_tui.ingest.engine import run_jobs
from linky_tui.ingest.jobs import Job, JobKind
from linky_tui.ingest.requests.run import RequestRun
from linky_tui.storage.collections.documents import to_document, without_id
from linky_tui.storage.compare.stats import compare_sizes
from linky_tui.storage.store import Store
from tests.tools.stored import open_store

pytestmark = pytest.mark.benchmark

SERIES = Series(DEMO_PRM)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one way of filling both collections took."""

    requests: int
    seconds: float
    buckets: int | None
    timeseries_bytes: int
    readings: int

    def line(self, name: str) -> str:
        return (
            f"{name:22} {self.requests:4} requests  {self.seconds:5.1f} s  {self.buckets} buckets  "
            f"{self.timeseries_bytes:,} B of storage and indexes for {self.readings:,} readings"
        )


def outcome(store: Store, server: ApiServer, started_s: float) -> Outcome:
    seconds = time.perf_counter() - started_s
    store.connection.client.admin.command("fsync")
    compared = compare_sizes(store)
    return Outcome(
        len(server.log),
        seconds,
        compared.buckets,
        compared.timeseries.total_bytes,
        compared.timeseries.readings,
    )


def naive(store: Store, server: ApiServer, days: Iterable[date]) -> Outcome:
    server.clear_log()
    token = server.make_token([DEMO_PRM])
    started_s = time.perf_counter()
    with ConsoClient(server.url) as client:
        for day in days:
            request = DataRequest(DataKind.LOAD_CURVE, SERIES, day, day + ONE_DAY)
            try:
                found = client.attempt(request, token, Shape.NEW, threading.Event()).readings
            except ApiFault:  # a day without data
                continue
            documents = [to_document(SERIES, each) for each in found]
            store.readings.timeseries.insert_many(map(without_id, documents))
            store.readings.regular.insert_many(documents)
    return outcome(store, server, started_s)


def ours(store: Store, server: ApiServer) -> Outcome:
    server.clear_log()
    job = Job(JobKind.BACKFILL, SERIES, server.make_token([DEMO_PRM]))
    started_s = time.perf_counter()
    with ConsoClient(server.url) as client:
        budget = Budget(None, client.host, per_day=None, min_seconds=0)
        requests = RequestRun(client, budget, store.requests, threading.Event())
        for _ in run_jobs(store, requests, [job]):
            pass
    return outcome(store, server, started_s)


def test_the_naive_way_beside_ours(
    mongod_uri: str,
    mongo_database_name: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    days = list(days_between(first_askable(today()), today() - ONE_DAY))
    source = demo_homes()[DEMO_PRM]
    found: dict[str, Outcome] = {}
    with ApiServer({DEMO_PRM: source}, block_after=None) as server:
        for name in ("ours", "naive, oldest first", "naive, newest first"):
            with open_store(mongod_uri, mongo_database_name, tmp_path) as store:
                if name == "ours":
                    found[name] = ours(store, server)
                else:
                    order = days if name.endswith("oldest first") else days[::-1]
                    found[name] = naive(store, server, order)
                store.connection.client.drop_database(mongo_database_name)
    print("", *(each.line(name) for name, each in found.items()), sep="\n")
    best, other = found["ours"], found["naive, oldest first"]
    requests = best.requests / other.requests
    record_property("ratio", ("requests, ours against one a day", requests, 0.2))
    assert requests <= 0.2
    assert all(best.timeseries_bytes <= each.timeseries_bytes * 1.1 for each in found.values())
