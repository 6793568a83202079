"""The bars say how the server itself compresses, and draw nothing before it is settled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linky_tui.storage.compare.sizes import CollectionSize
from linky_tui.storage.compare.stats import Comparison
from linky_tui.storage.compare.zstd_copy import ZstdCopy
from linky_tui.ui.comparison.size_bars import UNSETTLED, size_bars

REGULAR = CollectionSize("one", 1000, 130_000, 60_000, 40_000, compressor="snappy")
TIMESERIES = CollectionSize("two", 1000, 2_000, 6_000, 4_000, compressor="zstd")
COPY = ZstdCopy(CollectionSize("probe", 1000, 130_000, 30_000, 40_000, compressor="zstd"), True)


def compared(compressor: str | None = "snappy", *, settled: bool = True) -> Comparison:
    regular = replace(REGULAR, compressor=compressor)
    return Comparison("8.0", "remote", regular, TIMESERIES, 1, 1, "hours", None, settled)


def test_each_bar_has_its_total_and_what_it_saves() -> None:
    bars = size_bars(compared(), COPY)
    assert [bar.label for bar in bars] == ["one, snappy", "one, copied with zstd", "two, zstd"]
    assert [bar.total_bytes for bar in bars] == [100_000, 70_000, 10_000]
    assert [bar.note for bar in bars] == ["", "30.0 % saved", "90.0 % saved"]


@pytest.mark.parametrize(
    ("compressor", "label", "said"),
    [
        ("snappy", "one, snappy", "Not measured yet: press z."),
        ("zstd", "one, zstd", "Regular is zstd already: see above."),
        (None, "one, compressor not known", "Not measured yet: press z."),
    ],
)
def test_a_regular_collection_is_told_as_the_server_has_it(
    compressor: str | None, label: str, said: str
) -> None:
    regular, copy, _ = size_bars(compared(compressor), None)
    assert (regular.label, copy.empty) == (label, said)


def test_what_is_not_settled_is_neither_drawn_nor_compared() -> None:
    regular, copy, timeseries = size_bars(compared(settled=False), COPY)
    assert (regular.empty, timeseries.empty) == (UNSETTLED, UNSETTLED)
    assert (regular.total_bytes, timeseries.total_bytes, copy.note) == (0, 0, "")
    unsure = size_bars(compared(), replace(COPY, settled=False))[1]
    assert (unsure.total_bytes, unsure.note) == (0, "")
    assert "press z again" in unsure.empty
