"""The live table: current, honest, and never in the way of a run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pymongo
import pytest

from linky_tui.ingest.jobs import JobKind
from linky_tui.storage.compare import stats
from linky_tui.storage.compare.stats import compare_sizes
from linky_tui.text.formatting import count_text
from linky_tui.ui.comparison import table as comparison_table
from linky_tui.ui.shell import comparison_state
from linky_tui.ui.storage.page import StoragePage
from tests.tools.app import (
    HOME,
    TODAY,
    YESTERDAY,
    StoredHome,
    finished,
    has_finished,
    screen_text,
    token_for,
    wait_until,
)
from tests.ui.conftest import MakeApp, Running
from tests.ui.dashboard.dashboard_tools import card_texts, cells, loaded, page, proved, table
from tests.ui.gateway import turnstile

pytestmark = pytest.mark.usefixtures("short_waits")


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """How the table measured: with which arguments, and whether the engine was at work then."""
    seen: list[dict[str, Any]] = []

    def watched(store: Any, **how: Any) -> Any:
        seen.append(how | {"lease_held": bool(store.leases.in_use())})
        return compare_sizes(store, **how)

    monkeypatch.setattr(stats, "compare_sizes", watched)
    return seen


@pytest.fixture
def no_checkpoint(mongod_uri: str) -> Iterator[None]:
    """None but those that the application asks for."""
    pause: dict[str, object] = {"configureFailPoint": "pauseCheckpointThread"}
    with pymongo.MongoClient[dict[str, Any]](mongod_uri) as client:
        client.admin.command(pause | {"mode": "alwaysOn"})
        yield
        client.admin.command(pause | {"mode": "off"})


@pytest.mark.usefixtures("no_checkpoint")
async def test_while_a_run_writes_the_table_is_live_and_nothing_is_settled(
    running: Running, measurements: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison_state, "BUSY_EVERY_S", 0.1)
    with turnstile(28) as (server, home):
        async with running(server=server) as (app, pilot):
            await wait_until(pilot, lambda: app.store_ready and table(app).rows)
            await wait_until(pilot, lambda: cells(app, "readings")[2] == "identical")
            assert app.start_job(JobKind.BACKFILL)
            await wait_until(pilot, lambda: "● live" in screen_text(app))
            home.let(2)
            await wait_until(pilot, lambda: table(app).marked >= {"readings", "data"})
            assert (
                cells(app, "readings")[2] in ("same count", "different")
                or "apart" in cells(app, "readings")[2]
            )
            assert not page(app).query_one("#table").has_class("-nothing")
            await wait_until(pilot, lambda: sum(each["lease_held"] for each in measurements) >= 3)
            home.let()
            await wait_until(pilot, lambda: not app.ingest.state.busy)
            await wait_until(pilot, lambda: cells(app, "readings")[2] == "identical")
            readings = count_text(len(HOME.readings(TODAY - timedelta(days=28), YESTERDAY)))
            assert cells(app, "readings") == (readings, readings, "identical")
            assert cells(app, "storage")[2] == cells(app, "total")[2] == "settling"
            assert "settling" in str(page(app).query_one("#table").border_subtitle)
            assert "%" in cells(app, "data")[2]
            await wait_until(pilot, lambda: card_texts(app)[4][0] == "28 / 28 days")
    busy = [each for each in measurements if each["lease_held"]]
    assert not any(each.get("checkpoint") or each.get("compare") for each in busy)
    assert sum(bool(each.get("checkpoint")) for each in measurements) == 1


async def test_a_sync_with_nothing_to_do_costs_neither_a_checkpoint_nor_a_proof(
    running: Running, own_home: StoredHome, measurements: list[dict[str, Any]]
) -> None:
    async with running(home=own_home, token=token_for()) as (app, pilot):
        await proved(pilot, app)
        measurements.clear()
        await pilot.press("s")
        await wait_until(pilot, lambda: has_finished(app) and not app.ingest.state.busy)
        assert finished(app).status == "nothing_to_do"
        for _ in range(10):
            await pilot.pause(0.05)
        await wait_until(pilot, lambda: page(app).comparison.border_subtitle == "live")
        await wait_until(pilot, lambda: cells(app, "readings")[2] == "identical")
    assert measurements
    assert not any(each.get("checkpoint") or each.get("compare") for each in measurements)


async def test_what_changed_is_marked_for_a_moment(
    running: Running, small_home: StoredHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison_table, "MARKED_S", 3.0)
    async with running(home=small_home) as (app, pilot):
        await proved(pilot, app)
        await wait_until(pilot, lambda: not table(app).marked)
        with pymongo.MongoClient[dict[str, Any]](small_home.uri) as client:
            client[small_home.database]["consumption"].delete_one({})
        page(app).comparison.soon()
        await wait_until(pilot, lambda: "readings" in table(app).marked)
        await wait_until(pilot, lambda: cells(app, "readings")[2] == "different")
        await wait_until(pilot, lambda: not table(app).marked)


async def test_nothing_is_measured_while_hidden_or_while_the_last_one_runs(
    running: Running, small_home: StoredHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison_state, "IDLE_EVERY_S", 0.2)
    started: list[float] = []
    held = threading.Event()
    held.set()

    def watched(store: Any, **how: Any) -> Any:
        started.append(1)
        held.wait(100)
        return compare_sizes(store, **how)

    monkeypatch.setattr(stats, "compare_sizes", watched)
    async with running(home=small_home) as (app, pilot):
        await loaded(pilot, app)
        before = len(started)
        await wait_until(pilot, lambda: len(started) >= before + 3)
        held.clear()
        before = len(started)
        await wait_until(pilot, lambda: len(started) == before + 1)
        for _ in range(10):
            await pilot.pause(0.03)
        assert len(started) == before + 1, "one at a time"
        held.set()
        await pilot.press("l")
        await wait_until(pilot, lambda: app.current_mode == "log")
        await pilot.pause(0.05)
        before = len(started)
        for _ in range(10):
            await pilot.pause(0.03)
        assert len(started) <= before + 1, "hidden: at most the one that was under way"
        await pilot.press("d")
        before = len(started)
        await wait_until(pilot, lambda: len(started) > before)


async def test_another_page_waits_for_the_answer_under_way_and_shows_it(
    make_app: MakeApp, small_home: StoredHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    held = threading.Event()

    def watched(store: Any, **how: Any) -> Any:
        started.append(how)
        held.wait(100)
        return compare_sizes(store, **how)

    monkeypatch.setattr(stats, "compare_sizes", watched)
    app = make_app(home=small_home)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: len(started) == 1)
        await pilot.press("o")
        await wait_until(pilot, lambda: app.current_mode == "storage")
        await pilot.pause(0.1)
        assert len(started) == 1
        held.set()
        assert isinstance(app.screen, StoragePage)
        shown = app.screen.comparison.table
        await wait_until(pilot, lambda: any(row.saved == "identical" for row in shown.rows))
        assert len(started) >= 3, "what the first page asked, what this one wants, the proof"
