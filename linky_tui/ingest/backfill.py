"""The history, newest first: survey, windows, floor, probes, and what is concluded from them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from datetime import date

from linky_tui.domain.coverage import askable_until, first_askable
from linky_tui.domain.paris import ONE_DAY, utc_now
from linky_tui.ingest.backlog import Backlog
from linky_tui.ingest.events import Event, Noted, Planned, Window
from linky_tui.ingest.plan import days_worth_asking, windows_of
from linky_tui.ingest.series_run import NothingAccepted, SeriesRun
from linky_tui.ingest.totals import close_survey, survey_if_due, weekly_totals
from linky_tui.text.formatting import day_text


def backfill(
    run: SeriesRun, since: date | None, *, totals_now: bool = False
) -> Generator[Event, None, None]:
    """Fetch everything that is worth asking, back to ``since`` or as far as the gateway reaches."""
    wanted, known = since or first_askable(run.today), run.state.backfill_since
    # A shorter run by hand does not call off the longer one that a sync carries on.
    run.lease.set_state(backfill_since=min(wanted, known or wanted))
    if run.several:
        # Enedis' own totals may be there all the same; the refusal is remembered and comes again.
        with contextlib.suppress(NothingAccepted):
            yield from _newest_week(run, since)
        yield from newest_first(run)
    yield from survey_if_due(run, by_hand=True)
    yield from work_off(run, since)
    yield from close_survey(run)
    yield from weekly_totals(run, now=totals_now)


def newest_first(run: SeriesRun) -> Generator[Event, None, None]:
    """Let every series of the run have its newest week before anything else of this one."""
    yield from run.give_way(askable_until(utc_now()) - 2 * ONE_DAY)


def _newest_week(run: SeriesRun, since: date | None) -> Generator[Event, None, None]:
    """So that each of several series has it, however soon the budget ends."""
    windows = _backlog(run, since).windows
    if windows:
        yield _planned(run, windows)
        yield from run.give_way(windows[0].last)
        yield from run.ask(windows[0], len(windows) - 1)


def work_off(
    run: SeriesRun, since: date | None, *, enough: Callable[[], bool] = lambda: False
) -> Generator[Event, None, None]:
    """Ask window after window, newest first, until nothing is left or ``enough()`` says so."""
    backlog = _backlog(run, since)
    yield _planned(run, backlog.windows)
    planned = bool(backlog.windows)
    while (upcoming := backlog.upcoming) is not None:
        yield from run.give_way(upcoming.last)
        if enough() or (window := backlog.next()) is None:
            break
        left = len(backlog.windows)
        asked = yield from run.ask(window, left)
        if asked.floor is not None:
            backlog.cut_below(asked.floor)
        if asked.unreadable:
            backlog.unanswered(window)
        elif asked.floor is None or asked.oldest_day is not None:
            backlog.answered(window, asked.oldest_day)
        if len(backlog.windows) != left:
            yield _planned(run, backlog.windows)
    run.history_done = planned and not backlog.windows
    if backlog.exhausted:
        limit = backlog.oldest_data or run.today
        if run.conclude_below(limit, since, backlog.unread):
            yield Noted(run.series, f"Enedis has no load curve before {day_text(limit)}.")


def _backlog(run: SeriesRun, since: date | None) -> Backlog:
    curve_from = run.state.curve_from
    if curve_from is not None:
        # Days that were too recent to be concluded when the floor was found.
        run.conclude_below(curve_from)
    records = run.ledger()
    days = days_worth_asking(
        records, now=utc_now(), today=run.today, since=since, curve_from=curve_from
    )
    return Backlog(windows_of(days), records)


def _planned(run: SeriesRun, windows: Sequence[Window]) -> Planned:
    return Planned(run.series, tuple(windows), run.requests.manners.left_today)
