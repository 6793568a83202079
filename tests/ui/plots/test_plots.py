"""Charts draw what they are given: heights, gaps, labels, in every size, theme and marker."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.color import Color

from linky_tui.demo.household import Household
from linky_tui.domain.curve import Curve
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import day_start
from linky_tui.ui.plots import BarGroup, BarPlot, Chart, GroupPlot, HeatPlot, Plot, Spot
from linky_tui.ui.plots.axes import curve_line, minutes_range, shifted_to, time_ticks
from linky_tui.ui.plots.canvas import Grid, scale
from linky_tui.ui.plots.chart import draw
from linky_tui.ui.plots.palette import Palette
from linky_tui.ui.plots.periods import Period, Span
from tests.tools.app import screen_text
from tests.ui.plots.drawing import COLORS, MARKERS, PLAIN, bars, drawn, line, picture


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
    tops = {"".join(column).strip(" ┈") for column in zip(*picture(rows), strict=True)} - {""}
    assert len({len(top) for top in tops}) == 1


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
            assert index - 1 == int(label[:2]) * lines // 24


@given(st.floats(0.001, 1e7, allow_nan=False), st.integers(2, 57))
def test_scales_hold_their_values_with_round_ticks(highest: float, rows: int) -> None:
    found = scale(highest, rows)
    assert found.top >= highest * (1 - 1e-9)
    assert found.top <= max(highest * 1.5, 1e-3)
    assert found.ticks[0] == 0
    assert found.ticks[-1] in (
        pytest.approx(found.top),
        pytest.approx(found.top - found.ticks[1] / 2),
    )
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


async def test_an_equal_plot_is_not_drawn_again_but_read_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawings: list[Plot] = []
    first, second, third = (
        replace(bars([1.0, value]), read=lambda *_, said=said: Spot(said))
        for said, value in (("before", 2.0), ("after", 2.0), ("other", 3.0))
    )

    def counted(plot: Plot, *how: Any, **more: Any) -> Grid:
        drawings.append(plot)
        return draw(plot, *how, **more)

    monkeypatch.setattr("linky_tui.ui.plots.chart.draw", counted)
    app = OneChart()
    async with app.run_test(size=(80, 24)) as pilot:
        chart = app.query_one(Chart)
        for plot in (first, second, third):
            chart.show(plot)
            chart.step(-1, 0)
            await pilot.pause()
            assert chart.spot is not None
            assert plot.read is not None
            assert chart.spot == plot.read(0, 0)
    assert drawings == [first, third]
