"""The application itself: header, palette, themes, sizes, speed of the first frame."""

from __future__ import annotations

import pymongo
import pytest

from linky_tui import config as configuration
from linky_tui.ui.app import LinkyApp
from tests.ui.conftest import MakeApp
from tests.ui.support import SERIES, screen_text, token_for, wait_until


async def test_the_palette_holds_the_actions_of_the_page_and_of_the_application(
    make_app: MakeApp,
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: app.store_ready)
        await pilot.press("o")
        await wait_until(pilot, lambda: app.current_mode == "storage")
        commands = {each.title: each for each in app.get_system_commands(app.screen)}
        for title in ("Sync (s)", "Backfill (b)", "Verify (v)", "Quit (q)"):
            assert title in commands
        commands["Log (l)"].callback()
        await wait_until(pilot, lambda: app.current_mode == "log")


async def test_a_theme_from_the_palette_is_remembered(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until(pilot, lambda: app.store_ready)
        app.theme = "nord"
        file = app.config.path
        await wait_until(pilot, lambda: configuration.load(file, {}).display.theme == "nord")
    assert file is not None
    assert "token" in file.read_text()


async def test_an_unknown_theme_is_said_and_does_no_harm(make_app: MakeApp) -> None:
    app = make_app(more='[display]\ntheme = "[/nonsense]"')
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_until(pilot, lambda: app.store_ready)
        assert app.theme == "textual-dark"
        await wait_until(pilot, lambda: "[/nonsense] is not known" in screen_text(app))


async def test_keys_can_be_remapped(make_app: MakeApp) -> None:
    app = make_app(more='[keys]\nstorage = "k"')
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until(pilot, lambda: app.store_ready)
        await pilot.press("k")
        await wait_until(pilot, lambda: app.current_mode == "storage")


@pytest.mark.parametrize("page", list(LinkyApp.PAGES))
async def test_every_page_survives_a_tiny_terminal_and_has_help(
    make_app: MakeApp, page: str
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: app.store_ready)
        app.action_page(page)
        await wait_until(pilot, lambda: app.current_mode == page)
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert app.screen.HELP
        app.action_help()
        await wait_until(pilot, lambda: app.screen.query("HelpPanel"))


async def test_a_meter_takes_its_prm_from_the_token(make_app: MakeApp) -> None:
    app = make_app(meters=(), more=f'[[meters]]\ntoken = "{token_for()}"')
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until(pilot, lambda: app.store_ready)
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
