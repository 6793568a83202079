"""A sharded time series collection is emptied and filled in place, whatever dies in between."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from linky_tui.errors import SeriesBusy
from linky_tui.storage.collections import confirmed_writes
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.storage.compare.buckets import bucket_count
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.repair import rebuild as rebuild_module
from linky_tui.storage.repair.rebuild import rebuild, rebuild_steps
from linky_tui.storage.repair.reconcile import reconcile
from linky_tui.storage.store import Store
from tests.tools.altered import Alteration
from tests.tools.program import calling, finished, start
from tests.tools.router import KEYS, Router
from tests.tools.stored import (
    OTHER,
    SERIES,
    open_store,
    put_regular,
    put_timeseries,
    regular,
    timeseries,
    week,
)

WEEKS, READINGS = 4, 4 * 336
TODAY = date(2026, 11, 22)


@pytest.fixture
def cluster(
    router: Router, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Store, list[bytes]]]:
    """Two meters on a cluster, stored newest first, one reading twice; what it has to hold."""
    monkeypatch.setattr(rebuild_module, "FILL_BATCH", 500)
    with open_store(router.uri, f"test_{uuid4().hex}", tmp_path) as store:
        for number in range(WEEKS):
            curve = week(date(2026, 9, 7) - timedelta(days=40 * number))[2]
            for series in (SERIES, OTHER):
                put_regular(store, series, curve)
                put_timeseries(store, series, curve)
        put_timeseries(store, OTHER, curve[:1])
        store.connection.database.create_collection("consumption_days")
        router.sharded |= set(KEYS)
        router.seen.clear()
        yield store, regular(store)


def is_whole(cluster: tuple[Store, list[bytes]], router: Router) -> None:
    """Nothing is lost or doubled, nothing unsharded, and nothing left to do."""
    store, expected = cluster
    assert regular(store) == timeseries(store) == expected
    assert verify(store).identical
    assert store.leases.state(SERIES).rebuild_pending is None
    assert router.sharded == set(KEYS)
    assert not [name for name in router.names() if name.split()[0] in ("drop", "create")]
    assert router.untargeted() == []


def next_run(store: Store) -> None:
    with store.leases.acquire(SERIES) as lease:
        reconcile(store, lease, SERIES, TODAY)


@pytest.mark.parametrize("sharded", [{"consumptionTS"}, {"consumption"}, set(KEYS)])
def test_each_meter_is_deleted_and_filled(
    cluster: tuple[Store, list[bytes]], router: Router, sharded: set[str]
) -> None:
    store = cluster[0]
    router.sharded &= sharded
    before = bucket_count(store.readings)
    with store.leases.acquire(SERIES) as lease:
        rebuild(store, [lease])
    writes = [
        name for name in router.names() if name in ("delete consumptionTS", "insert consumptionTS")
    ]
    assert writes == 2 * ["delete consumptionTS", *3 * ["insert consumptionTS"]]
    assert 0 < (bucket_count(store.readings) or 0) <= (before or 0)
    router.sharded |= set(KEYS)
    is_whole(cluster, router)


def test_on_a_cluster_without_sharded_collections_it_is_dropped(
    cluster: tuple[Store, list[bytes]], router: Router
) -> None:
    store, expected = cluster
    router.sharded.clear()
    with store.leases.acquire(SERIES) as lease:
        rebuild(store, [lease])
    assert "drop consumptionTS" in router.names()
    assert "delete consumptionTS" not in router.names()
    assert timeseries(store) == expected


@pytest.mark.parametrize("steps_before", range(1, 10, 2))
def test_stopped_anywhere_it_is_finished_later(
    cluster: tuple[Store, list[bytes]], router: Router, steps_before: int
) -> None:
    store, stop = cluster[0], threading.Event()
    with store.leases.acquire(SERIES) as lease:
        steps = rebuild_steps(store, [lease], stop)
        for _ in range(steps_before):
            next(steps)
        stop.set()
        if steps_before < 9:
            with pytest.raises(StorageStopped):
                next(steps)
            assert store.leases.state(SERIES).rebuild_pending is not None
        steps.close()
    next_run(store)
    is_whole(cluster, router)


@pytest.mark.parametrize("reply", [False, True])
@pytest.mark.parametrize("command", ["delete", "insert"])
def test_an_unknown_outcome_is_settled(
    cluster: tuple[Store, list[bytes]],
    router: Router,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    reply: bool,
) -> None:
    store = cluster[0]
    monkeypatch.setattr(confirmed_writes, "STEP_LIMIT_S", 3.0)
    with store.leases.acquire(SERIES) as lease:
        steps = rebuild_steps(store, [lease])
        next(steps)
        router.lose(command, reply=reply)
        for _ in steps:
            pass
    assert router.fault(command) is None
    is_whole(cluster, router)


def test_nothing_is_written_once_the_lease_is_lost(
    cluster: tuple[Store, list[bytes]], router: Router
) -> None:
    store, owned = cluster[0], cluster[0].leases._collection
    with store.leases.acquire(SERIES) as lease:
        steps = rebuild_steps(store, [lease])
        for _ in range(3):
            next(steps)
        owned.update_many({}, {"$set": {"owner.nonce": "another"}})
        with pytest.raises(SeriesBusy):
            lease.renew()
        left = timeseries(store)
        with pytest.raises(SeriesBusy):
            next(steps)
        assert timeseries(store) == left
    owned.update_many({}, {"$set": {"owner": None}})
    next_run(store)
    is_whole(cluster, router)


def rebuild_and_die(uri: str, database: str, folder: str, moment: str, number: str) -> None:
    """Rebuild until a moment of ``altered`` comes."""
    from tests.tools.moments import watch

    rebuild_module.FILL_BATCH = 500
    store = open_store(uri, database, Path(folder))
    watch(Alteration(moment=moment, number=int(number)))
    # The client that watches is a new one.
    store.close()
    store = open_store(uri, database, Path(folder))
    with store.leases.acquire(SERIES) as lease:
        rebuild(store, [lease])


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("delete consumptionTS", 1),
        ("after delete consumptionTS", 1),
        ("insert consumptionTS", 2),
        ("after insert consumptionTS", 3),
        ("delete consumptionTS", 2),
        ("after delete consumptionTS", 2),
        ("after insert consumptionTS", 5),
        ("after insert consumptionTS", 6),
    ],
)
def test_killed_it_is_finished_by_the_next_run(
    cluster: tuple[Store, list[bytes]], router: Router, tmp_path: Path, moment: str, number: int
) -> None:
    store, expected = cluster
    database = store.connection.database.name
    arguments = router.uri, database, tmp_path, moment, number
    done = finished(start(calling(rebuild_and_die, *arguments)))
    assert done.code == -signal.SIGKILL, done
    assert regular(store) == expected
    assert store.leases.state(SERIES).rebuild_pending is not None
    next_run(store)
    is_whole(cluster, router)
