"""The dashboard: every number is that of the readings."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pymongo
import pytest

from linky_tui.demo.household import DEMO_PRM
from linky_tui.domain.models import Series
from linky_tui.domain.paris import PARIS, days_between
from linky_tui.text.formatting import bytes_text, count_text, kwh_text, percent_text
from linky_tui.ui.comparison.size_bars import SizeBars, two_bars
from linky_tui.ui.dashboard.card import FigureCard
from linky_tui.ui.plots import BarPlot, Chart, LinePlot
from tests.tools.app import (
    SMALL_FIRST_DAY,
    TODAY,
    YESTERDAY,
    StoredHome,
    flowing,
    screen_text,
    wait_until,
)
from tests.ui.conftest import Running
from tests.ui.dashboard.dashboard_tools import card_texts, cells, loaded, page, proved, shows, table

pytestmark = pytest.mark.usefixtures("short_waits")

SIZES = [(120, 40), (80, 24)]


def by_day(home: StoredHome) -> dict[date, float]:
    """Wh by Paris day, the plain way."""
    found: dict[date, float] = {}
    for each in home.readings():
        day = each.start.astimezone(PARIS).date()
        found[day] = found.get(day, 0) + each.power_w * each.interval_min / 60
    return found


def change(value: float, reference: float) -> str:
    return f"{round((value / reference - 1) * 100):+d} %"


async def test_the_six_figures_are_those_of_the_readings(
    running: Running, stored_home: StoredHome
) -> None:
    wh = by_day(stored_home)
    weekends = [
        wh[day]
        for day in days_between(YESTERDAY - timedelta(days=56), YESTERDAY - timedelta(days=1))
        if day.weekday() >= 5
    ]
    week, before = (
        sum(wh[TODAY - timedelta(days=ago)] for ago in range(first, first + 7)) for first in (1, 8)
    )
    month, year_ago = (
        sum(wh[date(year, 11, day)] for day in range(1, 22)) for year in (2026, 2025)
    )
    nights = sorted(
        each.power_w
        for each in stored_home.readings(TODAY - timedelta(days=30))
        if each.start.astimezone(PARIS).hour in (1, 2, 3, 4)
    )
    watts = nights[math.ceil(len(nights) / 10) - 1]
    used = sum(wh[TODAY - timedelta(days=ago)] for ago in range(1, 31))
    async with running() as (app, pilot):
        await loaded(pilot, app)
        expected = [
            (
                kwh_text(wh[YESTERDAY]),
                f"{change(wh[YESTERDAY], statistics.median(weekends))} vs usual",
            ),
            (kwh_text(week), f"{change(week, before)} vs before"),
            (kwh_text(month), f"{change(month, year_ago)} vs 2025"),
            (f"{watts} W", f"{watts * (30 * 24 + 1) / used * 100:.0f} % of all use"),
            ("726 / 730 days", "726 certified"),
            ("80 of 80 left", "resets at 01:00"),
        ]
        assert card_texts(app) == expected
        for size in (*SIZES, (114, 40)):  # the last is the least for all in one row
            await pilot.resize_terminal(*size)
            await wait_until(
                pilot, lambda: shows(app, *(text for each in expected for text in each))
            )
        spans = [str(card.border_subtitle) for card in page(app).query(FigureCard)]
        assert spans == ["Sat 21 Nov", "15 to 21 Nov", "1 to 21 Nov", "30 nights", "24 months", ""]


async def test_charts_show_the_days_and_the_last_day(
    running: Running, stored_home: StoredHome
) -> None:
    wh = by_day(stored_home)
    days = list(days_between(TODAY - timedelta(days=60), YESTERDAY))
    async with running() as (app, pilot):
        await loaded(pilot, app)
        bars, curve = (page(app).query_one(name, Chart) for name in ("#bars", "#curve"))
        assert isinstance(bars.plot, BarPlot)
        assert bars.plot.values == pytest.approx([wh[day] / 1000 for day in days])
        mondays = [f"{day.day} {day:%b}" if day.weekday() == 0 else "" for day in days]
        assert bars.plot.labels == mondays
        assert bars.plot.weekends == {i for i, day in enumerate(days) if day.weekday() >= 5}
        assert bars.plot.median == pytest.approx(statistics.median(wh[d] for d in days) / 1000)
        assert kwh_text(sum(wh[day] for day in days)) in str(bars.border_subtitle)
        assert isinstance(curve.plot, LinePlot)
        powers = [each.power_w for each in stored_home.readings(YESTERDAY)]
        assert set(curve.plot.series[0].ys) == set(powers)
        assert max(powers) in curve.plot.series[0].ys
        assert "Load curve, Sat 21 Nov (W)" in screen_text(app)
        assert curve.border_subtitle == kwh_text(wh[YESTERDAY])


async def test_the_table_says_what_the_server_says(
    running: Running, stored_home: StoredHome
) -> None:
    with pymongo.MongoClient[dict[str, Any]](stored_home.uri) as client:
        database = client[stored_home.database]
        one, two = (
            database.command("collStats", each) for each in ("consumption", "consumptionTS")
        )
    async with running() as (app, pilot):
        await proved(pilot, app)
        count = count_text(len(stored_home.readings()))
        assert cells(app, "readings") == (count, count, "identical")
        assert cells(app, "data") == (
            bytes_text(one["size"]),
            bytes_text(two["size"]),
            percent_text(1 - two["size"] / one["size"]),
        )
        per_reading = [each["size"] / len(stored_home.readings()) for each in (one, two)]
        assert cells(app, "per reading")[:2] == tuple(f"{each:.1f} B" for each in per_reading)
        shown = app.comparison.snapshot
        assert shown is not None
        for label, own in (("storage", "storage_bytes"), ("indexes", "index_bytes"),
                           ("total", "total_bytes")):  # fmt: skip
            sizes = [
                getattr(each, own)
                for each in (shown.comparison.regular, shown.comparison.timeseries)
            ]
            saved = percent_text(1 - sizes[1] / sizes[0])
            assert cells(app, label) == (bytes_text(sizes[0]), bytes_text(sizes[1]), saved)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await wait_until(
                pilot,
                lambda: shows(
                    app,
                    "Without _id: data",
                    *(cell for row in table(app).rows for cell in row.cells),
                ),
            )


async def test_wide_has_six_cards_in_a_row_and_narrow_two_rows_and_the_table_first(
    running: Running,
) -> None:
    async with running() as (app, pilot):
        await loaded(pilot, app)
        assert len({card.region.y for card in page(app).query(FigureCard)}) == 1
        assert page(app).query_one("#body").max_scroll_y == 0, "all in view"
        await pilot.resize_terminal(80, 24)
        await wait_until(
            pilot, lambda: shows(app, "Yesterday", "Requests today", "per reading", "live")
        )
        picture = page(app).query_one("#bars", Chart)
        await wait_until(pilot, lambda: shows(app, "Last 14 days (kWh)", "▌", "16 Nov"))
        assert isinstance(picture.plot, BarPlot)
        assert len(picture.plot.values) == 14
        assert app.screen.region.contains_region(picture.region), "in sight without scrolling"
        assert "…" not in screen_text(app), "nothing is cut"
        assert len({card.region.y for card in page(app).query(FigureCard)}) == 2
        page(app).query_one("#body").scroll_end(animate=False)
        await wait_until(pilot, lambda: "Load curve, Sat 21 Nov" in screen_text(app))
        for size in ((20, 5), (200, 60), (40, 16), (100, 30), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await wait_until(
            pilot, lambda: len({card.region.y for card in page(app).query(FigureCard)}) == 1
        )
        assert "…" not in screen_text(app).split("Daily energy")[0], "no figure is cut"
        assert isinstance(picture.plot, BarPlot)
        assert len(picture.plot.values) == 60


async def test_the_panel_fills_its_empty_rows_with_two_bars(
    running: Running, small_home: StoredHome
) -> None:
    async with running(home=small_home) as (app, pilot):
        await proved(pilot, app)
        bars = page(app).query_one(SizeBars)
        shown = app.comparison.snapshot
        assert shown is not None
        sizes = (shown.comparison.regular, shown.comparison.timeseries)
        totals = [each.total_bytes for each in sizes]
        await wait_until(pilot, lambda: [bar.total_bytes for bar in bars.bars] == totals)
        long, short = (
            line.count("█") + line.count("▒")
            for line in bars.render().plain.splitlines()
            if "snappy" in line or "zstd" in line
        )
        assert short / long == pytest.approx(sizes[1].total_bytes / sizes[0].total_bytes, abs=0.1)
        unsettled = replace(shown.comparison, settled=False)
        bars.show(two_bars(unsettled))
        await wait_until(pilot, lambda: "snappy settling" in flowing(app))
        *drawn, _legend = bars.render().plain.splitlines()
        assert len(drawn) == 2
        assert not set("█▒") & set("".join(drawn))


async def test_a_click_on_a_card_opens_its_page(running: Running) -> None:
    async with running() as (app, pilot):
        await loaded(pilot, app)
        for number, mode in ((0, "charts"), (4, "backfill")):
            await pilot.click(f"#card-{number}")
            await wait_until(pilot, lambda mode=mode: app.current_mode == mode)  # type: ignore[misc]
            await pilot.press("d")
            await wait_until(pilot, lambda: app.current_mode == "dashboard")


@pytest.mark.parametrize("size", SIZES)
async def test_empty_says_why_and_names_the_key(running: Running, size: tuple[int, int]) -> None:
    async with running(size, empty=True) as (app, pilot):
        await wait_until(pilot, lambda: "Press b to backfill" in screen_text(app))
        await wait_until(pilot, lambda: card_texts(app)[0][1])
        assert card_texts(app) == [
            ("–", "not fetched yet"),
            ("–", "not fetched yet"),
            ("–", "not fetched yet"),
            ("–", "needs 7 nights"),
            ("–", "nothing fetched"),
            ("80 of 80 left", "resets at 01:00"),
        ]
        for chart in page(app).query(Chart):
            assert chart.plot is None
            assert "Press b" in chart.empty
        can = {each.binding.id for each in app.screen.active_bindings.values() if each.enabled}
        assert not can & {"point-left", "open-day"}
        # A table of zeros would say nothing.
        await wait_until(pilot, lambda: table(app).rows and not table(app).display)


async def test_without_a_meter_it_says_where_to_connect_one(running: Running) -> None:
    async with running(empty=True, meters=()) as (app, pilot):
        await pilot.press("escape")
        app.switch_mode("dashboard")
        await wait_until(pilot, lambda: "Press g to connect yours" in screen_text(app))
        assert {texts[1] for texts in card_texts(app)} == {"no meter yet"}


async def test_a_meter_without_readings_leaves_the_table_of_all(
    running: Running, small_home: StoredHome
) -> None:
    meters = ("98765432109876", DEMO_PRM)
    async with running(home=small_home, meters=meters) as (app, pilot):
        await loaded(pilot, app)
        assert app.series == Series("98765432109876")
        await wait_until(pilot, lambda: "Nothing is stored of this meter yet" in flowing(app))
        assert card_texts(app)[0] == ("–", "not fetched yet")
        assert cells(app, "readings")[0] == count_text(len(small_home.readings(SMALL_FIRST_DAY)))


async def test_every_kind_of_theme_draws_it(running: Running) -> None:
    async with running() as (app, pilot):
        await loaded(pilot, app)
        for theme in ("textual-light", "gruvbox", "ansi-dark"):
            app.theme = theme
            await pilot.pause()
            assert cells(app, "data")[0] in screen_text(app)
