"""How soon another page is there, and what an application costs that nobody touches.

``python -m pytest -n 0 -m benchmark tests/benchmarks/test_pages.py -s`` prints the figures. Both
with two years of data: at most 100 ms for a switch (99th percentile, after the first visits, which
are printed, too), less than 1 % of a core while idle, on each page.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from linky_tui.ui.app import LinkyApp, collect_seldom
from linky_tui.ui.shell.header import PAGE_NAMES
from tests.tools.app import StoredHome, wait_until, write_config
from tests.tools.program import OnTerminal
from tests.ui.conftest import MakeApp

pytestmark = pytest.mark.benchmark

SWITCHES = 240
LIMIT_MS = 100.0
REST_S = 0.6
"""Until a page has loaded and drawn what it shows; in a hurry it is left before."""
IDLE_S = 32.0
"""Longer than the sizes of both collections are apart."""
SETTLED_S = 8.0
"""After a page is shown: its data loaded, both collections compared."""
LIMIT_PERCENT = 1.0
KEYS = dict(zip(PAGE_NAMES, "dcbogl", strict=True))


async def _switch_ms(app: LinkyApp, page: str) -> tuple[float, float]:
    """From the key until the page is drawn with all that it had when it was left.

    Wall time, and how much of it the interface's own thread worked.
    """
    drawn = asyncio.Event()
    started_s, worked_s = time.perf_counter(), time.thread_time()
    app.simulate_key(KEYS[page])
    while app.current_mode != page:
        await asyncio.sleep(0)
    app.screen.call_after_refresh(drawn.set)
    await drawn.wait()
    return (time.perf_counter() - started_s) * 1000, (time.thread_time() - worked_s) * 1000


@pytest.fixture
def collecting() -> Iterator[None]:
    """Garbage is collected as in the program; the tests' own settings are for the tests."""
    before = gc.get_threshold()
    gc.collect()
    collect_seldom()
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collecting")
async def test_switching_pages(make_app: MakeApp) -> None:
    app = make_app()
    first: dict[str, float] = {}
    taken_ms: dict[str, list[tuple[float, float]]] = {"rest": [], "a hurry": []}
    order = random.Random(12)
    async with app.run_test(size=(200, 60)) as pilot:
        await wait_until(pilot, lambda: app.store_ready)
        await pilot.pause(SETTLED_S)  # all is imported behind the first frame
        for page in PAGE_NAMES[1:]:
            first[page], _ = await _switch_ms(app, page)
            await pilot.pause(1.0)
        for number in range(SWITCHES):
            how, wait_s = ("a hurry", order.uniform(0.0, 0.3)) if number % 2 else ("rest", REST_S)
            await asyncio.sleep(wait_s)
            page = order.choice([each for each in PAGE_NAMES if each != app.current_mode])
            taken_ms[how].append(await _switch_ms(app, page))
    visits = ", ".join(f"{page} {each:.0f}" for page, each in first.items())
    sys.stdout.write(f"\npage switch at 200x60, first visits: {visits} ms\n")
    shares: dict[str, float] = {}
    for how, found in taken_ms.items():
        walls, works = (sorted(each) for each in zip(*found, strict=True))
        shares[how] = walls[int(len(walls) * 0.99)]
        sys.stdout.write(
            f"later ones in {how}: median {statistics.median(walls):.0f} ms, "
            f"99th percentile {shares[how]:.0f} ms, worst {walls[-1]:.0f} ms; work of the "
            f"interface's thread: {statistics.median(works):.0f} ms, "
            f"{works[int(len(works) * 0.99)]:.0f} ms, {works[-1]:.0f} ms\n"
        )
    assert shares["rest"] <= LIMIT_MS


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="counts CPU time by /proc")
@pytest.mark.parametrize("page", PAGE_NAMES)
def test_an_idle_application_hardly_works(
    page: str, stored_home: StoredHome, tmp_path: Path
) -> None:
    file = write_config(
        tmp_path / "config.toml", uri=stored_home.uri, database=stored_home.database
    )
    command = [sys.executable, "-m", "linky_tui", "--config", str(file)]
    home = {name: each for name, each in os.environ.items() if not name.startswith("XDG_")}
    with OnTerminal(command, home | {"HOME": str(tmp_path)}) as terminal:
        deadline_s = time.monotonic() + 60
        while not terminal.shows("identical"):
            assert time.monotonic() < deadline_s
            time.sleep(0.2)
        terminal.press(KEYS[page])
        time.sleep(SETTLED_S)
        before_s = _cpu_s(terminal.process.pid)
        time.sleep(IDLE_S)
        percent = (_cpu_s(terminal.process.pid) - before_s) / IDLE_S * 100
    sys.stdout.write(f"\nidle on {page}: {percent:.2f} % of a core\n")
    assert percent < LIMIT_PERCENT


def _cpu_s(pid: int) -> float:
    """CPU time of a process, all its threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
