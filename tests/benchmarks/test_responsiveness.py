"""Whether keys wait while a backfill runs.

``pytest tests/benchmarks -m benchmark -s`` prints the figures.
"""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from linky_tui.demo.household import DEMO_PRM, demo_homes
from linky_tui.demo.server import ApiServer
from linky_tui.ingest.jobs import JobKind
from tests.tools.app import finished, wait_until
from tests.ui.conftest import MakeApp

pytestmark = pytest.mark.benchmark

TICK_S = 0.005


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
