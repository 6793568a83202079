"""What the crosshair reads is what MongoDB holds, in every view, to the Wh."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pymongo
import pytest

from linky_tui.domain.paris import PARIS, day_bounds, day_minutes, day_of, day_start
from linky_tui.storage.store import Store
from linky_tui.text.formatting import watts_text
from linky_tui.ui.charts.page import LOADERS, ChartsPage
from linky_tui.ui.charts.request import Against, ChartRequest, View
from linky_tui.ui.plots import Chart, GroupPlot, HeatPlot, LinePlot, Plot, Spot
from linky_tui.ui.plots.periods import Period, Span
from linky_tui.ui.plots.plots import energy_text, places
from tests.tools.app import (
    FIRST_DAY,
    FIRST_TOTAL,
    HOME,
    SERIES,
    YESTERDAY,
    StoredHome,
    screen_text,
    wait_until,
)
from tests.ui.conftest import Running

Row = tuple[datetime, int, int]
"""Start (UTC), minutes and watts."""
HOLE = date(2026, 3, 9)
LONG_DAY = date(2026, 10, 25)


class InDatabase:
    """The readings, asked of MongoDB the plain way."""

    def __init__(self, home: StoredHome) -> None:
        with pymongo.MongoClient[dict[str, Any]](home.uri, tz_aware=True) as client:
            found = client[home.database]["consumption"].find(sort=[("timestamp", 1)])
            self.rows: list[Row] = [
                (each["timestamp"], each["meter"]["interval_min"], each["power_w"])
                for each in found
            ]
        self.by_day: dict[date, list[Row]] = defaultdict(list)
        for row in self.rows:
            self.by_day[row[0].astimezone(PARIS).date()].append(row)

    def between(self, first: date, last: date) -> list[Row]:
        start, end = day_bounds(first, last)
        return [row for row in self.rows if start <= row[0] < end]


def wh(rows: Sequence[Row]) -> float:
    return sum(minutes * watts for _, minutes, watts in rows) / 60


def mean(rows: Sequence[Row]) -> float:
    return wh(rows) * 60 / sum(minutes for _, minutes, _ in rows)


@pytest.fixture(scope="module")
def database(stored_home: StoredHome) -> InDatabase:
    return InDatabase(stored_home)


@pytest.fixture
def store(stored_home: StoredHome, tmp_path: Path) -> Iterator[Store]:
    with stored_home.open(tmp_path) as opened:
        yield opened


def loaded(store: Store, view: View, span: Span, day: date) -> Plot:
    period = Period(span, day, FIRST_TOTAL, YESTERDAY)
    asked = ChartRequest(SERIES, view, period, Against.NOTHING, YESTERDAY, FIRST_DAY)
    plot = LOADERS[view](store, asked).plot
    assert plot is not None
    return plot


def spots(plot: Plot) -> list[tuple[int, int, Spot]]:
    assert plot.read is not None
    wide, high = places(plot)
    every = ((column, row) for column in range(wide) for row in range(high))
    return [(*place, spot) for place in every if (spot := plot.read(*place)) is not None]


@pytest.mark.parametrize(
    ("span", "day"), [(Span.DAY, LONG_DAY), (Span.DAY, HOLE), (Span.WEEK, LONG_DAY)]
)
def test_a_load_curve_reads_every_reading(
    store: Store, database: InDatabase, span: Span, day: date
) -> None:
    period = Period(span, day, FIRST_TOTAL, YESTERDAY)
    plot = loaded(store, View.CURVE, span, day)
    assert isinstance(plot, LinePlot)
    rows = database.between(period.first, period.last)
    origin = day_start(period.first)
    found = spots(plot)
    assert len(found) == len(rows) > 30
    for (start, minutes, watts), (index, _, spot) in zip(rows, found, strict=True):
        assert plot.spans[index][0] == (start - origin) / timedelta(minutes=1)
        assert (spot.power_w, spot.energy_wh) == (watts, watts * minutes / 60)
        assert f"{start.astimezone(PARIS):%H:%M}" in spot.text
        assert f"{watts_text(watts)} · {energy_text(watts * minutes / 60)}" in spot.text


@pytest.mark.parametrize("span", [Span.MONTH, Span.YEAR])
def test_above_a_week_days_are_read_with_their_band(
    store: Store, database: InDatabase, span: Span
) -> None:
    plot = loaded(store, View.CURVE, span, HOLE)
    assert isinstance(plot, LinePlot)
    assert plot.band is not None
    found = spots(plot)
    period = Period(span, HOLE, FIRST_TOTAL, YESTERDAY)
    known = {day for day in database.by_day if period.first <= day <= period.last}
    assert len(known) > 20
    assert len(found) == len(plot.band.lows) == len(known)
    for index, _, spot in found:
        assert spot.day is not None
        rows = database.by_day[spot.day]
        powers = [watts for _, _, watts in rows]
        assert spot.energy_wh == pytest.approx(wh(rows))
        assert spot.power_w == pytest.approx(mean(rows))
        assert (plot.band.lows[index], plot.band.highs[index]) == (min(powers), max(powers))
        assert f"{min(powers):,} to {watts_text(max(powers))}" in spot.text
        assert ("incomplete" in spot.text) == (spot.day in (HOLE, *TORN))


TORN = {
    day
    for day in (HOLE + timedelta(days=offset) for offset in range(-70, 260))
    if 0 < sum(each.interval_min for each in HOME.readings(day, day)) < day_minutes(day)
}


@pytest.mark.parametrize("day", [LONG_DAY, HOLE])
def test_bars_of_hours(store: Store, database: InDatabase, day: date) -> None:
    hours: dict[datetime, list[Row]] = defaultdict(list)
    for row in database.by_day[day]:
        hours[row[0].replace(minute=0)].append(row)
    found = spots(loaded(store, View.ENERGY, Span.DAY, day))
    assert len(found) == day_minutes(day) // 60
    for index, _, spot in found:
        rows = hours[(day_start(day) + timedelta(hours=index)).astimezone(UTC)]
        assert spot.energy_wh == (pytest.approx(wh(rows)) if rows else None)
        assert spot.power_w == (pytest.approx(mean(rows)) if rows else None)


def test_bars_of_days_and_of_months(store: Store, database: InDatabase) -> None:
    found = spots(loaded(store, View.ENERGY, Span.MONTH, HOLE))
    assert len(found) == 31
    for _, _, spot in found:
        assert spot.day is not None
        rows = database.by_day[spot.day]
        whole = sum(minutes for _, minutes, _ in rows) == day_minutes(spot.day)
        energy = wh(rows) if whole else HOME.daily_total(spot.day)
        assert spot.energy_wh == pytest.approx(energy, abs=0.5)
        assert spot.power_w == pytest.approx(energy * 60 / day_minutes(spot.day), abs=0.5)
        assert ("Enedis' total" in spot.text) == (not whole)
    october = spots(loaded(store, View.ENERGY, Span.YEAR, HOLE))[9][2]
    rows = database.between(date(2026, 10, 1), date(2026, 10, 31))
    assert october.energy_wh == pytest.approx(wh(rows), abs=16)
    assert october.power_w == pytest.approx(mean(rows), abs=0.1)
    years = loaded(store, View.YEARS, Span.YEAR, HOLE)
    assert isinstance(years, GroupPlot)
    assert years.read is not None
    same = years.read(9 * len(years.groups) + len(years.groups) - 1, 0)
    assert same is not None
    assert (same.energy_wh, same.power_w) == (october.energy_wh, october.power_w)
    assert years.read(11 * len(years.groups) + len(years.groups) - 1, 0) is None


@pytest.mark.parametrize("day", [HOLE, LONG_DAY, YESTERDAY])
def test_a_heat_map_of_a_week_has_7_columns_of_48_half_hours(
    store: Store, database: InDatabase, day: date
) -> None:
    plot = loaded(store, View.HEAT, Span.WEEK, day)
    assert isinstance(plot, HeatPlot)
    assert places(plot) == (7, 48)
    slots: dict[tuple[date, int], list[Row]] = defaultdict(list)
    for row in database.rows:
        local = row[0].astimezone(PARIS)
        slots[local.date(), local.hour * 2 + local.minute // 30].append(row)
    monday = day - timedelta(days=day.weekday())
    found = spots(plot)
    assert len(found) == 48 * (6 if day == YESTERDAY else 7)
    for column, half, spot in found:
        rows = slots[monday + timedelta(days=column), half]
        assert spot.energy_wh == (pytest.approx(wh(rows)) if rows else None)
        assert spot.power_w == (pytest.approx(mean(rows)) if rows else None)
        assert f"{half // 2:02d}:{half % 2 * 30:02d}" in spot.text


def test_the_average_day_and_the_load_duration(store: Store, database: InDatabase) -> None:
    rows = database.between(date(2026, 3, 1), date(2026, 3, 31))
    for half, _, spot in spots(loaded(store, View.AVERAGE, Span.MONTH, HOLE)):
        kinds: tuple[list[Row], list[Row]] = ([], [])
        for row in rows:
            local = row[0].astimezone(PARIS)
            if local.hour * 2 + local.minute // 30 == half:
                kinds[local.weekday() >= 5].append(row)
        assert spot.power_w == pytest.approx(mean(kinds[0]))
        assert spot.energy_wh == pytest.approx(mean(kinds[0]) / 2)
        assert f"weekends {watts_text(mean(kinds[1]))}, " in spot.text
    minutely = sorted((watts for _, minutes, watts in rows for _ in range(minutes)), reverse=True)
    for percent, _, spot in spots(loaded(store, View.DURATION, Span.MONTH, HOLE)):
        whole, rest = divmod(len(minutely) * percent, 100)
        beyond = minutely[whole] * rest / 100 if rest else 0
        assert spot.energy_wh == pytest.approx((sum(minutely[:whole]) + beyond) / 60)
        assert spot.power_w in minutely[max(0, whole - 1) : whole + 1]


async def test_keys_and_mouse_read_the_same(running: Running, database: InDatabase) -> None:
    rows = database.by_day[YESTERDAY]
    assert day_of(rows[0][0]) == YESTERDAY

    def said(row: Row) -> str:
        start, minutes, watts = row
        when = f"Sat 21 Nov {start.astimezone(PARIS):%H:%M}"
        return f" {when} · {watts_text(watts)} · {energy_text(watts * minutes / 60)} "

    async with running((80, 24)) as (app, pilot):
        await pilot.press("c")
        await wait_until(
            pilot, lambda: isinstance(app.screen, ChartsPage) and app.screen.query_one(Chart).plot
        )
        await pilot.press("shift+left")
        await wait_until(pilot, lambda: said(rows[-1]) in screen_text(app))
        await pilot.press("shift+left", "shift+left", "shift+right", "shift+left")
        await wait_until(pilot, lambda: said(rows[-3]) in screen_text(app))
        await pilot.press("escape")
        await wait_until(pilot, lambda: "Sat 21 Nov 2" not in screen_text(app).splitlines()[8])
        chart = app.screen.query_one(Chart)
        assert chart.place is None
        assert chart._drawn is not None
        reach = chart._drawn[1].reach
        assert reach is not None
        for index in (0, 20, 47):
            start, end = reach.bounds[index]
            offset = chart.content_region.offset - chart.region.offset
            await pilot.hover(Chart, offset=(offset.x + int((start + end) / 2), offset.y + 8))
            await wait_until(pilot, lambda index=index: said(rows[index]) in screen_text(app))  # type: ignore[misc]
        await pilot.hover("#period")
        await wait_until(pilot, lambda: chart.place is None)


async def test_a_day_is_opened_from_a_bar_by_key_and_by_click(running: Running) -> None:
    async with running((120, 40)) as (app, pilot):
        chart = app.screen.query_one("#bars", Chart)
        await wait_until(pilot, lambda: chart.plot is not None and chart._drawn)
        assert chart._drawn is not None
        reach = chart._drawn[1].reach
        assert reach is not None
        offset = chart.content_region.offset - chart.region.offset
        column = int(sum(reach.bounds[-4]) / 2)
        await pilot.click("#bars", offset=(offset.x + column, offset.y + 6))
        await wait_until(pilot, lambda: app.current_mode == "charts")

        def period() -> str:
            page = app.screen_stack[0]
            shown = page.shown_period if isinstance(page, ChartsPage) else None
            return "" if shown is None else shown.text

        await wait_until(pilot, lambda: period() == "Wed 18 Nov 2026")
        await pilot.press("d")
        await wait_until(pilot, lambda: app.current_mode == "dashboard")
        app.screen.query_one("#bars", Chart).read_no_more()
        await pilot.press("shift+left", "shift+left", "enter")
        await wait_until(pilot, lambda: period() == "Fri 20 Nov 2026")
        await pilot.press("up", "up", "v")
        await wait_until(pilot, lambda: "Energy, November" in screen_text(app))
        await pilot.press("shift+right", "enter")
        await wait_until(pilot, lambda: period() == "Sun 1 Nov 2026")


@pytest.mark.parametrize(
    ("view", "span", "said", "legend"),
    [
        (View.AVERAGE, Span.MONTH, "23:30 · working days · ", "working days   ▀▀ "),
        (View.YEARS, Span.YEAR, "Dec 2025 · ", "▒ 2024   ▓ 2025   █ 2026   ░ incomplete"),
        (View.ENERGY, Span.MONTH, "Sat 21 Nov 2026 · ", "█ weekend   ╌╌ median"),
    ],
)
async def test_what_is_read_and_the_legend_are_both_in_sight_at_80_columns(
    running: Running, view: View, span: Span, said: str, legend: str
) -> None:
    async with running((80, 24)) as (app, pilot):
        await pilot.press("c")
        await wait_until(pilot, lambda: isinstance(app.screen, ChartsPage) and app.screen._period)
        page = app.screen
        assert isinstance(page, ChartsPage)
        page.action_view(list(View).index(view))
        page.action_span(span.name)
        await wait_until(pilot, lambda: legend in screen_text(app))
        await pilot.press("shift+left")
        await wait_until(pilot, lambda: said in screen_text(app))
        assert legend in screen_text(app)
        page.query_one(Chart).show_empty("Nothing.")
        await wait_until(pilot, lambda: legend not in screen_text(app))
