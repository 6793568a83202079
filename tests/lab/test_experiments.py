"""Every experiment in its small form, on a real mongod: figures that hang together."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from linky_tui.domain.growth import Growth
from linky_tui.domain.laboratory import PAGE_BYTES, Layout, LoadOrder, Result, Side
from linky_tui.lab.catalogue import BY_KEY
from linky_tui.lab.events import Progressed
from linky_tui.lab.experiments import many_homes
from linky_tui.lab.experiments.estimates import PLACES
from linky_tui.lab.experiments.growth import SAMPLES, replay_growth
from linky_tui.lab.homes import simulated_home
from linky_tui.lab.kept import from_json, to_json
from linky_tui.lab.report.figures import find
from linky_tui.lab.report.sentences import sentence
from tests.tools.laboratory import FIRST, LAST, left_behind, results_of, small_home, small_task

READINGS = len(small_home().readings)


def told(result: Result) -> None:
    """It has a sentence of its own without a gap, and survives being kept."""
    text = sentence(result)
    assert text.endswith(".")
    assert "–" not in text
    assert "not measured" not in text
    assert from_json(json.loads(json.dumps(to_json(result)))) == result
    assert result.conditions.engine == "wiredTiger"
    assert result.conditions.checkpoint == "fsync"


@pytest.fixture(scope="module")
def sized(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Experiments 1 to 4 and 8."""
    with tempfile.TemporaryDirectory(prefix="lt-", dir="/tmp") as folder:
        task = small_task(Path(folder))
        found = results_of(("compressors", "granularity", "order", "shape", "formats"), task)
        assert left_behind(Path(folder)) == []
    return found


def test_all_sides_hold_the_same_readings_and_are_measured(sized: dict[str, Result]) -> None:
    for result in sized.values():
        told(result)
        for side in result.sides:
            if side.refused:
                assert side.label.startswith("bucketMaxSpanSeconds")
                continue
            assert side.readings == READINGS
            assert side.data_bytes
            assert side.storage_bytes
            assert side.index_bytes
            assert side.total_bytes == side.storage_bytes + side.index_bytes
            assert (side.buckets is None) is (side.layout is not Layout.TIME_SERIES)
            assert ("_id_" in side.indexes) is (side.layout is not Layout.TIME_SERIES)
            if side.layout is Layout.REGULAR:
                assert side.documents == READINGS


def side(result: Result, layout: Layout, label: str) -> Side:
    found = find(result.sides, layout, label)
    assert found is not None
    return found


def size(result: Result, layout: Layout, label: str) -> int:
    return side(result, layout, label).data_bytes or 0


def test_compressors_are_those_that_were_asked_for(sized: dict[str, Result]) -> None:
    sides = sized["compressors"].sides
    assert [each.compressor for each in sides] == [each.label for each in sides]
    for layout in (Layout.REGULAR, Layout.TIME_SERIES):
        assert len({each.data_bytes for each in sides if each.layout is layout}) == 1
    on_disk = [each.storage_bytes or 0 for each in sides[:4]]
    assert on_disk[0] > 3 * on_disk[1] > 3 * on_disk[3]


def test_a_wrong_granularity_or_order_costs_buckets(sized: dict[str, Result]) -> None:
    granularity, order = sized["granularity"], sized["order"]
    fine = side(granularity, Layout.TIME_SERIES, "seconds").buckets or 0
    coarse = side(granularity, Layout.TIME_SERIES, "hours").buckets or 0
    assert fine > READINGS / 3
    assert coarse < 10
    assert size(granularity, Layout.TIME_SERIES, "seconds") > size(
        granularity, Layout.REGULAR, "regular"
    )
    ways = {
        label: size(order, Layout.TIME_SERIES, label)
        for label in ("in order", "newest week first", "random", "a checkpoint each week")
    }
    assert ways["in order"] == ways["a checkpoint each week"]
    assert ways["random"] > 10 * ways["in order"]
    backwards = side(order, Layout.TIME_SERIES, "newest week first").buckets or 0
    assert backwards > (side(order, Layout.TIME_SERIES, "in order").buckets or 0)
    assert len({size(order, Layout.REGULAR, label) for label in ways}) == 1


