"""The Welcome page: two doors for who has no configuration."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, SelectionList

from linky_tui.config import load
from linky_tui.demo.household import DEMO_PRM
from linky_tui.demo.server import ApiServer
from linky_tui.ingest.jobs import JobKind
from linky_tui.system import paths
from linky_tui.ui import app as app_module
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.welcome.page import Door
from tests.tools.app import HOME, flowing, run_app, screen_text, token_for, wait_until
from tests.tools.config import write
from tests.ui.conftest import MakeApp, Running
from tests.ui.settings.test_page import shows_secret

OTHER = "98765432109876"


@pytest.fixture
def gateway() -> Iterator[ApiServer]:
    with ApiServer({DEMO_PRM: HOME}) as server:
        yield server


async def open_connect(app: LinkyApp, pilot: Pilot[None]) -> Input:
    """Go through the second door; gives the field of the token."""
    await wait_until(pilot, lambda: app.screen.query(Door))
    await pilot.press("m")
    await wait_until(pilot, lambda: isinstance(app.screen.focused, Input))
    focused = app.screen.focused
    assert isinstance(focused, Input)
    return focused


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20), (80, 15)])
async def test_every_door_that_is_shown_leads_somewhere(
    running: Running, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    opened: list[LinkyApp] = []
    monkeypatch.setattr(LinkyApp, "open_other", lambda app: opened.append(app))
    keys = '[keys]\nsettings = "f6"\nwelcome-demo = "f7"'
    async with running(size, empty=True, meters=(), more=keys) as (app, pilot):
        await wait_until(pilot, lambda: "Connect my Linky" in screen_text(app))
        text = screen_text(app)
        for part in ("Try the demo", " F7 ─", "network.", "arrive.", "Atlas? Press F6"):
            assert part in text  # no sentence is cut
        doors = list(app.screen.query(Door))
        for door in doors:
            await pilot.click(door)
            await wait_until(pilot, lambda: opened or isinstance(app.screen.focused, Input))
            opened.clear()
            await pilot.press("escape")
            await wait_until(pilot, lambda: isinstance(app.screen.focused, Door))
        await pilot.press(*["right"] * len(doors))
        await pilot.pause()
        assert app.current_mode == "welcome"
        assert app.screen.focused is doors[-1]
        await pilot.resize_terminal(20, 5)
        await pilot.resize_terminal(*size)
        await wait_until(pilot, lambda: "Try the demo" in screen_text(app))


@pytest.mark.parametrize("how", ["key", "enter", "mouse"])
async def test_the_demo_door_leaves_for_the_demo(running: Running, how: str) -> None:
    async with running((80, 24), empty=True, meters=()) as (app, pilot):
        await wait_until(pilot, lambda: app.screen.query(Door))
        await pilot.pause()
        if how == "mouse":
            await pilot.click("#door-demo")
        else:
            await pilot.press("t" if how == "key" else "enter")
        await wait_until(pilot, lambda: app.other_wanted)


def test_run_opens_the_demo_after_its_door_and_then_the_form(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened = []
    file = write(tmp_path / "config.toml", "")

    def fake_run(app: LinkyApp) -> None:
        opened.append((app.demo, app.backend.config_file, app.connect_wanted))
        app.other_wanted = len(opened) < 3

    monkeypatch.setattr(LinkyApp, "run", fake_run)
    assert app_module.run_app(file, demo=False) == 0
    assert opened == [(False, file, False), (True, None, False), (False, file, True)]


async def test_the_palette_leads_from_the_demo_to_ones_own_meter(tmp_path: Path) -> None:
    app = LinkyApp(demo=True)
    async with run_app(app) as pilot:
        app._demo_started = True  # nothing is to be fetched here
        await pilot.press("g", "right", "right")
        await wait_until(
            pilot, lambda: "Connect my Linky in the palette (^p) leaves" in flowing(app)
        )
        await pilot.press("ctrl+p")
        await pilot.press(*"connect")
        await wait_until(pilot, lambda: "Leave the demo, and paste" in screen_text(app))
        await pilot.press("enter")
        await wait_until(pilot, lambda: app.other_wanted)


@pytest.mark.parametrize("meters", [(), (DEMO_PRM,)])
async def test_the_form_is_open_when_the_demo_was_left_for_it(
    make_app: MakeApp, meters: tuple[str, ...]
) -> None:
    app = make_app(empty=True, meters=meters)
    app.connect_wanted = True
    async with app.run_test() as pilot:
        await wait_until(pilot, lambda: "Get a token" in screen_text(app))
        await wait_until(pilot, lambda: isinstance(app.screen.focused, Input))
        await pilot.press("escape")
        await wait_until(pilot, lambda: "Try the demo" in screen_text(app))


async def test_a_token_shows_its_meters_and_its_end_at_once(make_app: MakeApp) -> None:
    app = make_app(empty=True, meters=())
    token = token_for(DEMO_PRM, OTHER)
    async with app.run_test(size=(80, 24)) as pilot:
        field = await open_connect(app, pilot)
        assert "https://conso.boris.sh" in screen_text(app)
        assert "hourly" in screen_text(app)
        save = app.screen.query_one("#connect-save", Button)
        assert save.disabled
        field.value = "no token"
        await wait_until(pilot, lambda: "✗ This is no token" in screen_text(app))
        field.value = token_for(DEMO_PRM, days=-1)
        await wait_until(pilot, lambda: "✗ The token expired on" in screen_text(app))
        assert save.disabled
        field.value = f"Bearer {token}"
        await wait_until(pilot, lambda: "Covers 2 meters, valid until" in screen_text(app))
        for prm in (DEMO_PRM, OTHER):
            await wait_until(pilot, lambda prm=prm: prm in screen_text(app))  # type: ignore[misc]
        assert not save.disabled
        assert not shows_secret(app, token)
        chosen = app.screen.query_one(SelectionList)
        chosen.focus()
        assert screen_text(app).count("[x]") == 2
        await pilot.press("space")
        await wait_until(pilot, lambda: screen_text(app).count("[ ]") == 1)
        assert screen_text(app).count("[x]") == 1
        await pilot.click(chosen, offset=(1, 1))
        await wait_until(pilot, lambda: save.disabled)  # no meter is chosen
        assert screen_text(app).count("[ ]") == 2
        assert "▐X▌" not in screen_text(app)
        await pilot.press("escape")
        await wait_until(pilot, lambda: "Try the demo" in screen_text(app))


async def test_connecting_saves_and_fetches(make_app: MakeApp, gateway: ApiServer) -> None:
    app = make_app(empty=True, meters=(), api_url=gateway.url, more="# mine\nrequests_per_day = 5")
    file = app.config.path
    assert file is not None
    async with app.run_test(size=(120, 40)) as pilot:
        field = await open_connect(app, pilot)
        field.value = gateway.token
        await wait_until(pilot, lambda: app.screen.query("#field-connect-name")[0].region.height)
        app.screen.query_one("#field-connect-name Input", Input).value = "Maison"
        await pilot.pause()
        assert "3 to 5 requests" in screen_text(app)
        await pilot.click("#connect-save")
        await wait_until(pilot, lambda: app.current_mode == "backfill")
        await wait_until(pilot, lambda: len(gateway.log) == 5)
        assert app.ingest.state.kind is JobKind.BACKFILL
        assert {entry.type for entry in gateway.log[:3]} == {"consommation_quotidienne"}
        await wait_until(pilot, lambda: not app.ingest.state.busy)
        assert "paused until" in app.state_texts[0]
        assert app.backend.store.readings.count() > 0
    (meter,) = load(file, {}).meters
    assert (meter.prm, meter.name, meter.token) == (DEMO_PRM, "Maison", gateway.token)
    assert "# mine" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_first_configuration_is_written_private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LinkyApp, "connect", lambda app, *, again=False: None)  # no MongoDB yet
    app = LinkyApp()
    async with app.run_test(size=(80, 24)) as pilot:
        field = await open_connect(app, pilot)
        field.value = token_for(DEMO_PRM, OTHER)
        await wait_until(pilot, lambda: not app.screen.query_one("#connect-save", Button).disabled)
        await pilot.press("enter", "enter")
        await wait_until(pilot, lambda: app.current_mode == "backfill")
        assert [meter.prm for meter in app.config.meters] == [DEMO_PRM, OTHER]
        assert app.ingest.state.jobs == ()  # it starts when MongoDB is there
    file = paths.config_file()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
