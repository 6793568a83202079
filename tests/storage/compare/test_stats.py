"""The comparison of sizes is consistent in itself and with the server's figures."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from linky_tui.demo.household import DEMO_PRM, Household
from linky_tui.domain.paris import day_start, days_between
from linky_tui.headless.stats import comparison_lines
from linky_tui.storage.collections.schema import create_timeseries
from linky_tui.storage.compare.figure_queries import figure_queries
from linky_tui.storage.compare.settled import wait_until_settled
from linky_tui.storage.compare.sizes import statistics
from linky_tui.storage.compare.stats import compare_sizes
from linky_tui.storage.store import Store
from linky_tui.text.formatting import percent_text
from linky_tui.words.comparison import honest_note
from tests.storage.compare.test_figure_queries import result
from tests.tools.mongod import PrivateMongod
from tests.tools.stored import SERIES, open_store, put_regular, put_timeseries, readings
from tests.tools.waiting import wait_until

HOME = Household(DEMO_PRM)
CURVE = readings(day_start(date(2026, 1, 1)), 3000)


@pytest.fixture
def filled(store: Store) -> Store:
    put_regular(store, SERIES, CURVE)
    put_timeseries(store, SERIES, CURVE)
    store.connection.client.admin.command("fsync")
    wait_until(lambda: compare_sizes(store).settled, "what was written is on disk")
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
    used = statistics["storageSize"] - statistics["freeStorageSize"]
    assert found.regular.storage_bytes == used
    whole = statistics["storageSize"] + statistics["totalIndexSize"]
    assert found.regular.total_bytes + found.regular.reusable_bytes == whole
    assert found.timeseries.data_bytes == database.command("collStats", "consumptionTS")["size"]


def test_the_share_of_id_is_exact(filled: Store) -> None:
    found = compare_sizes(filled)
    pipeline = [{"$group": {"_id": None, "bytes": {"$sum": {"$bsonSize": "$$ROOT"}}}}]
    without = next(filled.readings.regular.aggregate([{"$project": {"_id": 0}}, *pipeline]))
    assert found.regular.data_bytes is not None
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


def test_the_index_that_newer_servers_make_is_named_and_left_out_of_a_second_figure(
    filled: Store,
) -> None:
    filled.readings.timeseries.create_index([("meter", 1), ("timestamp", 1)])
    filled.connection.client.admin.command("fsync")
    found = compare_sizes(filled)
    made, as_json = found.timeseries.server_index_bytes, found.to_json()
    assert as_json["timeseries"]["server_indexes"] == ["meter_1_timestamp_1"]
    assert (as_json["timeseries"]["foreign_indexes"], as_json["regular"]["server_indexes"]) == (
        [],
        [],
    )
    total = 1 - (found.timeseries.total_bytes - made) / found.regular.total_bytes
    assert made > 0
    assert as_json["saved_without_server_index"]["total"] == total > as_json["saved"]["total"]
    said = " ".join(comparison_lines(found))
    assert "MongoDB itself made the index meter_1_timestamp_1 of consumptionTS (" in said
    assert f"without it the total saves {percent_text(total)}" in said
    assert "snappy; indexes _id_, meter_prm_flow_timestamp" in said
    assert "zstd; indexes meter_1_timestamp_1, meter_prm_flow_timestamp" in said


def test_nothing_is_saved_on_disk_before_it_is_written_and_only_the_embedded_server_is_told_to(
    filled: Store,
) -> None:
    assert filled.server.kind == "remote"
    put_regular(filled, SERIES, readings(day_start(date(2026, 9, 1)), 500))
    found = compare_sizes(filled, checkpoint=True)
    as_json = found.to_json()
    assert (as_json["settled"], as_json["settling"]) == (False, True)
    assert as_json["saved"] == {**as_json["saved"], "storage": None, "index": None, "total": None}
    assert as_json["saved_without_id"]["total"] is None
    assert as_json["saved_without_server_index"] == {"index": None, "total": None}
    assert as_json["saved"]["data"] > 0.9
    shown = {line.split("  ")[0]: line.split() for line in comparison_lines(found)}
    for label in ("storage", "indexes", "total"):
        assert shown[label][1:] == ["–", "–", "settling"]


@pytest.mark.parametrize("embedded", [False, True])
def test_after_a_kill_nothing_is_told_of_the_lost_counters(
    short_tmp_path: Path, embedded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedded server is put right, another one is not touched."""
    with PrivateMongod(short_tmp_path) as server:
        with open_store(server.uri, "home", short_tmp_path) as store:
            put_regular(store, SERIES, CURVE)
            put_timeseries(store, SERIES, CURVE)
            right = compare_sizes(store)
        server.kill()
        server.start()
        with open_store(server.uri, "home", short_tmp_path) as store:
            assert store.readings.regular.estimated_document_count() == 0
            recovered = [
                statistics(each) for each in (store.readings.regular, store.readings.timeseries)
            ]
            written = tuple(each.storage_bytes + each.index_bytes for each in recovered)
            if embedded:
                monkeypatch.setattr(store, "server", replace(store.server, kind="local"))
            found = compare_sizes(store, compare=True)
            assert found.regular.data_bytes == right.regular.data_bytes == 3000 * 130
            assert (found.buckets, found.identical) == (3, True)
            if embedded:
                assert found.timeseries.data_bytes == right.timeseries.data_bytes
                assert wait_until_settled([store.readings.regular], threading.Event())
                again = compare_sizes(store)
                assert (again.regular.total_bytes, again.timeseries.total_bytes) == written
                for query in figure_queries(store, again):
                    assert result(query, store) == pytest.approx(query.value), query
                return
            as_json = found.to_json()
            nothing = (as_json["timeseries"]["data_bytes"], as_json["saved"]["data"])
            assert nothing == (None, None)
            assert as_json["timeseries"]["bytes_per_reading"] is None
            said = " ".join(comparison_lines(found))
            assert "not known, because the server's counters were lost in a crash" in said
            store.readings.timeseries.drop()
            create_timeseries(store.connection.database, "consumptionTS")
            put_timeseries(store, SERIES, CURVE)
            assert compare_sizes(store).timeseries.data_bytes == right.timeseries.data_bytes


