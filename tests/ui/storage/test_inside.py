"""A document beside its bucket, on the page."""

from __future__ import annotations

import pymongo
import pytest

from linky_tui.storage.collections.documents import Document
from linky_tui.ui.laboratory.fitted import FittedTable
from linky_tui.ui.storage.inside_dialog import CLOSED_AFTER, InsideDialog
from linky_tui.ui.storage.page import StoragePage
from tests.tools.app import SMALL_FIRST_DAY, StoredHome, flowing, screen_text, wait_until
from tests.ui.conftest import Running

pytestmark = pytest.mark.usefixtures("short_waits")


@pytest.mark.parametrize("size", [(80, 24), (150, 40)])
async def test_one_reading_twice(
    running: Running, small_home: StoredHome, size: tuple[int, int]
) -> None:
    readings = small_home.readings(SMALL_FIRST_DAY)
    at = readings[-1].start - CLOSED_AFTER
    first = next(index for index, each in enumerate(readings) if each.start >= at)
    with pymongo.MongoClient[Document](small_home.uri) as client:
        buckets = client[small_home.database]["system.buckets.consumptionTS"]
        query = {"control.min.timestamp": {"$lte": at}, "control.max.timestamp": {"$gte": at}}
        (bucket_id,) = (each["_id"] for each in buckets.find(query))
    async with running(size, home=small_home) as (app, pilot):
        await pilot.press("o")
        await wait_until(pilot, lambda: isinstance(app.screen, StoragePage))
        await pilot.press("i")
        await wait_until(pilot, lambda: "Document: 130 B" in screen_text(app))
        assert [each.max_scroll_y for each in app.screen.query("#inside-document Fields")] == [0]
        document, bucket = (each.rows for each in app.screen.query(FittedTable))
        fields = {name: (value, kind) for name, _, value, kind in bucket}
        assert fields["_id"][0] == str(bucket_id)
        assert {"control.min.power_w", "control.max.power_w", "data.power_w"} <= set(fields)
        assert str(readings[first].power_w) in [value for _, _, value, _ in document]
        kinds = [fields[f"data.{name}"][1] for name in ("timestamp", "power_w")]
        assert kinds == ["compressed column"] * 2
        after = readings[first + 1].start.strftime("%Y-%m-%dT%H:%M:00Z")
        await pilot.press("right")
        await wait_until(pilot, lambda: f"stored as {after}" in flowing(app))
        await pilot.press("left")
        await wait_until(pilot, lambda: f"stored as {after}" not in flowing(app))
        await pilot.press("left")
        before = readings[first - 1].start.strftime("%Y-%m-%dT%H:%M:00Z")
        await wait_until(pilot, lambda: f"stored as {before}" in flowing(app))
        await pilot.press("c")
        await wait_until(pilot, lambda: "control.min.timestamp" in app.clipboard)
        assert before in app.clipboard
        assert "12345678901234" not in app.clipboard
        await pilot.press("escape")
        await wait_until(pilot, lambda: isinstance(app.screen, StoragePage))


async def test_a_meter_of_which_nothing_is_stored_is_told(running: Running) -> None:
    async with running((80, 24), empty=True) as (app, pilot):
        await wait_until(pilot, lambda: app.series is not None)
        await pilot.press("o")
        await wait_until(pilot, lambda: isinstance(app.screen, StoragePage))
        assert app.series is not None
        app.push_screen(InsideDialog(app.series))
        await wait_until(pilot, lambda: isinstance(app.screen, InsideDialog))
        await wait_until(pilot, lambda: "Nothing is stored" in flowing(app))
        await pilot.press("left", "c", "escape")
        await wait_until(pilot, lambda: isinstance(app.screen, StoragePage))
