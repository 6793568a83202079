"""How soon another page is there, and what an application costs that nobody touches.

``python -m pytest -n 0 -m benchmark tests/benchmarks/test_pages.py -s`` prints the figures. Both
with two years of data: at most 100 ms for a switch (99th percentile, after the first visits, which
are printed, too), less than 1 % of a core while idle, on each page.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import time
from pathlib import Path

import pytest

from linky_tui.ui.app import LinkyApp
from linky_tui.ui.shell.header import PAGE_NAMES
from tests.tools.app import StoredHome, wait_until, write_config
from tests.tools.program import OnTerminal
from tests.ui.conftest import MakeApp

pytestmark = pytest.mark.benchmark

SWITCHES = 300
LIMIT_MS = 100.0
IDLE_S = 32.0
"""Longer than the sizes of both collections are apart."""
SETTLED_S = 8.0
"""After a page is shown: its data loaded, both collections compared."""
LIMIT_PERCENT = 1.0
KEYS = dict(zip(PAGE_NAMES, "dcbogl", strict=True))


async def _switch_ms(app: LinkyApp, page: str) -> float:
    """From the key until the page is drawn with all that it had when it was left."""
    drawn = asyncio.Event()
    started_s = time.perf_counter()
    app.simulate_key(KEYS[page])
    while app.current_mode != page:
        await asyncio.sleep(0)
    app.screen.call_after_refresh(drawn.set)
    await drawn.wait()
    return (time.perf_counter() - started_s) * 1000


async def test_switching_pages(make_app: MakeApp) -> None:
    app = make_app()
    first: dict[str, float] = {}
    later: list[tuple[float, str]] = []
    order = random.Random(12)
    async with app.run_test(size=(200, 60)) as pilot:
        await wait_until(pilot, lambda: app.store_ready)
        await pilot.pause(SETTLED_S)  # all is imported behind the first frame
        for page in PAGE_NAMES[1:]:
            first[page] = await _switch_ms(app, page)
            await pilot.pause(1.0)
        while len(later) < SWITCHES:
            page = order.choice([each for each in PAGE_NAMES if each != app.current_mode])
            later.append((await _switch_ms(app, page), page))
            await asyncio.sleep(order.uniform(0.0, 0.3))  # also while the last one still loads
    later.sort()
    share = later[int(len(later) * 0.99)][0]
    median = statistics.median(each for each, _ in later)
    visits = ", ".join(f"{page} {taken_ms:.0f}" for page, taken_ms in first.items())
    sys.stdout.write(
        f"\npage switch at 200x60: median {median:.0f} ms, 99th percentile "
        f"{share:.0f} ms, worst {later[-1][0]:.0f} ms ({later[-1][1]}); first visits: {visits} ms\n"
    )
    assert share <= LIMIT_MS


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
