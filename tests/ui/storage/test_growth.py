"""The growth picture: the stored history replayed, then the run that fetches."""

from __future__ import annotations

import pytest

from linky_tui.system import paths
from linky_tui.ui.plots import Chart, LinePlot
from linky_tui.ui.storage import growth
from tests.tools.app import SMALL_FIRST_DAY, StoredHome, screen_text, wait_until
from tests.tools.laboratory import left_behind
from tests.ui.conftest import Running

pytestmark = pytest.mark.usefixtures("short_waits")


async def test_the_stored_history_is_replayed_after_a_start(
    running: Running, small_home: StoredHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "REPLAY_AFTER_S", 0.01)
    count = len(small_home.readings(SMALL_FIRST_DAY))
    async with running(home=small_home) as (app, pilot):
        await pilot.press("o")
        await wait_until(pilot, lambda: app.screen.query("#growth"))
        chart = app.screen.query_one("#growth", Chart)
        await wait_until(pilot, lambda: chart.plot is not None)
        plot = chart.plot
        assert isinstance(plot, LinePlot)
        regular, timeseries = plot.series
        assert regular.xs[-1] == timeseries.xs[-1] == count
        assert regular.ys[-1] == pytest.approx(count * 130 / 1e6)
        assert timeseries.ys[-1] is not None
        assert timeseries.ys[-1] < regular.ys[-1] / 10  # type: ignore[operator]
        assert sorted(regular.ys) == list(regular.ys)  # type: ignore[type-var]
        await wait_until(pilot, lambda: "replayed in a scratch server" in screen_text(app))
        assert left_behind(paths.data_dir()) == []
        await pilot.press("d", "o")
        await wait_until(pilot, lambda: app.current_mode == "storage")
        assert app.screen.query_one("#growth", Chart).plot is plot, "once is enough"


async def test_what_cannot_be_replayed_says_why(
    running: Running, small_home: StoredHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "REPLAY_AFTER_S", 0.01)
    async with running(home=small_home, mongod="/no/mongod") as (app, pilot):
        await pilot.press("o")
        await wait_until(pilot, lambda: app.screen.query("#growth"))
        chart = app.screen.query_one("#growth", Chart)
        await wait_until(pilot, lambda: "is not replayed" in chart.empty)
        assert "/no/mongod" in chart.empty
