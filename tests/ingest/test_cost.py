"""An empty sync reads a part of its own series, and everything of it after a run that died."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from linky_tui.demo.server import RecordedSource
from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY
from linky_tui.errors import StorageUnavailable
from linky_tui.ingest.jobs import JobKind
from linky_tui.storage.collections.readings import Readings
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.store import Store
from tests.ingest.conftest import MakeBench
from tests.tools.bench import Bench
from tests.tools.gateway import SERIES, half_hours
from tests.tools.stored import another_day, open_store, put_regular, put_timeseries

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FIRST, YESTERDAY = date(2026, 1, 1), date(2026, 11, 21)
CURVE = half_hours(FIRST, YESTERDAY + ONE_DAY)
OLD = CURVE[5 * 48]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW) as traveller:
        yield traveller


@pytest.fixture
def bench(make_bench: MakeBench, clock: time_machine.Traveller) -> Bench:
    """A home that has everything up to yesterday, after a clean end."""
    bench = make_bench(RecordedSource(CURVE))
    held = [each for each in CURVE if each.start < NOW - timedelta(days=1, hours=9)]
    put_regular(bench.store, SERIES, held)
    put_timeseries(bench.store, SERIES, held)
    bench.store.days.recompute_all(SERIES, NOW.date())
    bench.run(JobKind.SYNC)
    assert bench.run(JobKind.SYNC).status == "nothing_to_do"
    return bench


def spoil(store: Store) -> None:
    """Something that the server's counters do not tell."""
    one = {"timestamp": OLD.start}
    assert store.readings.regular.update_one(one, {"$set": {"power_w": 9000}}).modified_count == 1


@pytest.mark.parametrize("dies", [False, True])
def test_the_run_after_one_that_died_compares_everything(
    bench: Bench, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    clock.shift(timedelta(days=1))
    if dies:

        def gone(*args: object) -> None:
            raise StorageUnavailable("Gone", "The server died between the two writes.", "")

        monkeypatch.setattr(Readings, "complete_timeseries", gone)
    assert bench.run(JobKind.SYNC).status == ("failed" if dies else "complete")
    monkeypatch.undo()
    assert (bench.store.leases.state(SERIES).unclean_since is not None) == dies
    spoil(bench.store)
    bench.run(JobKind.SYNC)
    assert verify(bench.store).identical == dies


@contextmanager
def profiled(store: Store) -> Iterator[list[int]]:
    """What the server examines of both collections meanwhile: index keys, documents or buckets."""
    found: list[int] = []
    database = store.connection.database
    database.command("profile", 2)
    try:
        yield found
    finally:
        database.command("profile", 0)
        ours = {"ns": {"$regex": r"\.(system\.buckets\.)?consumption(TS)?$"}}
        for each in database["system.profile"].find(ours):
            found.append(each.get("keysExamined", 0) + each.get("docsExamined", 0))
        database["system.profile"].drop()


def test_other_series_are_never_read(
    bench: Bench, mongod_uri: str, mongo_database_name: str, tmp_path: Path
) -> None:
    def examined() -> int:
        another_day(bench.store)
        with profiled(bench.store) as found:
            # Opening looks for documents of another shape.
            with open_store(mongod_uri, mongo_database_name, tmp_path):
                pass
            assert bench.run(JobKind.SYNC).status == "nothing_to_do"
        assert found
        return sum(found)

    alone = examined()
    year = len(CURVE)
    assert 90 * 48 < alone < 5 * 98 * 48 < 2 * year
    for number in range(3):
        stranger = Series(f"5555555555555{number}")
        put_regular(bench.store, stranger, CURVE)
        put_timeseries(bench.store, stranger, CURVE)
    bench.run(JobKind.SYNC)
    with_others = examined()
    assert abs(with_others - alone) < 100
