"""What a week of a backfill costs, against the least that could be done with its answer.

``python -m pytest -m benchmark tests/benchmarks/test_ingest.py -s`` prints the figures. The gateway
is the simulator, without a pace. What it takes to answer is left out; reading the answer is not.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from linky_tui.demo.household import DEMO_PRM, demo_homes
from linky_tui.demo.server import ApiServer
from linky_tui.domain.models import Series
from linky_tui.enedis import answers
from linky_tui.enedis.answers import Answer
from linky_tui.enedis.budget import Budget
from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.request import DataKind, DataRequest, Shape
from linky_tui.ingest.engine import run_jobs
from linky_tui.ingest.events import WindowAsked, WindowStored
from linky_tui.ingest.jobs import Job, JobKind
from linky_tui.ingest.requests.run import RequestRun
from linky_tui.storage.collections.documents import INDEX_KEYS, to_document, without_id
from linky_tui.storage.store import Store
from tests.tools.stored import open_store

pytestmark = pytest.mark.benchmark

SERIES = Series(DEMO_PRM)
LIMIT = 6.0

Body = tuple[DataRequest, bytes]


class Stopwatch(ConsoClient):
    """Remembers how long its answers took."""

    waited_s = 0.0

    def attempt(
        self, request: DataRequest, token: str, shape: Shape, stop: threading.Event
    ) -> Answer:
        started_s = time.perf_counter()
        try:
            return super().attempt(request, token, shape, stop)
        finally:
            self.waited_s += time.perf_counter() - started_s


def ours_s(store: Store) -> list[float]:
    """Seconds from one window to the next, without the time of the answers."""
    with ApiServer(demo_homes(), block_after=None) as server, Stopwatch(server.url) as client:
        budget = Budget(None, client.host, per_day=None, min_seconds=0)
        requests = RequestRun(client, budget, store.requests, threading.Event())
        job = Job(JobKind.BACKFILL, SERIES, server.make_token([DEMO_PRM]))
        taken: list[float] = []
        began_s: float | None = None
        for event in run_jobs(store, requests, [job]):
            now_s = time.perf_counter() - client.waited_s
            match event:
                case WindowAsked() if began_s is None:
                    began_s = now_s
                case WindowStored() if began_s is not None:
                    taken.append(now_s - began_s)
                    began_s = now_s
        return taken


def least_s(store: Store, bodies: list[Body]) -> tuple[list[float], list[float]]:
    """Seconds to read each answer, and to read and insert it into two empty collections."""
    plain = store.readings.regular.database["plain"]
    plain.create_index(list(INDEX_KEYS), unique=True)
    buckets = store.readings.timeseries
    buckets.delete_many({"meter.prm": DEMO_PRM})
    read, stored = [], []
    for request, body in bodies:
        started_s = time.perf_counter()
        found = answers.parse(request, body).readings
        read.append(time.perf_counter() - started_s)
        if documents := [to_document(SERIES, each) for each in found]:
            buckets.insert_many(map(without_id, documents), ordered=False)
            plain.insert_many(documents)
        stored.append(time.perf_counter() - started_s)
    return read, stored


def test_a_week_costs_little_more_than_it_has_to(
    mongod_uri: str,
    mongo_database_name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    bodies: list[Body] = []
    parse = answers.parse

    def kept(request: DataRequest, body: bytes) -> Answer:
        if request.kind is DataKind.LOAD_CURVE:
            bodies.append((request, body))
        return parse(request, body)

    with open_store(mongod_uri, mongo_database_name, tmp_path) as store:
        with monkeypatch.context() as patched:
            patched.setattr(answers, "parse", kept)
            windows = ours_s(store)
        read, least = (statistics.median(each) for each in least_s(store, bodies))
    ours = statistics.median(windows) + read
    print(
        f"\na week of {len(windows)}: {ours * 1000:.1f} ms, x{ours / least:.1f} of reading and "
        f"inserting it ({least * 1000:.1f} ms)"
    )
    record_property("ratio", ("a week against reading and inserting it", ours / least, LIMIT))
    assert ours <= LIMIT * least
