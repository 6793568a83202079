"""The Backfill page on a real database and a simulated gateway."""

from __future__ import annotations

import re
import threading
from datetime import date, timedelta

import pytest
from textual.widgets import Button, Input, ProgressBar

from linky_tui.demo.server import Fault
from linky_tui.domain.paris import days_between
from linky_tui.text.dates import short_date_text
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.backfill import page as page_module
from linky_tui.ui.backfill.calendar import CoverageCalendar
from linky_tui.ui.backfill.calendar_marks import Mark
from linky_tui.ui.backfill.page import BackfillPage
from linky_tui.ui.backfill.plan import load_facts
from linky_tui.ui.shell.dialogs import ConfirmDialog, ErrorDialog
from linky_tui.ui.shell.ingest_control import Phase
from tests.tools.app import (
    FIRST_DAY,
    SERIES,
    TODAY,
    YESTERDAY,
    StoredHome,
    finished,
    flowing,
    has_finished,
    screen_text,
    wait_until,
)
from tests.ui.conftest import Running
from tests.ui.gateway import curve_requests, gateway, turnstile

SIZES = [(80, 24), (120, 40)]


async def opened(pilot: object, app: LinkyApp) -> BackfillPage:
    await wait_until(pilot, lambda: app.store_ready)  # type: ignore[arg-type]
    await pilot.press("b")  # type: ignore[attr-defined]
    await wait_until(pilot, lambda: getattr(app.screen, "_plan", None) is not None)  # type: ignore[arg-type]
    page = app.screen
    assert isinstance(page, BackfillPage)
    return page


def calendar(page: BackfillPage) -> CoverageCalendar:
    return page.query_one(CoverageCalendar)


@pytest.mark.parametrize("size", SIZES)
async def test_before_it_starts_the_page_says_what_it_will_ask(
    size: tuple[int, int], running: Running
) -> None:
    async with running(size, empty=True) as (app, pilot):
        page = await opened(pilot, app)
        words = (
            "105 weeks + 3 to 5 daily requests: 80 today, about 30 tomorrow after 01:00; "
            "newest first."
        )
        await wait_until(pilot, lambda: words in flowing(app))
        text = flowing(app)
        assert "0 of 105 weeks" in text
        assert "22 Nov 2024" in text
        assert not page.query_one("#run", Button).disabled
        assert page.query_one("#pause", Button).disabled
        assert page.query_one("#stop", Button).disabled


async def test_a_backfill_fills_the_calendar_and_ends_with_what_is_missing(
    running: Running,
) -> None:
    with gateway(28) as server:
        async with running(server=server) as (app, pilot):
            page = await opened(pilot, app)
            await pilot.press("r")
            await wait_until(pilot, lambda: has_finished(app))
            await wait_until(pilot, lambda: "28 of 730 days complete" in screen_text(app))
            shown = calendar(page)
            for day in days_between(TODAY - timedelta(days=28), YESTERDAY):
                assert shown.mark(day) is Mark.CERTIFIED, day
            assert shown.mark(FIRST_DAY) is Mark.NO_DATA
            why = "702 days without data: before the load curve starts on"
            await wait_until(pilot, lambda: why in screen_text(app))
            text = screen_text(app)
            assert f"Requests left today: {80 - len(server.log)} of 80" in text
            # One of the days is the one of October that has 25 hours.
            assert "1,346 readings" in text
            await wait_until(pilot, lambda: "Done: 1,346 new readings" in screen_text(app))
            assert page.query_one(ProgressBar).percentage == 1.0


async def test_the_calendar_fills_while_it_runs_and_names_what_is_being_asked(
    running: Running,
) -> None:
    with turnstile(28) as (server, home):
        async with running(server=server) as (app, pilot):
            page = await opened(pilot, app)
            await pilot.click("#run")
            shown = calendar(page)
            await wait_until(pilot, lambda: shown.mark(YESTERDAY) is Mark.ASKING)
            asking = "Fetching 15 to 21 Nov 2026."
            await wait_until(pilot, lambda: asking in screen_text(app))
            assert page.query_one("#run", Button).disabled
            home.let(1)
            await wait_until(pilot, lambda: shown.mark(YESTERDAY) is Mark.COMPLETE)
            assert app.ingest.state.busy
            assert shown.mark(FIRST_DAY) is Mark.TO_ASK
            await wait_until(pilot, lambda: "15 to 21 Nov 2026: 336" in screen_text(app))
            # Elsewhere it goes on, and the page knows when it is shown again.
            await pilot.press("l")
            home.let()
            await wait_until(pilot, lambda: not app.ingest.state.busy)
            assert finished(app).status == "complete"
            await pilot.press("b")
            await wait_until(pilot, lambda: "28 of 730 days complete" in screen_text(app))


