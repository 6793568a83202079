"""Pasted text arrives whole or, aloud, not at all; in every field of the application."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.events import Paste
from textual.widgets import Input

import linky_tui.ui
from linky_tui.config.model import METERS, MONGODB
from linky_tui.config.toml_keys import Key
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.charts.date_dialog import DateDialog
from linky_tui.ui.forms.fields import Field
from tests.tools.app import screen_text, wait_until


class Form(App[None]):
    def __init__(self, key: Key) -> None:
        super().__init__()
        self.key = key

    def compose(self) -> ComposeResult:
        yield Field("form", self.key)


async def pasted(key: Key, text: str, *, by_key: bool = False) -> tuple[str, int]:
    """What a field holds after a paste, and how many toasts came."""
    app = Form(key)
    async with app.run_test() as pilot:
        line = app.query_one(Input)
        line.focus()
        await pilot.pause()
        if by_key:
            app.copy_to_clipboard(text)
            await pilot.press("ctrl+v")
        else:
            line.post_message(Paste(text))
        await pilot.pause()
        return app.query_one(Field).text, len(app._notifications)


@pytest.mark.parametrize("by_key", [False, True])
@pytest.mark.parametrize(
    ("key", "text", "whole"),
    [
        (METERS.key("token"), "eyJh.eyJz\r\n  dWIi.c2ln\n", "eyJh.eyJzdWIi.c2ln"),
        (
            MONGODB.key("uri"),
            "mongodb://me@one,\n\ntwo/?tls=true",
            "mongodb://me@one,two/?tls=true",
        ),
        (METERS.key("name"), "Rue des Lilas\n", "Rue des Lilas"),
        (METERS.key("name"), "\n", ""),
    ],
)
async def test_lines_of_a_text_without_blanks_are_joined(
    key: Key, text: str, whole: str, by_key: bool
) -> None:
    assert await pasted(key, text, by_key=by_key) == (whole, 0)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (METERS.key("name"), "Rue des Lilas\nPortail"),
        (MONGODB.key("uri"), "mongodb://one\nthe one of the cellar"),
    ],
)
async def test_other_lines_are_refused_aloud(key: Key, text: str) -> None:
    assert await pasted(key, text) == ("", 1)


async def test_a_date_is_not_cut_out_of_several_lines(empty_app: LinkyApp) -> None:
    app = empty_app
    async with app.run_test() as pilot:
        app.push_screen(DateDialog())
        await wait_until(pilot, lambda: app.screen.query("DateDialog Input"))
        line = app.screen.query_one(Input)
        line.post_message(Paste("2026-11-21\n2026-11-22"))
        await pilot.pause()
        assert line.value == ""
        assert len(app._notifications) == 1
        # A single line is taken, and judged in words rather than with the terminal's bell.
        line.post_message(Paste("on 2026-11-21, I believe"))
        await pilot.press("enter")
        await wait_until(pilot, lambda: "No date. Write it as" in screen_text(app))
        line.value = "yesterday"
        await pilot.press("enter")
        await wait_until(pilot, lambda: not isinstance(app.screen, DateDialog))


def test_every_input_of_the_application_is_one_of_these() -> None:
    found = {
        f"{file.name}: {line.strip()}"
        for file in Path(linky_tui.ui.__file__).parent.rglob("*.py")
        for line in file.read_text().splitlines()
        if re.search(r"(?<!\w)Input\(|\(Input\):", line)
    }
    assert found == {"pasting.py: class WholePasteInput(Input):"}