def test_shapes_cost_what_they_have_to(sized: dict[str, Result]) -> None:
    shape = sized["shape"]
    lean = size(shape, Layout.REGULAR, "lean")
    assert size(shape, Layout.REGULAR, "doubles") == lean + 4 * READINGS
    assert size(shape, Layout.REGULAR, "fat metadata") > 1.5 * lean
    assert size(shape, Layout.TIME_SERIES, "with _id") > size(shape, Layout.TIME_SERIES, "lean")
    days = side(shape, Layout.DAYS, "an array a day, zstd")
    assert days.documents == 62  # 60 days, two of which change their interval
    assert size(shape, Layout.DAYS, "an array a day, snappy") == days.data_bytes


def test_files_are_those_of_the_same_readings(sized: dict[str, Result]) -> None:
    formats = {each.name: each for each in sized["formats"].formats}
    lines, zipped = formats["JSON lines"], formats["JSON lines, gzip"]
    assert lines.size_bytes == round(lines.bytes_per_reading * READINGS)
    assert 60 < lines.bytes_per_reading < 80
    assert zipped.bytes_per_reading < lines.bytes_per_reading / 8
    assert sized["formats"].entropy_bits == pytest.approx(
        8 * formats["entropy of the watts"].bytes_per_reading, rel=0.01
    )
    assert [each.name for each in formats.values() if not each.measured and not each.source] == []


def test_the_race_compares_answers_and_tells_plans(short_tmp_path: Path) -> None:
    result = results_of(["race"], small_task(short_tmp_path))["race"]
    told(result)
    assert len(result.questions) == 8
    for question in result.questions:
        assert question.equal, question.text
        assert question.rows
        assert question.rounds == 20
        assert [each.layout for each in question.contestants] == list(Layout)
        for each in question.contestants:
            assert 0 < each.p10_ms <= each.median_ms <= each.p90_ms
            assert each.plan
            assert each.documents_examined
    headers = [each.text for each in result.questions if each.from_headers]
    assert headers == ["lowest and highest power of every meter"]
    curve = result.questions[0].of(Layout.REGULAR)
    assert curve is not None
    assert curve.documents_examined == result.questions[0].rows == 48


def test_a_fleet_is_loaded_in_both_orders_and_extrapolated(short_tmp_path: Path) -> None:
    result = results_of(["fleet"], small_task(short_tmp_path, homes=12))["fleet"]
    told(result)
    assert [(run.homes, run.homes_from) for run in result.fleets] == [
        *((10, 0), (10, 12), (10, 22), (10, 0)),
        *((12, 0), (12, 0)),
    ]
    for run in result.fleets:
        assert run.regular.readings == run.timeseries.readings == run.homes * READINGS
        assert run.regular.data_bytes == 130 * run.regular.readings
        assert all(rate > 1000 for rate in run.readings_per_s)
        assert sum(run.home_bytes) == run.timeseries.data_bytes
        assert len(run.home_bytes) == run.homes
        assert run.open_buckets
    assert result.oplog is not None
    assert result.oplog.regular_bytes > result.oplog.timeseries_bytes > 0
    lived = result.fleets[-1]
    assert lived.order is LoadOrder.BY_DAY
    for place, meters in PLACES:
        of = {each.what: each for each in result.estimates if each.place == place}
        total = of["regular, storage and indexes"]
        assert not total.measured
        assert total.value * 1e9 == pytest.approx(meters * (lived.regular.total_bytes or 0) / 12)
        assert all(each.low <= each.value <= each.high for each in of.values())
        assert all(each.formula for each in of.values())
        memory = of["memory of open buckets"].value * 1e9 / (0.025 * 64 * 1024**3)
        assert of["time series, shards"].value >= memory


