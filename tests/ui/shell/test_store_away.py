"""A MongoDB that has never answered is the state of the whole page, not an empty page."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets._footer import FooterKey

from linky_tui.config import MongoSettings
from linky_tui.storage import connection
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.shell import page, store_app
from linky_tui.ui.shell.dialogs import ErrorDialog
from linky_tui.ui.shell.page import Page
from tests.tools.app import mongodb_away, run_app, screen_text, wait_until, write_config
from tests.ui.conftest import MakeApp, Running

PASSWORD = "hunter2hunter2"
DOWN = {"d": "dashboard", "c": "charts", "b": "backfill", "o": "storage"}


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_SELECTION_MS", 500)
    monkeypatch.setattr(store_app, "RETRY_S", 0.3)


@pytest.fixture
def away(tmp_path: Path) -> LinkyApp:
    """An application whose MongoDB is at an address where nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"mongodb://me:{PASSWORD}@127.0.0.1:{closed.getsockname()[1]}/?authSource=admin"
    return LinkyApp(write_config(tmp_path / "config.toml", uri=uri, database="home"))


async def test_every_page_says_where_why_when_and_what_to_do(
    away: LinkyApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "CONNECTING_S", 0.05)
    address = away.config.mongodb.uri.partition("@")[2].partition("/")[0]
    async with run_app(away, (80, 24)) as pilot:
        await wait_until(pilot, lambda: "Connecting to MongoDB" in screen_text(away))
        await wait_until(pilot, lambda: away.store_error is not None)
        error = away.store_error
        assert error is not None
        for key, mode in DOWN.items():
            await pilot.press(key)
            await wait_until(pilot, lambda mode=mode: away.current_mode == mode)  # type: ignore[misc]
            await wait_until(pilot, lambda: error.title in screen_text(away))
            text = " ".join(screen_text(away).split())
            assert f"Address: {address}" in text
            assert " ".join(error.cause.split()) in text
            assert re.search(r"Next try: \d\d:\d\d:\d\d\.|being tried again now", text)
            assert "g opens the settings, l the log." in text
            assert "730" not in text
            assert PASSWORD[:8] not in text
        await pilot.press("l")
        await wait_until(pilot, lambda: f"Address: {address}" in screen_text(away))
        assert "Nothing has happened" not in screen_text(away)
        await pilot.press("g")
        await wait_until(pilot, lambda: "Test connection" in screen_text(away))


async def test_leaving_waits_for_no_mongodb_that_does_not_answer(
    away: LinkyApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_SELECTION_MS", 100_000)
    async with away.run_test() as pilot:
        await wait_until(pilot, away.backend._opening.locked)
        await pilot.press("q")
        await wait_until(pilot, away.leaving.is_set)
        await wait_until(pilot, lambda: not away.backend._opening.locked(), timeout=30)


async def test_the_page_comes_when_mongodb_answers(make_app: MakeApp, mongod_uri: str) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        with mongodb_away(mongod_uri):
            await wait_until(pilot, lambda: "Next try" in screen_text(app))
            assert not app._notifications, "the page says it"
        await wait_until(pilot, lambda: "Last 14 days" in screen_text(app))
        assert app.screen.focused is not None
        await pilot.press("l")
        await wait_until(pilot, lambda: "MongoDB answers." in screen_text(app))


async def test_keys_that_can_do_nothing_then_are_grey(make_app: MakeApp, mongod_uri: str) -> None:
    app = make_app()

    def grey() -> set[str]:
        keys = app.screen.query(FooterKey)
        return {key.description for key in keys if key.has_class("-disabled")}

    async with app.run_test(size=(80, 24)) as pilot:
        with mongodb_away(mongod_uri):
            await pilot.press("o")
            actions = {"Verify", "Repair", "Defragment", "Zstd", "Inside", "Get in"}
            await wait_until(pilot, lambda: grey() == actions)
        await wait_until(pilot, lambda: app.store_ready and not grey())


async def test_a_page_without_anything_says_it_and_one_with_figures_keeps_them(
    running: Running, mongod_uri: str
) -> None:
    async with running((80, 24), notifications=True) as (app, pilot):
        await wait_until(pilot, lambda: isinstance(app.screen, Page) and app.screen.has_data)
        with mongodb_away(mongod_uri):
            app.data_changed.publish(None)
            await wait_until(pilot, lambda: app.store_error is not None)
            assert len(app._notifications) == 1, "the figures do not say it"
            await pilot.press("b")
            await wait_until(pilot, lambda: "Address: " in screen_text(app))
            assert "730" not in screen_text(app)
            await pilot.press("d")
            await wait_until(pilot, lambda: "Yesterday" in screen_text(app))
        await pilot.press("b")
        await wait_until(pilot, lambda: "certified" in screen_text(app))


async def test_a_demo_that_cannot_start_asks_for_no_meter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    folder.write_text("a file where the folder belongs")
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    app = LinkyApp(demo=True)
    async with run_app(app, (100, 30)) as pilot:
        await wait_until(pilot, lambda: app.store_error is not None)
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert not app._notifications, "the dialog says it"
        await pilot.press("escape")
        await wait_until(pilot, lambda: "Next try" in screen_text(app))
        assert "No meter is configured" not in screen_text(app)


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("", "The private server of linky-tui, on this computer"),
        ("mongodb://one:27017,[::1]:27018/?tls=true", "Address: one:27017,[::1]:27018"),
        ("mongodb+srv://me:pa%40ss@c0.ab1.mongodb.net/", "Address: c0.ab1.mongodb.net"),
        ("mongodb://me:p#w@%2Ftmp%2Fmongodb.sock", "Address: /tmp/mongodb.sock"),
        ("mongodb://me:p@ss/word@one:27017", "The address in Settings"),
        ("mongodb://me:pa/ss@one", "The address in Settings"),
        ("mongodb://me:secret/home", "The address in Settings"),
        ("mongodb://one/?appName=me@home", "The address in Settings"),
    ],
)
def test_the_place_of_mongodb_holds_no_piece_of_a_password(
    make_app: MakeApp, uri: str, place: str
) -> None:
    app = make_app(empty=True)
    session = app.backend.session
    app.backend.session = replace(
        session, config=replace(session.config, mongodb=MongoSettings(uri=uri))
    )
    assert app.store_place == place
