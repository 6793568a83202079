"""What the other tests rely on: the stored home is what its documentation says."""

from __future__ import annotations

from pathlib import Path

from linky_tui.domain.coverage import DayStatus
from linky_tui.storage.compare.verify import verify
from tests.tools.app import FIRST_DAY, SERIES, TODAY, YESTERDAY, StoredHome
from tests.tools.stored import held


def test_the_stored_home_is_the_simulated_one(stored_home: StoredHome, tmp_path: Path) -> None:
    with stored_home.open(tmp_path) as store:
        assert held(store, SERIES) == stored_home.readings()
        assert verify(store).identical
        days = store.days.load(SERIES, FIRST_DAY, YESTERDAY)
        assert len(days) == (TODAY - FIRST_DAY).days
        assert days[YESTERDAY].status is DayStatus.COMPLETE
        assert days[YESTERDAY].certified
