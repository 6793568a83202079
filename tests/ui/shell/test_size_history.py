"""The growth of both collections: one line each, whatever the run does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linky_tui.storage.compare.sizes import CollectionSize
from linky_tui.storage.compare.stats import Comparison
from linky_tui.ui.shell.size_history import SizeHistory
from linky_tui.words.comparison import comparison_rows, detail_rows, sameness


def comparison(
    readings: int, of_timeseries: int | None = None, *, identical: bool | None = None
) -> Comparison:
    other = readings if of_timeseries is None else of_timeseries
    return Comparison(
        "6.0.5",
        "local",
        CollectionSize("one", readings, readings * 130, 4096, 8192, readings * 17, 4096),
        CollectionSize("two", other, other * 2, 4096, 4096),
        1,
        1,
        "hours",
        identical,
        settled=True,
    )


def test_it_needs_two_samples_and_skips_what_did_not_grow() -> None:
    history = SizeHistory()
    assert history.plot() is None
    for readings in (0, 0, 336, 336, 672):
        history.add(comparison(readings), "run")
    plot = history.plot()
    assert plot is not None
    assert [list(series.xs) for series in plot.series] == [[0, 336, 672]] * 2
    assert [list(series.ys) for series in plot.series] == [
        pytest.approx([0, 0.04368, 0.08736]),
        pytest.approx([0, 0.000672, 0.001344]),
    ]
    assert plot.x_range == (0, 672)


def test_another_run_starts_anew() -> None:
    history = SizeHistory()
    history.add(comparison(10), "one run")
    history.add(comparison(20), "another run")
    assert [each.readings for each in history.samples] == [20]


def test_a_long_run_keeps_its_ends_and_its_shape() -> None:
    history = SizeHistory()
    for readings in range(5000):
        history.add(comparison(readings), "run")
    kept = [each.readings for each in history.samples]
    assert len(kept) <= 601
    assert (kept[0], kept[-1]) == (0, 4999)
    assert kept == sorted(kept)


@pytest.mark.parametrize(("last", "step"), [(3, 1), (60, 10), (672, 200), (33_904, 10_000)])
def test_ticks_are_round(last: int, step: int) -> None:
    history = SizeHistory()
    history.add(comparison(0), "run")
    history.add(comparison(last), "run")
    plot = history.plot()
    assert plot is not None
    assert [tick.at for tick in plot.x_ticks] == list(range(0, last + 1, step))
    assert plot.x_ticks[-1].text == f"{plot.x_ticks[-1].at:,}"


def test_how_alike_both_are_is_never_claimed_without_proof() -> None:
    assert sameness(comparison(5, identical=True)) == "identical"
    assert sameness(comparison(5, identical=False)) == "different"
    assert sameness(comparison(5)) == "same count"
    assert sameness(comparison(1336, 1000)) == "336 apart"


@pytest.mark.parametrize("settled", [False, None])
def test_sizes_on_disk_are_not_shown_before_they_are_settled(settled: bool | None) -> None:
    found = replace(comparison(5000), settled=settled)
    rows = {row.label: row.cells for row in [*comparison_rows(found), *detail_rows(found)]}
    for label in ("storage", "indexes", "total", "total without _id", "free"):
        assert rows[label] == ("–", "–", "settling")
    assert rows["data"][2] == "98.5 %"
    assert rows["total per reading"][:2] == ("–", "–")
    assert {row.label: row.saved for row in comparison_rows(comparison(5000))}["total"] == "33.3 %"


def test_data_whose_size_was_lost_in_a_crash_is_neither_shown_nor_drawn() -> None:
    found = comparison(5000)
    found = replace(found, timeseries=replace(found.timeseries, data_bytes=None))
    rows = {row.label: row.cells for row in [*comparison_rows(found), *detail_rows(found)]}
    assert rows["data"] == ("650 kB", "–", "–")
    assert rows["data without _id"][1:] == ("–", "–")
    assert rows["per reading"] == ("130.0 B", "–", "")
    history = SizeHistory()
    history.add(found, "run")
    assert not history.samples
