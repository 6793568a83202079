"""The storage page: every number is the server's, and each action says how it ended."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any

import pymongo
import pytest
from textual.pilot import Pilot
from textual.widgets import ProgressBar, Static

from linky_tui.ingest.jobs import JobKind
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.storage.collections.documents import INDEX_NAME
from linky_tui.storage.compare.sizes import CollectionSize
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.compare.zstd_copy import SUFFIX, ZstdCopy
from linky_tui.text.formatting import bytes_text, count_text
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.comparison.size_bars import SizeBars
from linky_tui.ui.plots import Chart, LinePlot
from linky_tui.ui.shell import comparison_state
from linky_tui.ui.shell.ingest_control import Remark
from linky_tui.ui.storage import actions as storage_actions
from linky_tui.ui.storage.access_dialog import AccessDialog
from linky_tui.ui.storage.page import StoragePage
from tests.tools.app import (
    SMALL_FIRST_DAY,
    StoredHome,
    finished,
    mongodb_away,
    screen_text,
    wait_until,
)
from tests.ui.conftest import MakeApp, Running
from tests.ui.gateway import turnstile

pytestmark = pytest.mark.usefixtures("short_waits")

SIZES = [(120, 40), (80, 24)]


def page(app: LinkyApp) -> StoragePage:
    assert isinstance(app.screen, StoragePage)
    return app.screen


def rows(app: LinkyApp) -> dict[str, tuple[str, str, str]]:
    return {row.label: row.cells for row in page(app).comparison.table.rows}


def result(app: LinkyApp) -> str:
    return str(page(app).query_one("#result", Static).content)


async def opened(pilot: Pilot[None], app: LinkyApp) -> None:
    await wait_until(pilot, lambda: app.store_ready)
    await pilot.press("o")
    await wait_until(pilot, lambda: isinstance(app.screen, StoragePage))
    await wait_until(pilot, lambda: rows(app))


def said(app: LinkyApp, text: str) -> bool:
    return any(text in str(toast.message) for toast in app._notifications)


async def done(pilot: Pilot[None], app: LinkyApp, start: str) -> str:
    """The result of an action, once it begins with some words."""
    await wait_until(pilot, lambda: result(app)[2:].startswith(start))
    assert not page(app).has_class("-working")
    return result(app)


def used(statistics: dict[str, Any], *indexes: str) -> int:
    """What some indexes use on disk, or without any what the documents do."""
    files = [statistics["indexDetails"][name] for name in indexes] or [statistics["wiredTiger"]]
    return sum(
        each["block-manager"]["file size in bytes"]
        - each["block-manager"]["file bytes available for reuse"]
        for each in files
    )


async def test_every_number_is_the_servers(running: Running, stored_home: StoredHome) -> None:
    with pymongo.MongoClient[dict[str, Any]](stored_home.uri) as client:
        database = client[stored_home.database]
        one, two = (
            database.command("collStats", each) for each in ("consumption", "consumptionTS")
        )
    readings = len(stored_home.readings())
    async with running() as (app, pilot):
        await opened(pilot, app)
        await wait_until(pilot, lambda: rows(app)["readings"][2] == "identical")
        shown = rows(app)
        assert shown["readings"][:2] == (count_text(readings),) * 2
        assert shown["data"][:2] == (bytes_text(one["size"]), bytes_text(two["size"]))
        assert shown["data without _id"][0] == bytes_text(one["size"] - 17 * readings)
        assert shown["index on _id"][:2] == (bytes_text(used(one, "_id_")), "none")
        assert shown["index on meter, time"][0] == bytes_text(used(one, INDEX_NAME))
        assert shown["indexes"][1] == bytes_text(used(two, INDEX_NAME))
        whole = [each["storageSize"] + each["totalIndexSize"] for each in (one, two)]
        total = [used(each) + used(each, *each["indexDetails"]) for each in (one, two)]
        free = [file - own for file, own in zip(whole, total, strict=True)]
        assert shown["free"][:2] == tuple(bytes_text(each) for each in free)
        buckets = two["timeseries"]["bucketCount"]
        ideal = sum(
            -(-sum(each.interval_min == step for each in stored_home.readings()) // 1000)
            for step in (30, 60)
        )
        assert shown["buckets"] == ("–", str(buckets), "")
        assert shown["fewest buckets"] == ("–", str(ideal), "")
        assert {row[2] for row in shown.values() if not row[2].endswith("%")} <= {"", "identical"}
        assert shown["readings a bucket"][1:] == (f"{readings / buckets:,.0f}", "")
        assert shown["granularity"][1:] == ("hours", "")
        bars = page(app).query_one(SizeBars).bars
        assert [bar.total_bytes for bar in bars] == [total[0], 0, total[1]]
        assert [bar.label for bar in bars] == [
            "consumption, snappy",
            "consumption, copied with zstd",
            "consumptionTS, zstd",
        ]
        text = screen_text(app)
        assert all(cell in text for cells in shown.values() for cell in cells)
        assert all(bar.label in text for bar in bars)
        for own in ("size", "storageSize", "totalIndexSize", "totalSize", "freeStorageSize"):
            assert f" {own} " in text
            assert own in two
        assert "Not measured yet: press z." in text


async def test_narrow_shows_the_table_and_the_actions_and_scrolls_to_the_rest(
    running: Running, small_home: StoredHome
) -> None:
    async with running((80, 24), home=small_home) as (app, pilot):
        await opened(pilot, app)
        text = screen_text(app)
        assert all(word in text for word in ("readings a bucket", "Verify", "Measure zstd"))
        page(app).query_one("#body").scroll_end(animate=False)
        await wait_until(pilot, lambda: "Replaying the stored history" in screen_text(app))
        for size in ((20, 5), (200, 60), (40, 16), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
async def test_verify_by_key_and_by_mouse(
    running: Running, small_home: StoredHome, size: tuple[int, int], tmp_path: Any
) -> None:
    with small_home.open(tmp_path / "other") as store:
        digest = verify(store).digest_regular
    async with running(size, home=small_home) as (app, pilot):
        await opened(pilot, app)
        if size == SIZES[0]:
            await pilot.press("v")
        else:
            await pilot.click("#verify")
        text = await done(pilot, app, "Identical")
        assert text.startswith("✓ ")
        assert count_text(len(small_home.readings(SMALL_FIRST_DAY))) in text
        assert f"{digest[:12]}…" in text
        assert digest not in text


async def test_a_difference_is_named_then_repaired_then_rebuilt(
    running: Running, small_home: StoredHome, tmp_path: Any
) -> None:
    with pymongo.MongoClient[dict[str, Any]](small_home.uri) as client:
        regular = client[small_home.database]["consumption"]
        for lost in list(regular.find().sort("timestamp", -1).limit(3)):
            regular.delete_one({"_id": lost["_id"]})
    readings = count_text(len(small_home.readings(SMALL_FIRST_DAY)))
    async with running(home=small_home) as (app, pilot):
        await opened(pilot, app)
        await wait_until(pilot, lambda: rows(app)["readings"][2] == "different")
        await pilot.press("v")
        text = await done(pilot, app, "Different")
        assert text.startswith("✗ ")
        assert "3 are too many" in text
        assert text.endswith("Press e to repair.")
        await pilot.press("e")
        assert f"the same {readings} readings again" in await done(pilot, app, "Repaired")
        await wait_until(pilot, lambda: rows(app)["readings"] == (readings, readings, "identical"))
        await pilot.click("#defragment")
        await wait_until(pilot, lambda: "is emptied and filled again" in screen_text(app))
        await pilot.press("enter")  # which stands on Cancel
        await wait_until(pilot, lambda: isinstance(app.screen, StoragePage))
        assert not page(app).has_class("-working")
        await pilot.press("f", "right", "enter")
        text = await done(pilot, app, "Rebuilt")
        assert "buckets" in text
        assert text.endswith("Identical, verified.")
        await wait_until(pilot, lambda: rows(app)["total"][2].endswith("%"))  # once it is settled
        logged = [each.text.text for each in app.ingest.journal if isinstance(each, Remark)]
        started = ("Verifying", "Repairing", "Rebuilding the time series collection")
        ended = ("Different", "Repaired", "Rebuilt")
        beginnings = [word for pair in zip(started, ended, strict=True) for word in pair]
        assert len(logged) == len(beginnings)
        assert all(map(str.startswith, logged, beginnings))
        await pilot.press("l")
        await wait_until(pilot, lambda: "Identical, verified." in screen_text(app))
    with small_home.open(tmp_path / "other") as store:
        assert verify(store).identical


async def test_zstd_is_measured_and_shown_beside_the_others(
    make_app: MakeApp, stored_home: StoredHome
) -> None:
    stop = threading.Event()
    app = make_app()

    def checkpoints() -> None:
        with pymongo.MongoClient[dict[str, Any]](stored_home.uri) as client:
            while not stop.wait(0.3):
                client.admin.command("fsync")

    thread = threading.Thread(target=checkpoints)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, app)
        await pilot.press("z")
        # Unless the server writes it at this very moment.
        await wait_until(
            pilot,
            lambda: "Waiting until it is written" in screen_text(app) or "Measured" in result(app),
        )
        thread.start()
        try:
            text = await done(pilot, app, "Measured")
        finally:
            stop.set()
            thread.join()
        assert count_text(len(stored_home.readings())) in text
        snappy, zstd, series = page(app).query_one(SizeBars).bars
        assert series.total_bytes < zstd.storage_bytes < snappy.storage_bytes
        assert "% saved" in zstd.note
        assert bytes_text(zstd.total_bytes) in screen_text(app)
    with pymongo.MongoClient[dict[str, Any]](stored_home.uri) as client:
        names = client[stored_home.database].list_collection_names()
        assert not any(SUFFIX in name for name in names)


class Slow:
    """An action that goes on until it is stopped."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stopped = threading.Event()

        def steps(_: object, stop: threading.Event) -> Generator[tuple[int, int], None, ZstdCopy]:
            for number in range(1000):
                yield number, 1000
                if stop.wait(0.05):
                    self.stopped.set()
                    raise StorageStopped
            return ZstdCopy(CollectionSize("", 0, 0, 0, 0), True)

        monkeypatch.setattr(storage_actions, "zstd_copy_steps", steps)


