"""The one ingest worker: start, pause, resume, stop, quit, and what is said of each ending."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from textual.containers import Vertical
from textual.dom import DOMNode

from linky_tui.demo.server import Fault
from linky_tui.domain.coverage import DayStatus
from linky_tui.errors import ApiError, BudgetSpent, LinkyError
from linky_tui.ingest.events import Event, Finished, Noted
from linky_tui.ingest.jobs import Job, JobKind, Status
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.shell.dialogs import ConfirmDialog, ErrorDialog
from linky_tui.ui.shell.ingest_control import Logged, Phase
from linky_tui.ui.shell.toasts import toast_text
from tests.tools.app import (
    SERIES,
    YESTERDAY,
    finished,
    flowing,
    has_finished,
    screen_text,
    wait_until,
)
from tests.ui.backfill.test_calendar import record
from tests.ui.conftest import MakeApp, Running
from tests.ui.gateway import curve_requests, gateway, turnstile


class Recorder:
    """What the engine yields, and when its last run was over."""

    def __init__(self, app: LinkyApp) -> None:
        self.events: list[Event] = []
        self.over = threading.Event()
        self.at_once = self._running = 0
        self._lock = threading.Lock()
        self._run = app.backend.run
        app.backend.run = self.run  # type: ignore[method-assign]

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Generator[Event, None, None]:
        with self._lock:
            self._running += 1
            self.at_once = max(self.at_once, self._running)
        self.over.clear()
        try:
            for event in self._run(jobs, stop):
                self.events.append(event)
                yield event
        finally:
            with self._lock:
                self._running -= 1
            self.over.set()


async def test_no_event_is_lost_though_messages_collapse(make_app: MakeApp) -> None:
    with gateway(28) as server:
        app = make_app(empty=True, api_url=server.url, token=server.token)
        recorder = Recorder(app)
        async with app.run_test() as pilot:
            await wait_until(pilot, lambda: app.store_ready)
            assert app.start_job(JobKind.BACKFILL)
            await wait_until(pilot, lambda: app.ingest.state.phase is Phase.IDLE)
            kept = [each.event for each in app.ingest.journal if isinstance(each, Logged)]
            assert isinstance(kept[0], Noted)
            assert kept[1:] == recorder.events
            assert isinstance(kept[-1], Finished)
            times = [logged.at for logged in app.ingest.journal]
            assert times == sorted(times)
            assert app.ingest.state.requests == len(server.log)
            assert finished(app) is kept[-1]


async def test_two_jobs_never_run_at_once(make_app: MakeApp) -> None:
    with turnstile(28) as (server, home):
        app = make_app(empty=True, api_url=server.url, token=server.token)
        recorder = Recorder(app)
        async with app.run_test(notifications=True) as pilot:
            await wait_until(pilot, lambda: app.store_ready)
            assert app.start_job(JobKind.BACKFILL)
            assert not app.start_job(JobKind.SYNC)
            assert not app.ingest.start([Job(JobKind.SYNC, SERIES, server.token)])
            await wait_until(pilot, lambda: "Already at work" in screen_text(app))
            app.ingest.stop()
            # A stopping job is still at work.
            assert not app.start_job(JobKind.SYNC)
            await wait_until(pilot, lambda: app.ingest.state.phase is Phase.IDLE)
            home.let()
            assert app.start_job(JobKind.SYNC)
            await wait_until(pilot, lambda: has_finished(app))
            assert recorder.at_once == 1


AT_ONCE_S = 5.0
"""A second is promised; a loaded machine takes longer, the trouble two or three times as long."""


@pytest.mark.parametrize("trouble", ["latency", "silent", "slow retry"])
async def test_quitting_asks_and_waits_for_nothing(make_app: MakeApp, trouble: str) -> None:
    with gateway(28, latency_s=15.0 if trouble == "latency" else 0.0) as server:
        if trouble == "silent":
            server.inject(Fault("silent", times=None))
        if trouble == "slow retry":
            server.inject(Fault("unavailable", times=None, retry_after_s=25))
        app = make_app(empty=True, api_url=server.url, token=server.token)
        recorder = Recorder(app)
        async with app.run_test() as pilot:
            await wait_until(pilot, lambda: app.store_ready)
            app.start_job(JobKind.BACKFILL)
            await wait_until(pilot, lambda: server.log or app.backend.requests_made)
            await pilot.press("q")
            await wait_until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
            assert app.ingest.state.phase is Phase.RUNNING
            await pilot.press("escape")
            await wait_until(pilot, lambda: not isinstance(app.screen, ConfirmDialog))
            assert app.is_running
            await app.run_action("quit")  # the framework's own, as its palette calls it
            await wait_until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
            await pilot.press("ctrl+q")
            assert len([s for s in app.screen_stack if isinstance(s, ConfirmDialog)]) == 1
            started = time.monotonic()
            await pilot.press("enter")
        assert recorder.over.wait(AT_ONCE_S)
        assert time.monotonic() - started < AT_ONCE_S
        assert app.return_code == 0


async def test_quitting_without_a_job_does_not_ask(empty_app: LinkyApp) -> None:
    async with empty_app.run_test() as pilot:
        await wait_until(pilot, lambda: empty_app.store_ready)
        await pilot.press("q")
    assert not empty_app.is_running


async def test_a_spent_budget_goes_on_by_itself_at_the_next_utc_day(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    evening = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    with time_machine.travel(evening, tick=True) as clock, gateway(28) as server:
        app = make_app(
            empty=True, api_url=server.url, token=server.token, more="requests_per_day = 6"
        )
        # It looks at the clock every minute; here minutes go by sooner.
        set_timer = app.set_timer
        monkeypatch.setattr(
            app, "set_timer", lambda delay, *rest, **more: set_timer(delay / 100, *rest, **more)
        )
        async with app.run_test() as pilot:
            await wait_until(pilot, lambda: app.store_ready)
            app.start_job(JobKind.BACKFILL)
            await wait_until(pilot, lambda: app.ingest.state.phase is Phase.PAUSED)
            assert app.ingest.state.until == datetime(2026, 11, 23, tzinfo=UTC)
            assert len(server.log) == 6
            await pilot.pause(1.0)
            assert app.ingest.state.phase is Phase.PAUSED
            clock.shift(timedelta(hours=1))
            asked = curve_requests(server)
            await wait_until(pilot, lambda: app.ingest.state.busy)
            await wait_until(pilot, lambda: not app.ingest.state.busy)
            assert len(server.log) == 12
            assert set(asked).isdisjoint(curve_requests(server)[len(asked) :])


async def test_a_pause_by_the_budget_outlives_a_sync_and_ends_with_stop(running: Running) -> None:
    with gateway(28) as server:
        async with running((80, 24), server=server, more="requests_per_day = 6") as (app, pilot):
            app.start_job(JobKind.BACKFILL)
            await wait_until(pilot, lambda: app.ingest.state.phase is Phase.PAUSED)
            paused = app.ingest.state
            assert app.start_job(JobKind.SYNC)
            assert app.ingest.state.kind is JobKind.SYNC
            await wait_until(pilot, lambda: not app.ingest.state.busy)
            assert app.ingest.state.phase is Phase.PAUSED
            assert app.ingest.state.meters == paused.meters
            assert len(server.log) == 6
            app.ingest.stop()
            assert app.ingest.state.until is None
            assert app.ingest.state.text() == "idle"


async def test_a_pause_that_comes_too_late_has_nothing_to_continue(running: Running) -> None:
    with gateway(7) as server:
        async with running((80, 24), server=server) as (app, pilot):
            app.start_job(JobKind.BACKFILL)
            app.ingest._stop = threading.Event()  # the run ends before it sees the pause
            app.ingest.pause()
            await wait_until(pilot, lambda: not app.ingest.state.busy)
            assert finished(app).status == Status.COMPLETE
            assert app.ingest.state.phase is Phase.IDLE


async def test_a_stop_during_the_last_request_of_the_day_is_a_stop(running: Running) -> None:
    with gateway(28) as server:
        async with running((80, 24), server=server, more="requests_per_day = 4") as (app, pilot):
            app.start_job(JobKind.BACKFILL)
            app.ingest._stop = threading.Event()
            app.ingest.stop()
            await wait_until(pilot, lambda: not app.ingest.state.busy)
            assert finished(app).status == Status.PAUSED
            assert app.ingest.state.phase is Phase.IDLE


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_failed_job_is_explained_in_a_dialog(
    size: tuple[int, int], running: Running
) -> None:
    with gateway(28) as server:
        server.inject(Fault("no_consent", times=None))
        async with running(size, server=server) as (app, pilot):
            await pilot.press("s")
            await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
            error = finished(app).error
            assert error is not None

            def said() -> bool:
                words = flowing(app, app.screen.query_one(Vertical))
                return error.title in words and error.next_step in words

            await wait_until(pilot, said)
            await pilot.press("c")
            assert app.clipboard == "\n".join((error.title, *error.details))
            await pilot.press("enter")
            await wait_until(pilot, lambda: not isinstance(app.screen, ErrorDialog))
            assert app.ingest.state.phase is Phase.IDLE


async def test_something_unexpected_is_said_and_the_application_goes_on(
    empty_app: LinkyApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(jobs: Sequence[Job], stop: threading.Event) -> Generator[Event, None, None]:
        raise ZeroDivisionError("mongodb://user:secret@host [/x]")
        yield

    monkeypatch.setattr(empty_app.backend, "run", broken)
    async with empty_app.run_test(size=(80, 24)) as pilot:
        await wait_until(pilot, lambda: empty_app.store_ready)
        empty_app.start_job(JobKind.SYNC)
        await wait_until(pilot, lambda: isinstance(empty_app.screen, ErrorDialog))
        await wait_until(pilot, lambda: "The run broke off" in screen_text(empty_app))
        assert "ZeroDivisionError" in screen_text(empty_app)
        assert "secret" not in screen_text(empty_app)
        assert empty_app.ingest.state.phase is Phase.IDLE


async def test_without_a_meter_s_says_so(running: Running) -> None:
    async with running((80, 24), empty=True, meters=()) as (app, pilot):
        await pilot.press("d", "s")
        await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await wait_until(pilot, lambda: "meter" in screen_text(app).lower())
        assert not app.ingest.state.busy


async def test_yesterday_arrives_by_one_key_and_again_costs_nothing(running: Running) -> None:
    with gateway(28) as server:
        async with running(server=server, notifications=True) as (app, pilot):
            await pilot.pause()
            asked = questions(app)
            await pilot.press("s")
            await wait_until(pilot, lambda: "of 48 half-hours" in screen_text(app))
            assert "21 Nov:" in screen_text(app)
            await wait_until(pilot, lambda: "synced today" in screen_text(app))
            made = len(server.log)
            await pilot.press("s")
            await wait_until(pilot, lambda: "no request was made" in screen_text(app))
            assert len(server.log) == made
            # The run has just read what the toast and the header say.
            assert asked == set()


def questions(app: LinkyApp) -> set[str]:
    groups: set[str] = set()
    changed: Any = app
    query = changed.query_store

    def noted(asker: DOMNode, *rest: Any, group: str) -> None:
        groups.update({group} if asker is app else ())
        query(asker, *rest, group=group)

    changed.query_store = noted
    return groups


async def test_a_late_yesterday_is_said(running: Running) -> None:
    with gateway(28, late_yesterday=True) as server:
        async with running(server=server, notifications=True) as (app, pilot):
            await pilot.press("s")
            await wait_until(
                pilot, lambda: "Enedis has not published 21 Nov yet" in screen_text(app)
            )


UNTIL = datetime(2026, 11, 23, tzinfo=UTC)
SPENT = BudgetSpent("Today's requests are used up", "Because.", "Later.", UNTIL)
THERE = record(YESTERDAY)


@pytest.mark.parametrize(
    ("kind", "status", "error", "paused", "words", "severity"),
    [
        ("sync", "complete", None, False, "21 Nov: 8.00 kWh, 48 of 48 half-hours.", "information"),
        (
            "sync",
            "nothing_to_do",
            None,
            False,
            "All is there already, no request was made. 21 Nov: 8.00 kWh, 48 of 48 half-hours.",
            "information",
        ),
        (
            "sync",
            "not_published_yet",
            None,
            False,
            "Enedis has not published 21 Nov yet (usually after 8:00). Next try with your next "
            "sync, or from cron.",
            "warning",
        ),
        (
            "backfill",
            "paused",
            SPENT,
            False,
            "Today's requests are used up. It goes on by itself at 01:00.",
            "warning",
        ),
        ("sync", "failed", ApiError("Nonsense", "", ""), False, "Nonsense.", "error"),
        (
            "backfill",
            "interrupted",
            None,
            True,
            "Paused. 1 new reading with 2 requests.",
            "information",
        ),
        (
            "backfill",
            "interrupted",
            None,
            False,
            "Stopped. 1 new reading with 2 requests.",
            "information",
        ),
        (
            "refetch",
            "complete",
            None,
            False,
            "Asked again. 1 new reading with 2 requests.",
            "information",
        ),
        (
            "backfill",
            "complete",
            None,
            False,
            "Everything that Enedis has is stored. 1 new reading with 2 requests.",
            "information",
        ),
    ],
)
def test_every_ending_in_words(
    kind: str, status: str, error: LinkyError | None, paused: bool, words: str, severity: str
) -> None:
    finished = Finished(SERIES, status, 1, 2, error, (THERE,))
    found = toast_text(JobKind(kind), finished, YESTERDAY, paused=paused)
    assert found == (words, severity)
    assert THERE.status is DayStatus.COMPLETE


def test_a_run_that_asked_nothing_counts_nothing() -> None:
    found = toast_text(JobKind.BACKFILL, Finished(SERIES, "complete", 0, 0), YESTERDAY)
    assert found == ("Everything that Enedis has is stored.", "information")
