"""When daily totals are asked: the survey at first, then once a week, and once to close a gap."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date, datetime

from linky_tui.domain.paris import utc_now
from linky_tui.enedis.faults import ApiFault
from linky_tui.ingest.events import Event, Noted, Surveyed
from linky_tui.ingest.series_run import SeriesRun
from linky_tui.ingest.survey import FATAL, TOTALS_EVERY, ask_totals, survey, uncertified_span


def survey_if_due(run: SeriesRun) -> Generator[Event, None, None]:
    """Ask three years of daily totals, a year a request, once in the life of a series.

    Each year is stored before the next is asked, so a run that is cut short goes on from there.
    """
    state = run.state
    while state.surveyed_at is None:
        run.check_stop()
        result = yield from survey(
            run.requests, run.series, run.token, today=run.today, reached=state.daily_from
        )
        run.apply_totals(result.totals)
        now = utc_now()
        known: dict[str, date | datetime] = {}
        if result.reached is not None:
            known["daily_from"] = result.reached
        if state.daily_from is None and (result.done or result.reached is not None):
            # The newest year; the older ones, another day, say nothing of the last week.
            known["totals_at"] = now
        if result.done:
            known["surveyed_at"] = now
        if known:
            run.lease.set_state(**known)
        if not result.done and not result.totals:
            # The service is in trouble: the load curve may still answer, a later run asks again.
            return
        state = run.state


def weekly_totals(run: SeriesRun, *, now: bool = False) -> Generator[Event, None, None]:
    """Certify the days since the last totals with one request, at most once a week.

    Args:
        run: the run.
        now: do not wait for the week to be over.
    """
    asked_at = run.state.totals_at
    # Clocks that disagree must not put the totals off for ever.
    if asked_at is not None and not now and abs(utc_now() - asked_at) < TOTALS_EVERY:
        return
    span = uncertified_span(run.ledger(), today=run.today)
    if span is not None and (yield from _ask_span(run, *span)):
        run.lease.set_state(totals_at=utc_now())


def close_survey(run: SeriesRun) -> Generator[Event, None, None]:
    """One more request for a span that the survey could not reach, now that readings came."""
    state = run.state
    if state.surveyed_at is None or state.daily_from is None:
        return
    span = uncertified_span(run.ledger(), today=run.today, below=state.daily_from)
    if span is not None and (yield from _ask_span(run, *span)):
        run.lease.set_state(daily_from=span[0])


def _ask_span(run: SeriesRun, first: date, end: date) -> Generator[Event, None, bool]:
    """Ask and note daily totals; whether there was an answer, be it a refusal."""
    run.check_stop()
    try:
        totals = yield from ask_totals(run.requests, run.series, run.token, first, end)
    except ApiFault as fault:
        error = fault.to_error(run.series)
        if fault.kind in FATAL:
            raise error from None
        yield Noted(run.series, f"Daily totals are not available: {error.title}. {error.cause}")
        return fault.is_4xx
    run.apply_totals(totals)
    days = sorted(total.day for total in totals)
    yield Surveyed(run.series, days[0] if days else None, days[-1] if days else None, len(days))
    return True
