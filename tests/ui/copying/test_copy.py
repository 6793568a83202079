"""What is copied holds what MongoDB holds, as Markdown and as CSV, and the toast says so."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pymongo
import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from linky_tui.ui.app import LinkyApp
from linky_tui.ui.copying import dialog
from linky_tui.ui.copying.dialog import CopyDialog
from linky_tui.ui.plots import Chart
from linky_tui.words.copied import Form, comparison_text
from tests.tools.app import YESTERDAY, StoredHome, screen_text, wait_until
from tests.ui.conftest import Running
from tests.ui.dashboard.dashboard_tools import loaded, proved

pytestmark = pytest.mark.usefixtures("short_waits")


async def copied(pilot: Pilot[None], app: LinkyApp, what: str) -> str:
    """Press the key, choose the line that begins so, and read the clipboard."""
    await pilot.press("j")
    await wait_until(pilot, lambda: isinstance(app.screen, CopyDialog))
    choices = app.screen.query_one(OptionList)
    prompts = [str(each.prompt) for each in choices.options]
    at = next(number for number, each in enumerate(prompts) if each.startswith(what))
    await pilot.press(*["down"] * at, "enter")
    await wait_until(pilot, lambda: not isinstance(app.screen, CopyDialog))
    return app.clipboard


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("place", ["d", "o"])
async def test_the_comparison_in_both_forms(
    running: Running, stored_home: StoredHome, place: str
) -> None:
    with pymongo.MongoClient[dict[str, Any]](stored_home.uri) as client:
        database = client[stored_home.database]
        names = ("consumption", "consumptionTS")
        one, two = (database.command("collStats", each) for each in names)
    async with running((80, 24), notifications=True) as (app, pilot):
        await proved(pilot, app)
        await pilot.press(place)
        await wait_until(pilot, lambda: app.comparison.snapshot)
        text = await copied(pilot, app, "The comparison, as CSV")
        figures = {row["figure"]: row for row in rows(text)}
        data = figures["data_bytes"]
        assert (data["consumption"], data["consumptionTS"]) == (str(one["size"]), str(two["size"]))
        assert float(data["saved"]) == pytest.approx(1 - two["size"] / one["size"])
        await wait_until(pilot, lambda: "The comparison, as CSV" in screen_text(app))
        assert "Some terminals do" in screen_text(app)
        text = await copied(pilot, app, "The comparison, as Markdown")
        assert "|  | consumption | consumptionTS | saved |" in text
        assert "| data size |" in text
        assert "identical |" in text


async def test_what_is_not_settled_is_copied_as_not_known(running: Running) -> None:
    async with running() as (app, pilot):
        await loaded(pilot, app)
        snapshot = app.comparison.snapshot
        assert snapshot is not None
        unsettled = replace(snapshot.comparison, settled=False)
        figures = {row["figure"]: row for row in rows(comparison_text(unsettled, Form.CSV))}
        for name in ("storage_bytes", "index_bytes", "total_bytes"):
            assert set(list(figures[name].values())[1:]) == {""}
        assert figures["data_bytes"]["saved"]
        assert "settling" in comparison_text(unsettled, Form.MARKDOWN)


async def test_the_load_curve_is_that_of_the_readings(
    running: Running, stored_home: StoredHome
) -> None:
    stored = stored_home.readings(YESTERDAY)
    async with running((80, 24)) as (app, pilot):
        await loaded(pilot, app)
        await pilot.press("c")
        await wait_until(pilot, lambda: app.screen.query_one(Chart).plot)
        found = rows(await copied(pilot, app, "Load curve, Sat 21 Nov 2026, as CSV"))
        assert [
            (datetime.fromisoformat(row["when"]).astimezone(UTC), int(row["power (W)"]))
            for row in found
        ] == [(each.start, each.power_w) for each in stored]
        assert found[20]["when"] == "2026-11-21T10:00+01:00"
        text = await copied(pilot, app, "Load curve, Sat 21 Nov 2026, as Markdown")
        power = f"{stored[20].power_w:,}"
        assert f"| Sat 21 Nov 10:00 | {power} |" in text


async def test_the_chart_that_is_read_comes_before_the_others(
    running: Running,
) -> None:
    async with running() as (app, pilot):
        await proved(pilot, app)
        app.screen.query_one("#curve", Chart).step(-1, 0)
        await pilot.press("j")
        await wait_until(pilot, lambda: isinstance(app.screen, CopyDialog))
        prompts = [str(each.prompt) for each in app.screen.query_one(OptionList).options]
        assert len(prompts) == 6
        assert prompts[2].startswith("Load curve")


async def test_much_is_said_to_be_much(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialog, "MANY_BYTES", 10)
    async with running((80, 24), notifications=True) as (app, pilot):
        await proved(pilot, app)
        await copied(pilot, app, "The comparison")
        await wait_until(pilot, lambda: "choose a shorter" in screen_text(app))


async def test_an_empty_home_has_nothing_to_copy(running: Running) -> None:
    async with running((80, 24), empty=True) as (app, pilot):
        await pilot.press("j")
        await wait_until(pilot, lambda: "nothing to copy" in screen_text(app))
        await pilot.press("escape")
        await wait_until(pilot, lambda: not isinstance(app.screen, CopyDialog))
