"""The proof of identity notices every difference and counts it under the right name."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument

from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.storage.collections.documents import to_document
from linky_tui.storage.compare.verify import Verification, _sums, fingerprints_equal, verify
from linky_tui.storage.store import Store
from tests.tools.stored import OTHER, SERIES, put_regular, put_timeseries, week

START, END, WEEK = week(date(2026, 9, 7))


def put_raw(store: Store, *documents: dict[str, Any]) -> None:
    store.readings.timeseries.insert_many([RawBSONDocument(bson.encode(x)) for x in documents])


def differences(result: Verification) -> tuple[int, int, int, int]:
    assert result.identical == (result.status == "identical")
    return (
        result.missing_in_timeseries,
        result.extra_in_timeseries,
        result.duplicated_in_timeseries,
        result.differing,
    )


def test_identical_collections_have_one_digest(store: Store) -> None:
    for series in (SERIES, OTHER):
        put_regular(store, series, WEEK)
        put_timeseries(store, series, reversed(WEEK))
    result = verify(store)
    assert differences(result) == (0, 0, 0, 0)
    assert (result.regular_readings, result.timeseries_readings) == (672, 672)
    assert result.to_json() == {
        "status": "identical",
        "regular_readings": 672,
        "timeseries_readings": 672,
        "missing_in_timeseries": 0,
        "extra_in_timeseries": 0,
        "duplicated_in_timeseries": 0,
        "differing": 0,
        "gone": 0,
        "error": None,
        "digest": {"regular": result.digest_regular, "timeseries": result.digest_regular},
    }


def test_the_fingerprint_leaves_out_id_whoever_has_one(store: Store) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, WEEK[:9])
    store.readings.timeseries.insert_many([to_document(SERIES, each) for each in WEEK[9:]])
    put_raw(store, {**to_document(OTHER, WEEK[0]), "more": "x"})
    store.readings.regular.insert_one({**to_document(OTHER, WEEK[0]), "more": "x"})
    assert fingerprints_equal(store.readings)
    for collection in (store.readings.regular, store.readings.timeseries):
        sizes = {each["_id"]["prm"]: each["bytes"] for each in _sums(collection, {})}
        assert sizes == {
            series.prm: sum(
                len(bson.encode(each))
                for each in collection.find({"meter.prm": series.prm}, {"_id": 0})
            )
            for series in (SERIES, OTHER)
        }
    store.readings.timeseries.delete_many({"meter.prm": OTHER.prm})
    put_raw(store, {**to_document(OTHER, WEEK[0]), "more": "xx"})
    assert not fingerprints_equal(store.readings)


def test_the_digest_does_not_depend_on_the_order_of_writing(store: Store) -> None:
    put_regular(store, SERIES, WEEK)
    first = verify(store).digest_regular
    store.readings.regular.delete_many({})
    put_regular(store, SERIES, reversed(WEEK))
    assert verify(store).digest_regular == first


def test_empty_collections_are_identical(store: Store) -> None:
    assert differences(verify(store)) == (0, 0, 0, 0)


def test_one_watt_is_a_difference(store: Store) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, [*WEEK[:-1], replace(WEEK[-1], power_w=WEEK[-1].power_w + 1)])
    assert differences(verify(store)) == (0, 0, 0, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"flags": {"iv": 1}},
        {"unknown": None},
        {"power_w": bson.Int64(WEEK[0].power_w)},
        {"power_w": float(WEEK[0].power_w)},
        {"meter": {"prm": SERIES.prm, "flow": "consumption", "interval_min": 60}},
        {"meter": {"prm": SERIES.prm, "flow": "consumption", "interval_min": 30, "x": 1}},
    ],
)
def test_any_field_and_type_is_a_difference(store: Store, change: dict[str, Any]) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, WEEK[1:])
    put_raw(store, {**to_document(SERIES, WEEK[0]), **change})
    assert differences(verify(store)) == (0, 0, 0, 1)


def test_what_is_missing_extra_and_doubled_is_counted_apart(store: Store) -> None:
    put_regular(store, SERIES, WEEK[:100])
    put_timeseries(store, SERIES, [*WEEK[7:105], *WEEK[50:53], WEEK[50]])
    result = verify(store)
    assert differences(result) == (7, 5, 4, 0)
    assert (result.regular_readings, result.timeseries_readings) == (100, 102)


def test_a_correction_beside_its_leftover_is_extra(store: Store) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, [*WEEK, replace(WEEK[3], power_w=1)])
    assert differences(verify(store)) == (0, 1, 0, 0)


def test_documents_of_any_other_shape_count(store: Store) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, WEEK)
    strange: list[dict[str, Any]] = [
        {"timestamp": START},
        {"timestamp": START, "meter": [{"prm": "1", "flow": "x"}]},
    ]
    put_raw(store, *strange)
    assert differences(verify(store)) == (0, 2, 0, 0)
    store.readings.regular.insert_many(strange)
    assert differences(verify(store)) == (0, 0, 0, 0)
    put_raw(store, strange[1])
    assert differences(verify(store)) == (0, 0, 1, 0)


def test_another_series_is_not_confused(store: Store) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, OTHER, WEEK)
    assert differences(verify(store)) == (336, 336, 0, 0)


def test_a_dropped_collection_is_a_difference_not_an_error(store: Store) -> None:
    put_regular(store, SERIES, WEEK)
    store.readings.timeseries.drop()
    assert differences(verify(store)) == (336, 0, 0, 0)


def test_it_says_when_somebody_is_writing(store: Store) -> None:
    put_regular(store, SERIES, WEEK)
    assert not verify(store).in_use
    with store.leases.acquire(SERIES):
        assert verify(store).in_use


def test_it_can_be_stopped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linky_tui.storage.compare.pairs._STOP_EVERY", 10)
    put_regular(store, SERIES, WEEK)
    stop = threading.Event()
    stop.set()
    with pytest.raises(StorageStopped):
        verify(store, stop)
