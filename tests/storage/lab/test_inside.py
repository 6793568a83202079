"""A document beside its bucket: every byte of both is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from linky_tui.domain.models import Reading, Series
from linky_tui.storage.lab import inside as module
from linky_tui.storage.lab.inside import Inside, StoredField, inside
from linky_tui.storage.store import Store
from tests.tools.laboratory import small_home
from tests.tools.stored import SERIES, put_regular, put_timeseries

OPEN = "This bucket is not compressed: it may still be open, waiting for more readings."
READINGS = small_home().readings


def shown(store: Store, number: int, series: Series = SERIES) -> Inside | None:
    return inside(
        store.connection.database,
        store.readings.regular.name,
        store.readings.timeseries.name,
        series,
        READINGS[number].start,
    )


def named(fields: Sequence[StoredField]) -> dict[str, StoredField]:
    return {each.name: each for each in fields}


@pytest.mark.parametrize(("number", "kind"), [(0, "compressed column"), (-1, "column")])
def test_a_reading_and_the_bucket_around_it(store: Store, number: int, kind: str) -> None:
    put_regular(store, SERIES, READINGS)
    put_timeseries(store, SERIES, READINGS)
    found = shown(store, number)
    assert found is not None
    document, bucket = named(found.document), named(found.bucket)
    assert document["power_w"].value == str(READINGS[number].power_w)
    assert document["meter.prm"].value == bucket["meta.prm"].value
    assert "·" in document["meter.prm"].value
    assert found.document_bytes == 130
    # What is left are the frames of the documents in it.
    assert 0 < found.document_bytes - sum(each.size_bytes for each in found.document) < 20
    assert found.bucket_bytes is not None
    assert 0 < found.bucket_bytes - sum(each.size_bytes for each in found.bucket) < 100
    assert bucket["data.power_w"].kind == bucket["data.timestamp"].kind == kind
    low, high = (int(bucket[f"control.{end}.power_w"].value) for end in ("min", "max"))
    assert low <= READINGS[number].power_w <= high
    assert found.bucket_readings
    assert found.bucket_readings > 100
    assert found.note == ("" if kind == "compressed column" else OPEN)


def test_without_a_bucket_or_a_reading_there_is_nothing_to_show(store: Store) -> None:
    assert shown(store, 0) is None
    put_regular(store, SERIES, READINGS[:10])
    found = shown(store, 3)
    assert found is not None
    assert (found.bucket, found.bucket_bytes, found.bucket_readings) == ((), None, None)
    assert found.note == "The time series collection holds no such reading."
    assert shown(store, 3, Series("99999999999999")) is None


def asked(store: Store, start: datetime | None, step: int = 0) -> Inside | None:
    names = store.readings.regular.name, store.readings.timeseries.name
    return inside(store.connection.database, *names, SERIES, start, step)


def test_the_newest_reading_and_those_beside_it(store: Store) -> None:
    put_regular(store, SERIES, READINGS)
    newest = asked(store, None)
    assert newest is not None
    assert newest.start == READINGS[-1].start
    assert asked(store, newest.start, 1) is None
    before = asked(store, newest.start, -1)
    assert before is not None
    assert before.start == READINGS[-2].start
    after = asked(store, before.start, 1)
    assert after is not None
    assert after.start == newest.start
    assert asked(store, READINGS[0].start, -1) is None


def test_of_buckets_that_overlap_it_is_the_one_with_the_reading(store: Store) -> None:
    start = READINGS[0].start
    slots = [start + timedelta(minutes=30 * each) for each in range(60)]
    evens = [Reading(each, 30, 100) for each in slots[10::2]]
    odds = [Reading(each, 30, 900) for each in slots[1::2]]
    put_regular(store, SERIES, sorted(evens + odds, key=lambda each: each.start))
    put_timeseries(store, SERIES, evens)
    put_timeseries(store, SERIES, odds)
    for reading in (evens[0], odds[12], evens[12], odds[-1]):
        found = asked(store, reading.start)
        assert found is not None
        bucket = named(found.bucket)
        assert bucket["control.min.power_w"].value == str(reading.power_w)
        assert bucket["control.max.power_w"].value == str(reading.power_w)
        assert found.note in ("", OPEN)


def test_what_is_refused_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put_regular(store, SERIES, READINGS[:10])
    put_timeseries(store, SERIES, READINGS[:10])
    database = store.connection.database
    data = {
        "failCommands": ["find"],
        "errorCode": 13,
        "namespace": f"{database.name}.system.buckets.{store.readings.timeseries.name}",
    }
    admin = database.client.admin
    admin.command("configureFailPoint", "failCommand", mode="alwaysOn", data=data)
    try:
        found = asked(store, None)
    finally:
        admin.command("configureFailPoint", "failCommand", mode="off")
    assert found is not None
    assert found.bucket == ()
    assert found.document
    assert "not to this user" in found.note
    # A server without system.buckets is asked for raw data, which this one does not know.
    monkeypatch.setattr(module, "VIEWLESS_FROM", 6)
    found = asked(store, None)
    assert found is not None
    assert found.bucket == ()
    assert "rawData" in found.note
