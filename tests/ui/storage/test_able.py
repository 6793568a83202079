"""Keys and buttons of the storage page that can do nothing now are grey and do nothing."""

from __future__ import annotations

from typing import Any

import pymongo
import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from linky_tui.ui.app import LinkyApp
from linky_tui.ui.storage.page import StoragePage
from tests.tools.app import StoredHome, mongodb_away, screen_text, wait_until
from tests.ui.conftest import Running

pytestmark = pytest.mark.usefixtures("short_waits")

ANY = {"verify", "repair", "storage-verify", "storage-repair", "storage-inside", "storage-access"}
REGULAR = {"defragment", "zstd", "storage-defragment", "storage-zstd"}
"""These read the regular collection."""


async def opened(pilot: Pilot[None], app: LinkyApp) -> StoragePage:
    await wait_until(pilot, lambda: app.store_ready)
    await pilot.press("o")
    await wait_until(pilot, lambda: app.comparison.snapshot is not None)
    assert isinstance(app.screen, StoragePage)
    return app.screen


def lit(page: StoragePage) -> set[str]:
    """Its buttons, and its keys of the comparison, that can do something."""
    bindings = page.active_bindings.values()
    buttons = page.query("#buttons Button").results(Button)
    return {each.id for each in buttons if each.id and not each.disabled} - {"cancel"} | {
        each.binding.id for each in bindings if each.enabled and each.binding.id
    } & (ANY | REGULAR)


async def test_nothing_stored_leaves_only_the_way_in(running: Running) -> None:
    async with running((80, 24), empty=True) as (app, pilot):
        page = await opened(pilot, app)
        await wait_until(pilot, lambda: "Press b to backfill the history" in screen_text(app))
        assert not page.comparison.table.display
        await wait_until(pilot, lambda: lit(page) == {"storage-access"})
        await pilot.press("f", "v", "i")
        assert app.screen is page
        assert not page.has_class("-working")


async def test_without_mongodb_none_is_left_until_it_is_back(
    running: Running, mongod_uri: str, small_home: StoredHome
) -> None:
    async with running(home=small_home) as (app, pilot):
        page = await opened(pilot, app)
        await wait_until(pilot, lambda: lit(page) == ANY | REGULAR)
        await pilot.press("y")
        await wait_until(pilot, lambda: "mongosh" in screen_text(app))
        page.refresh_bindings()
        await pilot.pause(0.3)
        assert "Stop" not in screen_text(app), "nothing runs, nor under a dialog"
        await pilot.press("escape")
        with mongodb_away(mongod_uri):
            await pilot.press("v")
            await wait_until(pilot, lambda: not app.store_ready)
            await wait_until(pilot, lambda: not lit(page))
        await wait_until(pilot, lambda: lit(page) == ANY | REGULAR)


async def test_a_lost_regular_collection_is_told_with_its_way_back(
    running: Running, own_home: StoredHome
) -> None:
    with pymongo.MongoClient[dict[str, Any]](own_home.uri) as client:
        client[own_home.database].drop_collection("consumption")
    async with running(home=own_home) as (app, pilot):
        page = await opened(pilot, app)
        await wait_until(pilot, lambda: "The regular collection is empty, but" in screen_text(app))
        assert "Nothing is stored yet" not in screen_text(app)
        await wait_until(pilot, lambda: lit(page) == ANY)
        await pilot.press("e")
        await wait_until(pilot, lambda: "✓ Repaired" in screen_text(app))
        await wait_until(pilot, lambda: lit(page) == ANY | REGULAR)
