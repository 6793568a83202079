"""A document beside its bucket: every byte of both is told."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from linky_tui.domain.models import Series
from linky_tui.storage.lab.inside import Inside, StoredField, inside
from linky_tui.storage.store import Store
from tests.tools.laboratory import small_home
from tests.tools.stored import SERIES, put_regular, put_timeseries

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


def test_without_a_bucket_or_a_reading_there_is_nothing_to_show(store: Store) -> None:
    assert shown(store, 0) is None
    put_regular(store, SERIES, READINGS[:10])
    found = shown(store, 3)
    assert found is not None
    assert (found.bucket, found.bucket_bytes, found.bucket_readings) == ((), None, None)
    assert shown(store, 3, Series("99999999999999")) is None
