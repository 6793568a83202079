"""The laboratory against its limits: fleets against bare inserts, memory, and patience.

``python -m tests.benchmarks`` prints the ratios.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pytest

from linky_tui.domain.laboratory import FleetRun, Layout, LoadOrder
from linky_tui.lab.experiments.worker import Fleet
from linky_tui.lab.homes import simulated_home
from linky_tui.storage.lab.fills import Spec, create
from linky_tui.storage.lab.fleet import BATCH
from linky_tui.storage.lab.ground import Needs
from linky_tui.storage.lab.scratch import ScratchServer
from tests.tools.homes import Home
from tests.tools.laboratory import results_of, small_task
from tests.tools.program import finished

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

Noted = Callable[[str, object], None]
FIRST, LAST = date(2025, 1, 1), date(2025, 6, 30)
HOMES = 100
MOST_MEMORY_BYTES = 200_000_000
PATIENCE_S = 60.0


def test_a_fleet_is_loaded_nearly_as_fast_as_bare_inserts(
    short_tmp_path: Path, record_property: Noted
) -> None:
    task = small_task(short_tmp_path, homes=HOMES, fleet_first=FIRST, fleet_last=LAST)
    runs = {
        run.homes: run
        for run in results_of(["fleet"], task)["fleet"].fleets
        if run.order is LoadOrder.BY_HOME and run.homes_from == 0
    }
    ratio = fill_s(runs[HOMES]) / bare_insert_s(short_tmp_path)
    rates = [sum_of(run) / fill_s(run) for run in (runs[10], runs[HOMES])]
    record_property("ratio", ("fleet of 100 homes against bare insert_many", ratio, 1.25))
    record_property("ratio", ("rate at 10 homes against 100", rates[0] / rates[1], 1 / 0.9))
    assert ratio <= 1.25
    assert rates[1] >= 0.9 * rates[0]


def fill_s(run: FleetRun) -> float:
    return run.regular.fill_s + run.timeseries.fill_s


def sum_of(run: FleetRun) -> int:
    return run.regular.readings + run.timeseries.readings


def bare_insert_s(folder: Path) -> float:
    """One process, the same documents ready in memory, nothing but ``insert_many``."""
    took_s = 0.0
    with (
        ScratchServer(folder, folder / "run", "", Needs(0, cache_gb=1.0)) as server,
        closing(Fleet(folder / "watts", 7, FIRST, LAST)) as fleet,
    ):
        collections = [
            create(server.database, layout.name, Spec("", layout))
            for layout in (Layout.REGULAR, Layout.TIME_SERIES)
        ]
        for number in range(HOMES):
            fleet.draw(number)
        for collection in collections:
            for number in range(HOMES):
                documents = list(fleet.of_home(number))
                begun = time.perf_counter()
                for at in range(0, len(documents), BATCH):
                    collection.insert_many(documents[at : at + BATCH], ordered=False)
                took_s += time.perf_counter() - begun
    return took_s


def test_memory_is_small(short_tmp_path: Path, record_property: Noted) -> None:
    peaks = []
    for homes in (5, 30):
        with Home(short_tmp_path, f"home{homes}") as home, peak_memory(home.folder) as peak:
            done = finished(
                home.start("--demo", "--lab", "fleet", "--homes", str(homes), "--json"), 1500
            )
        assert done.code == 0, done.err
        peaks.append(sum(peak.values()))
    ratio = peaks[-1] / MOST_MEMORY_BYTES
    record_property("ratio", ("memory of all our processes, 30 homes, against 200 MB", ratio, 1))
    record_property("ratio", ("the same, 30 homes against 5", peaks[1] / peaks[0], 1.2))
    assert ratio < 1
    assert peaks[1] < 1.2 * peaks[0]


@contextmanager
def peak_memory(folder: Path) -> Iterator[dict[int, int]]:
    """Peaks of resident memory of the processes with this home folder, mongod left out."""
    found: dict[int, int] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            for each in Path("/proc").glob("[0-9]*"):
                try:
                    told = (each / "environ").read_bytes()
                    name = (each / "cmdline").read_bytes()
                    status = (each / "status").read_text()
                except OSError:
                    continue
                if f"HOME={folder}\0".encode() in told and b"mongod" not in name.split(b"\0")[0]:
                    peak = [line.split()[1] for line in status.splitlines() if "VmHWM" in line]
                    found[int(each.name)] = 1024 * int(*peak or ["0"])

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def test_one_home_takes_less_than_a_minute(short_tmp_path: Path, record_property: Noted) -> None:
    keys = ("compressors", "granularity", "order", "shape", "race")
    results = results_of(keys, small_task(short_tmp_path, home=simulated_home(7)))
    took_s = sum(each.took_s for each in results.values())
    record_property("ratio", ("experiments 1 to 5 against a minute", took_s / PATIENCE_S, 1))
    assert took_s < PATIENCE_S
