"""Yesterday, and whatever of the last days is not complete: one window, often one request."""

from __future__ import annotations

from collections.abc import Generator

from linky_tui.domain.coverage import DayRecord, DayStatus, askable_until
from linky_tui.domain.paris import ONE_DAY, utc_now
from linky_tui.errors import Side, TemporaryError
from linky_tui.ingest.backfill import newest_first, work_off
from linky_tui.ingest.events import Event, Planned, Window
from linky_tui.ingest.plan import sync_window
from linky_tui.ingest.series_run import SeriesRun
from linky_tui.ingest.totals import survey_if_due, weekly_totals
from linky_tui.text.formatting import day_text, half_hours_text, local_time_text


def sync(
    run: SeriesRun, *, totals_now: bool = False
) -> Generator[Event, None, TemporaryError | None]:
    """Fetch what the last 7 days lack; returns why yesterday is not there, or ``None``.

    Where a backfill was started by hand and has windows left, it is carried on with at most half
    of the day's budget, so that a cron job completes the history by itself.
    """
    today = run.today
    state = run.state
    window = sync_window(run.ledger(), now=utc_now(), today=today, curve_from=state.curve_from)
    if window is not None:
        yield Planned(run.series, (window,), run.requests.manners.left_today)
        yield from run.ask(window, 0)
    yield from newest_first(run)
    if state.backfill_since is not None and not run.requests.manners.half_used:
        yield from survey_if_due(run, by_hand=False)
        yield from work_off(
            run, state.backfill_since, enough=lambda: run.requests.manners.half_used
        )
    yield from weekly_totals(run, now=totals_now)
    yesterday = today - ONE_DAY
    record = run.ledger().get(yesterday)
    if record is not None and record.status is DayStatus.COMPLETE:
        # What could not be read of other days is no reason for a mail by cron each morning.
        run.unread = None
        return None
    return _not_published(run, record)


def refetch(run: SeriesRun, days: Window) -> Generator[Event, None, TemporaryError | None]:
    """Ask some days again by hand; returns why not, where at night it is too early for them."""
    last = min(days.last, askable_until(utc_now()) - ONE_DAY)
    if last < days.first:
        return _not_published(run, run.ledger().get(days.first))
    yield from run.ask(Window(days.first, last), 0)
    return None


def _not_published(run: SeriesRun, record: DayRecord | None) -> TemporaryError:
    day = day_text(run.today - ONE_DAY)
    arrived = asked = ""
    if record is not None and record.problem is not None:
        return TemporaryError(
            "Yesterday cannot be read",
            f"Nothing of {day} was stored, since the answer for it is wrong: {record.problem}.",
            "Sync again later; a cron job does it by itself.",
            sides=(Side.ENEDIS,),
        )
    if record is not None and record.readings:
        there = half_hours_text(record.minutes_covered, record.minutes_expected)
        arrived = f" Only {there} are there."
    if record is not None and record.last_attempt is not None:
        asked = (
            f" Last asked at {local_time_text(record.last_attempt)};"
            " the same day is not asked again within the hour."
        )
    return TemporaryError(
        "Not published yet",
        f"Not all of {day} is out (usually it is after 8:00).{arrived}{asked}",
        "Sync again later; a cron job does it by itself.",
        sides=(Side.ENEDIS,),
    )