def test_a_server_with_another_compressor_is_told_as_it_is(short_tmp_path: Path) -> None:
    everything_zstd = ("--wiredTigerCollectionBlockCompressor", "zstd")
    with (
        PrivateMongod(short_tmp_path, *everything_zstd) as server,
        open_store(server.uri, "home", short_tmp_path) as store,
    ):
        put_regular(store, SERIES, CURVE)
        put_timeseries(store, SERIES, CURVE)
        found = compare_sizes(store)
    assert [found.regular.compressor, found.timeseries.compressor] == ["zstd", "zstd"]
    assert "snappy" not in " ".join(comparison_lines(found)) + honest_note(found)
    assert "Both are zstd." in honest_note(found)


def test_used_bytes_do_not_depend_on_how_the_documents_were_written(
    short_tmp_path: Path,
) -> None:
    """At once; newest first by weeks, as backfilled; with a checkpoint after each of these."""
    first, last = date(2025, 1, 6), date(2026, 11, 1)
    days = list(days_between(first, last))
    weeks = [
        HOME.readings(week[0], week[-1])
        for week in (days[at : at + 7] for at in range(0, len(days), 7))
    ][::-1]
    totals, saved = [], []
    with PrivateMongod(short_tmp_path) as server:
        for number, parts in enumerate(([HOME.readings(first, last)], weeks, weeks)):
            with open_store(server.uri, f"home{number}", short_tmp_path) as store:
                for part in parts:
                    put_regular(store, SERIES, part)
                    if number == 2:
                        store.connection.client.admin.command("fsync")
                put_timeseries(store, SERIES, HOME.readings(first, last))
                store.connection.client.admin.command("fsync")
                found = compare_sizes(store)
                totals.append(found.regular.total_bytes)
                saved.append(found.saved.total)
                files = found.regular.total_bytes + found.regular.reusable_bytes
    assert files > 1.2 * max(totals), "the files themselves do depend on it"
    # Each file has a whole number of 4 kB blocks and ends where its last page was written.
    assert max(totals) < 1.02 * min(totals)
    assert max(filter(None, saved)) - min(filter(None, saved)) < 0.002
