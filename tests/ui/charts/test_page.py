"""The Charts page: every figure from the readings, every key and click, nothing queued up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, Tabs

from linky_tui.config import load
from linky_tui.domain.paris import ONE_DAY, days_between
from linky_tui.storage.store import Store
from linky_tui.text.formatting import kwh_text, watts_text
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.charts import page as charts_page
from linky_tui.ui.charts.page import ChartsPage
from linky_tui.ui.charts.request import ChartData, ChartRequest, View
from linky_tui.ui.charts.toolbar import SummaryLine
from linky_tui.ui.plots import BarPlot, Chart, GroupPlot, HeatPlot, LinePlot, Plot
from linky_tui.ui.plots.periods import Span
from linky_tui.ui.shell.ingest_control import Phase
from tests.tools.app import (
    FIRST_DAY,
    HOME,
    YESTERDAY,
    StoredHome,
    mongodb_away,
    screen_text,
    wait_until,
)
from tests.ui.conftest import MakeApp, Running


def page(app: LinkyApp) -> ChartsPage:
    found = app.screen_stack[0]
    assert isinstance(found, ChartsPage)
    return found


def plot(app: LinkyApp) -> Plot | None:
    return page(app).query_one(Chart).plot


def summary(app: LinkyApp) -> str:
    return str(page(app).query_one(SummaryLine).content)


def period(app: LinkyApp) -> str:
    shown = page(app).shown_period
    return "" if shown is None else shown.text


async def open_charts(pilot: Pilot[None], app: LinkyApp) -> None:
    await wait_until(pilot, lambda: app.store_ready)
    await pilot.press("c")
    await wait_until(pilot, lambda: isinstance(app.screen, ChartsPage) and plot(app))


async def settled(pilot: Pilot[None], app: LinkyApp, text: str, kind: type[Plot]) -> None:
    """Until the chart's title names the period and it shows that kind of plot."""
    await wait_until(
        pilot,
        lambda: (
            text in str(page(app).query_one(Chart).border_title) and isinstance(plot(app), kind)
        ),
    )


async def test_yesterday_is_shown_first_with_its_figures(
    running: Running, stored_home: StoredHome
) -> None:
    async with running() as (app, pilot):
        await open_charts(pilot, app)
        readings = stored_home.readings(YESTERDAY, YESTERDAY)
        highest = max(readings, key=lambda each: each.power_w)
        said = summary(app)
        assert period(app) == "Sat 21 Nov 2026"
        assert kwh_text(stored_home.energy_wh(YESTERDAY)) in said
        assert f"mean {watts_text(sum(each.power_w for each in readings) / 48)}" in said
        assert f"peak {watts_text(highest.power_w)}" in said
        assert "48 of 48 half-hours, certified" in said
        shown = plot(app)
        assert isinstance(shown, LinePlot)
        assert list(shown.series[0].ys)[::2] == [each.power_w for each in readings]


async def test_keys_move_in_time_and_never_leave_the_data(running: Running) -> None:
    async with running((80, 24)) as (app, pilot):
        await open_charts(pilot, app)
        await pilot.press("right")
        assert period(app) == "Sat 21 Nov 2026"
        await pilot.press("left", "left")
        assert period(app) == "Thu 19 Nov 2026"
        await pilot.press("up")
        assert period(app) == "16 to 22 Nov 2026"
        await pilot.press("up", "left")
        assert period(app) == "October 2026"
        await pilot.press("up", "up", "up")
        assert period(app) == f"all since {FIRST_DAY.day} Nov {FIRST_DAY.year}"
        await pilot.press("down", "down", "down", "down", "t")
        assert period(app) == "Sat 21 Nov 2026"
        await settled(pilot, app, "Sat 21 Nov 2026", LinePlot)


@pytest.mark.parametrize("presses", [2, 3, 15])
async def test_keys_faster_than_the_tabs_end_where_they_led(
    running: Running, monkeypatch: pytest.MonkeyPatch, presses: int
) -> None:
    async with running() as (app, pilot):
        await open_charts(pilot, app)
        app.animation_level = "full"
        views, before = list(View), page(app)._view
        for _ in range(presses):  # a pilot's own presses wait for each other
            app.post_message(Key("v", "v"))
        await pilot.pause(0.2)
        wanted = views[(views.index(before) + presses) % len(views)]
        changes = []
        monkeypatch.setattr(page(app), "_changed", lambda: changes.append(page(app)._view))
        await pilot.pause(0.3)
        assert changes == []
        assert page(app)._view is wanted
        assert app.screen.query_one(Tabs).active == wanted.value


