"""Plots of the laboratory: bars from zero, ranges and lines on logarithmic axes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linky_tui.lab.report.blocks import Bar, Bars, Line, Lines, Range, Ranges
from linky_tui.ui.laboratory.curves import LogLines
from linky_tui.ui.laboratory.rows import BarRows, RangeRows, log_ticks
from tests.ui.plots.drawing import COLORS, MARKERS, PLAIN, drawn

BARS = Bars(
    "Data a reading",
    "B",
    (
        Bar("regular, zstd", 130.0),
        Bar("time series, zstd", 65.0),
        Bar("day documents, an array of watts with a very long name indeed", 0.01),
    ),
)
RANGES = Ranges(
    "Time",
    "ms",
    (
        Range("a day, or two, regular", 1.0, 10.0, 100.0),
        Range("a day, or two, time series", 0.1, 0.1, 0.1),
        Range("base load, regular", 90.0, 100.0, 110.0),
    ),
)
LINES = Lines(
    "Bytes a meter",
    "homes",
    "B a meter",
    (
        Line("regular, home by home", ((10.0, 1e6), (100.0, 1e6), (1000.0, 1e6))),
        Line("time series, home by home", ((10.0, 1e4), (1000.0, 1e5))),
        Line("nothing", ()),
    ),
)


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("width", [40, 76, 150])
def test_bars_are_as_long_as_their_values(width: int, marker: str) -> None:
    plot = BarRows(unit="B", bars=BARS)
    rows = drawn(plot, width, plot.rows, marker=marker)
    assert rows[0].startswith("Data a reading (B)")
    lengths = [sum(char in "▏▎▍▌▋▊▉█" for char in row) for row in rows[1:4]]
    assert lengths[0] == pytest.approx(2 * lengths[1], abs=2)
    assert lengths[2] == 1, "a small one does not vanish"
    assert [row.split()[-1] for row in rows[1:4]] == ["130.0", "65.0", "0.0"]
    assert "regular, zstd" in rows[1]
    assert all(len(row) == width for row in rows)


def test_without_colours_layouts_differ_in_shape() -> None:
    rows = drawn(BarRows(unit="B", bars=BARS), 76, 5, colors=PLAIN)
    assert ["█" in rows[1], "▓" in rows[2], "▒" in rows[3]] == [True] * 3


@pytest.mark.parametrize("width", [40, 76, 150])
def test_ranges_share_a_logarithmic_axis(width: int) -> None:
    plot = RangeRows(unit="ms", ranges=RANGES)
    rows = drawn(plot, width, plot.rows)
    assert rows[1].startswith("a day, or two")
    assert rows[4].startswith("base load")
    low, middle, high = (rows[2].index(char) for char in "├●┤")
    assert high - middle == pytest.approx(middle - low, abs=1), "a decade each"
    assert rows[3].index("●") < low
    assert rows[5].index("●") == pytest.approx(high, abs=1)
    assert [row.split()[-1] for row in (rows[2], rows[3], rows[5])] == ["10.00", "0.10", "100.00"]
    assert {"0.1", "1", "10", "100"} <= set(rows[-1].split())


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("width", [40, 76, 150])
def test_lines_of_powers_are_straight(width: int, marker: str) -> None:
    plot = LogLines(unit="", lines=LINES)
    rows = drawn(plot, width, plot.rows, marker=marker)
    text = "\n".join(rows)
    assert "● regular, home by home" in text
    assert "○ time series, home by home" in text
    assert "nothing" not in text
    body = rows[3 if width < 60 else 2 :]
    places = [(x, y) for y, row in enumerate(body) for x, char in enumerate(row) if char == "●"]
    assert len(places) == 3
    assert len({y for _, y in places}) == 1
    (one, _), (two, _), (three, _) = places
    assert three - two == pytest.approx(two - one, abs=1)
    assert {"10", "100", "1,000"} <= set(rows[-1].split())
    assert {"10,000", "1,000,000"} <= set(text.split())
    strokes = sum(0x2800 <= ord(char) < 0x2900 or char in "▀▄▘▝▖▗▚▞" for char in text)
    assert bool(strokes) is (marker != "dot")


def test_nothing_to_draw_is_no_error() -> None:
    for plot in (
        BarRows(unit="B", bars=replace(BARS, bars=())),
        RangeRows(unit="ms", ranges=replace(RANGES, ranges=())),
        LogLines(unit="", lines=replace(LINES, lines=())),
    ):
        assert len(drawn(plot, 40, max(5, plot.rows), colors=COLORS)) >= 5


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.9, 11.0, [1, 2, 5, 10]),
        (9e3, 1.1e6, [1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6]),
        (0.01, 1e6, [10.0**power for power in range(-2, 7)]),
    ],
)
def test_ticks_are_round_and_few(low: float, high: float, ticks: list[float]) -> None:
    assert log_ticks(low, high) == pytest.approx(ticks)
