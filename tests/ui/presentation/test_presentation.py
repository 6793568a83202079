"""The presentation: large figures that are MongoDB's, a dash for what is not known, 80x24."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from textual.widgets import Digits

from linky_tui.storage.compare import stats
from linky_tui.storage.compare.sizes import CollectionSize
from linky_tui.storage.compare.stats import Comparison, compare_sizes
from linky_tui.text.formatting import percent_text
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.comparison.size_bars import SizeBars
from linky_tui.ui.presentation.screen import Presentation, large_figures
from linky_tui.ui.shell.ingest_control import Remark
from tests.tools.app import StoredHome, screen_text, wait_until
from tests.ui.conftest import Running
from tests.ui.dashboard.dashboard_tools import cells, proved

pytestmark = pytest.mark.usefixtures("short_waits")
ONE = CollectionSize("one", 1000, 130_000, 60_000, 40_000)
TWO = CollectionSize("two", 1000, 2_000, 6_000, 4_000)
SETTLED = Comparison("8.0", "remote", ONE, TWO, 1, 1, "hours", True, True)


@pytest.mark.parametrize(
    ("comparison", "figures"),
    [
        (SETTLED, ["98.5 %", "90.0 %", "90.0 %", "90.0 %", "130.0", "2.0"]),
        (replace(SETTLED, settled=None), ["98.5 %", "–", "–", "–", "130.0", "2.0"]),
        (
            replace(SETTLED, timeseries=replace(TWO, data_bytes=None)),
            ["–", "90.0 %", "90.0 %", "90.0 %", "130.0", "–"],
        ),
        (
            replace(SETTLED, timeseries=replace(TWO, storage_bytes=135_000)),
            ["98.5 %", "-125.0 %", "90.0 %", "-39.0 %", "130.0", "2.0"],
        ),
    ],
)
def test_figures_are_never_guessed(comparison: Comparison, figures: list[str]) -> None:
    found = large_figures(comparison)
    assert [figure for _, figure in found] == figures
    assert ["settling" in label for label, _ in found[:4]] == [False] + [not comparison.settled] * 3
    assert max(len(label) for label, _ in found[:4]) < 80 // 4  # whole at 80 columns


def digits(app: LinkyApp) -> list[str]:
    return [each.value for each in app.screen.query(Digits)]


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_it_shows_the_comparison_whole_from_any_page(
    running: Running, size: tuple[int, int]
) -> None:
    async with running(size) as (app, pilot):
        await proved(pilot, app)
        await pilot.press("l")
        await wait_until(pilot, lambda: app.current_mode == "log")
        await pilot.press("f5")
        await wait_until(pilot, lambda: isinstance(app.screen, Presentation))
        snapshot = app.comparison.snapshot
        assert snapshot is not None
        saved = snapshot.comparison.saved
        expected = [
            percent_text(each).replace(" ", "")
            for each in (saved.data, saved.storage, saved.index, saved.total)
        ]
        await wait_until(pilot, lambda: digits(app)[:4] == expected)
        assert digits(app)[4] == "130.0"
        for widget in [*app.screen.query(Digits), app.screen.query_one(SizeBars)]:
            assert app.screen.region.contains_region(widget.region)
            assert widget.region.height >= 3
        assert "identical" in screen_text(app)
        assert "storage   ▒ indexes" in screen_text(app)
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.current_mode == "log" and len(app.screen_stack) == 1)


async def test_it_follows_what_is_stored_while_it_is_shown(running: Running) -> None:
    async with running((80, 24)) as (app, pilot):
        await proved(pilot, app)
        await pilot.press("f5")
        await wait_until(pilot, lambda: isinstance(app.screen, Presentation))
        await wait_until(pilot, lambda: not app.comparison.awaiting)
        before = app.comparison.snapshot
        app.comparison.note_write()
        app.comparison.want()
        app.status_changed.publish(None)
        await wait_until(pilot, lambda: app.comparison.snapshot is not before)


async def test_the_page_below_gets_the_answer_of_one_that_is_closed(
    running: Running, small_home: StoredHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, asked = threading.Event(), threading.Event()

    def slow(store: Any, **how: Any) -> Comparison:
        if app.screen.is_modal:
            asked.set()
            held.wait(60)
        return compare_sizes(store, **how)

    async with running((80, 24), home=small_home) as (app, pilot):
        await proved(pilot, app)
        monkeypatch.setattr(stats, "compare_sizes", slow)
        await pilot.press("f5")
        await wait_until(pilot, asked.is_set)
        before = app.comparison.snapshot
        await pilot.press("escape")
        await wait_until(pilot, lambda: not app.screen.is_modal)
        held.set()
        await wait_until(pilot, lambda: app.comparison.snapshot is not before, 10)
        await wait_until(pilot, lambda: cells(app, "readings")[2] == "identical", 10)
        assert [each for each in app.ingest.journal if isinstance(each, Remark)] == []


async def test_an_empty_home_says_so(running: Running) -> None:
    async with running((80, 24), empty=True) as (app, pilot):
        await pilot.press("f5")
        await wait_until(pilot, lambda: "Nothing is stored yet" in screen_text(app))
