"""A cluster: known as one, written shard by shard, never given a collection that is not sharded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from linky_tui.domain.models import DailyTotal, Reading
from linky_tui.errors import CollectionRefused
from linky_tui.storage.collections.sharding import is_router, is_sharded, sharded_by
from linky_tui.storage.store import Store
from tests.tools.router import KEYS, Router
from tests.tools.stored import SERIES, open_store, regular, timeseries, week

START, END, WEEK = week(date(2026, 9, 7))
TODAY = date(2026, 11, 22)


@pytest.fixture
def name() -> str:
    return f"test_{uuid4().hex}"


@pytest.fixture
def cluster(router: Router, name: str, tmp_path: Path) -> Iterator[Store]:
    """A store on a cluster, all of it sharded as the printed commands do it."""
    with open_store(router.uri, name, tmp_path) as opened:
        with opened.leases.acquire(SERIES) as lease:
            opened.readings.store_window(SERIES, START, END, WEEK, lease)
            opened.days.recompute(SERIES, date(2026, 9, 7), date(2026, 9, 13), today=TODAY)
        router.sharded |= set(KEYS)
        router.seen.clear()
        yield opened


@pytest.mark.parametrize(
    ("statistics", "expected"),
    [
        ([{"shard": "sh0", "storageStats": {}}, {"shard": "sh1", "storageStats": {}}], True),
        ([{"shard": "sh0", "storageStats": {"numOrphanDocs": 0}}], None),
        ([{"sharded": True, "shards": {"sh0": {}}}], True),
        ([{"sharded": False, "primary": "sh0"}], False),
        ([{"shard": "sh0", "storageStats": {"sharded": True}}], True),
        ([], None),
    ],
)
def test_the_statistics_tell(statistics: list[dict[str, Any]], expected: bool | None) -> None:
    assert sharded_by(statistics) is expected


@pytest.mark.parametrize("shards", [1, 2])
def test_it_is_asked_from_the_router(cluster: Store, router: Router, shards: int) -> None:
    router.shards = shards
    assert is_router(cluster.connection.database)
    both = cluster.readings.regular, cluster.readings.timeseries
    assert all(map(is_sharded, both))
    router.sharded.clear()
    assert not any(map(is_sharded, both))


def test_a_server_that_is_no_router_has_nothing_sharded(store: Store) -> None:
    assert not is_router(store.connection.database)
    assert not is_sharded(store.readings.regular)


def test_every_write_names_its_shard(cluster: Store, router: Router) -> None:
    with cluster.leases.acquire(SERIES) as lease:
        corrected = [replace(WEEK[0], power_w=9999), Reading(WEEK[2].start, 60, 7), *WEEK[4:]]
        done = cluster.readings.store_window(SERIES, START, END, corrected, lease)
        assert (done.replaced, done.deleted) == (2, 1)
        first, last = date(2026, 9, 6), date(2026, 9, 13)
        cluster.days.recompute(SERIES, first, last, today=TODAY, asked_at=START, lease=lease)
        cluster.days.set_totals(SERIES, [DailyTotal(date(2026, 9, 5), 9)], TODAY, lease)
    kinds = {name for name in router.names() if name.split()[0] in ("update", "delete")}
    assert kinds >= {"update consumption", "delete consumption", "update consumption_days"}
    assert router.untargeted() == []
    finds = [each["filter"] for each in router.seen if each.get("find") == "consumption"]
    assert finds
    assert all(set(KEYS["consumption"]) <= set(each) for each in finds)


@pytest.mark.parametrize("missing", list(KEYS))
def test_what_is_missing_beside_a_sharded_one_is_not_created(
    cluster: Store, router: Router, name: str, tmp_path: Path, missing: str
) -> None:
    database = cluster.connection.database
    database.drop_collection(missing)
    router.sharded.discard(missing)
    router.seen.clear()
    with pytest.raises(CollectionRefused) as refused:
        open_store(router.uri, name, tmp_path)
    told, *commands = refused.value.next_step.splitlines()
    assert "--shard-commands" in told
    assert commands[-1].startswith(f'sh.shardCollection("{name}.{missing}", ')
    assert all(f'"{missing}"' in each or f'.{missing}"' in each for each in commands)
    assert missing not in database.list_collection_names()
    assert not {"create", "createIndexes", "insert", "drop"} & {next(iter(c)) for c in router.seen}
    router.sharded.clear()
    open_store(router.uri, name, tmp_path).close()
    assert {"consumption", "consumptionTS"} <= set(database.list_collection_names())


def test_one_that_is_dropped_during_a_run_is_not_created_either(
    cluster: Store, router: Router
) -> None:
    cluster.readings.timeseries.drop()
    with cluster.leases.acquire(SERIES) as lease, pytest.raises(CollectionRefused):
        cluster.readings.store_window(SERIES, START, END, WEEK, lease)
    assert timeseries(cluster) == []
    assert len(regular(cluster)) == len(WEEK)
