"""Pictures that are read at a glance: gaps between bars, weeks, the median, areas, bands, maps."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import pytest

from linky_tui.ui.plots import Band, BarPlot, GroupPlot, HeatPlot, LinePlot, LineSeries, Plot, Spot
from linky_tui.ui.plots.canvas import Reach
from linky_tui.ui.plots.chart import draw
from linky_tui.ui.plots.crosshair import place_at, with_crosshair
from linky_tui.ui.plots.plots import places
from tests.ui.plots.drawing import COLORS, MARKERS, PLAIN, drawn, picture

INK = set("█▌▐▖▗▄▁▂▃▅▆▇")


def days(count: int, **more: object) -> BarPlot:
    """Full bars that begin on a Monday."""
    monday = [f"{index} Nov" if index % 7 == 0 else "" for index in range(count)]
    plot = BarPlot(unit="kWh", labels=monday, values=[10.0] * count, marks=True)
    return replace(plot, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [66, 80, 100, 116, 150, 196])
def test_bars_have_gaps_and_stand_in_weeks(width: int) -> None:
    grid = draw(days(60), width, 20, COLORS, "half-block")
    row = "".join(grid.chars[-4])
    halves = "".join({"▌": "10", "▐": "01", "█": "11"}.get(char, "00") for char in row)
    sizes = [len(list(group)) for bit, group in groupby(halves) if bit == "1"]
    assert len(sizes) == 60
    assert len(set(sizes)) == 1, "all bars are equally wide"
    ticks = [index for index, char in enumerate(grid.chars[-2]) if char == "┬"]
    assert grid.reach is not None
    for tick in ticks:
        place = place_at(grid.reach, tick, 5)
        assert place is not None
        assert place[0] % 7 == 0
    assert len(ticks) >= 4


@pytest.mark.parametrize("colors", [COLORS, PLAIN])
def test_weekends_are_told_under_their_bars_and_by_their_colour(colors: object) -> None:
    weekends = frozenset(index for index in range(28) if index % 7 >= 5)
    grid = draw(days(28, weekends=weekends), 100, 16, colors, "half-block")  # type: ignore[arg-type]
    axis = grid.chars[-2]
    assert grid.reach is not None
    double = {place_at(grid.reach, at, 5) for at, char in enumerate(axis) if char == "═"}
    assert double == {(index, 0) for index in weekends}
    styles = {grid.styles[-4][int(grid.reach.bounds[index][0])] for index in (0, 5)}
    assert len(styles) == 2
    assert "weekend" in "".join(grid.chars[0])


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("width", [34, 48, 100])
@pytest.mark.parametrize("least", [2.0, 10.0])
def test_without_colours_weekends_have_a_pattern_of_their_own(
    width: int, marker: str, least: float
) -> None:
    """Bars of half a cell, of a cell that begins in the middle of one, and of whole cells."""
    weekends = frozenset(index for index in range(28) if index % 7 >= 5)
    values = [least if index in weekends else 10.0 for index in range(28)]
    grid = draw(days(28, weekends=weekends, values=values), width, 16, PLAIN, marker)
    assert grid.reach is not None
    signs: dict[bool, set[str]] = {True: set(), False: set()}
    for column in range(int(grid.reach.bounds[0][0]), width):
        if (place := place_at(grid.reach, column, 5)) is not None and grid.chars[-4][column] != " ":
            signs[place[0] in weekends].add(grid.chars[-4][column])
    assert signs[True]
    assert signs[False]
    assert not signs[True] & signs[False]
    heading = "".join(grid.chars[0])
    assert heading[heading.index(" weekend") - 1] in signs[True]


def test_the_median_is_a_line_at_its_height_with_its_value() -> None:
    values = [10.0 if index % 2 else 4.0 for index in range(20)]
    rows = drawn(days(20, values=values, median=5.0), width=80, height=23)
    assert "median 5.0" in rows[0]
    lines = [index for index, row in enumerate(picture(rows)) if "╌" in row]
    assert lines == [10]
    assert "median" not in drawn(days(20), width=80)[0]


@pytest.mark.parametrize("marker", MARKERS)
def test_the_area_under_a_line_is_filled_down_to_the_axis_and_gaps_are_not(marker: str) -> None:
    ys: list[float | None] = [500.0] * 20 + [None] * 20 + [1000.0] * 20
    line = LineSeries(name="a", xs=list(range(60)), ys=ys)
    plot = LinePlot(unit="W", series=[line], x_range=(0, 59), filled=True)
    for colors in (COLORS, PLAIN):
        rows = picture(drawn(plot, width=69, height=23, marker=marker, colors=colors))
        bottom = rows[-1]
        fill = "█" if colors is COLORS and marker != "dot" else "░"
        assert bottom[1:18] == fill * 17
        assert bottom[45:58] == fill * 13
        assert set(bottom[23:38]) <= {" ", "┈"}
        assert sum(fill in row[5] for row in rows) == pytest.approx(10, abs=1)


def test_a_band_reaches_from_the_lowest_to_the_highest() -> None:
    spans = [(0.0, 10.0), (10.0, 20.0), (30.0, 40.0)]
    band = Band(name="range", spans=spans, lows=[0, 500, 200], highs=[1000, 750, 201])
    mean = LineSeries(name="mean", xs=[0, 20], ys=[600, 600])
    plot = LinePlot(unit="W", series=[mean], band=band, x_range=(0, 40), spans=spans)
    rows = picture(drawn(plot, width=87, height=23))
    columns = ["".join(column) for column in zip(*rows, strict=True)]
    height = len(rows)
    assert height == 20

    def filled(column: str) -> tuple[int, int]:
        marked = [index for index, char in enumerate(column) if char not in " ┈"]
        return height - marked[-1] - 1, height - marked[0]

    assert filled(columns[5]) == (0, 20)
    assert filled(columns[25]) == (10, 15)
    assert set(columns[50]) <= {" ", "┈"}, "nothing is known there"
    assert filled(columns[70])[1] - filled(columns[70])[0] == 1
    assert "range" in drawn(plot, width=87)[0]


def heat(values: list[float], rows: int = 48) -> HeatPlot:
    return HeatPlot(
        unit="W",
        columns=[[value] * rows for value in values],
        column_labels=[""] * len(values),
        row_labels=[""] * rows,
    )


def test_a_few_high_values_do_not_make_the_rest_one_colour() -> None:
    values = [float(number) for number in range(1, 100)] + [9_000.0]
    grid = draw(heat(values), 120, 30, COLORS, "half-block")
    assert "and more" in "".join(grid.chars[0])
    assert len({str(style) for style in grid.styles[3] if style and style.bgcolor}) > 20
    assert "9,000" not in "".join(grid.chars[0])


@pytest.mark.parametrize(("height", "told_apart"), [(27, 48), (15, 24), (53, 48)])
def test_half_hours_are_told_apart_where_rows_allow(height: int, told_apart: int) -> None:
    column = [float(number * 37 % 48 * 20) for number in range(48)]
    plot = replace(heat([0.0] * 7), columns=[column] * 7)
    grid = draw(plot, 60, height, COLORS, "half-block")
    at = int(grid.reach.bounds[3][0]) if grid.reach else 0
    halves = [
        str(part)
        for style in (row[at] for row in grid.styles[1:-2])
        if style is not None
        for part in (style.color, style.bgcolor)
    ]
    bands = [key for key, _ in groupby(halves)]
    assert len(bands) == pytest.approx(told_apart, abs=told_apart // 6)


def test_days_to_come_are_blank_on_a_map_of_7_columns() -> None:
    plot = replace(heat([100.0] * 7), unexpected=frozenset({6}))
    grid = draw(plot, 77, 27, COLORS, "half-block")
    assert grid.reach is not None
    assert len(grid.reach.bounds) == 7
    last = int(grid.reach.bounds[6][0])
    assert {char for row in grid.chars[1:-2] for char in row[last:]} == {" "}
    assert {char for row in grid.chars[1:-2] for char in row[last - 8 : last]} >= {"▀"}


def test_every_place_is_found_under_the_mouse_where_the_crosshair_stands() -> None:
    reach = Reach([(5.0, 7.5), (7.5, 10.0), (12.0, 14.0)], top=1, height=10, rows=5)
    assert [place_at(reach, column, 1) for column in (4, 5, 7, 9, 10, 12, 14)] == [
        None, (0, 0), (1, 0), (1, 0), None, (2, 0), None,
    ]  # fmt: skip
    assert [place_at(reach, 5, row) for row in (0, 1, 2, 3, 10, 11)] == [
        None, (0, 0), (0, 0), (0, 1), (0, 4), None,
    ]  # fmt: skip
    for count in (7, 24, 31, 60):
        for width in (80, 120):
            low = days(count, values=[1.0] * (count - 1) + [10.0])
            grid = draw(low, width, 20, COLORS, "half-block")
            assert grid.reach is not None
            left = int(grid.reach.bounds[0][0])
            for index in range(count - 1):
                shown = with_crosshair(grid, (index, 0), Spot("now", 480, 240).text, COLORS)
                assert " now · 480 W · 240 Wh " in "".join(shown.chars[0])
                line = left + "".join(shown.chars[3][left:]).index("│")
                assert place_at(grid.reach, line, 5) == (index, 0)
    assert places(days(7)) == (7, 1)


@pytest.mark.parametrize(("width", "both"), [(60, False), (75, True), (120, True)])
def test_the_legend_stays_beside_what_is_read_where_there_is_room(width: int, both: bool) -> None:
    plot = replace(days(28, weekends=frozenset({5}), partial=frozenset({7})), note="a note")
    said = "Sat 21 Nov 2026 · 594 W · 14.3 kWh"
    for place in range(28):
        grid = draw(plot, width, 16, COLORS, "half-block")
        assert "weekend" in "".join(grid.chars[0])
        heading = "".join(with_crosshair(grid, (place, 0), said, COLORS).chars[0])
        assert f" {said} " in heading
        assert ("█ weekend   ▒ incomplete" in heading) == both
    assert "weekend" not in "".join(
        draw(plot, width, 16, COLORS, "dot", with_legend=False).chars[0]
    )


@pytest.mark.parametrize("marker", MARKERS)
def test_plots_of_nothing_are_drawn(marker: str) -> None:
    nothing: tuple[Plot, ...] = (
        days(0),
        heat([]),
        LinePlot(unit="W", series=[], x_range=(0, 1), filled=True),
        LinePlot(unit="W", series=[LineSeries(name="", xs=[], ys=[])], x_range=(0, 1), filled=True),
        GroupPlot(unit="kWh", labels=[], groups=[]),
    )
    for plot in nothing:
        grid = draw(plot, 40, 12, COLORS, marker)
        assert [len(row) for row in grid.plain()] == [40] * 12
        assert grid.reach is not None
        assert place_at(grid.reach, 20, 5) is None
