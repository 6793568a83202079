"""A picture by a key or from the palette: it says where it is, and no secret is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from linky_tui.errors import LinkyError
from linky_tui.ui.settings.body import SettingsBody
from linky_tui.ui.shell import store_app
from linky_tui.ui.shell.dialogs import ErrorDialog
from tests.tools.app import screen_text, wait_until
from tests.ui.conftest import Running


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of pictures of a home without one for downloads."""
    (tmp_path / "Pictures").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "Pictures"


@pytest.mark.parametrize("by", ["key", "palette", "presentation"])
async def test_it_says_where_it_went(running: Running, pictures: Path, by: str) -> None:
    async with running((120, 40), notifications=True) as (app, pilot):
        if by == "palette":
            await pilot.press("ctrl+p")
            await pilot.pause(0.2)
            await pilot.press(*"Screenshot")
            await wait_until(pilot, lambda: "Screenshot (F4)" in screen_text(app))
            await pilot.press("down", "enter")
        else:
            await pilot.press(*(["f5"] if by == "presentation" else []), "f4")
        await wait_until(pilot, lambda: "Picture saved" in screen_text(app))
        (picture,) = pictures.iterdir()
        said = [str(each.message) for each in app._notifications]
        assert str(picture) in said
        assert picture.read_text(encoding="utf-8").startswith("<svg")


async def test_a_revealed_secret_is_not_in_it(running: Running, pictures: Path) -> None:
    password = "correct-horse-battery"
    async with running((120, 40), empty=True) as (app, pilot):
        await pilot.press("g")
        await wait_until(pilot, lambda: app.screen.query(SettingsBody))
        app.screen.query_one(SettingsBody).show_section("mongodb")
        await wait_until(pilot, lambda: app.screen.query("#field-mongodb-uri Input"))
        field = app.screen.query_one("#field-mongodb-uri Input", Input)
        field.value = f"mongodb://me:{password}@localhost"
        await wait_until(pilot, lambda: field.region)
        await pilot.click("#field-mongodb-uri .reveal")
        await wait_until(pilot, lambda: password in screen_text(app))
        await pilot.press("f4")
        await wait_until(pilot, lambda: [*pictures.iterdir()])
        picture = next(pictures.iterdir()).read_text(encoding="utf-8")
        assert "Database" in picture
        assert password[:10] not in picture


async def test_where_nothing_takes_it_the_reason_is_said(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> str:
        raise LinkyError("The picture could not be saved", "/x: Permission denied.", "Free it.")

    monkeypatch.setattr(store_app, "save_picture", refused)
    async with running() as (app, pilot):
        await pilot.press("f4")
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "Permission denied" in screen_text(app)