async def test_a_date_is_jumped_to(running: Running) -> None:
    async with running((80, 24), notifications=True) as (app, pilot):
        await open_charts(pilot, app)
        await pilot.press("slash")
        await wait_until(pilot, lambda: app.screen.query(Input))
        await pilot.press(*"32", "slash", *"1", "enter")
        await wait_until(pilot, lambda: "No date. Write it as" in screen_text(app))
        app.screen.query_one(Input).value = "29/03/2026"
        await pilot.press("enter")
        await settled(pilot, app, "Sun 29 Mar 2026", LinePlot)
        assert "46 of 46 half-hours" in summary(app)
        await pilot.press("slash")
        await wait_until(pilot, lambda: app.screen.query(Input))
        app.screen.query_one(Input).value = "1999"
        await pilot.press("enter")
        await wait_until(pilot, lambda: period(app) == "2023")
        await wait_until(pilot, lambda: "There is data from" in screen_text(app))


async def test_every_view_says_its_total_and_what_is_missing(
    make_app: MakeApp, stored_home: StoredHome
) -> None:
    app = make_app()
    march = (date(2026, 3, 1), date(2026, 3, 31))
    total = kwh_text(sum(HOME.daily_total(day) for day in days_between(*march)))
    kinds = {
        "Load curve": LinePlot,
        "Energy": BarPlot,
        "Heat map": HeatPlot,
        "Average day": LinePlot,
        "Years": GroupPlot,
        "Load duration": LinePlot,
    }
    async with app.run_test(size=(120, 40)) as pilot:
        await open_charts(pilot, app)
        page(app)._jump_to((Span.MONTH, march[0]))
        for title, kind in kinds.items():
            when = "March 2026" if title != "Years" else "2024 to 2026"
            await settled(pilot, app, f"{title}, {when}", kind)
            said = summary(app)
            if title == "Years":
                assert "nothing missing" in said
            else:
                assert total in said
                # 9 March has a hole; its energy is known from Enedis' own total.
                assert ("nothing missing" if title == "Energy" else "1 day incomplete") in said
            await pilot.press("v")
        await settled(pilot, app, "Load curve, March 2026", LinePlot)
        await pilot.press("V")
        await settled(pilot, app, "Load duration, March 2026", LinePlot)


async def test_the_bars_are_the_energies(running: Running, stored_home: StoredHome) -> None:
    async with running() as (app, pilot):
        await open_charts(pilot, app)
        await pilot.press("v")
        await settled(pilot, app, "Energy, Sat 21 Nov 2026", BarPlot)
        hours = plot(app)
        assert isinstance(hours, BarPlot)
        readings = stored_home.readings(YESTERDAY, YESTERDAY)
        pairs = zip(readings[::2], readings[1::2], strict=True)
        assert list(hours.values) == pytest.approx(
            [(first.power_w + second.power_w) / 2000 for first, second in pairs]
        )
        await pilot.press("up", "up")
        await settled(pilot, app, "Energy, November 2026", BarPlot)
        month = plot(app)
        assert isinstance(month, BarPlot)
        days = list(days_between(date(2026, 11, 1), YESTERDAY))
        assert [value for value in month.values if value is not None] == pytest.approx(
            [HOME.daily_total(day) / 1000 for day in days]
        )
        assert month.unexpected == frozenset(range(21, 30))
        await pilot.press("up")
        await settled(pilot, app, "Energy, 2026", BarPlot)
        year = plot(app)
        assert isinstance(year, BarPlot)
        assert year.partial == {10, 11}
        assert year.values[9] == pytest.approx(
            sum(
                HOME.daily_total(day) for day in days_between(date(2026, 10, 1), date(2026, 10, 31))
            )
            / 1000
        )


async def test_years_are_compared_over_whole_months_only(running: Running) -> None:
    async with running() as (app, pilot):
        await open_charts(pilot, app)
        page(app).action_view(4)
        await settled(pilot, app, "Years", GroupPlot)

        def until_october(year: int) -> int:
            return sum(
                HOME.daily_total(day) for day in days_between(date(year, 1, 1), date(year, 10, 31))
            )

        now, then = until_october(2026), until_october(2025)
        assert f"{(now - then) / then * 100:+.1f} % vs 2025 over 10 whole months" in summary(app)


async def test_p_puts_another_period_behind(running: Running, stored_home: StoredHome) -> None:
    async with running() as (app, pilot):
        await open_charts(pilot, app)

        def names() -> list[str]:
            shown = plot(app)
            assert isinstance(shown, LinePlot)
            return [line.name for line in shown.series if line.dim]

        await pilot.press("p")
        await wait_until(pilot, lambda: names() == ["Fri 20 Nov 2026"])
        shown_wh, before_wh = map(stored_home.energy_wh, (YESTERDAY, YESTERDAY - ONE_DAY))
        change = round((shown_wh / before_wh - 1) * 100)
        assert f" · vs {kwh_text(before_wh)} ({change:+d} %) · " in summary(app)
        await pilot.press("p")
        await wait_until(pilot, lambda: names() == ["Sat 14 Nov 2026"])
        # As many days of a week that is not over yet.
        await pilot.press("up")
        await wait_until(pilot, lambda: names() == ["9 to 15 Nov 2026"])
        before_wh = stored_home.energy_wh(date(2026, 11, 9), date(2026, 11, 14))
        assert f" · vs {kwh_text(before_wh)} to 14 Nov (" in summary(app)
        await pilot.press("down")
        await wait_until(pilot, lambda: names() == ["Sat 14 Nov 2026"])
        await pilot.press("p")
        await wait_until(pilot, lambda: names() == [])


