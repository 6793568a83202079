"""The history, newest first: survey, windows, floor, probes, and what is concluded from them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import date

from linky_tui.domain.coverage import first_askable
from linky_tui.domain.paris import utc_now
from linky_tui.ingest.backlog import Backlog
from linky_tui.ingest.events import Event, Noted, Planned
from linky_tui.ingest.plan import days_worth_asking, windows_of
from linky_tui.ingest.series_run import SeriesRun
from linky_tui.ingest.totals import close_survey, survey_if_due, weekly_totals
from linky_tui.text.formatting import day_text


def backfill(
    run: SeriesRun, since: date | None, *, totals_now: bool = False
) -> Generator[Event, None, None]:
    """Fetch everything that is worth asking, back to ``since`` or as far as the gateway reaches."""
    wanted, known = since or first_askable(run.today), run.state.backfill_since
    # A shorter run by hand does not call off the longer one that a sync carries on.
    run.lease.set_state(backfill_since=min(wanted, known or wanted))
    yield from survey_if_due(run, by_hand=True)
    yield from work_off(run, since)
    yield from close_survey(run)
    yield from weekly_totals(run, now=totals_now)


def work_off(
    run: SeriesRun, since: date | None, *, enough: Callable[[], bool] = lambda: False
) -> Generator[Event, None, None]:
    """Ask window after window, newest first, until nothing is left or ``enough()`` says so."""
    curve_from = run.state.curve_from
    if curve_from is not None:
        # Days that were too recent to be concluded when the floor was found.
        run.conclude_below(curve_from)
    records = run.ledger()
    days = days_worth_asking(
        records, now=utc_now(), today=run.today, since=since, curve_from=curve_from
    )
    backlog = Backlog(windows_of(days), records)
    yield Planned(run.series, tuple(backlog.windows), run.requests.manners.left_today)
    planned = bool(backlog.windows)
    while not enough() and (window := backlog.next()) is not None:
        left = len(backlog.windows)
        asked = yield from run.ask(window, left)
        if asked.floor is not None:
            backlog.cut_below(asked.floor)
        if asked.unreadable:
            backlog.unanswered(window)
        elif asked.floor is None or asked.oldest_day is not None:
            backlog.answered(window, asked.oldest_day)
        if len(backlog.windows) != left:
            yield Planned(run.series, tuple(backlog.windows), run.requests.manners.left_today)
    run.history_done = planned and not backlog.windows
    if backlog.exhausted:
        limit = backlog.oldest_data or run.today
        if run.conclude_below(limit, since, backlog.unread):
            yield Noted(run.series, f"Enedis has no load curve before {day_text(limit)}.")