def test_a_crowded_server_closes_buckets_early(short_tmp_path: Path) -> None:
    task = small_task(
        short_tmp_path, fleet_last=small_task(short_tmp_path).fleet_first.replace(day=31)
    )
    result = results_of(["cardinality"], task)["cardinality"]
    told(result)
    roomy, half, tenth = result.crowding
    assert (roomy.factor, half.factor, tenth.factor) == (1, 2, 10)
    assert {each.timeseries.readings for each in result.crowding} == {roomy.timeseries.readings}
    full = [each.timeseries.readings_per_bucket or 0 for each in result.crowding]
    assert full[0] > 3 * full[1]
    assert full[0] > 3 * full[2]
    assert half.threshold_bytes > tenth.threshold_bytes


def test_the_same_seed_gives_the_same_sizes(short_tmp_path: Path) -> None:
    task = small_task(short_tmp_path, home=simulated_home(7))
    one, two = (results_of(["compressors"], task)["compressors"].sides for _ in range(2))
    for first, second in zip(one, two, strict=True):
        assert first.data_bytes == second.data_bytes
        assert second.total_bytes == pytest.approx(first.total_bytes, rel=0.01), first.label
    other = replace(task, home=simulated_home(8))
    three = results_of(["compressors"], other)["compressors"].sides
    assert three[4].data_bytes != one[4].data_bytes


def test_so_do_the_other_experiments_on_one_home(
    sized: dict[str, Result], short_tmp_path: Path
) -> None:
    again = results_of(sized, small_task(short_tmp_path, home=simulated_home(7, FIRST, LAST)))
    for key, result in sized.items():
        assert again[key].formats == result.formats
        for first, second in zip(result.sides, again[key].sides, strict=True):
            if not first.refused:
                # There the server makes up an _id for nearly every reading.
                same_sizes(first, second, 0.1 if first.label == "random" else 0.01)


def test_so_do_fleets_where_no_two_processes_take_turns(
    short_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_homes, "processes", lambda: 1)
    task = small_task(short_tmp_path, homes=10, fleet_last=FIRST.replace(day=31))
    first, second = (results_of(["fleet"], task)["fleet"].fleets for _ in range(2))
    for one, two in zip(first, second, strict=True):
        assert one.home_bytes == two.home_bytes
        same_sizes(one.regular, two.regular, 0.01)
        same_sizes(one.timeseries, two.timeseries, 0.01)


def same_sizes(first: Side, second: Side, share: float) -> None:
    """Within a share; where less is stored than that, within the pages that files grow by."""
    name = f"{first.layout}, {first.label}"
    # The driver's _id are others each time, and compress a little differently.
    data = first.data_bytes
    assert second.data_bytes == (pytest.approx(data, rel=2e-3) if "_id" in name else data), name
    pages = PAGE_BYTES if first.layout is Layout.TIME_SERIES else first.error_bytes
    assert second.total_bytes == pytest.approx(first.total_bytes, rel=share, abs=pages), name


def test_every_experiment_is_told(sized: dict[str, Result]) -> None:
    assert [each.number for each in BY_KEY.values()] == list(range(1, 9))


def test_a_history_is_replayed_as_it_grows(short_tmp_path: Path) -> None:
    growth: list[Growth] = []

    def replay() -> Iterator[Progressed]:
        growth.extend((yield from replay_growth(small_task(short_tmp_path))))

    last = list(replay())[-1]
    assert last.done == last.total == 2 * READINGS
    assert len(growth) == SAMPLES
    assert growth[-1].readings == READINGS
    assert all(each.regular_bytes == 130 * each.readings for each in growth)
    assert all(0 < each.timeseries_bytes < each.regular_bytes / 4 for each in growth)
    assert left_behind(short_tmp_path) == []
