"""The comparison of sizes is consistent in itself and with the server's figures."""

from __future__ import annotations

import json
from datetime import date

import pytest

from linky_tui.domain.paris import day_start
from linky_tui.headless.stats import comparison_lines
from linky_tui.storage.compare.stats import compare_sizes
from linky_tui.storage.store import Store
from tests.tools.stored import SERIES, put_regular, put_timeseries, readings

CURVE = readings(day_start(date(2026, 1, 1)), 3000)


@pytest.fixture
def filled(store: Store) -> Store:
    put_regular(store, SERIES, CURVE)
    put_timeseries(store, SERIES, CURVE)
    store.connection.client.admin.command("fsync")
    return store


def test_the_figures_fit_together(filled: Store) -> None:
    found = compare_sizes(filled, compare=True)
    as_json = json.loads(json.dumps(found.to_json()))
    assert as_json["regular"]["readings"] == as_json["timeseries"]["readings"] == 3000
    for kind in ("regular", "timeseries"):
        part = as_json[kind]
        assert part["total_bytes"] == part["storage_bytes"] + part["index_bytes"]
        assert part["bytes_per_reading"] == part["data_bytes"] / 3000
    for name in ("data", "storage", "index", "total"):
        expected = 1 - as_json["timeseries"][f"{name}_bytes"] / as_json["regular"][f"{name}_bytes"]
        assert as_json["saved"][name] == pytest.approx(expected)
    assert as_json["timeseries"]["buckets"] == 3
    assert as_json["timeseries"]["readings_per_bucket"] == 1000
    assert as_json["timeseries"]["granularity"] == "hours"
    assert as_json["identical"] is True
    assert as_json["server"]["version"] == filled.server.version
    assert 0.9 < as_json["saved"]["data"] < 1


def test_the_figures_are_the_servers(filled: Store) -> None:
    database = filled.readings.regular.database
    found = compare_sizes(filled)
    statistics = database.command("collStats", "consumption")
    assert found.regular.data_bytes == statistics["size"]
    assert found.regular.storage_bytes == statistics["storageSize"]
    assert found.regular.index_bytes == statistics["totalIndexSize"]
    assert found.timeseries.data_bytes == database.command("collStats", "consumptionTS")["size"]


def test_the_share_of_id_is_exact(filled: Store) -> None:
    found = compare_sizes(filled)
    pipeline = [{"$group": {"_id": None, "bytes": {"$sum": {"$bsonSize": "$$ROOT"}}}}]
    without = next(filled.readings.regular.aggregate([{"$project": {"_id": 0}}, *pipeline]))
    assert found.regular.data_bytes - found.regular.id_bytes == without["bytes"]
    assert found.saved_without_id_data is not None
    assert found.saved.data is not None
    assert found.saved_without_id_data < found.saved.data
    assert 0 < found.regular.id_index_bytes < found.regular.index_bytes


def test_indexes_of_another_hand_are_told_apart(filled: Store) -> None:
    filled.readings.regular.create_index("power_w", name="mine")
    filled.readings.timeseries.create_index("power_w", name="theirs")
    found = compare_sizes(filled)
    for size, name in ((found.regular, "mine"), (found.timeseries, "theirs")):
        assert size.foreign_indexes == (name,)
        assert 0 < size.foreign_index_bytes < size.index_bytes
    assert found.to_json()["regular"]["foreign_indexes"] == ["mine"]
    said = " ".join(" ".join(comparison_lines(found)).split())
    assert "Indexes that linky-tui did not make count too: mine of consumption (" in said
    assert "theirs of consumptionTS (" in said


def test_a_lost_regular_collection_is_not_an_empty_home(store: Store) -> None:
    put_timeseries(store, SERIES, CURVE[:1872])
    lines = comparison_lines(compare_sizes(store, compare=True))
    said = " ".join(" ".join(lines).split())
    assert "Nothing is stored yet" not in said
    assert "The regular collection is empty, but the time series one holds 1,872 readings" in said
    assert "--verify --repair copies them back" in said


def test_figures_of_different_contents_say_so(store: Store) -> None:
    put_regular(store, SERIES, CURVE)
    said = " ".join(comparison_lines(compare_sizes(store, compare=True)))
    assert "They hold different readings" in said


def test_nothing_is_saved_where_nothing_is_stored(store: Store) -> None:
    as_json = compare_sizes(store, compare=True).to_json()
    assert as_json["saved"] == {"data": None, "storage": None, "index": None, "total": None}
    assert as_json["saved_without_id"] == {"data": None, "total": None}
    assert as_json["regular"]["bytes_per_reading"] is None
    assert as_json["timeseries"]["readings_per_bucket"] is None
    assert as_json["identical"] is True


def test_a_missing_collection_is_empty(store: Store) -> None:
    put_regular(store, SERIES, CURVE[:3])
    store.readings.timeseries.drop()
    found = compare_sizes(store, compare=True)
    assert (found.timeseries.readings, found.timeseries.total_bytes, found.buckets) == (0, 0, 0)
    assert found.granularity is None
    assert found.identical is False


def test_identity_is_told_only_as_far_as_it_was_checked(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert compare_sizes(filled).identical is None
    monkeypatch.setattr("linky_tui.storage.compare.stats.COMPARE_LIMIT", 2999)
    assert compare_sizes(filled, compare=True).identical is None
    put_regular(filled, SERIES, readings(day_start(date(2026, 9, 1)), 1))
    assert compare_sizes(filled, compare=True).identical is False


def test_only_the_embedded_server_is_told_to_write_to_disk(filled: Store) -> None:
    assert filled.server.kind == "remote"
    assert compare_sizes(filled, checkpoint=True).settling
