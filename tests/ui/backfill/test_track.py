"""When the last request can be sent, and how a run that is under way is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import time_machine

from linky_tui.ingest.jobs import Job, JobKind
from linky_tui.ui.backfill.plan import Plan
from linky_tui.ui.backfill.track import eta_text
from linky_tui.ui.shell.ingest_control import MeterState, Phase
from tests.tools.app import NOW, SERIES
from tests.ui.backfill.test_words import JOB, OTHER, state


@pytest.mark.parametrize(
    ("left", "left_today", "meters", "words"),
    [
        (30, 80, 1, "last request about 09:31"),
        (62, 62, 1, "last request about 09:32"),
        (90, 62, 1, "last request about Mon 23 Nov 01:00"),
        (90, 0, 1, "last request about Tue 24 Nov 01:00"),
        (300, 80, 1, "last request about Wed 25 Nov 01:02"),
        (105, 80, 2, "last request about Tue 24 Nov 01:01 for both meters"),
        (30, None, 1, "last request about 09:31"),
        (0, 80, 1, ""),
    ],
)
def test_the_last_request_is_when_the_budget_lets_it_be_sent(
    left: int, left_today: int | None, meters: int, words: str
) -> None:
    plan = Plan(105, 105, 0, 0, left_today, None if left_today is None else 80, NOW)
    jobs = [JOB, Job(JobKind.BACKFILL, OTHER, "token")][:meters]
    states = [MeterState(job, windows_left=left) for job in jobs]
    running = state(Phase.RUNNING, *states, pace_s=2.0)
    plans = {job.series: plan for job in jobs}
    with time_machine.travel(NOW, tick=False):
        assert eta_text(running, plans, left_today) == words
        assert eta_text(replace(running, phase=Phase.IDLE), plans, left_today) == ""


def test_while_the_budget_is_spent_the_last_request_counts_from_the_next_day() -> None:
    until = datetime(2026, 11, 23, tzinfo=UTC)
    plan = Plan(90, 105, 0, 0, 0, 80, NOW)
    paused = MeterState(JOB, windows_left=90, paused=True, until=until)
    with time_machine.travel(NOW, tick=False):
        words = eta_text(state(Phase.PAUSED, paused, pace_s=2.0), {SERIES: plan}, 0)
        assert words == "last request about Tue 24 Nov 01:00"
        by_hand = replace(paused, until=None)
        assert eta_text(state(Phase.PAUSED, by_hand), {SERIES: plan}, 0) == ""
