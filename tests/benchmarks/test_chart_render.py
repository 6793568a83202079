"""How long the charts take to draw: at most 50 ms at 200x60 with two years of data.

``python -m pytest -m benchmark tests/benchmarks -s`` prints the figures. Machines differ, so each
is also given as a ratio to the same empty frame, drawn in the same run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import date

import pytest
from textual.theme import BUILTIN_THEMES

from linky_tui.demo.household import DEMO_PRM, Household
from linky_tui.domain.curve import Curve, average_day, heat_map
from linky_tui.domain.paris import days_between
from linky_tui.ui.plots import BarGroup, BarPlot, GroupPlot, HeatPlot, LinePlot, LineSeries, Plot
from linky_tui.ui.plots.axes import curve_line, minutes_range
from linky_tui.ui.plots.chart import draw
from linky_tui.ui.plots.palette import palette
from linky_tui.ui.plots.spots import daily_means

pytestmark = pytest.mark.benchmark

WIDTH, HEIGHT = 200, 60
LIMIT_MS = 50.0
FIRST, LAST = date(2024, 11, 22), date(2026, 11, 21)
COLORS = palette(BUILTIN_THEMES["textual-dark"].to_color_system().generate())


def _median_ms(work: Callable[[], object], repetitions: int = 15) -> float:
    taken = []
    for _ in range(repetitions):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


@pytest.fixture(scope="module")
def curve() -> Curve:
    return Curve.of(Household("12345678901234").readings(FIRST, LAST), FIRST, LAST)


@pytest.fixture(scope="module")
def empty_ms() -> float:
    nothing = BarPlot(unit="W", labels=[], values=[])
    return _median_ms(lambda: draw(nothing, WIDTH, HEIGHT, COLORS, "braille").strips())


def _plots(curve: Curve) -> dict[str, Plot]:
    days = list(days_between(FIRST, LAST))
    heat = heat_map(curve)
    average = average_day(curve)
    line = curve_line(curve, "two years")
    x_range = minutes_range(FIRST, LAST)
    raw = LineSeries(
        name="all readings",
        xs=[(at - curve.starts_s[0]) / 60 for at in curve.starts_s],
        ys=curve.powers_w,
    )
    slots = [index * 30 for index in range(48)]
    daily, band, read = daily_means(curve, "mean of each day")
    a_day = Curve.of(Household(DEMO_PRM).readings(LAST, LAST), LAST, LAST)
    return {
        "load curve": LinePlot(unit="W", series=[line], x_range=x_range),
        "filled day": LinePlot(
            unit="W",
            series=[curve_line(a_day, "day")],
            x_range=minutes_range(LAST, LAST),
            filled=True,
        ),
        "filled": LinePlot(unit="W", series=[line], x_range=x_range, filled=True),
        "days in a band": LinePlot(
            unit="W", series=[daily], band=band, spans=band.spans, read=read, x_range=x_range
        ),
        "load curve, compared": LinePlot(
            unit="W",
            series=[line, LineSeries(name="again", xs=line.xs, ys=line.ys, dim=True)],
            x_range=x_range,
        ),
        "every reading": LinePlot(unit="W", series=[raw], x_range=x_range),
        "average day": LinePlot(
            unit="W",
            series=[
                LineSeries(name="working days", xs=slots, ys=average.working_w),
                LineSeries(name="weekends", xs=slots, ys=average.weekend_w),
            ],
            x_range=(0, 1440),
        ),
        "heat map": HeatPlot(
            unit="W",
            columns=heat.mean_w,
            column_labels=["" for _ in days],
            row_labels=[""] * 48,
        ),
        "730 bars": BarPlot(
            unit="kWh", labels=["" for _ in days], values=[float(day.day) for day in days]
        ),
        "years": GroupPlot(
            unit="kWh",
            labels=[str(month) for month in range(12)],
            groups=[BarGroup(name=str(year), values=list(range(12))) for year in range(3)],
        ),
    }


def test_every_chart_is_drawn_in_50_ms(curve: Curve, empty_ms: float) -> None:
    print(f"\n{'200x60, two years':22} {'median':>9}   of an empty chart ({empty_ms:.1f} ms)")
    slow = []
    for marker in ("braille", "half-block", "dot"):
        for name, plot in _plots(curve).items():
            taken = _median_ms(
                lambda plot=plot, marker=marker: draw(plot, WIDTH, HEIGHT, COLORS, marker).strips()  # type: ignore[misc]
            )
            print(f"{name:22} {taken:6.1f} ms   x{taken / empty_ms:.1f}   {marker}")
            if taken > LIMIT_MS:
                slow.append((name, marker, taken))
    assert not slow
