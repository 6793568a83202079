"""How often runs rebuild what is fragmented, and that no server keeps them from their end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from linky_tui.demo.server import ApiServer, RecordedSource
from linky_tui.ingest import upkeep
from linky_tui.ingest.events import Finished, Rebuilding
from linky_tui.ingest.jobs import JobKind
from tests.ingest.conftest import MakeBench
from tests.tools.bench import Bench
from tests.tools.gateway import PRM, half_hours
from tests.tools.mongod import PrivateMongod, short_folder
from tests.tools.stored import open_store

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TODAY = date(2026, 11, 22)
FIRST = TODAY - timedelta(weeks=30)


def rebuilds(bench: Bench, days_later: int, kind: JobKind = JobKind.SYNC) -> int:
    """How often a run some days later rebuilds."""
    with time_machine.travel(NOW + timedelta(days=days_later)):
        events = list(bench.events(kind))
    assert isinstance(events[-1], Finished)
    assert events[-1].status == "complete"
    bench.assert_identical()
    return sum(isinstance(each, Rebuilding) and each.done == 0 for each in events)


@pytest.mark.parametrize("remembered", [True, False])
def test_a_server_with_small_buckets_is_not_rebuilt_by_every_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembered: bool
) -> None:
    monkeypatch.setattr(upkeep, "DEFRAGMENT_EVERY", timedelta(0))
    (tmp_path / "state").mkdir()
    source = RecordedSource(half_hours(FIRST, TODAY + timedelta(days=9)))
    small = ("--setParameter", "timeseriesBucketMaxCount=100")
    with (
        short_folder() as folder,
        PrivateMongod(folder, *small) as server,
        open_store(server.uri, "small", tmp_path) as store,
        ApiServer({PRM: source}, block_after=None) as gateway,
    ):
        bench = Bench(store, source, gateway, tmp_path / "state")
        assert rebuilds(bench, 0, JobKind.BACKFILL) == 1
        if not remembered:  # as a version before wrote it
            store.leases._collection.update_many({}, {"$unset": {"reached": 1}})
            assert rebuilds(bench, 1) == 1
        assert [rebuilds(bench, day) for day in (2, 3, 4, 9)] == [0, 0, 0, 0]


@pytest.mark.parametrize("code", [8000, 13])
def test_a_run_ends_well_where_nothing_may_be_explained(make_bench: MakeBench, code: int) -> None:
    bench = make_bench(RecordedSource(half_hours(FIRST, TODAY)))
    admin = bench.store.connection.client.admin
    data = {"failCommands": ["explain"], "errorCode": code}
    admin.command("configureFailPoint", "failCommand", mode="alwaysOn", data=data)
    try:
        # The statistics tell of the fragments that windows in the wrong order leave.
        assert rebuilds(bench, 0, JobKind.BACKFILL) == 1
        assert rebuilds(bench, 1) == 0
    finally:
        admin.command("configureFailPoint", "failCommand", mode="off")
