"""The Settings page: everything of the file in a form, judged as one types, saved with care."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Button, Input, OptionList, Select, Static

from linky_tui.config import Config, load
from linky_tui.config.model import SECTIONS
from linky_tui.demo.household import DEMO_PRM
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.forms.fields import Field
from linky_tui.ui.help.dialog import HelpDialog
from linky_tui.ui.settings.body import SettingsBody
from linky_tui.ui.settings.page import SettingsPage
from linky_tui.ui.settings.unsaved_dialog import UnsavedDialog
from linky_tui.ui.shell.dialogs import ErrorDialog
from tests.tools.app import flowing, screen_text, wait_until
from tests.ui.conftest import MakeApp, Running

PASSWORD = "hunter2hunter2"


async def open_settings(app: LinkyApp, pilot: Pilot[None], section: str = "mongodb") -> None:
    """Show the page, and one section of it without building those before it."""
    await wait_until(pilot, lambda: app.store_ready)
    await pilot.press("g")
    await wait_until(pilot, lambda: "config" in state(app))
    await show(app, pilot, section)


def page(app: LinkyApp) -> SettingsPage:
    return next(screen for screen in app.screen_stack if isinstance(screen, SettingsPage))


def state(app: LinkyApp) -> str:
    return str(app.screen.query("#settings-state").first().render()) if is_open(app) else ""


def is_open(app: LinkyApp) -> bool:
    return isinstance(app.screen, SettingsPage) and bool(app.screen.query("#settings-state"))


def field(app: LinkyApp, name: str) -> Field:
    return page(app).query_one(f"#field-{name}", Field)


async def show(app: LinkyApp, pilot: Pilot[None], section: str) -> None:
    page(app).query_one(SettingsBody).show_section(section)
    await wait_until(pilot, lambda: page(app).query(f"#section-{section}"))
    await pilot.pause()


async def type_into(app: LinkyApp, pilot: Pilot[None], name: str, text: str) -> None:
    await show(app, pilot, name.partition("-")[0])
    field(app, name).query_one(Input).value = text
    await pilot.pause()


def saved(app: LinkyApp) -> Config:
    return load(app.config.path, {})


def shows_secret(app: LinkyApp, secret: str) -> bool:
    """Whether any longer part of a secret stands on the screen or in a screenshot."""
    seen = screen_text(app) + app.export_screenshot()
    return any(secret[i : i + 10] in seen for i in range(len(secret) - 10))


async def test_what_was_typed_right_before_saving_is_saved(running: Running) -> None:
    async with running(empty=True) as (app, pilot):
        await open_settings(app, pilot)
        await show(app, pilot, "mongodb")
        field(app, "mongodb-database").query_one(Input).value = "cellar"
        page(app).action_save()  # before the page has heard of the new name
        await wait_until(pilot, lambda: saved(app).mongodb.database == "cellar")


@pytest.mark.parametrize(("width", "tabs"), [(80, 1), (120, 2)])
async def test_few_tabs_lead_to_the_first_field(running: Running, width: int, tabs: int) -> None:
    async with running((width, 24), empty=True) as (app, pilot):
        await open_settings(app, pilot)
        assert app.screen.focused is not None
        assert app.screen.focused.region, "what has the focus is seen"
        await pilot.press(*["tab"] * tabs)
        assert app.screen.focused is field(app, "mongodb-uri").query_one(Input)
        await pilot.press(*["shift+tab"] * tabs, "right")
        await wait_until(pilot, lambda: app.screen.query("#field-enedis-api_url"))


async def test_every_key_is_there_with_its_value_and_default(running: Running) -> None:
    async with running((80, 24), empty=True, more="requests_per_day = 40") as (app, pilot):
        await open_settings(app, pilot, "enedis")
        asked = field(app, "enedis-requests_per_day")
        assert asked.text == "40"
        assert "default" not in screen_text(app)
        before = [each.region for each in page(app).query(Field)]
        asked.query_one(Input).focus()
        await wait_until(pilot, lambda: "requests_per_day · default: 80" in screen_text(app))
        assert "Most requests a day" in screen_text(app)
        assert "Pause between two requests" not in screen_text(app)
        await pilot.press("end", "x")
        await wait_until(pilot, lambda: "✗ Requests per day" in screen_text(app))
        assert "Most requests a day" not in screen_text(app)
        assert [each.region for each in page(app).query(Field)] == before
        assert field(app, "mongodb-database").text == app.config.mongodb.database
        await show(app, pilot, "display")
        names = {each.id for each in page(app).query(Field)}
        for section in SECTIONS.values():
            if not section.repeated:
                assert {f"field-{section.name}-{key.name}" for key in section.keys} <= names


async def test_typing_says_what_is_wrong_and_saving_says_everything(make_app: MakeApp) -> None:
    app = make_app(empty=True)
    file = app.config.path
    assert file is not None
    before = file.read_bytes()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_settings(app, pilot, "enedis")
        field(app, "enedis-requests_per_day").query_one(Input).focus()
        await pilot.press("end", "x")
        await wait_until(pilot, lambda: "✗ The value is not a whole number." in screen_text(app))
        await type_into(app, pilot, "mongodb-database", "my base")
        await wait_until(pilot, lambda: "To correct: MongoDB, Enedis" in state(app))
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        text = screen_text(app)
        assert "requests_per_day" in text
        assert "[mongodb] database" in text
    assert file.read_bytes() == before


async def test_saving_keeps_comments_and_makes_the_file_private(make_app: MakeApp) -> None:
    app = make_app(empty=True, more="# mine\nrequests_per_day = 40  # careful")
    file = app.config.path
    assert file is not None
    file.chmod(0o644)
    before = file.read_text()
    async with app.run_test(size=(120, 40)) as pilot:
        await open_settings(app, pilot)
        number = file.stat().st_ino
        await pilot.press("ctrl+s")  # nothing is changed, so nothing is written
        await pilot.pause(0.05)
        assert file.stat().st_ino == number
        await type_into(app, pilot, "enedis-requests_per_day", "60")
        await wait_until(pilot, lambda: "Not saved yet: Enedis" in state(app))
        await pilot.click("#settings-save")
        await wait_until(pilot, lambda: "Saved in" in state(app))
        assert app.config.enedis.requests_per_day == 60
    assert file.read_text() == before.replace("= 40 ", "= 60 ")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_secrets_are_masked_until_revealed(make_app: MakeApp) -> None:
    app = make_app(empty=True)
    token = app.config.meters[0].token
    async with app.run_test(size=(120, 40)) as pilot:
        await open_settings(app, pilot)
        await type_into(app, pilot, "mongodb-uri", f"mongodb://me:{PASSWORD}@localhost")
        await pilot.pause()
        assert not shows_secret(app, PASSWORD)
        await pilot.click("#field-mongodb-uri .reveal")
        await wait_until(pilot, lambda: shows_secret(app, PASSWORD))
        await show(app, pilot, "meters")
        assert not shows_secret(app, token)
        await wait_until(pilot, lambda: page(app).query(".edit"))
        await pilot.click(".edit")
        await wait_until(pilot, lambda: "Edit the meter" in screen_text(app))
        assert not shows_secret(app, token)
        await pilot.click("#field-meters-token .reveal")
        await wait_until(pilot, lambda: shows_secret(app, token))


async def test_leaving_with_changes_asks(running: Running) -> None:
    async with running((80, 24), empty=True) as (app, pilot):
        await open_settings(app, pilot)
        await type_into(app, pilot, "enedis-requests_per_day", "60")
        await wait_until(pilot, lambda: "Not saved yet" in state(app))
        await pilot.press("q")
        await wait_until(pilot, lambda: isinstance(app.screen, UnsavedDialog))
        assert "You changed Enedis." in screen_text(app)
        await pilot.press("escape")
        await wait_until(pilot, lambda: isinstance(app.screen, SettingsPage))
        assert field(app, "enedis-requests_per_day").text == "60"
        await pilot.press("f1", "ctrl+q", "ctrl+q")
        await wait_until(pilot, lambda: isinstance(app.screen, UnsavedDialog))
        assert sum(isinstance(each, UnsavedDialog) for each in app.screen_stack) == 1
        await pilot.press("escape", "escape")
        await wait_until(pilot, lambda: isinstance(app.screen, SettingsPage))
        await pilot.press("l")
        await wait_until(pilot, lambda: isinstance(app.screen, UnsavedDialog))
        await pilot.press("left", "enter")
        await wait_until(pilot, lambda: app.current_mode == "log")
        assert saved(app).enedis.requests_per_day == 80
        await pilot.press("g")
        await type_into(app, pilot, "enedis-requests_per_day", "70")
        await wait_until(pilot, lambda: "Not saved yet" in state(app))
        await pilot.press("l")
        await wait_until(pilot, lambda: isinstance(app.screen, UnsavedDialog))
        await pilot.click("#save")
        await wait_until(pilot, lambda: app.current_mode == "log")
        assert saved(app).enedis.requests_per_day == 70


async def test_escape_leaves_a_field_so_that_page_keys_work(running: Running) -> None:
    async with running(empty=True) as (app, pilot):
        await open_settings(app, pilot)
        field(app, "mongodb-database").query_one(Input).focus()
        await pilot.press("end", "l")
        assert field(app, "mongodb-database").text.endswith("l")
        await pilot.press("escape", "u")
        await wait_until(pilot, lambda: "Saved in" in state(app))
        assert field(app, "mongodb-database").text == app.config.mongodb.database
        await pilot.press("l")
        await wait_until(pilot, lambda: app.current_mode == "log")


async def test_a_click_shows_a_section(running: Running) -> None:
    async with running(empty=True) as (app, pilot):
        await open_settings(app, pilot)
        await pilot.click("#settings-nav", offset=(3, 3))
        await wait_until(pilot, lambda: page(app).query_one("#section-display").display)
        assert page(app).query_one("#settings-nav", OptionList).highlighted == 3
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        await pilot.click("#settings-tabs #enedis")
        await wait_until(pilot, lambda: page(app).query_one("#section-enedis").display)


async def test_what_the_environment_decides_is_said_and_never_saved(
    running: Running, mongod_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINKY_TUI_MONGODB_URI", mongod_uri + "/?appName=fromtheshell")
    async with running(empty=True) as (app, pilot):
        await open_settings(app, pilot)
        assert "! Address" in screen_text(app)
        field(app, "mongodb-uri").query_one(Input).focus()
        said = "LINKY_TUI_MONGODB_URI is set and goes before this"
        await wait_until(pilot, lambda: said in screen_text(app))
        assert field(app, "mongodb-uri").text == mongod_uri
        await type_into(app, pilot, "enedis-requests_per_day", "60")
        await wait_until(pilot, lambda: "Not saved yet" in state(app))
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: "Saved in" in state(app))
    assert saved(app).mongodb.uri == mongod_uri
    assert app.config.path is not None
    assert "fromtheshell" not in app.config.path.read_text()


async def test_a_theme_is_tried_at_once_and_remembered_when_saved(running: Running) -> None:
    async with running(empty=True) as (app, pilot):
        await open_settings(app, pilot, "display")
        select = field(app, "display-theme").query_one(Select)
        select.value = "nord"
        await wait_until(pilot, lambda: app.theme == "nord")
        await pilot.press("u")
        await wait_until(pilot, lambda: app.theme == "textual-dark" and select.value == app.theme)
        select.value = "gruvbox"
        await wait_until(pilot, lambda: app.theme == "gruvbox")
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: "Saved in" in state(app))
        assert app.theme == saved(app).display.theme == "gruvbox"


async def test_keys_are_remapped_and_judged(running: Running) -> None:
    async with running(empty=True) as (app, pilot):
        await open_settings(app, pilot, "keys")
        await wait_until(pilot, lambda: "Key of Sync" in screen_text(app))
        assert "Fetch what is missing up to yesterday (sync). Its usual key: s." in flowing(app)
        await pilot.press("escape", *["down"] * 6, "enter")
        await wait_until(pilot, lambda: "Key of Log" in screen_text(app))
        await wait_until(pilot, lambda: "press the new key" in screen_text(app))
        await pilot.press("b")
        await wait_until(pilot, lambda: "✗ Also the key of Backfill" in screen_text(app))
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await pilot.press("escape", "enter", "5")
        await wait_until(pilot, lambda: "on an AZERTY keyboard" in screen_text(app))
        for end, kept in (("escape", "5"), ("delete", None)):
            await pilot.press("enter", end)
            await wait_until(pilot, lambda: "press the new key" not in screen_text(app))
            await pilot.pause()
            assert page(app)._draft.keys.get("log") == kept  # type: ignore[union-attr]
        for pressed, name in (("ctrl+s", "ctrl+s"), ("/", "slash"), ("w", "w")):
            await pilot.press("enter", pressed)
            await wait_until(
                pilot,
                lambda name=name: page(app)._draft.keys.get("log") == name,  # type: ignore[misc,union-attr]
            )
        await wait_until(pilot, lambda: "Not saved yet: Keys" in state(app))
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: "Saved in" in state(app))
        assert saved(app).keys == {"log": "w"}
        await pilot.press("w")
        await wait_until(pilot, lambda: app.current_mode == "log")


@pytest.mark.parametrize("helps", ["f1", "f2"])
async def test_keys_that_help_or_leave_are_not_recorded(running: Running, helps: str) -> None:
    async with running((80, 24), empty=True, more=f'[keys]\nhelp = "{helps}"') as (app, pilot):
        await open_settings(app, pilot, "keys")
        await pilot.press("escape", "enter")
        await wait_until(pilot, lambda: f"{helps.upper()}, ^p, ^q, ^c and Tab do" in flowing(app))
        for key, opened in ((helps, HelpDialog), ("ctrl+p", CommandPalette)):
            await pilot.press(key)
            await wait_until(pilot, lambda opened=opened: isinstance(app.screen, opened))  # type: ignore[misc]
            await pilot.press("escape")
            await wait_until(pilot, lambda: "press the new key" in screen_text(app))
        await pilot.press("ctrl+c", "tab")
        await wait_until(pilot, lambda: "press the new key" not in screen_text(app))
        assert page(app).changed_sections == ()
        await pilot.press("shift+tab", "f3")
        await wait_until(pilot, lambda: page(app)._draft.keys.get("sync") == "f3")  # type: ignore[union-attr]
        await pilot.press("enter", "ctrl+q")
        await wait_until(pilot, lambda: isinstance(app.screen, UnsavedDialog))


async def test_another_database_is_connected_at_once(
    running: Running, mongo_database_name: str
) -> None:
    async with running(empty=True) as (app, pilot):
        await open_settings(app, pilot)
        await type_into(app, pilot, "mongodb-database", mongo_database_name)
        await wait_until(pilot, lambda: "Not saved yet: MongoDB" in state(app))
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: "Saved in" in state(app) and app.store_ready)
        connected = app.backend.store.readings.regular.database.name
        assert connected == mongo_database_name


async def test_any_size_is_survived(running: Running) -> None:
    async with running((80, 24), empty=True) as (app, pilot):
        await open_settings(app, pilot)
        await pilot.resize_terminal(20, 5)
        for section in reversed([*SECTIONS]):
            await show(app, pilot, section)
        await pilot.resize_terminal(200, 60)
        await pilot.resize_terminal(80, 24)
        await wait_until(pilot, lambda: "MongoDB" in screen_text(app))


async def test_the_demo_edits_its_own_file_and_says_what_does_not_apply(tmp_path: Path) -> None:
    app = LinkyApp(demo=True)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            app._demo_started = True  # nothing is to be fetched here
            await open_settings(app, pilot)
            assert "This does not apply in the demo" in screen_text(app)
            assert field(app, "mongodb-uri").disabled
            assert not page(app).query_one("#mongodb-test", Button).parent.display  # type: ignore[union-attr]
            await pilot.press("right", "right")
            assert "Add a meter" not in screen_text(app)
            await pilot.press("right")
            field(app, "display-marker").query_one(Select).value = "dot"
            await wait_until(pilot, lambda: "Not saved yet: Display" in state(app))
            await pilot.press("ctrl+s")
            await wait_until(pilot, lambda: "Saved in" in state(app))
            assert app.config.display.marker == "dot"
            assert app.config.meters[0].prm == DEMO_PRM
            assert app.config.path == load(None, {}, demo=True).path
            assert load(None, {}, demo=True).display.marker == "dot"
            assert not load(None, {}).exists
    finally:
        app.backend.close()


async def test_the_line_for_cron_stands_with_how_readings_are_fetched(running: Running) -> None:
    async with running((160, 50), empty=True) as (app, pilot):
        await open_settings(app, pilot, "enedis")
        await wait_until(pilot, lambda: "* * *" in screen_text(app))
        shown = str(app.screen.query_one("#schedule", Static).content)
        assert shown.endswith(f"linky-tui --config {app.config.path} --sync")
