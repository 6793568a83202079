"""Requests of all machines are counted together, by API host and UTC day."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest

from linky_tui.errors import StorageError
from linky_tui.storage.store import Store
from tests.tools.stored import open_store

DAY = date(2026, 11, 22)


def test_two_machines_count_together(
    store: Store, mongod_uri: str, mongo_database_name: str, tmp_path: Path
) -> None:
    with open_store(mongod_uri, mongo_database_name, tmp_path / "other") as other:

        def add(which: Store) -> None:
            for _ in range(10):
                which.requests.add("conso.example", DAY)

        threads = [threading.Thread(target=add, args=(which,)) for which in (store, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.requests.add("conso.example", DAY) == 21
        assert other.requests.used("conso.example", DAY) == 21


def test_hosts_and_days_are_apart(store: Store) -> None:
    assert store.requests.used("conso.example", DAY) == 0
    store.requests.add("conso.example", DAY)
    assert store.requests.used("conso.example", date(2026, 11, 23)) == 0
    assert store.requests.used("127.0.0.1:8000", DAY) == 0


def test_nothing_is_counted_above_the_limit_and_the_higher_count_applies(store: Store) -> None:
    count = store.requests
    assert [count.add("conso.example", DAY, below=3) for _ in range(4)] == [1, 2, 3, None]
    assert count.used("conso.example", DAY) == 3
    assert count.add("other.example", DAY, below=9, at_least=7) == 8
    assert count.add("other.example", DAY, below=9, at_least=2) == 9


@pytest.mark.parametrize("spoilt", ["many", None, [1], {"n": 1}])
def test_a_count_that_another_hand_spoilt_is_named_until_it_is_dropped(
    store: Store, spoilt: object
) -> None:
    count = store.requests
    count.add("conso.example", DAY)
    collection = store.readings.regular.database["consumption_requests"]
    collection.update_one({}, {"$set": {"requests": spoilt}})
    with pytest.raises(StorageError) as found:
        count.used("conso.example", DAY)
    assert "'consumption_requests'" in found.value.title
    assert "conso.example" in found.value.cause
    assert "Drop that document" in found.value.next_step
    with pytest.raises(StorageError):
        count.add("conso.example", DAY, below=80)
    collection.delete_many({})
    assert count.add("conso.example", DAY, below=80) == 1
