"""The application itself: header, palette, themes, sizes, speed of the first frame."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pymongo
import pytest
import time_machine

from linky_tui import config as configuration
from linky_tui.domain.coverage import DayStatus
from linky_tui.domain.paris import utc_now
from linky_tui.ingest.events import Finished
from linky_tui.ingest.jobs import JobKind
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.shell import core
from linky_tui.ui.shell.toasts import toast_text
from tests.tools.app import SERIES, YESTERDAY, StoredHome, screen_text, token_for, wait_until
from tests.ui.backfill.test_calendar import record
from tests.ui.conftest import MakeApp, Running


async def test_the_palette_holds_the_actions_of_the_page_and_of_the_application(
    running: Running,
) -> None:
    async with running() as (app, pilot):
        await pilot.press("o")
        await wait_until(pilot, lambda: app.current_mode == "storage")
        commands = {each.title: each for each in app.get_system_commands(app.screen)}
        assert {"Sync (s)", "Backfill (b)", "Verify (v)", "Next meter (n)"} <= commands.keys()
        assert [title for title in commands if title.startswith("Quit")] == ["Quit (q)"]
        assert {"Keys", "Screenshot", "Maximize"}.isdisjoint(commands)
        commands["Log (l)"].callback()
        await wait_until(pilot, lambda: app.current_mode == "log")


async def test_a_run_that_nobody_asked_for_is_silent_where_it_has_nothing_new(
    running: Running,
) -> None:
    async with running((80, 24)) as (app, pilot):
        for quiet in (True, False):
            app.quiet_unless_new = app.start_job(JobKind.SYNC) and quiet
            await wait_until(pilot, lambda: not app.ingest.state.busy)
            await pilot.pause()
            said = [each for each in app._notifications if "All is there" in str(each.message)]
            assert bool(said) is not quiet


async def test_a_theme_from_the_palette_is_remembered(running: Running) -> None:
    async with running((80, 24)) as (app, pilot):
        app.theme = "nord"
        file = app.config.path
        await wait_until(pilot, lambda: configuration.load(file, {}).display.theme == "nord")
    assert file is not None
    assert "token" in file.read_text()


async def test_an_unknown_theme_is_said_and_does_no_harm(running: Running) -> None:
    async with running((80, 24), more='[display]\ntheme = "[/nonsense]"', notifications=True) as (
        app,
        pilot,
    ):
        assert app.theme == "textual-dark"
        await wait_until(pilot, lambda: "[/nonsense] is not known" in screen_text(app))


async def test_keys_can_be_remapped(running: Running) -> None:
    async with running((80, 24), more='[keys]\nstorage = "k"') as (app, pilot):
        await pilot.press("k")
        await wait_until(pilot, lambda: app.current_mode == "storage")


async def test_another_day_and_what_others_wrote_are_noticed(
    running: Running, own_home: StoredHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "WATCH_S", 0.1)
    with time_machine.travel(datetime(2026, 11, 22, 22, 50, tzinfo=UTC), tick=True) as clock:
        async with running(home=own_home) as (app, pilot):
            await wait_until(pilot, lambda: "Sat 21 Nov" in screen_text(app))
            loads: list[None] = []
            await wait_until(pilot, lambda: app._seen)
            app.data_changed.subscribe(app.screen, loads.append)
            await pilot.pause(0.5)
            assert loads == []
            clock.shift(timedelta(minutes=20))  # into the 23rd in Paris
            await wait_until(pilot, lambda: loads and "Sun 22 Nov" in screen_text(app))
            await wait_until(pilot, lambda: app._seen[1:2] == (date(2026, 11, 23),))
            loads.clear()
            with pymongo.MongoClient[dict[str, Any]](own_home.uri) as client:
                days = client[own_home.database]["consumption_days"]
                days.update_one({"_id.day": "2026-11-20"}, {"$set": {"last_attempt": utc_now()}})
            await wait_until(pilot, lambda: len(loads) == 1)


@pytest.mark.parametrize("page", list(LinkyApp.PAGES))
async def test_every_page_survives_a_tiny_terminal(running: Running, page: str) -> None:
    async with running() as (app, pilot):
        app.action_page(page)
        await wait_until(pilot, lambda: app.current_mode == page)
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        await pilot.resize_terminal(120, 40)
        await pilot.pause()


async def test_a_meter_takes_its_prm_from_the_token(running: Running) -> None:
    async with running(meters=(), more=f'[[meters]]\ntoken = "{token_for()}"') as (app, _):
        assert app.series == SERIES
        app.configuration_saved(reconnect=False)
        assert app.series == SERIES


async def test_the_header_names_meter_server_state_and_last_sync(
    make_app: MakeApp, mongod_uri: str
) -> None:
    with pymongo.MongoClient[dict[str, object]](mongod_uri) as client:
        mongodb = f"MongoDB {client.server_info()['version']}"
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        parts = ("Maison", "12········1234", mongodb, "idle", "synced 21 Nov 09:30")
        await wait_until(
            pilot, lambda: all(part in screen_text(app).splitlines()[0] for part in parts)
        )


def test_a_yesterday_that_cannot_be_read_is_not_said_to_be_late() -> None:
    spoilt = replace(record(YESTERDAY, DayStatus.LATE), problem="wrong")
    finished = Finished(SERIES, "not_published_yet", 0, 1, None, (spoilt,))
    assert toast_text(JobKind.SYNC, finished, YESTERDAY) == (
        "What Enedis gives for 21 Nov cannot be read; nothing of it is stored.",
        "warning",
    )