async def test_the_mouse_does_it_too(running: Running) -> None:
    async with running() as (app, pilot):
        await open_charts(pilot, app)
        await pilot.click("#span-month")
        await pilot.click("#earlier")
        await pilot.click("#heat")
        await settled(pilot, app, "Heat map, October 2026", HeatPlot)
        await pilot.click("#latest")
        await settled(pilot, app, "Heat map, November 2026", HeatPlot)
        await pilot.click("#later")
        assert period(app) == "November 2026"
        await pilot.press("left")
        await settled(pilot, app, "Heat map, October 2026", HeatPlot)
        await pilot.click("#jump")
        await wait_until(pilot, lambda: app.screen.query(Input))


async def test_a_held_key_queues_up_no_work(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[ChartRequest] = []
    original = charts_page.LOADERS[View.CURVE]

    def counted(store: Store, request: ChartRequest) -> ChartData:
        loaded.append(request)
        return original(store, request)

    monkeypatch.setitem(charts_page.LOADERS, View.CURVE, counted)
    async with running((80, 24)) as (app, pilot):
        await open_charts(pilot, app)
        loaded.clear()
        for _ in range(60):
            page(app).action_move(-1)
        await settled(pilot, app, "Tue 22 Sep 2026", LinePlot)
        assert len(loaded) <= 2
        assert loaded[-1].period.anchor == YESTERDAY - timedelta(days=60)


async def test_time_before_the_load_curve_is_explained(running: Running) -> None:
    async with running((80, 24)) as (app, pilot):
        await open_charts(pilot, app)
        page(app)._jump_to((Span.MONTH, date(2024, 1, 1)))
        await wait_until(pilot, lambda: "daily totals for this time" in screen_text(app))
        assert "31 days missing" in summary(app)
        await pilot.press("v")
        await settled(pilot, app, "Energy, January 2024", BarPlot)
        assert summary(app).endswith("nothing missing, 31 days from Enedis' totals")


async def test_an_empty_database_names_the_keys_that_fill_it(running: Running) -> None:
    async with running((80, 24), empty=True) as (app, pilot):
        await pilot.press("c")
        await wait_until(pilot, lambda: "Nothing is stored yet. Press b" in screen_text(app))
        await pilot.press("left", "up", "v", "t", "p", "m", "slash")
        assert "Nothing is stored yet" in screen_text(app)
        can = {each.binding.id for each in app.screen.active_bindings.values() if each.enabled}
        assert not can & {"point-left", "charts-earlier", "charts-longer", "charts-jump"}
        assert not can & {"charts-view", "charts-compare"}
        # While a run goes on it is no use to start one.
        app.ingest.state = replace(app.ingest.state, phase=Phase.RUNNING)
        for key, times in (("escape", 1), ("d", 2)):
            await pilot.press(key)
            app.data_changed.publish(None)
            await wait_until(
                pilot,
                lambda times=times: screen_text(app).count("The first days are") == times,  # type: ignore[misc]
            )
            assert "Press b" not in screen_text(app)


async def test_a_marker_is_remembered_and_every_page_draws_with_it(running: Running) -> None:
    async with running((80, 24)) as (app, pilot):
        await open_charts(pilot, app)
        file = app.config.path
        await pilot.press("m", "m", "m", "m")
        await wait_until(pilot, lambda: load(file, {}).display.marker == "dot")
        await wait_until(pilot, lambda: app.config.display.marker == "dot")
        await pilot.press("d")
        await wait_until(pilot, lambda: app.current_mode == "dashboard")
        await wait_until(
            pilot, lambda: {each.marker for each in app.screen.query(Chart)} == {"dot"}
        )


async def test_sizes_markers_and_a_lost_mongodb_are_survived(
    running: Running, stored_home: StoredHome
) -> None:
    async with running((80, 24)) as (app, pilot):
        await open_charts(pilot, app)
        for size in ((20, 5), (200, 60), (40, 12), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.press("m", "v")
            await pilot.pause(0.05)
        with mongodb_away(stored_home.uri):
            await pilot.press("left")
            await wait_until(pilot, lambda: app.store_error is not None)
        await wait_until(pilot, lambda: app.store_error is None)
        page(app)._view = View.CURVE
        await pilot.press("t", "down", "down", "down", "down")
        await settled(pilot, app, "Sat 21 Nov 2026", LinePlot)
