"""A rebuild gives the same readings in fewer buckets, and never drops what is not held."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.errors import AutoReconnect

from linky_tui.domain.models import Series
from linky_tui.errors import SeriesBusy, StorageError
from linky_tui.storage.collections import confirmed_writes
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.storage.collections.documents import to_document
from linky_tui.storage.compare.buckets import ideal_buckets, needs_defragmenting
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.leases.lease import Lease
from linky_tui.storage.leases.leases import Leases
from linky_tui.storage.repair import rebuild as rebuild_module
from linky_tui.storage.repair.rebuild import rebuild, rebuild_steps
from linky_tui.storage.store import Store
from tests.tools.stored import (
    OTHER,
    SERIES,
    followed,
    put_regular,
    put_timeseries,
    regular,
    timeseries,
    week,
)

START, END, WEEK = week(date(2026, 9, 7))


def fragmented(store: Store, weeks: int = 20) -> None:
    """Windows inserted newest first, as a backfill does."""
    for number in range(weeks):
        _, _, curve = week(date(2026, 9, 7) - timedelta(days=7 * number))
        put_regular(store, SERIES, curve)
        put_timeseries(store, SERIES, curve)


def test_fewer_buckets_same_readings(store: Store, lease: Lease) -> None:
    fragmented(store)
    before = verify(store)
    assert needs_defragmenting(store)
    seen, result = followed(rebuild_steps(store, [lease]))
    after = verify(store)
    assert after.identical
    assert after.digest_timeseries == before.digest_regular
    assert result.readings == 20 * 336
    assert result.buckets_before is not None
    assert result.buckets_after is not None
    assert result.buckets_before > result.buckets_after
    assert result.buckets_after <= ideal_buckets(store.readings.counts()[1]) + 1
    assert seen[0] == (0, 6720)
    assert seen[-1] == (6720, 6720)
    assert not needs_defragmenting(store)
    state = store.leases.state(SERIES)
    assert state.rebuild_pending is None
    assert state.last_rebuild is not None
    assert store.readings.timeseries.options()["timeseries"]["granularity"] == "hours"
    assert "meter_prm_flow_timestamp" in store.readings.timeseries.index_information()


def test_a_correction_is_cured(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    corrected = [replace(each, power_w=each.power_w + 1) for each in WEEK]
    store.readings.store_window(SERIES, START, END, corrected, lease)
    assert store.leases.state(SERIES).rebuild_pending is not None
    assert not verify(store).identical
    rebuild(store, [lease])
    assert verify(store).identical
    assert store.readings.window(SERIES, START, END) == corrected
    assert store.leases.leftovers(SERIES) == set()


def test_all_series_are_kept_and_their_leases_given_back(store: Store, lease: Lease) -> None:
    for series in (SERIES, OTHER):
        put_regular(store, series, WEEK)
        put_timeseries(store, series, WEEK)
    rebuild(store, [lease])
    assert verify(store).identical
    assert store.readings.counts(OTHER)[1] == {(OTHER.prm, "production", 30): 336}
    assert store.leases.in_use() == {SERIES}
    store.leases.acquire(OTHER).release()


def test_busy_series_stop_it_before_anything_is_dropped(
    store: Store, lease: Lease, tmp_path: Path
) -> None:
    put_regular(store, OTHER, WEEK)
    put_timeseries(store, OTHER, WEEK)
    elsewhere = Leases(store.leases._collection, tmp_path / "other")
    with elsewhere.acquire(OTHER):
        with pytest.raises(SeriesBusy):
            rebuild(store, [lease])
        assert len(timeseries(store)) == 336
    elsewhere.acquire(OTHER).release()


def test_a_new_series_that_has_stored_nothing_yet_stops_it_too(
    store: Store, lease: Lease, tmp_path: Path
) -> None:
    put_regular(store, SERIES, WEEK)
    elsewhere = Leases(store.leases._collection, tmp_path / "other")
    with elsewhere.acquire(OTHER), pytest.raises(SeriesBusy):
        rebuild(store, [lease])


def test_a_series_whose_process_died_does_not_stop_it(store: Store, lease: Lease) -> None:
    put_regular(store, SERIES, WEEK)
    died = store.leases.acquire(OTHER)
    died._ended.set()
    died._lock.release()
    assert followed(rebuild_steps(store, [lease]))[1].readings == 336


def test_a_process_that_starts_at_the_same_moment_is_seen(
    store: Store, lease: Lease, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_regular(store, SERIES, WEEK)
    original = Leases.in_use
    late: list[Lease] = []

    def and_then_one_starts(self: Leases) -> set[Series]:
        found = original(self)
        if not late:
            elsewhere = Leases(store.leases._collection, tmp_path / "other")
            late.append(elsewhere.acquire(OTHER))
        return found

    monkeypatch.setattr(Leases, "in_use", and_then_one_starts)
    with pytest.raises(SeriesBusy):
        rebuild(store, [lease])
    late[0].release()


@pytest.mark.parametrize(
    "strange",
    [
        {"timestamp": START, "note": "mine"},
        {**to_document(SERIES, WEEK[0]), "note": "mine"},
        {**to_document(SERIES, WEEK[0]), "power_w": 1.5},
        {
            "timestamp": START,
            "meter": {"prm": "1", "flow": "sideways", "interval_min": 30},
            "power_w": 1,
        },
    ],
)
def test_foreign_documents_are_never_dropped(
    store: Store, lease: Lease, strange: dict[str, Any]
) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, WEEK)
    store.readings.timeseries.insert_one(RawBSONDocument(bson.encode(strange)))
    before = timeseries(store)
    with pytest.raises(StorageError, match="not one of ours"):
        rebuild(store, [lease])
    assert timeseries(store) == before
    assert store.leases.state(SERIES).rebuild_pending is None


def test_what_only_the_time_series_collection_holds_is_copied_first(
    store: Store, lease: Lease
) -> None:
    put_regular(store, SERIES, WEEK[:100])
    put_timeseries(store, SERIES, WEEK)
    put_timeseries(store, OTHER, WEEK)
    rebuild(store, [lease])
    assert len(regular(store)) == 672
    assert regular(store) == timeseries(store)


def test_stopped_in_the_middle_it_is_finished_later(
    store: Store, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild_module, "FILL_BATCH", 100)
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, WEEK)
    stop = threading.Event()
    steps = rebuild_steps(store, [lease], stop)
    assert next(steps) == (0, 336)
    assert next(steps) == (100, 336)
    stop.set()
    with pytest.raises(StorageStopped):
        next(steps)
    assert len(timeseries(store)) == 100
    assert store.leases.state(SERIES).rebuild_pending is not None
    rebuild(store, [lease])
    assert regular(store) == timeseries(store)
    assert len(regular(store)) == 336


@pytest.mark.parametrize("after", [False, True])
def test_a_fill_of_unknown_outcome_begins_again(
    store: Store, lease: Lease, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr(confirmed_writes, "STEP_LIMIT_S", 0.2)
    monkeypatch.setattr(rebuild_module, "FILL_BATCH", 100)
    put_regular(store, SERIES, WEEK)
    original = Collection.insert_many
    calls = []

    def broken(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            if after:
                original(*args, **kwargs)
            raise AutoReconnect("gone")
        return original(*args, **kwargs)

    monkeypatch.setattr(Collection, "insert_many", broken)
    rebuild(store, [lease])
    assert len(calls) == 6
    assert regular(store) == timeseries(store)
    assert len(timeseries(store)) == 336
