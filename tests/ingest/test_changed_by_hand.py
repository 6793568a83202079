"""A reading changed by hand, in one collection: the next run brings back what Enedis has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine

from linky_tui.demo.server import RecordedSource
from linky_tui.domain.models import Reading
from linky_tui.errors import LinkyError
from linky_tui.ingest.events import Failed, WindowStored
from linky_tui.ingest.jobs import JobKind
from linky_tui.storage.collections.documents import to_document
from linky_tui.storage.collections.schema import create_timeseries
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.store import Store
from tests.ingest.conftest import NOW, MakeBench
from tests.tools.bench import Bench
from tests.tools.gateway import SERIES, half_hours
from tests.tools.stored import another_day, put_timeseries

FIRST, LAST = date(2026, 10, 19), date(2026, 11, 21)
TRUTH = half_hours(FIRST, LAST)
OLDER = next(each for each in TRUTH if each.start.date() == date(2026, 10, 22))
RECENT = next(each for each in TRUTH if each.start.date() == date(2026, 11, 18))

Change = Callable[[Reading], Reading]


def power(reading: Reading) -> Reading:
    return replace(reading, power_w=9000)


def moved(reading: Reading) -> Reading:
    return replace(reading, start=reading.start + timedelta(seconds=10))


def longer(reading: Reading) -> Reading:
    return replace(reading, interval_min=60, power_w=900)


def in_regular(store: Store, old: Reading, new: Reading) -> None:
    changed = store.readings.regular.replace_one({"timestamp": old.start}, to_document(SERIES, new))
    assert changed.modified_count == 1


def in_timeseries(store: Store, old: Reading, new: Reading) -> None:
    store.readings.timeseries.drop()
    create_timeseries(store.readings.timeseries.database, store.readings.timeseries.name)
    put_timeseries(store, SERIES, [new if each == old else each for each in TRUTH])


@pytest.fixture
def bench(make_bench: MakeBench, autumn: time_machine.Traveller) -> Bench:
    """A home whose days were all asked an hour ago, most of them twice."""
    bench = make_bench(RecordedSource(TRUTH))
    bench.run(JobKind.BACKFILL, since=FIRST)
    for first in (FIRST + timedelta(days=7 * week) for week in range(5)):
        last = min(first + timedelta(days=6), LAST)
        bench.store.days.recompute(SERIES, first, last, today=NOW.date(), asked_at=NOW)
    assert all(each.certified and each.attempts > 1 for each in bench.ledger().values())
    autumn.shift(timedelta(hours=1))
    return bench


@pytest.mark.parametrize("where", [in_regular, in_timeseries])
@pytest.mark.parametrize(
    ("kind", "reading", "change"),
    [
        (JobKind.BACKFILL, OLDER, power),
        (JobKind.SYNC, OLDER, moved),
        (JobKind.SYNC, RECENT, longer),
        (JobKind.SYNC, RECENT, moved),
    ],
)
def test_it_is_brought_back(
    bench: Bench,
    where: Callable[[Store, Reading, Reading], None],
    kind: JobKind,
    reading: Reading,
    change: Change,
) -> None:
    where(bench.store, reading, change(reading))
    bench.server.clear_log()
    if (where, reading) == (in_regular, OLDER):
        # The server counts as before: only a slice of the history tells.
        bench.run(kind, since=FIRST)
        assert not verify(bench.store).identical
        another_day(bench.store)
    done = bench.run(kind, since=FIRST)
    assert done.error is None
    # What differs in the time series collection alone is made equal without a request.
    assert len(bench.server.log) == (1 if where is in_regular else 0)
    assert bench.stored() == TRUTH
    assert verify(bench.store).identical
    assert all(each.certified for each in bench.ledger().values())
    bench.server.clear_log()
    bench.run(kind, since=FIRST)
    assert bench.server.log == []


@pytest.mark.usefixtures("autumn")
def test_a_sync_alone_brings_a_recent_one_back(make_bench: MakeBench) -> None:
    bench = make_bench(RecordedSource(TRUTH))
    bench.run(JobKind.SYNC)
    held = bench.stored()
    in_regular(bench.store, RECENT, power(RECENT))
    assert bench.run(JobKind.SYNC).error is None
    assert bench.stored() == held
    assert verify(bench.store).identical
    assert all(each.certified for each in bench.ledger().values())


@pytest.mark.usefixtures("autumn")
def test_a_database_dropped_under_a_run_is_told_and_filled_again(make_bench: MakeBench) -> None:
    bench = make_bench(RecordedSource(TRUTH))
    database = bench.store.readings.regular.database
    failure: LinkyError | None = None
    stored = 0
    for event in bench.events(since=FIRST):
        stored += isinstance(event, WindowStored)
        if isinstance(event, WindowStored) and stored == 5:
            database.client.drop_database(database.name)
        if isinstance(event, Failed):
            failure = event.error
    assert failure is not None
    assert failure.title == "The database was dropped during the run"
    assert "Start again" in failure.next_step
    assert failure.exit_code == 3
    assert bench.run(since=FIRST).status == "complete"
    assert bench.stored() == TRUTH
    bench.assert_identical()
