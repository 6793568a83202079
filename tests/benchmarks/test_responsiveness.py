"""How soon the first screen is there, and whether keys wait while a backfill runs.

``pytest tests/benchmarks -m benchmark -s`` prints the figures.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from linky_tui.demo.household import DEMO_PRM, demo_homes
from linky_tui.demo.server import ApiServer
from linky_tui.ingest.jobs import JobKind
from tests.tools.app import StoredHome, finished, wait_until, write_config
from tests.ui.conftest import MakeApp

pytestmark = pytest.mark.benchmark

RUNS = 5
TICK_S = 0.005


def first_frame_s(config: Path) -> float:
    """Seconds from the start of the process to the first painted page, on a terminal."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "linky_tui", "--config", str(config)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        start_new_session=True,
    )
    os.close(terminal)
    seen = b""
    try:
        while b"Yesterday" not in seen:
            ready, _, _ = select.select([main], [], [], 20)
            assert ready, seen[-500:]
            seen += os.read(main, 65536)
        return time.perf_counter() - started
    finally:
        process.kill()
        process.wait()
        os.close(main)


def bare_start_s() -> float:
    """Seconds that Python and Textual alone take to be imported: what no application can avoid."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import textual.app, textual.widgets"], check=True)
    return time.perf_counter() - started


def test_first_frame(mongod_uri: str, stored_home: StoredHome, tmp_path: Path) -> None:
    config = write_config(tmp_path / "c.toml", uri=mongod_uri, database=stored_home.database)
    first_frame_s(config)
    frames, bare = zip(*((first_frame_s(config), bare_start_s()) for _ in range(RUNS)), strict=True)
    frame, imports = statistics.median(frames), statistics.median(bare)
    sys.stdout.write(
        f"\nfirst frame {frame:.2f} s, importing Textual alone {imports:.2f} s, "
        f"ratio {frame / imports:.1f}\n"
    )
    assert frame / imports < 6


async def test_event_loop_lag_during_a_backfill(make_app: MakeApp) -> None:
    with ApiServer(demo_homes(), block_after=None) as server:
        app = make_app(
            empty=True,
            api_url=server.url,
            token=server.make_token([DEMO_PRM]),
            more="requests_per_day = 1000",
        )
        lags: list[float] = []
        async with app.run_test(size=(120, 40)) as pilot:
            await wait_until(pilot, lambda: app.store_ready)
            await pilot.press("b")
            await wait_until(pilot, lambda: app.current_mode == "backfill")
            assert app.start_job(JobKind.BACKFILL)
            while app.ingest.state.busy:
                asked = time.perf_counter()
                await asyncio.sleep(TICK_S)
                lags.append(time.perf_counter() - asked - TICK_S)
            assert finished(app).status == "complete"
    lags.sort()
    share = lags[int(len(lags) * 0.99)]
    sys.stdout.write(
        f"\nevent loop lag over {len(lags)} ticks: median {lags[len(lags) // 2] * 1000:.1f} ms, "
        f"99th percentile {share * 1000:.1f} ms, worst {lags[-1] * 1000:.1f} ms\n"
    )
    assert share < 0.2
