"""Whatever the gateway answers, the application says it in words and goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linky_tui.demo.household import demo_homes
from linky_tui.demo.server import ApiServer, Fault, FaultKind
from linky_tui.enedis.timing import Timing
from linky_tui.ingest.events import Window
from linky_tui.ingest.jobs import JobKind
from linky_tui.session import Session
from linky_tui.ui.shell.dialogs import ErrorDialog
from tests.tools.app import TODAY, finished, screen_text, wait_until
from tests.ui.conftest import Running

SLOW = {FaultKind.SILENT, FaultKind.TRICKLE, FaultKind.HUGE_BODY}
"""These take seconds by their nature; leaving during one is tested with the ingest control."""
LASTING = [FaultKind.QUOTA, FaultKind.QUOTA_FAULT, FaultKind.QUOTA_OLD, FaultKind.BANNED]
"""After these nothing more is sent for a while, so they come last."""


async def test_the_application_survives_every_answer_of_the_gateway(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "timing", Timing(backoff_s=0.0))
    kinds = [kind for kind in FaultKind if kind not in {*SLOW, *LASTING}] + LASTING
    days = Window(TODAY - timedelta(days=12), TODAY - timedelta(days=10))
    with ApiServer(demo_homes(), block_after=None) as server:
        async with running(
            (100, 30), server=server, more="requests_per_day = 500", notifications=True
        ) as (app, pilot):
            ended = {}
            for kind in kinds:
                server.clear_faults()
                server.inject(Fault(kind, times=1))
                assert app.start_job(JobKind.REFETCH, days=days), kind
                await wait_until(pilot, lambda: not app.ingest.state.busy)
                done = finished(app)
                ended[kind] = done.status
                if isinstance(app.screen, ErrorDialog):
                    assert done.error is not None
                    word = done.error.title.split()[0]
                    await wait_until(pilot, lambda word=word: word in screen_text(app))  # type: ignore[misc]
                    await pilot.press("escape")
                    await wait_until(pilot, lambda: not isinstance(app.screen, ErrorDialog))
                app.ingest.stop()
            assert ended[FaultKind.TOKEN_REFUSED] == "failed"
            assert ended[FaultKind.BANNED] in ("failed", "paused")
            assert ended[FaultKind.T_LABELS] == "complete"
            await pilot.press("l")
            await wait_until(pilot, lambda: app.current_mode == "log")
