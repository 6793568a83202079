"""The Log page: everything that happened, in words, to read and to copy."""

from __future__ import annotations

import re

import pytest

from linky_tui.demo.server import Fault
from linky_tui.domain.models import Series
from linky_tui.domain.paris import utc_now
from linky_tui.ingest.events import Noted
from linky_tui.ingest.jobs import JobKind
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.log.page import LogPage
from linky_tui.ui.shell.dialogs import ErrorDialog
from linky_tui.ui.shell.event_log import EventLog
from linky_tui.ui.shell.ingest_control import Logged
from tests.tools.app import SERIES, finished, flowing, screen_text, wait_until
from tests.ui.conftest import Running
from tests.ui.gateway import gateway


def note(app: LinkyApp, text: str, series: Series = SERIES) -> None:
    app.ingest._queue.append(Logged(utc_now(), Noted(series, text)))
    app.ingest.drain()


async def log_page(pilot: object, app: LinkyApp) -> EventLog:
    await wait_until(pilot, lambda: app.store_ready)  # type: ignore[arg-type]
    await pilot.press("l")  # type: ignore[attr-defined]
    await wait_until(pilot, lambda: isinstance(app.screen, LogPage))  # type: ignore[arg-type]
    return app.screen.query_one("#log", EventLog)


async def test_an_empty_log_names_the_keys_that_fill_it(running: Running) -> None:
    async with running((80, 24), empty=True) as (app, pilot):
        await log_page(pilot, app)
        assert "s syncs yesterday, b fetches the history." in screen_text(app)
        await pilot.press("y")
        assert app.clipboard == ""


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_it_tells_a_run_from_its_start_to_its_failure(
    size: tuple[int, int], running: Running
) -> None:
    with gateway(28) as server:
        server.inject(Fault("token_refused", times=None, after=5))
        async with running(size, server=server) as (app, pilot):
            log = await log_page(pilot, app)
            assert app.start_job(JobKind.BACKFILL)
            await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
            error = finished(app).error
            assert error is not None
            await pilot.press("escape")
            await wait_until(pilot, lambda: f"Failed: {error.title}." in screen_text(app))
            words = flowing(app)
            assert error.cause in words
            assert error.next_step in words
            assert re.search(r"09:3\d:", words)  # on a loaded machine a minute has gone by
            await pilot.press("y")
            copied = app.clipboard
            assert copied.splitlines()[0].endswith("  Backfill started.")
            assert re.match(r"2026-11-22 09:3\d:", copied)
            assert error.next_step in copied
            assert server.token not in copied
            assert len(log.entries) < len(copied.splitlines())
            (toast,) = list(app._notifications)[-1:]
            assert "Some terminals do not take it." in toast.message


async def test_it_follows_unless_one_scrolled_up(running: Running) -> None:
    async with running((80, 24), empty=True) as (app, pilot):
        log = await log_page(pilot, app)
        for number in range(100):
            note(app, f"line {number}.")
        await wait_until(pilot, lambda: "line 99." in screen_text(app))
        await pilot.press("home")
        await wait_until(pilot, lambda: "line 0." in screen_text(app))
        note(app, "line 100.")
        await wait_until(pilot, lambda: len(log.entries) == 101)
        assert "line 0." in screen_text(app)
        await pilot.press("end")
        await wait_until(pilot, lambda: "line 100." in screen_text(app))


async def test_long_lines_wrap_at_every_width_and_markup_means_nothing(running: Running) -> None:
    async with running(empty=True) as (app, pilot):
        log = await log_page(pilot, app)
        note(app, "a [/strange] text " + "that is long " * 12 + "and ends here.")
        await wait_until(pilot, lambda: "and ends here." in screen_text(app))
        assert "[/strange]" in screen_text(app)
        wide = len(log.lines)
        await pilot.resize_terminal(60, 24)
        await wait_until(pilot, lambda: len(log.lines) > wide)
        assert "here." in screen_text(app)
        await pilot.resize_terminal(20, 5)
        await pilot.resize_terminal(120, 40)
        await wait_until(pilot, lambda: len(log.lines) == wide)


async def test_with_several_meters_each_line_says_which(running: Running) -> None:
    other = "98765432109876"
    async with running(empty=True, meters=(SERIES.prm, other)) as (app, pilot):
        await log_page(pilot, app)
        note(app, "one thing.")
        note(app, "another thing.", Series(other))
        await wait_until(pilot, lambda: "another thing." in screen_text(app))
        assert "12········1234 consumption: one thing." in screen_text(app)
        assert "98········9876 consumption: another thing." in screen_text(app)


async def test_the_log_keeps_the_newest(running: Running) -> None:
    async with running((80, 24), empty=True) as (app, pilot):
        log = await log_page(pilot, app)
        for number in range(700):
            app.ingest._queue.append(Logged(utc_now(), Noted(SERIES, f"line {number}.")))
        app.ingest.drain()
        await wait_until(pilot, lambda: "line 699." in screen_text(app))
        assert len(log.entries) == 500
