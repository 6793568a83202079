"""Several meters in the application: one run for all, each page about its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from textual.widgets import Input

from linky_tui.demo.household import DEMO_PRM
from linky_tui.demo.rules import GatewayRequest
from linky_tui.demo.server import ApiServer, Fault, FaultKind
from linky_tui.domain.models import Series
from linky_tui.ingest.events import Window
from linky_tui.ingest.jobs import JobKind
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.backfill.calendar import CoverageCalendar
from linky_tui.ui.backfill.calendar_marks import Mark
from linky_tui.ui.shell.dialogs import ErrorDialog
from linky_tui.ui.shell.ingest_control import Phase
from tests.tools.app import (
    HOME,
    SERIES,
    TODAY,
    YESTERDAY,
    finished,
    flowing,
    has_finished,
    screen_text,
    wait_until,
)
from tests.tools.stored import held
from tests.ui.conftest import MakeApp, Running
from tests.ui.gateway import gateway, turnstile

OTHER = "20000000000002"
THIRD = "30000000000003"


def curves(server: ApiServer) -> list[tuple[str, str, str]]:
    """Meter, first day and end of the load curve requests, in order."""
    return [
        (each.prm or "", each.start or "", each.end or "")
        for each in server.log
        if "courbe" in each.type
    ]


def mark(app: LinkyApp) -> Mark:
    """What yesterday is shown as."""
    return app.screen.query_one(CoverageCalendar).mark(YESTERDAY)


def assert_exact(app: LinkyApp, *prms: str) -> None:
    truth = [each.measure for each in HOME.readings(TODAY - timedelta(days=28), YESTERDAY)]
    for prm in prms:
        stored = held(app.backend.store, Series(prm))
        assert [each.measure for each in stored] == truth
    regular, timeseries = app.backend.store.readings.counts()
    assert regular == timeseries


async def test_one_key_fetches_all_of_them_the_newest_week_of_each_first(running: Running) -> None:
    prms = DEMO_PRM, OTHER, THIRD
    with gateway(28, prms=prms) as server:
        async with running(server=server, meters=prms, notifications=True) as (app, pilot):
            await pilot.press("b")
            plan = (
                "105 weeks + 3 to 5 daily requests here, 315 weeks + 9 to 15 daily requests for "
                "all 3 meters: 80 today, 80 tomorrow after 01:00, 80 the day after, the last 90 "
                "on the days after that; the newest week of each first."
            )
            await wait_until(pilot, lambda: plan in flowing(app))
            await pilot.press("r")
            await wait_until(pilot, lambda: has_finished(app))
            await wait_until(pilot, lambda: app.ingest.state.phase is Phase.IDLE)
            newest = (TODAY - timedelta(days=7)).isoformat(), TODAY.isoformat()
            assert curves(server)[:3] == [(prm, *newest) for prm in prms]
            assert len(set(curves(server))) == len(curves(server))
            assert_exact(app, *prms)
            for _ in prms:
                await wait_until(pilot, lambda: "28 of 730 days complete" in screen_text(app))
                assert finished(app).status == "complete"
                await pilot.press("n")


async def test_each_page_is_about_its_own_meter(running: Running) -> None:
    prms = DEMO_PRM, OTHER
    with turnstile(28, prms=prms) as (server, home):
        async with running(server=server, meters=prms) as (app, pilot):
            await pilot.press("b")
            await wait_until(pilot, lambda: "0 of 105 weeks" in screen_text(app))
            await pilot.press("r")
            await wait_until(pilot, lambda: mark(app) is Mark.ASKING)
            await pilot.press("n")
            await wait_until(pilot, lambda: "At work on 12········1234" in flowing(app))
            assert "this meter comes in turn" in flowing(app)
            assert "backfill of 12········1234" in flowing(app)
            assert mark(app) is Mark.TO_ASK
            home.let(1)
            await wait_until(pilot, lambda: mark(app) is Mark.ASKING)
            asking = "Fetching 15 to 21 Nov 2026, in turn with 1 other meter."
            await wait_until(pilot, lambda: asking in flowing(app))
            await wait_until(pilot, lambda: "0 of 105 weeks · 0 readings" in flowing(app))
            assert "for both meters" in flowing(app)
            await pilot.press("n")
            await wait_until(pilot, lambda: mark(app) is Mark.COMPLETE)
            await wait_until(pilot, lambda: "1 of 105 weeks · 336 readings" in flowing(app))
            home.let()
            await wait_until(pilot, lambda: app.ingest.state.phase is Phase.IDLE)
            assert_exact(app, *prms)


async def test_a_budget_that_ends_in_between_is_a_pause_of_each_and_all_go_on_by_themselves(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    prms = DEMO_PRM, OTHER
    evening = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    with time_machine.travel(evening, tick=True) as clock, gateway(28, prms=prms) as server:
        app = make_app(
            empty=True,
            api_url=server.url,
            token=server.token,
            meters=prms,
            more="requests_per_day = 6",
        )
        set_timer = app.set_timer
        monkeypatch.setattr(
            app, "set_timer", lambda delay, *rest, **more: set_timer(delay / 100, *rest, **more)
        )
        async with app.run_test(size=(120, 40)) as pilot:
            await wait_until(pilot, lambda: app.store_ready)
            await pilot.press("b", "r")
            await wait_until(pilot, lambda: app.ingest.state.phase is Phase.PAUSED)
            assert len(server.log) == 6
            await wait_until(pilot, lambda: "backfill paused until 01:00" in flowing(app))
            # Both have the newest week, whatever else there was no request for.
            assert {prm for prm, *_ in curves(server)} == set(prms)
            for _ in prms:
                await wait_until(
                    pilot, lambda: "It goes on by itself on Mon 23 Nov" in flowing(app)
                )
                await wait_until(pilot, lambda: "for both meters" in flowing(app))
                await wait_until(pilot, lambda: "1 of 105 weeks · 336 readings" in flowing(app))
                await pilot.press("n")
            for _ in range(9):
                clock.shift(timedelta(hours=24))
                before = len(server.log)
                await wait_until(pilot, lambda before=before: len(server.log) > before)  # type: ignore[misc]
                await wait_until(pilot, lambda: not app.ingest.state.busy)
                if app.ingest.state.phase is Phase.IDLE:
                    break
            assert app.ingest.state.phase is Phase.IDLE
            asked = curves(server)
            assert len(set(asked)) == len(asked)


async def test_trouble_of_one_is_told_with_its_name_and_stops_no_other(running: Running) -> None:
    prms = DEMO_PRM, OTHER

    def is_meant(request: GatewayRequest) -> bool:
        return request.prm == DEMO_PRM

    with gateway(28, prms=prms) as server:
        server.inject(Fault(FaultKind.TOKEN_REFUSED, times=None, when=is_meant))
        async with running(server=server, meters=prms, notifications=True) as (app, pilot):
            await pilot.press("b", "r")
            await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
            said = "12········1234 consumption: The token is refused"
            await wait_until(pilot, lambda: said in flowing(app))
            await wait_until(
                pilot, lambda: "20········0002 consumption: Everything that" in flowing(app)
            )
            await pilot.press("escape")
            told = "The token is refused. On your side. Get a new"
            await wait_until(pilot, lambda: told in flowing(app))
            await pilot.press("n")
            await wait_until(pilot, lambda: "28 of 730 days complete" in flowing(app))
            assert_exact(app, OTHER)
            assert sum(each.prm == DEMO_PRM for each in server.log) == 1


async def test_a_pause_and_the_day_to_go_back_to_are_remembered_for_each(running: Running) -> None:
    prms = DEMO_PRM, OTHER
    with turnstile(28, prms=prms) as (server, home):
        async with running(server=server, meters=prms) as (app, pilot):
            await pilot.press("b", "n")
            await wait_until(pilot, lambda: "0 of 105 weeks" in screen_text(app))
            app.screen.query_one("#since", Input).value = "2026-11-08"
            await wait_until(pilot, lambda: "0 of 2 weeks" in screen_text(app))
            await pilot.press("n")
            await wait_until(pilot, lambda: "0 of 105 weeks" in screen_text(app))
            assert app.screen.query_one("#since", Input).value == "22 Nov 2024"
            await pilot.press("r")
            home.let(2)
            await wait_until(pilot, lambda: home.asked >= 3)
            await pilot.press("p")
            await wait_until(pilot, lambda: app.ingest.state.phase is Phase.PAUSED)
            assert app.start_job(JobKind.REFETCH, days=Window(YESTERDAY, YESTERDAY))
            home.let(2)  # also the one that was abandoned
            await wait_until(pilot, lambda: not app.ingest.state.busy)
            assert [meter.paused for meter in app.ingest.state.meters.values()] == [True, True]
            for _ in prms:
                await wait_until(pilot, lambda: "r goes on where it ended" in flowing(app))
                await pilot.press("n")
            home.let()
            await pilot.press("r")
            await wait_until(pilot, lambda: app.ingest.state.phase is Phase.IDLE)
            assert min(start for prm, start, _ in curves(server) if prm == OTHER) == "2026-11-08"
            assert_exact(app, DEMO_PRM)
            # The window whose answer the pause abandoned is asked again, nothing else.
            assert len(curves(server)) - len(set(curves(server))) <= 1


async def test_a_token_for_one_of_two_fetches_that_one(running: Running) -> None:
    with gateway(28) as server:
        async with running(
            empty=True,
            api_url=server.url,
            token=server.make_token([DEMO_PRM]),
            meters=(DEMO_PRM, OTHER),
        ) as (app, pilot):
            assert app.start_job(JobKind.BACKFILL)
            await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
            said = "20········0002 consumption: The token is for another meter"
            await wait_until(pilot, lambda: said in flowing(app))
            assert {each.prm for each in server.log} == {DEMO_PRM}
            assert finished(app).status == "complete"
            assert app.series == SERIES


def test_a_meter_is_called_by_what_tells_it_from_the_others(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    names = [(DEMO_PRM, "Maison"), (OTHER, "Garage"), (THIRD, "Garage")]
    file.write_text("".join(f'[[meters]]\nprm = "{prm}"\nname = "{name}"\n' for prm, name in names))
    file.chmod(0o600)
    app = LinkyApp(file)
    assert [app.label(Series(prm)) for prm, _ in names] == [
        "Maison",
        "20········0002 consumption",
        "30········0003 consumption",
    ]
