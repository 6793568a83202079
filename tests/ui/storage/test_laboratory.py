"""The laboratory on the Storage page: real experiments on a small home, while the rest goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Footer, Input, Static
from textual.widgets._footer import FooterKey

from linky_tui.lab.kept import load
from linky_tui.lab.report.sentences import sentence
from linky_tui.storage.lab import folders
from linky_tui.system import paths
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.laboratory.dialogs import HomesDialog, ReportDialog
from linky_tui.ui.laboratory.experiments import ExperimentList
from linky_tui.ui.laboratory.fitted import FittedTable
from linky_tui.ui.laboratory.result_view import ResultView
from linky_tui.ui.laboratory.rows import BarRows
from linky_tui.ui.plots import Chart
from linky_tui.ui.shell.dialogs import ConfirmDialog
from linky_tui.ui.storage.page import StoragePage
from tests.tools.app import SMALL_FIRST_DAY, StoredHome, flowing, screen_text, wait_until
from tests.tools.laboratory import left_behind
from tests.ui.conftest import MakeApp, Running

pytestmark = pytest.mark.usefixtures("short_waits")


async def opened(pilot: Pilot[None], app: LinkyApp, number: int = 1) -> None:
    """The laboratory, an experiment chosen."""
    await pilot.press("o")
    await wait_until(pilot, lambda: isinstance(app.screen, StoragePage))
    await pilot.press("t")
    await wait_until(pilot, lambda: isinstance(app.focused, ExperimentList))
    await pilot.press(*["down"] * (number - 1))
    await wait_until(pilot, lambda: app.screen.query_one(ResultView).border_title)


def footer(app: LinkyApp) -> list[str]:
    keys = app.screen.query_one(Footer).query(FooterKey)
    assert max((each.region.right for each in keys), default=0) <= app.size.width
    return [each.description for each in keys]


def left(app: LinkyApp) -> list[str]:
    return left_behind(paths.data_dir(demo=app.demo))


async def idle(pilot: Pilot[None], app: LinkyApp) -> None:
    await wait_until(pilot, lambda: not app.lab.state.busy)
    assert left(app) == []


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_an_experiment_runs_beside_everything_else_and_is_kept(
    running: Running, small_home: StoredHome, make_app: MakeApp, size: tuple[int, int]
) -> None:
    async with running(size, home=small_home, notifications=True) as (app, pilot):
        await opened(pilot, app, 8)
        assert "about" in screen_text(app)
        assert "Not measured yet" in flowing(app)
        await pilot.press("enter", "d")  # it takes a second, on which a test cannot lay hands
        await wait_until(pilot, lambda: app.current_mode == "dashboard")
        await wait_until(pilot, lambda: "Against the rest: measured." in screen_text(app))
        await pilot.press("o")
        await wait_until(pilot, lambda: app.current_mode == "storage")
        await idle(pilot, app)
        result = app.lab.state.results["formats"]
        assert result.conditions.readings == len(small_home.readings(SMALL_FIRST_DAY))
        await wait_until(pilot, lambda: "✓ 8" in screen_text(app))
        assert sentence(result)[:60] in flowing(app)
        view = app.screen.query_one(ResultView)
        (bars,) = (chart.plot for chart in view.query(Chart))
        assert isinstance(bars, BarRows)
        (table,) = view.query(FittedTable)
        assert len(table.rows) > 8
        words = " ".join(str(each.content) for each in view.query(Static))
        assert "How this was measured" in words
    other = make_app(home=small_home)
    async with other.run_test(size=size) as pilot:
        await wait_until(pilot, lambda: other.store_ready)
        await opened(pilot, other, 8)
        await wait_until(pilot, lambda: "measured 22 Nov" in screen_text(other))
        assert other.lab.state.results == {"formats": result}


async def test_pause_go_on_and_stop_by_key(running: Running, small_home: StoredHome) -> None:
    async with running((80, 24), home=small_home) as (app, pilot):
        await opened(pilot, app, 5)  # which takes some seconds
        free = ["Run", "Run all", "Homes", "Report", "Help", "Quit"]
        await wait_until(pilot, lambda: footer(app) == free)
        await pilot.press("enter", "p")
        await wait_until(pilot, lambda: app.lab.state.running)
        await wait_until(pilot, lambda: "paused" in screen_text(app))
        busy = ["Run", "Pause", "Stop", "Report", "Help", "Quit"]
        await wait_until(pilot, lambda: footer(app) == busy)
        await pilot.press("enter")
        assert app.lab.state.paused
        await pilot.press("p")
        await wait_until(pilot, lambda: app.lab.state.progress)
        await pilot.press("x")
        await idle(pilot, app)
        assert app.lab.state.results == {}
        await wait_until(pilot, lambda: footer(app) == free)
        await wait_until(pilot, lambda: "○ 5" in screen_text(app))


async def test_run_all_goes_down_the_list(running: Running, small_home: StoredHome) -> None:
    async with running(home=small_home) as (app, pilot):
        await opened(pilot, app)
        await pilot.press("a", "p")
        await wait_until(pilot, lambda: app.lab.state.running == "compressors")
        await wait_until(pilot, lambda: screen_text(app).count("waits for its turn") == 7)
        await pilot.press("p")
        await wait_until(pilot, lambda: "compressors" in app.lab.state.results)
        await pilot.press("escape")
        await idle(pilot, app)
        assert "fleet" not in app.lab.state.results


@pytest.mark.parametrize("yes", [True, False])
async def test_quitting_asks_and_leaves_nothing(
    running: Running, small_home: StoredHome, yes: bool
) -> None:
    async with running(home=small_home) as (app, pilot):
        await opened(pilot, app, 3)
        await pilot.press("enter", "p")
        await wait_until(pilot, lambda: app.lab.state.running)
        await pilot.press("q")
        await wait_until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "scratch server dropped" in flowing(app)
        await pilot.click("#yes" if yes else "#leave")
        await pilot.pause()
        assert app.leaving.is_set() is yes
        assert app.lab.state.paused is not yes
        app.lab.close()
        assert left(app) == []


async def test_what_fails_says_why(running: Running) -> None:
    async with running((80, 24), empty=True) as (app, pilot):
        await opened(pilot, app, 2)
        await pilot.press("enter")
        await wait_until(pilot, lambda: "✗ 2" in screen_text(app))
        await wait_until(pilot, lambda: "There is nothing to measure" in flowing(app))
        assert "On your side." in flowing(app)


async def test_how_many_homes(running: Running, small_home: StoredHome) -> None:
    async with running((80, 24), home=small_home) as (app, pilot):
        await opened(pilot, app, 6)
        assert "fleets up to 100 homes" in screen_text(app)
        before = app.screen.query_one(ExperimentList)._shown["fleet"][0].state
        await pilot.press("h")
        await wait_until(pilot, lambda: isinstance(app.screen, HomesDialog))
        app.screen_stack[-2].refresh_bindings()
        await pilot.pause(0.3)
        assert not {"Stop", "Pause"} & set(screen_text(app).split()), "nothing runs, nor under it"
        await pilot.click("#homes-1000")
        await wait_until(pilot, lambda: "fleets up to 1,000 homes" in screen_text(app))
        assert app.screen.query_one(ExperimentList)._shown["fleet"][0].state != before
        await pilot.press("h")
        await wait_until(pilot, lambda: isinstance(app.screen, HomesDialog))
        field = app.screen.query_one(Input)
        for wrong in ("0", "100001", ""):
            field.value = wrong
            await wait_until(pilot, lambda: "Type a number from 1 to 100,000" in flowing(app))
            await pilot.press("enter")
            assert isinstance(app.screen, HomesDialog)
        field.value = "42"
        await wait_until(pilot, lambda: "of disk" in flowing(app))
        await pilot.press("enter")
        await wait_until(pilot, lambda: app.lab_homes == 42)


async def test_the_report_goes_where_it_is_told(
    running: Running, small_home: StoredHome, tmp_path: Path
) -> None:
    async with running((80, 24), home=small_home) as (app, pilot):
        await opened(pilot, app, 2)
        await pilot.press("r")
        await pilot.pause()
        assert not isinstance(app.screen, ReportDialog), "nothing was measured yet"
        await pilot.press("enter")
        await wait_until(pilot, lambda: app.lab.state.busy)
        await idle(pilot, app)
        result = load(paths.state_dir())["granularity"]
        for name, start in (("lab.md", "# The storage"), ("lab.html", "<!doctype html>")):
            await pilot.press("r")
            await wait_until(pilot, lambda: isinstance(app.screen, ReportDialog))
            field = app.screen.query_one(Input)
            assert field.value.endswith(".html")
            for wrong in (str(tmp_path / "lab.txt"), str(tmp_path / "absent" / name), "\0.md"):
                field.value = wrong
                await pilot.press("enter")
                await wait_until(pilot, lambda: app.screen.query("Static.-wrong"))
                assert isinstance(app.screen, ReportDialog)
            field.value = str(tmp_path / name)
            await pilot.press("enter")
            await wait_until(pilot, lambda: not isinstance(app.screen, ReportDialog))
            text = (tmp_path / name).read_text()
            assert text.startswith(start)
            assert sentence(result)[:40].split(",")[0] in text


async def test_reading_a_result_makes_room_and_shows_its_end(
    running: Running, small_home: StoredHome
) -> None:
    async with running((80, 24), home=small_home) as (app, pilot):
        await opened(pilot, app, 8)
        view = app.screen.query_one(ResultView)
        high = view.size.height
        await pilot.press("tab")
        await wait_until(pilot, lambda: view.size.height >= high + 5)
        view.scroll_end(animate=False)
        await wait_until(pilot, lambda: "entropy is that of single values" in flowing(app))
        await pilot.press("t")
        await wait_until(pilot, lambda: "Verify" in footer(app))
        await pilot.press("a", "h")
        await pilot.pause()
        assert isinstance(app.screen, StoragePage)
        assert not app.lab.state.busy


async def test_servers_of_killed_processes_are_dropped_at_the_start(
    make_app: MakeApp, small_home: StoredHome
) -> None:
    app = make_app(home=small_home)
    data_dir = paths.data_dir()
    with folders.ScratchFolder(data_dir) as folder:
        dead = folder.path.with_name("scratch-0123abcd")
        dead.mkdir(mode=0o700)
        (dead / "owner.lock").touch(mode=0o600)
        async with app.run_test() as pilot:
            await wait_until(pilot, lambda: not dead.exists())
            assert folder.path.exists(), "that of a living one stays"
