"""Buckets are counted on every server, or not known; what a rebuild reached is the measure."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from linky_tui.domain.paris import day_start
from linky_tui.errors import StorageError, StorageUnavailable
from linky_tui.headless.stats import comparison_lines
from linky_tui.storage.compare.buckets import (
    bucket_count,
    buckets_in,
    ideal_buckets,
    needs_defragmenting,
    reachable_buckets,
)
from linky_tui.storage.compare.stats import compare_sizes
from linky_tui.storage.leases.lease import Lease, Reached
from linky_tui.storage.repair.rebuild import rebuild, rebuild_steps
from linky_tui.storage.store import Store
from linky_tui.ui.storage.actions import Action, run_action
from linky_tui.words.comparison import detail_rows
from tests.tools.mongod import PrivateMongod, short_folder
from tests.tools.real import REAL
from tests.tools.stored import (
    OTHER,
    SERIES,
    followed,
    open_store,
    put_regular,
    put_timeseries,
    readings,
    week,
)

ANSWERS = sorted((REAL / "mongodb-answers").glob("explain_*.json"))
WEEK = week(date(2026, 9, 7))[2]
EMPTY: dict[str, Any] = {
    "queryPlanner": {"winningPlan": {"stage": "EOF"}},
    "executionStats": {"nReturned": 0, "executionStages": {"stage": "EOF", "nReturned": 0}},
}


def below(number: int, *stages: str, **more: Any) -> dict[str, Any]:
    """A plan of nested stages, of which the innermost but one was handed a number of documents."""
    *outer, last = stages
    plan: dict[str, Any] = {"stage": last, "nReturned": number}
    for name in reversed(outer):
        plan = {"stage": name, "nReturned": 1, "inputStage": plan, **more}
    return {"executionStats": {"nReturned": plan["nReturned"], "executionStages": plan}}


def pipeline(number: int, *after: dict[str, Any]) -> dict[str, Any]:
    """A plan in stages: a cursor that returned a number of documents, and what follows."""
    return {"stages": [{"$cursor": below(number, "IXSCAN"), "nReturned": 99}, *after]}


UNPACKED: tuple[dict[str, Any], ...] = (
    {"$_internalUnpackBucket": {"include": []}, "nReturned": 9000},
    {"$group": {"n": {"$sum": {"$const": 2}}}, "nReturned": 1},
)
HEADERS = {"$group": {"n": {"$sum": "$control.count"}}, "nReturned": 1}


@pytest.mark.parametrize(
    ("explained", "expected"),
    [
        (pipeline(7, *UNPACKED), 7),
        (pipeline(7, {"$match": {}, "nReturned": 5}, *UNPACKED), 5),
        (pipeline(7, HEADERS), 7),
        (pipeline(7, UNPACKED[1]), None),
        (pipeline(7), None),
        (below(9, "group", "block_to_row", "ts_bucket_to_cellblock", "scan"), 9),
        (below(9, "GROUP", "UNPACK_TS_BUCKET", "FETCH"), 9),
        ({"stages": [{"$cursor": below(9, "UNPACK_TS_BUCKET", "FETCH")}, UNPACKED[1]]}, 9),
        (below(9, "mkobj", "group", "nlj"), 9),
        ({"stages": [{"$cursor": below(9, "project", "group", "scan")}, {"$project": {}}]}, 9),
        (below(9, "mkobj", "group", "nlj", groupBySlots=[14]), None),
        (below(9, "ts_bucket_to_cellblock"), None),
        (below(9, "SHARD_MERGE", "FETCH"), None),
        (EMPTY, 0),
        ({"stages": [{"$cursor": EMPTY}, UNPACKED[1]]}, 0),
        ({"shards": {"a": pipeline(2, *UNPACKED), "b": pipeline(3, *UNPACKED)}}, 5),
        ({"shards": {"a": pipeline(2, *UNPACKED), "b": EMPTY}, "mergeType": "mongos"}, 2),
        ({"shards": {"a": pipeline(2, *UNPACKED)}}, 2),
        ({"shards": {"a": pipeline(2, *UNPACKED), "b": pipeline(3)}}, None),
        ({"shards": {}}, None),
        ({"queryPlanner": {"winningPlan": {"stage": "GROUP"}}}, None),
        ({"queryPlanner": {"winningPlan": {"stage": "EOF"}}}, None),
        ({"stages": []}, None),
        ({"ok": 0, "code": 8000}, None),
    ],
)
def test_buckets_are_found_in_the_answers_of_every_server(
    explained: dict[str, Any], expected: int | None
) -> None:
    assert buckets_in(explained) == expected


@pytest.mark.skipif(not ANSWERS, reason="the answers are not there")
@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_every_answer_that_was_collected_tells_what_it_has_to(path: Path) -> None:
    found = json.loads(path.read_text())
    expected = found["_expect"]
    assert buckets_in(found["answer"]) == (None if expected == "fallback" else expected)


def test_buckets_of_one_series_are_counted(store: Store) -> None:
    assert bucket_count(store.readings) == 0
    put_timeseries(store, SERIES, WEEK)
    for year in (2020, 2022, 2024):
        put_timeseries(store, OTHER, week(date(year, 1, 1))[2])
    assert bucket_count(store.readings, SERIES) == 1
    assert bucket_count(store.readings, OTHER) == 3
    assert bucket_count(store.readings) == 4


@contextmanager
def refusing(store: Store, code: int, *commands: str) -> Iterator[None]:
    """The server refuses these commands of ours with a code."""
    admin, data = store.connection.client.admin, {"failCommands": commands, "errorCode": code}
    admin.command("configureFailPoint", "failCommand", mode="alwaysOn", data=data)
    try:
        yield
    finally:
        admin.command("configureFailPoint", "failCommand", mode="off")


@pytest.mark.parametrize("code", [8000, 13, 115])
def test_where_explain_is_refused_the_statistics_tell_of_the_whole(store: Store, code: int) -> None:
    put_timeseries(store, SERIES, WEEK)
    put_timeseries(store, OTHER, WEEK)
    with refusing(store, code, "explain"):
        assert bucket_count(store.readings) == 2
        assert bucket_count(store.readings, SERIES) is None
    with refusing(store, code, "explain", "aggregate"):
        assert bucket_count(store.readings) is None
    with refusing(store, 50, "explain"), pytest.raises(StorageUnavailable):
        bucket_count(store.readings)


@pytest.mark.parametrize(
    ("shards", "expected"),
    [([20, 7], 27), ([27], 27), ([20, None], None), ([0, 0], None), ([], None)],
)
def test_statistics_are_summed_over_the_shards(
    store: Store, monkeypatch: pytest.MonkeyPatch, shards: list[int | None], expected: int | None
) -> None:
    put_timeseries(store, SERIES, WEEK[:3])
    statistics = [
        {"storageStats": {"timeseries": {} if number is None else {"bucketCount": number}}}
        for number in shards
    ]
    collection = type(store.readings.timeseries)
    monkeypatch.setattr(collection, "aggregate", lambda *_, **__: iter(statistics))
    with refusing(store, 8000, "explain"):
        assert bucket_count(store.readings) == expected


@pytest.mark.parametrize("code", [8000, 13, 50])
def test_a_rebuild_goes_on_where_its_buckets_cannot_be_counted(
    store: Store, lease: Lease, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    put_regular(store, SERIES, WEEK)
    monkeypatch.setattr("linky_tui.storage.compare.buckets._by_statistics", lambda _: None)
    with refusing(store, code, "explain"):
        result = followed(rebuild_steps(store, [lease]))[1]
    assert (result.readings, result.buckets_before, result.buckets_after) == (336, None, None)
    assert store.leases.state(SERIES).last_rebuild is not None
    assert store.leases.reached() is None


def test_what_is_not_known_is_said_and_is_no_reason_to_rebuild(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, WEEK)
    monkeypatch.setattr("linky_tui.storage.compare.buckets._by_statistics", lambda _: None)
    with refusing(store, 8000, "explain"):
        assert not needs_defragmenting(store, tight=True)
        found = compare_sizes(store)
        stop = threading.Event()
        done = run_action(Action.DEFRAGMENT, store, SERIES, stop, lambda *_: None)
    as_json = found.to_json()["timeseries"]
    assert (as_json["buckets"], as_json["readings_per_bucket"]) == (None, None)
    assert "The number of buckets is not known, granularity hours" in "".join(
        comparison_lines(found)
    )
    cells = {row.label: row.timeseries for row in detail_rows(found)}
    assert (cells["buckets"], cells["readings a bucket"]) == ("not known", "–")
    assert "336 readings, the number of buckets is not known. Identical" in done.text


def test_ideal_buckets_share_nothing_between_steps_and_meters() -> None:
    counts = {("a", "consumption", 30): 1001, ("a", "consumption", 60): 1, ("b", "x", 30): 1000}
    assert ideal_buckets(counts) == 4


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (None, 30_000, 30),
        (Reached(30, 30, 30_000), 60_000, 60),
        (Reached(300, 30, 30_000), 60_000, 600),
        (Reached(1, 1, 48), 48_000, 48),  # a day fills no bucket, so it says nothing of them
        (Reached(101, 2, 1001), 2000, 200),
        (Reached(20, 30, 30_000), 30_000, 30),  # a server may be set to more, too
        (Reached(0, 0, 0), 30_000, 30),
    ],
)
def test_what_can_be_reached_grows_with_the_readings(
    last: Reached | None, now: int, expected: int
) -> None:
    counts = {("a", "consumption", 30): now}
    assert reachable_buckets(counts, last) == pytest.approx(expected, rel=0.01)


def test_the_newest_rebuild_of_any_series_is_remembered(store: Store) -> None:
    assert store.leases.reached() is None
    for series, found in (
        (SERIES, Reached(5, 1, 9)),
        (OTHER, Reached(6, 2, 10)),
        (SERIES, Reached(7, 3, 11)),
        (SERIES, None),
    ):
        with store.leases.acquire(series) as lease:
            lease.note_rebuilt(found)
        assert store.leases.reached() == (found or Reached(7, 3, 11))
    store.leases._collection.update_many({}, {"$set": {"reached.readings": "many"}})
    with pytest.raises(StorageError, match="'consumption_leases' is not one of ours"):
        store.leases.reached()


@pytest.fixture(scope="module")
def small_buckets() -> Iterator[str]:
    """The address of a mongod whose buckets hold a hundred readings."""
    with (
        short_folder() as folder,
        PrivateMongod(folder, "--setParameter", "timeseriesBucketMaxCount=100") as server,
    ):
        yield server.uri


def test_a_server_with_small_buckets_is_rebuilt_once(small_buckets: str, tmp_path: Path) -> None:
    curve = readings(day_start(date(2025, 1, 1)), 10_000)
    with open_store(small_buckets, "small", tmp_path) as store:
        put_regular(store, SERIES, curve)
        put_timeseries(store, SERIES, curve)
        assert needs_defragmenting(store)
        with store.leases.acquire(SERIES) as lease:
            rebuild(store, [lease])
            reached = store.leases.reached()
            assert reached is not None
            assert (reached.ideal_buckets, reached.readings) == (10, 10_000)
            assert reached.buckets >= 100
            assert not needs_defragmenting(store)
            assert not needs_defragmenting(store, tight=True)
            # What comes in order fills buckets as well as a rebuild would.
            more = readings(curve[-1].start + timedelta(minutes=30), 10_000)
            put_regular(store, SERIES, more)
            put_timeseries(store, SERIES, more)
            assert not needs_defragmenting(store, tight=True)
            # What comes day by day, newest first, does not.
            older = readings(datetime(2024, 1, 1, tzinfo=UTC), 48 * 300)
            put_regular(store, SERIES, older)
            for first in reversed(range(0, len(older), 48)):
                put_timeseries(store, SERIES, older[first : first + 48])
            assert needs_defragmenting(store)
            rebuild(store, [lease])
            assert not needs_defragmenting(store, tight=True)
