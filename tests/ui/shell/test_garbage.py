"""What is no longer on the screen is given back: an application is open for weeks."""

from __future__ import annotations

import gc
from collections import Counter

from textual.dom import DOMNode
from textual.pilot import Pilot

from linky_tui.ui.app import LinkyApp
from linky_tui.ui.shell.page import Page
from tests.tools.app import wait_until
from tests.ui.conftest import Running

ROUNDS = 2
KEYS = {
    "d": ("f1", "ctrl+p", "f5", "j"),
    "c": ("slash", "v", "v", "t"),
    "b": ("f",),
    "o": ("i", "y", "t", "down", "down", "t"),
    "g": (),
    "l": (),
}
"""Pages, and what opens something on them."""


def nodes() -> Counter[str]:
    gc.collect()
    return Counter(
        type(each).__name__ for each in gc.get_objects() if issubclass(type(each), DOMNode)
    )


async def one_round(app: LinkyApp, pilot: Pilot[None]) -> None:
    """Every page with its dialogs, one after the other."""
    for page, keys in KEYS.items():
        await pilot.press(page)
        await wait_until(pilot, lambda: isinstance(app.screen, Page))
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            if not isinstance(app.screen, Page):
                await pilot.press("escape")
                await wait_until(pilot, lambda: isinstance(app.screen, Page))


async def test_nothing_that_was_closed_is_kept(running: Running) -> None:
    async with running((100, 30)) as (app, pilot):
        await one_round(app, pilot)
        before = nodes()
        for _ in range(ROUNDS):
            await one_round(app, pilot)
        # The last of them wait for answers, in whose name they asked.
        await wait_until(pilot, lambda: all(more < ROUNDS for more in (nodes() - before).values()))
