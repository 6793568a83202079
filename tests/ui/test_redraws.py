"""Nothing is sent, laid out or made anew where nothing changed: the line may be slow."""

from __future__ import annotations

from functools import partial

import pytest
from textual.app import App
from textual.screen import Screen
from textual.widgets import Input
from textual.widgets._footer import FooterKey

from linky_tui.ui.app import LinkyApp
from linky_tui.ui.shell.page import Page
from tests.tools.app import screen_text, wait_until
from tests.ui.conftest import Running


def shows(app: LinkyApp, text: str) -> bool:
    return text in screen_text(app)


@pytest.mark.parametrize("key", ["ctrl+p", "slash"])
async def test_nothing_is_sent_while_a_field_waits(
    running: Running, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    sent: list[object] = []
    async with running((80, 24)) as (app, pilot):
        await pilot.press("c")
        await wait_until(pilot, partial(shows, app, "half-hours"))
        await pilot.press(key)
        await wait_until(pilot, lambda: isinstance(app.focused, Input))
        monkeypatch.setattr(App, "_display", lambda app, screen, drawn: sent.append(drawn))
        for _ in range(5):  # what was under way may come first; a cursor would blink in each
            sent.clear()
            await pilot.pause(1.2)
            if not sent:
                break
        assert not sent


async def test_the_footer_is_made_anew_only_for_other_keys(running: Running) -> None:
    async with running((80, 24)) as (app, pilot):
        page = app.screen

        def all_work() -> bool:
            return bool(page.query(FooterKey)) and not page.query("FooterKey.-disabled")

        await wait_until(pilot, all_work)
        keys = list(page.query(FooterKey))
        page.refresh_bindings()
        await pilot.press("f1", "escape")
        await pilot.pause()
        assert list(page.query(FooterKey)) == keys
        page.add_class("-away")  # where keys that read charts do nothing
        page.refresh_bindings()
        await wait_until(pilot, lambda: not all_work())


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize(("keys", "text"), [([], "identical"), (["c"], "half-hours")])
async def test_what_is_read_again_and_the_same_is_not_laid_out_again(
    running: Running, monkeypatch: pytest.MonkeyPatch, keys: list[str], text: str
) -> None:
    layouts: list[object] = []
    async with running((80, 24)) as (app, pilot):
        await pilot.press(*keys)
        await wait_until(pilot, partial(shows, app, text))
        await pilot.pause(1.0)
        page = app.screen
        assert isinstance(page, Page)
        monkeypatch.setattr(Screen, "_refresh_layout", lambda self, *_, **__: layouts.append(self))
        page.refresh_data()
        await pilot.pause(1.0)
        await app.workers.wait_for_complete()
        assert not layouts