async def test_an_action_shows_progress_and_is_cancelled(
    running: Running, small_home: StoredHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch)
    async with running((80, 24), home=small_home, notifications=True) as (app, pilot):
        await opened(pilot, app)
        for cancel in ("escape", "button"):
            await pilot.press("z")
            bar = page(app).query_one(ProgressBar)
            await wait_until(pilot, lambda: bar.progress > 2)  # noqa: B023
            assert bar.total == 1000
            assert "of 1,000" in screen_text(app)
            if cancel == "escape":
                await pilot.press("v")
                await wait_until(pilot, lambda: said(app, "press Esc to cancel"))
                app.clear_notifications()  # they would lie over the button
                await pilot.press("escape")
            else:
                await pilot.click("#cancel")
            await wait_until(pilot, slow.stopped.is_set)
            text = await done(pilot, app, "Stopped")
            assert "Nothing was changed" in text
            slow.stopped.clear()
        assert app.store_error is None, "stopping is no trouble with MongoDB"


async def test_leaving_the_application_ends_an_action(
    running: Running, small_home: StoredHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch)
    async with running((80, 24), home=small_home) as (app, pilot):
        await opened(pilot, app)
        await pilot.press("z")
        await wait_until(pilot, lambda: page(app).has_class("-working"))
        await pilot.press("q")
    assert slow.stopped.wait(60)


