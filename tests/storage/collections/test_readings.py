"""Storing an answer: both collections equal, nothing doubled, whatever breaks in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pymongo.collection import Collection
from pymongo.errors import AutoReconnect, BulkWriteError, NetworkTimeout

from linky_tui.domain.models import Flags, Reading
from linky_tui.errors import CollectionRefused, SeriesBusy, StorageError, StorageUnavailable
from linky_tui.storage.collections import confirmed_writes
from linky_tui.storage.collections.documents import to_document
from linky_tui.storage.leases.lease import Lease
from linky_tui.storage.store import Store
from tests.tools.stored import (
    OTHER,
    SERIES,
    held,
    put_timeseries,
    readings,
    regular,
    timeseries,
    week,
)

START, END, WEEK = week(date(2026, 10, 19))
"""With the hour that occurs twice: 338 half hours."""


def test_documents_have_the_agreed_shape_in_both_collections(store: Store, lease: Lease) -> None:
    marked = Reading(START, 30, 1234, Flags(nature="C", iv=7))
    store.readings.store_window(SERIES, START, END, [marked, *WEEK[1:]], lease)
    for collection in (store.readings.regular, store.readings.timeseries):
        found = collection.find_one({"timestamp": START})
        assert found is not None
        identity = found.pop("_id", None)
        assert (identity is not None) == (collection.name == "consumption")
        assert found == {
            "timestamp": START,
            "meter": {"prm": SERIES.prm, "flow": "consumption", "interval_min": 30},
            "power_w": 1234,
            "flags": {"nature": "C", "iv": 7},
        }
        plain = collection.find_one({"timestamp": WEEK[1].start}) or {}
        assert plain.keys() - {"_id"} == {"timestamp", "meter", "power_w"}
        int32 = {"meter.interval_min": {"$type": "int"}, "power_w": {"$type": "int"}}
        assert collection.count_documents(int32) == len(WEEK)


def test_regular_documents_keep_their_field_order(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    found = store.readings.regular.find_one() or {}
    assert list(found) == ["_id", "timestamp", "meter", "power_w"]
    assert list(found["meter"]) == ["prm", "flow", "interval_min"]


@pytest.mark.parametrize(
    "reading",
    [
        Reading(datetime(2026, 1, 1), 30, 100),
        Reading(datetime(2026, 1, 1, microsecond=1, tzinfo=UTC), 30, 100),
        Reading(START, 30, 2**31),
        Reading(START, 30, 1.5),  # type: ignore[arg-type]
        Reading(START, True, 100),
    ],
)
def test_a_reading_that_mongodb_would_change_is_not_written(reading: Reading) -> None:
    with pytest.raises(ValueError, match=r"aware|Int32"):
        to_document(SERIES, reading)


def test_storing_an_answer_twice_doubles_nothing(store: Store, lease: Lease) -> None:
    first = store.readings.store_window(SERIES, START, END, WEEK, lease)
    again = store.readings.store_window(SERIES, START, END, WEEK, lease)
    assert first.inserted == 338
    assert (again.inserted, again.replaced, again.deleted) == (0, 0, 0)
    assert store.leases.state(SERIES).rebuild_pending is None
    assert regular(store) == timeseries(store)
    assert store.readings.window(SERIES, START, END) == WEEK


def test_other_series_are_left_alone(store: Store, lease: Lease) -> None:
    with store.leases.acquire(OTHER) as second:
        store.readings.store_window(OTHER, START, END, WEEK, second)
    store.readings.store_window(SERIES, START, END, WEEK[:10], lease)
    regular_counts, timeseries_counts = store.readings.counts()
    assert regular_counts == timeseries_counts
    assert regular_counts == {
        (SERIES.prm, "consumption", 30): 10,
        (OTHER.prm, "production", 30): 338,
    }
    assert store.readings.counts(SERIES)[0] == {(SERIES.prm, "consumption", 30): 10}
    assert store.readings.count(OTHER) == 338
    assert store.readings.bounds(SERIES) == (START, WEEK[9].end)
    assert held(store, OTHER) == WEEK


def test_a_correction_replaces_and_notes_the_rebuild(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    corrected = [*WEEK[:5], Reading(WEEK[5].start, 30, 9999), *WEEK[6:]]
    result = store.readings.store_window(SERIES, START, END, corrected, lease)
    assert (result.inserted, result.replaced, result.deleted) == (0, 1, 0)
    assert store.leases.state(SERIES).rebuild_pending is not None
    assert store.leases.leftovers(SERIES) == {(WEEK[5].start, 30, WEEK[5].power_w)}
    assert store.readings.window(SERIES, START, END) == corrected


def test_a_difference_in_flags_alone_changes_nothing(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    flagged = [Reading(each.start, 30, each.power_w, Flags(iv=3)) for each in WEEK]
    result = store.readings.store_window(SERIES, START, END, flagged, lease)
    assert (result.inserted, result.replaced) == (0, 0)
    assert store.leases.state(SERIES).rebuild_pending is None


def test_another_step_replaces_what_it_overlaps(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    hours = readings(START + timedelta(days=1), 24, 60, 700)
    low, high = hours[0].start, hours[-1].end
    result = store.readings.store_window(SERIES, low, high, hours, lease)
    assert (result.inserted, result.replaced, result.deleted) == (0, 24, 24)
    assert store.readings.window(SERIES, low, high) == hours
    assert store.readings.count() == 338 - 24


def test_an_overlap_from_before_the_window_ends_there(store: Store, lease: Lease) -> None:
    hour = Reading(START - timedelta(minutes=30), 60, 500)
    store.readings.store_window(SERIES, hour.start, START, [hour], lease)
    result = store.readings.store_window(SERIES, START, END, WEEK, lease)
    assert (result.inserted, result.deleted) == (338, 1)
    assert store.readings.bounds(SERIES) == (START, END)


def test_what_an_answer_lacks_stays(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    store.readings.store_window(SERIES, START, END, WEEK[:3], lease)
    assert store.readings.window(SERIES, START, END) == WEEK


def test_doubled_in_the_time_series_collection_asks_for_a_rebuild(
    store: Store, lease: Lease
) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    put_timeseries(store, SERIES, WEEK[:1])
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    assert store.leases.state(SERIES).rebuild_pending is not None
    assert store.leases.state(SERIES).rebuild_pending is not None
    assert store.leases.leftovers(SERIES) == set()


def test_collections_dropped_meanwhile_are_created_as_they_were(store: Store, lease: Lease) -> None:
    store.readings.regular.drop()
    store.readings.timeseries.drop()
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    assert store.readings.timeseries.options()["timeseries"]["granularity"] == "hours"
    indexes = store.readings.regular.index_information()
    index = indexes["meter_prm_flow_timestamp"]
    assert index["unique"]
    assert index["key"] == [("meter.prm", 1), ("meter.flow", 1), ("timestamp", 1)]


def test_a_name_taken_meanwhile_is_refused(store: Store, lease: Lease) -> None:
    store.readings.timeseries.drop()
    store.readings.regular.database["consumptionTS"].insert_one({"x": 1})
    with pytest.raises(CollectionRefused, match="timeseries_collection"):
        store.readings.store_window(SERIES, START, END, WEEK, lease)


Fault = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


def _break_before(_: Callable[..., Any], _args: Any, _kwargs: Any) -> Any:
    raise AutoReconnect("the connection broke before it was sent")


def _break_after(call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    call(*args, **kwargs)
    raise NetworkTimeout("the reply was lost")


def _break_halfway(call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    call(args[0], args[1][:100], **kwargs)
    raise AutoReconnect("the server went away halfway")


def _majority_late(call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    call(*args, **kwargs)
    raise BulkWriteError(
        {"writeErrors": [], "writeConcernErrors": [{"code": 64, "errmsg": "waiting timed out"}]}
    )


@pytest.mark.parametrize("fault", [_break_before, _break_after, _break_halfway, _majority_late])
@pytest.mark.parametrize("method", ["bulk_write", "insert_many"])
def test_parity_after_a_write_with_an_unknown_outcome(
    store: Store, lease: Lease, monkeypatch: pytest.MonkeyPatch, method: str, fault: Fault
) -> None:
    monkeypatch.setattr(confirmed_writes, "STEP_LIMIT_S", 0.3)
    store.readings.store_window(SERIES, START, END, WEEK[:7], lease)
    faults = [fault]
    original = getattr(Collection, method)

    def broken(*args: Any, **kwargs: Any) -> Any:
        return faults.pop()(original, args, kwargs) if faults else original(*args, **kwargs)

    monkeypatch.setattr(Collection, method, broken)
    result = store.readings.store_window(SERIES, START, END, WEEK, lease)
    assert faults == []
    assert result.inserted == 338 - 7
    assert store.leases.state(SERIES).rebuild_pending is None
    assert regular(store) == timeseries(store)
    assert len(timeseries(store)) == 338


@pytest.mark.parametrize("method", ["bulk_write", "insert_many"])
def test_an_outcome_that_stays_unknown_ends_the_run_and_the_next_one_completes(
    store: Store, lease: Lease, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(confirmed_writes, "STEP_LIMIT_S", 0.2)
    with monkeypatch.context() as patch:
        tried = []

        def broken(*_: Any, **__: Any) -> None:
            tried.append(1)
            raise AutoReconnect("no")

        patch.setattr(Collection, method, broken)
        with pytest.raises(StorageUnavailable):
            store.readings.store_window(SERIES, START, END, WEEK, lease)
        assert len(tried) == confirmed_writes.ROUNDS
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    assert regular(store) == timeseries(store)


def test_a_reading_that_another_process_stored_meanwhile_is_harmless(
    store: Store, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Collection.bulk_write
    raced: list[Any] = []

    def race(self: Collection[Any], *args: Any, **kwargs: Any) -> Any:
        if not raced:
            raced.append(self.insert_one(to_document(SERIES, WEEK[40])))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Collection, "bulk_write", race)
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    assert store.leases.state(SERIES).rebuild_pending is None
    assert regular(store) == timeseries(store)


def test_nothing_is_written_after_the_lease_was_lost(store: Store, lease: Lease) -> None:
    store.leases._collection.update_one({}, {"$set": {"owner.nonce": "another"}})
    with pytest.raises(SeriesBusy):
        lease.renew()
    with pytest.raises(SeriesBusy):
        store.readings.store_window(SERIES, START, END, WEEK, lease)
    assert regular(store) == timeseries(store) == []


def test_a_foreign_document_in_the_window_is_named_without_values(
    store: Store, lease: Lease
) -> None:
    document = {**to_document(SERIES, WEEK[0]), "power_w": 2.5, "secret": "hunter2"}
    store.readings.regular.insert_one(document)
    with pytest.raises(StorageError, match="secret: str") as caught:
        store.readings.store_window(SERIES, START, END, WEEK, lease)
    assert "hunter2" not in str(caught.value)
