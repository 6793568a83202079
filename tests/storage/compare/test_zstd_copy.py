"""Measuring the regular documents with zstd touches nothing but a collection of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from linky_tui.domain.paris import day_start
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.storage.compare.zstd_copy import SUFFIX, ZstdCopy, zstd_copy_steps
from linky_tui.storage.store import Store
from tests.tools.stored import OTHER, SERIES, followed, put_regular, readings, regular

CURVE = readings(day_start(date(2025, 1, 1)), 12_000)
NAME = "consumption" + SUFFIX


@contextmanager
def checkpoints(store: Store) -> Iterator[None]:
    """The server takes a checkpoint every now and then, as it does once a minute."""
    stop = threading.Event()

    def force() -> None:
        while not stop.wait(0.2):
            store.connection.client.admin.command("fsync")

    thread = threading.Thread(target=force)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def filled(store: Store) -> Store:
    put_regular(store, SERIES, CURVE)
    put_regular(store, OTHER, CURVE[:100])
    return store


def probes(store: Store) -> list[str]:
    return [each for each in store.connection.database.list_collection_names() if SUFFIX in each]


def probe_of(store: Store) -> tuple[list[tuple[int, int]], ZstdCopy]:
    """With a checkpoint once the copy is complete; earlier ones would leave gaps in it."""
    steps = zstd_copy_steps(store, limit_s=5)
    seen = [next(steps)]
    while seen[-1][0] < seen[-1][1]:
        seen.append(next(steps))
    with checkpoints(store):
        more, probe = followed(steps)
    return seen + more, probe


def test_it_measures_all_documents_and_leaves_nothing_behind(filled: Store) -> None:
    before = regular(filled)
    names = set(filled.connection.database.list_collection_names())
    seen, probe = probe_of(filled)
    assert seen == [(0, 12_100), (5000, 12_100), (10_000, 12_100), (12_100, 12_100)]
    found = filled.connection.database.command("collStats", "consumption")
    assert probe.settled
    assert probe.size.readings == 12_100
    assert probe.size.data_bytes == found["size"], "the same documents"
    assert 4096 < probe.size.storage_bytes < found["storageSize"], "zstd is tighter than snappy"
    assert probe.size.compressor == "zstd"
    assert probe.size.index_bytes > 8192, "both indexes"
    assert set(filled.connection.database.list_collection_names()) == names
    assert regular(filled) == before


def test_without_a_checkpoint_it_says_that_it_has_not_settled(filled: Store) -> None:
    _, probe = followed(zstd_copy_steps(filled, limit_s=0))
    assert not probe.settled


def test_an_empty_collection_takes_nearly_nothing(store: Store) -> None:
    seen, probe = followed(zstd_copy_steps(store, limit_s=0))
    assert (seen, probe.size.readings, probe.size.data_bytes) == ([(0, 0)], 0, 0)


def test_stopping_drops_the_copy(filled: Store) -> None:
    stop = threading.Event()
    steps = zstd_copy_steps(filled, stop)
    next(steps)
    assert len(probes(filled)) == 1
    stop.set()
    with pytest.raises(StorageStopped):
        next(steps)
    assert probes(filled) == []


def test_stopping_while_it_waits_for_a_checkpoint_is_quick(filled: Store) -> None:
    stop = threading.Event()
    timer = threading.Timer(0.5, stop.set)
    timer.start()
    with pytest.raises(StorageStopped):
        followed(zstd_copy_steps(filled, stop, limit_s=60))
    timer.join()
    assert probes(filled) == []


ZSTD: dict[str, Any] = {"wiredTiger": {"configString": "block_compressor=zstd"}}


def test_an_old_copy_that_a_crash_left_behind_is_dropped(filled: Store) -> None:
    database = filled.connection.database
    old, new = int(time.time()) - 4000, int(time.time()) - 100
    names: dict[str, dict[str, Any] | None] = {
        f"{NAME}_{old}_0123abcd": ZSTD,
        f"{NAME}_{new}_0123abcd": ZSTD,  # somebody may be measuring
        f"{NAME}_{old}_ffff0000": None,  # not made by us
        f"{NAME}_{old}": ZSTD,
        f"other{SUFFIX}_{old}_0123abcd": ZSTD,
        NAME: None,
    }
    for name, options in names.items():
        more: dict[str, Any] = {"storageEngine": options} if options else {}
        database.create_collection(name, **more)
    followed(zstd_copy_steps(filled, limit_s=0))
    assert set(names) - set(database.list_collection_names()) == {f"{NAME}_{old}_0123abcd"}


def test_two_at_once_do_not_disturb_each_other(filled: Store) -> None:
    one, two = zstd_copy_steps(filled, limit_s=0), zstd_copy_steps(filled, limit_s=0)
    next(one)
    next(two)
    next(one)
    assert followed(two)[1].size.readings == followed(one)[1].size.readings == 12_100
    assert probes(filled) == []