async def test_while_readings_are_fetched_actions_wait_and_the_growth_is_drawn(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison_state, "BUSY_EVERY_S", 0.1)
    with turnstile(28) as (server, home):
        async with running(server=server, notifications=True) as (app, pilot):
            await opened(pilot, app)
            assert "Press b to backfill" in screen_text(app)
            assert app.start_job(JobKind.BACKFILL)
            await wait_until(pilot, lambda: "● live" in screen_text(app))
            await pilot.press("v")
            await wait_until(pilot, lambda: said(app, "Readings are being fetched"))
            assert not page(app).has_class("-working")
            home.let()
            await wait_until(pilot, lambda: not app.ingest.state.busy)
            readings = finished(app).inserted
            await wait_until(pilot, lambda: rows(app)["readings"][0] == count_text(readings))
            chart = page(app).query_one("#growth", Chart)
            await wait_until(pilot, lambda: chart.plot is not None)
            plot = chart.plot
            assert isinstance(plot, LinePlot)
            regular, timeseries = plot.series
            assert list(regular.xs) == sorted(regular.xs)
            assert regular.xs[-1] == readings
            snapshot = app.comparison.snapshot
            assert snapshot is not None
            assert regular.ys[-1] == (snapshot.comparison.regular.data_bytes or 0) / 1e6
            assert timeseries.ys[-1] is not None
            assert timeseries.ys[-1] < regular.ys[-1] / 5


async def test_mongodb_goes_away_during_an_action_and_comes_back(
    running: Running, mongod_uri: str, small_home: StoredHome
) -> None:
    async with running(home=small_home, notifications=True) as (app, pilot):
        await opened(pilot, app)
        before = rows(app)
        with mongodb_away(mongod_uri):
            await pilot.press("v")
            text = await done(pilot, app, "MongoDB")
            assert text.startswith("✗ ")
            await wait_until(
                pilot, lambda: page(app).query_one("#table").border_subtitle == "MongoDB is away"
            )
            assert rows(app)["data"] == before["data"], "what was known stays"
        await wait_until(pilot, lambda: app.store_ready)
        await pilot.press("v")
        await done(pilot, app, "Identical")


async def test_keys_do_not_clash_with_those_of_the_application() -> None:
    taken = {str(each.key) for each in LinkyApp.BINDINGS}  # type: ignore[union-attr]
    own = {str(each.key) for each in StoragePage.BINDINGS}  # type: ignore[union-attr]
    assert not taken & own
    assert all(each.id and each.tooltip for each in StoragePage.BINDINGS)  # type: ignore[union-attr]


async def test_how_to_get_in_is_shown_and_copied_with_the_queries(
    running: Running, stored_home: StoredHome
) -> None:
    async with running(size=(80, 24)) as (app, pilot):
        await opened(pilot, app)
        await pilot.press("y")
        await wait_until(pilot, lambda: isinstance(app.screen, AccessDialog))
        assert "mongosh" in screen_text(app)
        await pilot.press("m")
        await wait_until(pilot, lambda: app.clipboard == f"mongosh {stored_home.uri}")
        await pilot.press("a")
        await wait_until(pilot, lambda: app.clipboard == stored_home.uri)
        await pilot.press("u")
        await wait_until(pilot, lambda: app.clipboard.startswith("// readings, consumption: "))
        assert f'db.getSiblingDB("{stored_home.database}")' in app.clipboard
        assert app.clipboard.count("// ") == app.clipboard.count("\n") / 2
        await pilot.press("escape")
        await wait_until(pilot, lambda: isinstance(app.screen, StoragePage))
