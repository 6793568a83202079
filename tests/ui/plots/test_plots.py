"""Charts draw what they are given: heights, gaps, labels, in every size, theme and marker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from linky_tui.demo.household import Household
from linky_tui.domain.curve import Curve
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import day_start
from linky_tui.ui.plots import (
    BarGroup,
    BarPlot,
    Chart,
    GroupPlot,
    HeatPlot,
    LinePlot,
    LineSeries,
    Plot,
    Tick,
)
from linky_tui.ui.plots.axes import curve_line, minutes_range, shifted_to, time_ticks
from linky_tui.ui.plots.canvas import Grid, scale
from linky_tui.ui.plots.chart import draw
from linky_tui.ui.plots.line import thinned_line
from linky_tui.ui.plots.palette import Palette, palette
from linky_tui.ui.plots.periods import Period, Span
from tests.ui.support import screen_text

COLORS = palette(BUILTIN_THEMES["textual-dark"].to_color_system().generate())
PLAIN = replace(COLORS, monochrome=True)
MARKERS = ("braille", "half-block", "dot")


def drawn(
    plot: Plot, width: int = 60, height: int = 13, colors: Palette = COLORS, marker: str = "braille"
) -> list[str]:
    return draw(plot, width, height, colors, marker).plain()


def picture(rows: Sequence[str]) -> list[str]:
    """The rows of the picture itself, without labels and axes."""
    return [row[row.index(axis) + 1 :] for row in rows[1:-2] for axis in "│┤" if axis in row]


def bars(values: Sequence[float | None], **more: object) -> BarPlot:
    labels = [f"d{number}" for number in range(len(values))]
    return BarPlot(unit="kWh", labels=labels, values=values, **more)  # type: ignore[arg-type]


def line(ys: Sequence[float | None], **more: object) -> LinePlot:
    series = LineSeries(name="a", xs=list(range(len(ys))), ys=ys)
    return LinePlot(unit="W", series=[series], x_range=(0, len(ys) - 1), **more)  # type: ignore[arg-type]


def test_bars_are_as_high_as_their_values_to_the_eighth() -> None:
    rows = picture(drawn(bars([10.0, 5.0, 2.5, 1.25])))
    columns = ["".join(column) for column in zip(*rows, strict=True)]
    eighths = " ▁▂▃▄▅▆▇█"
    heights = {
        sum(max(eighths.find(char), 0) for char in column)
        for column in columns
        if any(char in eighths[1:] for char in column)
    }
    assert heights == {80, 40, 20, 10}


def test_a_missing_bar_is_a_dot_and_a_zero_is_not() -> None:
    bottom = picture(drawn(bars([1.0, None, 0.0, 1.0])))[-1]
    assert bottom.count("·") == 1
    assert "·" not in picture(drawn(bars([1.0, 0.0])))[-1]


def test_days_to_come_are_neither_missing_nor_zero() -> None:
    rows = picture(drawn(bars([1.0, None, None], unexpected=frozenset({1, 2}))))
    assert "·" not in "".join(rows)


def test_incomplete_bars_are_hatched_and_explained() -> None:
    rows = drawn(bars([4.0, 4.0], partial=frozenset({1})))
    assert "incomplete" in rows[0]
    assert "▒" in rows[-4]
    assert "incomplete" not in drawn(bars([4.0, 4.0]))[0]


def test_more_bars_than_columns_become_means_and_say_so() -> None:
    rows = drawn(bars([3.0, 5.0] * 100), width=60)
    assert "mean of 4 a column" in rows[0]
    top = next(row for row in picture(rows) if "█" in row)
    assert set(top.strip("┈ ")) <= {"█", " ", "┈"}


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


def test_only_lines_that_plotext_draws_fast_are_left_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
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


def heat(columns: int, value: float | None = 300.0) -> HeatPlot:
    return HeatPlot(
        unit="W",
        columns=[[value] * 24 for _ in range(columns - 1)] + [[None] * 24],
        column_labels=[f"c{number}" for number in range(columns)],
        row_labels=[f"{hour:02d}:00" for hour in range(24)],
    )


@pytest.mark.parametrize("colors", [COLORS, PLAIN])
def test_the_heat_map_shows_gaps_as_dots(colors: Palette) -> None:
    plot = heat(4)
    rows = drawn(plot, width=50, height=27, colors=colors)
    for row in rows[1:-2]:
        assert row[-8:].strip() in ("·" * len(row[-8:].strip()), "")
        assert "·" in row
        assert "·" not in row[:30]


def test_the_heat_map_needs_no_colours() -> None:
    columns = [[float(power)] * 24 for power in (0, 300, 1500, 4000)]
    plot = HeatPlot(unit="W", columns=columns, column_labels=[""] * 4, row_labels=[""] * 24)
    row = drawn(plot, width=48, height=27, colors=PLAIN)[5]
    assert len({char for char in row if char in " ░▒▓█"}) >= 4


def test_the_labels_of_hours_stand_at_their_rows() -> None:
    for height in range(8, 61):
        rows = drawn(heat(7), width=60, height=height)
        labels = [(index, row[:5]) for index, row in enumerate(rows) if row[2:5] == ":00"]
        lines = next(index for index, row in enumerate(rows) if "─" in row) - 1
        assert labels[0] == (1, "00:00")
        for index, label in labels:
            assert (index - 1) * 24 == int(label[:2]) * lines


@given(
    st.floats(0.001, 1e7, allow_nan=False),
    st.integers(2, 57),
)
def test_scales_hold_their_values_with_round_ticks(highest: float, rows: int) -> None:
    found = scale(highest, rows)
    assert found.top >= highest * (1 - 1e-9)
    assert found.top <= max(highest * 2.6, 1e-3)
    assert found.ticks[0] == 0
    assert found.ticks[-1] == pytest.approx(found.top)
    labels = [found.label(tick) for tick in found.ticks]
    assert len(set(labels)) == len(labels)


@settings(max_examples=40)
@example(20, 5, MARKERS[0], [5e-324], False)
@given(
    st.integers(20, 120),
    st.integers(5, 40),
    st.sampled_from(MARKERS),
    st.lists(st.one_of(st.none(), st.floats(0, 9000)), min_size=1, max_size=90),
    st.booleans(),
)
def test_every_chart_fills_its_place_exactly(
    width: int, height: int, marker: str, values: list[float | None], plain: bool
) -> None:
    colors = PLAIN if plain else COLORS
    group = BarGroup(name="2026", values=values)
    labels = [f"{number} Nov" for number in range(len(values))]
    plots: list[Plot] = [
        bars(values),
        line(values),
        GroupPlot(unit="kWh", labels=labels, groups=[group, replace(group, name="2025")]),
        HeatPlot(
            unit="W", columns=[values] * 9, column_labels=["x"] * 9, row_labels=[""] * len(values)
        ),
    ]
    for plot in plots:
        grid = draw(plot, width, height, colors, marker)
        assert isinstance(grid, Grid)
        assert [len(row) for row in grid.plain()] == [width] * height
        assert [strip.cell_length for strip in grid.strips()] == [width] * height


def test_labels_under_the_axis_never_touch() -> None:
    labels = [f"{number % 30 + 1} Nov" for number in range(60)]
    plot = BarPlot(unit="kWh", labels=labels, values=[1.0] * 60)
    for width in (40, 73, 110, 200):
        words = drawn(plot, width=width)[-1].split()
        assert len(words) >= 4
        assert all(word == "Nov" for word in words[1::2])
        assert all(word.isdigit() for word in words[::2])


# Days of 23, 24 and 25 hours.


def curve_of(day: date, powers: int | None = None) -> Curve:
    readings = Household("12345678901234").readings(day, day)
    if powers is not None:
        readings = [Reading(each.start, each.interval_min, powers) for each in readings]
    return Curve.of(readings, day, day)


@pytest.mark.parametrize(
    ("day", "hours", "three_o_clock"),
    [(date(2026, 3, 29), 23, 2), (date(2026, 10, 25), 25, 4), (date(2026, 11, 21), 24, 3)],
)
def test_the_axis_of_a_day_has_the_hours_that_pass(
    day: date, hours: int, three_o_clock: int
) -> None:
    ticks = {tick.text: tick.at for tick in time_ticks(Period(Span.DAY, day, day, day))}
    assert minutes_range(day, day) == (0, hours * 60)
    assert ticks["03:00"] == three_o_clock * 60
    assert ticks["21:00"] == (hours - 3) * 60
    found = curve_line(curve_of(day), "day")
    assert found.xs[-1] == hours * 60
    assert None not in found.ys


@pytest.mark.parametrize(
    ("day", "against", "left_out"),
    [
        (date(2026, 3, 29), date(2026, 3, 28), 2),
        (date(2026, 3, 30), date(2026, 3, 29), 0),
        (date(2026, 10, 25), date(2026, 10, 24), 0),
        (date(2026, 10, 26), date(2026, 10, 25), 2),
    ],
)
def test_days_are_compared_by_their_wall_clock(day: date, against: date, left_out: int) -> None:
    before = curve_of(against)
    moved = shifted_to(before, day)
    assert len(moved) == len(before) - left_out
    assert list(moved.starts_s) == sorted(set(moved.starts_s))
    evening = before.starts_s[-1] - int(day_start(against + timedelta(days=1)).timestamp())
    assert moved.starts_s[-1] - int(day_start(day + timedelta(days=1)).timestamp()) == evening
    assert moved.powers_w[-1] == before.powers_w[-1]


def test_a_hole_in_the_curve_is_a_gap_in_the_line() -> None:
    found = curve_line(curve_of(date(2026, 3, 9)), "hole")
    gap = found.ys.index(None)
    assert found.xs[gap] == 10 * 60
    assert found.xs[gap + 1] == 15 * 60
    assert list(found.ys).count(None) == 1


# The widget.


class OneChart(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.chart = Chart("Nothing yet. Press s.")

    def compose(self) -> ComposeResult:
        yield self.chart


async def test_the_widget_follows_size_and_theme() -> None:
    app = OneChart()
    async with app.run_test(size=(80, 24)) as pilot:
        assert "Nothing yet. Press s." in screen_text(app)
        app.chart.show(bars([1.0, 2.0, 3.0]))
        await pilot.pause()
        wide = screen_text(app)
        assert "kWh" in wide
        assert max(map(len, wide.splitlines())) > 70
        inks = {str(segment.style.color) for segment in app.chart.render_line(20) if segment.style}
        app.theme = "gruvbox"
        await pilot.pause()
        other = {str(segment.style.color) for segment in app.chart.render_line(20) if segment.style}
        primary = Color.parse(app.theme_variables["primary"]).hex.lower()
        assert any(primary in ink.lower() for ink in other)
        assert inks != other
        await pilot.resize_terminal(40, 12)
        await pilot.pause()
        assert max(map(len, screen_text(app).splitlines())) <= 40
        await pilot.resize_terminal(19, 4)
        await pilot.pause()
        assert "too small" in screen_text(app)
        app.chart.show_empty("No readings.")
        await pilot.pause()
        assert "No readings." in screen_text(app)
