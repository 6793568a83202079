"""Lines: gaps, extremes, markers, and the same picture whoever draws them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linky_tui.ui.plots import LinePlot, LineSeries, Tick
from linky_tui.ui.plots.chart import draw
from linky_tui.ui.plots.strokes import thinned_line
from tests.ui.plots.drawing import COLORS, MARKERS, PLAIN, drawn, line, picture


@pytest.mark.parametrize("marker", MARKERS)
def test_a_gap_in_a_line_stays_empty(marker: str) -> None:
    ys = [500.0] * 20 + [None] * 20 + [500.0] * 20
    rows = picture(drawn(line(ys), width=69, marker=marker))
    columns = ["".join(column) for column in zip(*rows, strict=True)]
    filled = [bool(column.strip(" ┈")) for column in columns]
    assert not any(filled[23:38])
    assert all(filled[1:18])
    assert all(filled[44:58])


@pytest.mark.parametrize("marker", MARKERS)
def test_dense_lines_reach_their_highest_and_lowest_value(marker: str) -> None:
    ys = [100.0] * 5000
    ys[2500] = 4000.0
    ys[2501] = 4000.0
    rows = picture(drawn(line(ys), width=80, height=43, marker=marker))
    marked = [index for index, row in enumerate(rows) if row.strip(" ┈")]
    assert marked[0] == 0
    assert marked[-1] in (len(rows) - 1, len(rows) - 2)
    peak = next(i for i, char in enumerate(rows[0]) if char not in " ┈")
    assert peak == pytest.approx(len(rows[0]) / 2, abs=2)


@pytest.mark.parametrize(
    ("marker", "share"), [("braille", 0.15), ("half-block", 0.15), ("dot", 0.2)]
)
def test_long_and_short_lines_look_the_same(
    marker: str, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    ys: list[float | None] = [float(200 + 37 * number % 900) for number in range(30)]
    by_plotext = drawn(line(ys), width=70, height=20, marker=marker)
    monkeypatch.setattr("linky_tui.ui.plots.line.PLOTEXT_PIXELS", 0)
    ours = drawn(line(ys), width=70, height=20, marker=marker)
    cells = [
        (a, b)
        for one, other in zip(by_plotext, ours, strict=True)
        for a, b in zip(one, other, strict=True)
    ]
    differing = sum((a in " ┈") != (b in " ┈") for a, b in cells)
    marked = sum(a not in " ┈" for a, _ in cells)
    assert differing < marked * share


@pytest.mark.parametrize("dense", [0, 1])
def test_the_first_line_is_seen_where_two_meet(dense: int) -> None:
    many, few = range(1000), (0, 999)
    series = [
        LineSeries(
            name=f"{number}",
            xs=many if number == dense else few,
            ys=[400.0 + 400 * (at % 2) for at in (many if number == dense else few)],
            dim=number == 1,
        )
        for number in range(2)
    ]
    plot = LinePlot(unit="W", series=series, x_range=(0, 999))
    both = draw(plot, 90, 40, COLORS, "braille")
    alone = draw(replace(plot, series=series[:1]), 90, 40, COLORS, "braille")
    first = [
        (row, column)
        for row, styles in enumerate(alone.styles[1:-2], 1)
        for column, style in enumerate(styles)
        if style is COLORS.ink(0)
    ]
    assert len(first) > 40
    assert all(both.styles[row][column] is COLORS.ink(0) for row, column in first)


def test_lines_differ_without_colour() -> None:
    one = LineSeries(name="today", xs=[0, 10], ys=[100, 100])
    other = LineSeries(name="before", xs=[0, 10], ys=[50, 50], dim=True)
    plot = LinePlot(unit="W", series=[one, other], x_range=(0, 10))
    rows = picture(drawn(plot, colors=PLAIN))
    symbols = [{char for char in row if char not in " ┈"} for row in rows]
    used = [found for found in symbols if found]
    assert len(used) == 2
    assert not used[0] & used[1]


@pytest.mark.parametrize("marker", MARKERS)
def test_lines_have_the_marker_of_the_configuration_where_colours_tell_them_apart(
    marker: str,
) -> None:
    series = [LineSeries(name=f"{y}", xs=[0, 10], ys=[y, y]) for y in (25, 50, 75, 100)]
    plot = LinePlot(unit="W", series=series, x_range=(0, 10))
    rows = picture(drawn(plot, height=23, marker=marker))
    used = [found for row in rows if (found := set(row) - set(" ┈"))]
    assert len(used) == 4
    if marker == "dot":
        assert used == [{"•"}, {"+"}, {"x"}, {"•"}]
    else:
        assert all(min(found) >= ("⠀" if marker == "braille" else "▀") for found in used)


def test_a_single_value_is_seen() -> None:
    assert sum(char not in " ┈" for row in picture(drawn(line([5.0]))) for char in row) == 1


@pytest.mark.parametrize("plotext_pixels", [1500, 0])
def test_a_line_stands_above_its_places(
    plotext_pixels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linky_tui.ui.plots.line.PLOTEXT_PIXELS", plotext_pixels)
    # From the middle to three quarters of the axis, and from the bottom to the top of the scale.
    series = LineSeries(name="a", xs=[90, 200, 250, 390], ys=[500, 0, 1000, 500])
    ticks = [Tick(100, "start"), Tick(200, "mid"), Tick(250, "late"), Tick(300, "end")]
    plot = LinePlot(unit="W", series=[series], x_range=(100, 300), x_ticks=ticks)
    rows = drawn(plot, width=87, height=53)
    left = rows[1].index("┤") + 1
    rows = [row[left:] for row in rows]
    filled = [any(row[column] not in " ┈" for row in rows[1:-2]) for column in range(80)]
    assert [column for column, here in enumerate(filled) if here] == list(range(40, 60))
    assert rows[1][59] not in " ┈"
    assert rows[-3][40] not in " ┈"
    assert [column for column, char in enumerate(rows[-2]) if char == "┬"] == [0, 40, 60, 79]
    assert rows[-1].split()[1:] == ["mid", "late", "end"]
    assert rows[-1].index("mid") + 1 == 40


@pytest.mark.parametrize("marker", MARKERS)
def test_steps_are_the_same_to_the_pixel(marker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ys: list[float | None] = [3.0, 3.0, 8.0, 8.0, 1.0, 1.0, 10.0]
    xs = [0, 2, 2, 3, 3, 7, 7]
    plot = LinePlot(unit="W", series=[LineSeries(name="a", xs=xs, ys=ys)], x_range=(0, 7))
    by_plotext = drawn(plot, marker=marker)
    monkeypatch.setattr("linky_tui.ui.plots.line.PLOTEXT_PIXELS", 0)
    assert drawn(plot, marker=marker) == by_plotext


def test_only_lines_that_plotext_draws_fast_are_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr("plotext.plot", lambda xs, _, **__: given.append(len(xs)))
    drawn(line([float(number % 2) for number in range(400)]), width=200, height=60)
    assert not given
    drawn(line([1.0, 2.0, 3.0]), width=200, height=60)
    assert given == [3]


def test_a_thinned_line_keeps_its_gaps_and_the_extremes_of_each_column() -> None:
    ys: list[float | None] = [None, None, None, 5, 1, 7, 3, 2, 2, None, 9, 8]
    xs, thinned = thinned_line(list(range(12, 24)), ys, (12, 24), 3)
    assert list(zip(xs, thinned, strict=True)) == [
        (15, 5),
        (16, 1),
        (17, 7),
        (20, 2),
        (22, None),
        (22, 9),
        (23, 8),
    ]


def test_the_legend_names_lines_only_where_there_are_several() -> None:
    assert "today" not in drawn(line([1.0, 2.0]))[0]
    both = LinePlot(
        unit="W",
        series=[LineSeries(name=name, xs=[0, 1], ys=[1, 2]) for name in ("today", "before")],
        x_range=(0, 1),
    )
    assert "today" in drawn(both)[0]
    assert "before" in drawn(both)[0]
