"""What the other tests rely on: the stored home is what its documentation says."""

from __future__ import annotations

from pathlib import Path

import pytest

from linky_tui.domain.coverage import DayStatus
from linky_tui.storage.compare.verify import verify
from linky_tui.ui.app import LinkyApp
from tests.tools.app import (
    FIRST_DAY,
    SERIES,
    TODAY,
    YESTERDAY,
    StoredHome,
    mongodb_away,
    screen_text,
    wait_until,
)
from tests.tools.stored import held
from tests.ui.conftest import MakeApp


def test_the_stored_home_is_the_simulated_one(stored_home: StoredHome, tmp_path: Path) -> None:
    with stored_home.open(tmp_path) as store:
        assert held(store, SERIES) == stored_home.readings()
        assert verify(store).identical
        days = store.days.load(SERIES, FIRST_DAY, YESTERDAY)
        assert len(days) == (TODAY - FIRST_DAY).days
        assert days[YESTERDAY].status is DayStatus.COMPLETE
        assert days[YESTERDAY].certified


@pytest.mark.parametrize("own", [False, True])
async def test_applications_open_on_it(
    make_app: MakeApp, own: bool, request: pytest.FixtureRequest
) -> None:
    home: StoredHome = request.getfixturevalue("own_home" if own else "stored_home")
    app = make_app(home=home)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until(pilot, lambda: app.store_ready)
        assert app.series == SERIES
        count = app.backend.store.readings.count(SERIES)
        assert count == len(home.readings())


async def test_an_empty_application_has_no_reading(empty_app: LinkyApp) -> None:
    async with empty_app.run_test() as pilot:
        await wait_until(pilot, lambda: empty_app.store_ready)
        assert empty_app.backend.store.readings.count() == 0


async def test_mongodb_can_go_away_and_come_back(make_app: MakeApp, mongod_uri: str) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: app.store_ready)
        with mongodb_away(mongod_uri):
            app.query_store(app.screen, lambda store: store.readings.count(), print, group="t")
            await wait_until(pilot, lambda: not app.store_ready)
            await wait_until(pilot, lambda: "MongoDB is away" in screen_text(app))
        await wait_until(pilot, lambda: app.store_ready)