async def test_what_was_read_before_a_run_is_not_shown_after_it(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gateway(28) as server:
        async with running(server=server) as (app, pilot):
            await opened(pilot, app)
            read = threading.Event()
            monkeypatch.setattr(
                page_module, "load_facts", lambda *given: read.wait(60) and load_facts(*given)
            )
            await pilot.press("r")
            await wait_until(pilot, lambda: has_finished(app) and not app.ingest.state.busy)
            await wait_until(pilot, lambda: "Reading what is stored." in flowing(app))
            assert f"Requests left today: {80 - len(server.log)} of 80" in flowing(app)
            read.set()
            await wait_until(pilot, lambda: "28 of 730 days complete" in flowing(app))


async def test_pause_goes_on_and_stop_ends_it(running: Running) -> None:
    with turnstile(28) as (server, home):
        async with running((80, 24), server=server) as (app, pilot):
            page = await opened(pilot, app)
            state = app.ingest
            await pilot.press("r")
            home.let(1)
            await wait_until(pilot, lambda: (state.state.meters[SERIES].windows_left or 105) < 105)
            await pilot.click("#pause")
            await wait_until(pilot, lambda: state.state.phase is Phase.PAUSED)
            await wait_until(pilot, lambda: "r goes on where it ended" in screen_text(app))
            assert str(page.query_one("#run", Button).label) == "Go on"
            made = len(server.log)
            # The button that had the focus is greyed: the keys still work.
            assert page.query_one(CoverageCalendar).has_focus
            await pilot.press("p")
            assert state.state.phase is Phase.PAUSED
            await pilot.press("r")
            home.let(2)  # also the one that was abandoned
            await wait_until(pilot, lambda: len(server.log) > made + 1)
            await pilot.press("x")
            await wait_until(pilot, lambda: state.state.phase is Phase.IDLE)
            windows = curve_requests(server)
            # The window whose answer the pause abandoned is asked again, nothing else.
            assert len(windows) - len(set(windows)) <= 1
            assert len(server.log) > made
            await wait_until(pilot, lambda: not page.query_one("#run", Button).disabled)


async def test_a_blocked_address_is_not_over_at_the_next_day(running: Running) -> None:
    with gateway(28) as server:
        server.inject(Fault("banned", times=None))
        async with running(server=server, notifications=True) as (app, pilot):
            await opened(pilot, app)
            await pilot.press("r")
            await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
            await wait_until(pilot, lambda: "ask its author to lift the block" in flowing(app))
            await pilot.press("escape")
            await wait_until(pilot, lambda: isinstance(app.screen, BackfillPage))
            await wait_until(pilot, lambda: not app.ingest.state.busy)
            await wait_until(pilot, lambda: "Ended:" in screen_text(app))
            await pilot.press("r")
            await wait_until(pilot, lambda: has_finished(app) and finished(app).status == "paused")
            await wait_until(pilot, lambda: app.ingest.state.phase is Phase.IDLE)
            words = "The gateway blocks your address. On the gateway's side. Stop every tool"
            await wait_until(pilot, lambda: words in flowing(app))
            assert "01:00" not in flowing(app)
            assert "by itself" not in flowing(app)
            assert len(server.log) == 1
            await pilot.press("d")
            await wait_until(pilot, lambda: "address blocked" in flowing(app))
            assert "01:00" not in flowing(app)


async def test_one_day_is_fetched_again_for_one_request(
    running: Running, own_home: StoredHome
) -> None:
    with gateway(28) as server:
        async with running(server=server, home=own_home, notifications=True) as (app, pilot):
            page = await opened(pilot, app)
            day = YESTERDAY - timedelta(days=8)
            await pilot.press("up", "left")
            assert calendar(page).cursor == day
            await wait_until(pilot, lambda: "Fri 13 Nov 2026" in screen_text(app))
            assert "once, last" in screen_text(app)
            await pilot.press("f")
            await wait_until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
            await wait_until(pilot, lambda: "costs one request" in screen_text(app))
            await pilot.press("escape")
            await pilot.pause()
            assert not app.ingest.state.busy
            await pilot.click("#refetch")
            await wait_until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
            await pilot.press("enter")
            await wait_until(pilot, lambda: has_finished(app))
            assert curve_requests(server) == [(day, day + timedelta(days=1))]
            await wait_until(pilot, lambda: "twice, last" in screen_text(app))
            assert finished(app).inserted == 0


async def test_the_day_to_go_back_to_changes_the_plan_or_is_refused(running: Running) -> None:
    with gateway(28) as server:
        async with running((80, 24), server=server) as (app, pilot):
            page = await opened(pilot, app)
            field = page.query_one("#since", Input)
            field.value = "2026-13-01"
            await wait_until(pilot, lambda: "Write it as" in screen_text(app))
            assert page.query_one("#run", Button).disabled
            field.value = "10 nov"
            await wait_until(pilot, lambda: "2 weeks + 3 to 5 daily" in screen_text(app))
            assert "Write it as" not in screen_text(app)
            field.focus()
            await pilot.press("enter")
            assert page.query_one("#run", Button).has_focus
            assert field.value == "10 Nov 2026"
            await pilot.press("enter")
            await wait_until(pilot, lambda: has_finished(app))
            assert min(first for first, _ in curve_requests(server)) == date(2026, 11, 10)
            await pilot.press("escape")
            assert page.query_one(CoverageCalendar).has_focus


@pytest.mark.parametrize("size", SIZES)
async def test_the_day_under_the_cursor_is_in_a_border_that_is_in_sight(
    size: tuple[int, int], running: Running
) -> None:
    async with running(size) as (app, pilot):
        page = await opened(pilot, app)
        await wait_until(pilot, lambda: "726 of 730 days complete" in screen_text(app))

        def said(day: date) -> bool:
            rest = r" · \w[\w ]* · \d+ of 48 half-hours · [\d.]+ kWh, Enedis [\d.]+ kWh "
            borders = [line for line in screen_text(app).splitlines() if re.search(r"[╭╰]─", line)]
            return any(re.search(f" {short_date_text(day)}{rest}", line) for line in borders)

        pointed = date(2025, 6, 2)
        offset = calendar(page)._plan.place(pointed)
        await pilot.hover(CoverageCalendar, offset=(offset[0] + 2, offset[1] + 1))
        await wait_until(pilot, lambda: said(pointed))
        for keys, day in ((["home"], FIRST_DAY), (["right"], FIRST_DAY + timedelta(7))):
            await pilot.press(*keys)
            await wait_until(pilot, lambda day=day: said(day))  # type: ignore[misc]


async def test_without_a_meter_the_page_names_the_key_that_leads_to_one(running: Running) -> None:
    async with running((80, 24), empty=True, meters=()) as (app, pilot):
        await pilot.press("b")
        await wait_until(pilot, lambda: "Press g to connect yours" in screen_text(app))
        assert app.screen.query_one("#run", Button).disabled
        assert app.screen.query_one("#refetch", Button).disabled


async def test_every_size_and_theme_shows_the_stored_home(running: Running) -> None:
    async with running() as (app, pilot):
        page = await opened(pilot, app)
        await wait_until(pilot, lambda: "726 of 730 days complete" in screen_text(app))
        for theme in ("textual-light", "nord", "textual-dark"):
            app.theme = theme
            await pilot.pause()
            strip = calendar(page).render_line(1)
            colours = {
                segment.style.color for segment in strip if "■" in segment.text and segment.style
            }
            assert colours, theme
        for size in ((20, 5), (60, 20), (200, 60), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause(0.05)
        await wait_until(pilot, lambda: "105 of 105 weeks" in screen_text(app))
        # Everything can be reached by scrolling.
        body = page.query_one("#body")
        body.scroll_end(animate=False)
        await wait_until(pilot, lambda: "Last events" in screen_text(app))
        assert "Fetch this day again" in screen_text(app)
