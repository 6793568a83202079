"""The laboratory in a small form: two months of a home, on real scratch servers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from linky_tui.domain.laboratory import Conditions, Result
from linky_tui.lab.events import Measured, Progressed, Unmeasured
from linky_tui.lab.grounds import ScratchGrounds
from linky_tui.lab.homes import Home, simulated_home
from linky_tui.lab.run import run_experiments
from linky_tui.lab.task import Task
from linky_tui.storage.lab.folders import FOLDER

FIRST, LAST = date(2025, 3, 20), date(2025, 5, 18)
"""With the change of clocks in March and the weeks of hourly readings."""
CONDITIONS = Conditions("scratch server", "a home", 2000, "2025-01-01", "2025-02-01", 7, "6.0.5")


@cache
def small_home(seed: int = 7) -> Home:
    return simulated_home(seed, FIRST, LAST)


def small_task(folder: Path, **more: Any) -> Task:
    """A task whose scratch servers live below a folder with a short path."""
    values: dict[str, Any] = {
        "home": small_home(),
        "grounds": ScratchGrounds(folder, folder / "run"),
        "seed": 7,
        "fleet_first": FIRST,
        "fleet_last": LAST,
        **more,
    }
    return Task(**values)


def results_of(keys: Iterable[str], task: Task) -> dict[str, Result]:
    """Run to the end; nothing may fail, and progress leads there."""
    found: dict[str, Result] = {}
    last: Progressed | None = None
    for event in run_experiments(keys, task):
        assert not isinstance(event, Unmeasured), event.error
        if isinstance(event, Progressed):
            assert event.experiment not in found
            assert last is None or last.experiment != event.experiment or last.done <= event.done
            last = event
        if isinstance(event, Measured):
            assert last is not None
            assert 0.7 * last.total < last.done <= last.total
            assert last.eta_s is not None
            found[event.result.experiment] = event.result
    return found


def left_behind(folder: Path) -> list[str]:
    """What scratch servers left below a data folder."""
    return sorted(each.name for each in (folder / FOLDER).glob("scratch-*"))
