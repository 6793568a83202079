"""Daily totals: a few cheap requests that say since when a meter has data, and certify the rest.

They are asked by the survey at first, then once a week, once to close a gap, and to try a token.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from linky_tui.domain.coverage import DayRecord, DayStatus, askable_until
from linky_tui.domain.models import DailyTotal, Series
from linky_tui.domain.paris import utc_now
from linky_tui.enedis.answers import Answer
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataKind, DataRequest
from linky_tui.errors import TemporaryError
from linky_tui.ingest.events import Event, Noted, Surveyed
from linky_tui.ingest.plan import survey_spans
from linky_tui.ingest.requests.manners import PausedUntil, StopWanted, TooManyFailures
from linky_tui.ingest.requests.run import Fetching, RequestRun
from linky_tui.ingest.series_run import FATAL, SeriesRun
from linky_tui.text.formatting import day_text, things

TOTALS_EVERY = timedelta(days=7)
"""Daily totals are asked once a week: one call certifies all days since."""
CORRECTED_DAYS = 30
"""Enedis corrects recent days, and their totals with them; older differences stay."""
MAX_SPAN_DAYS = 366
"""The longest span of daily totals that public captures show."""


@dataclass(frozen=True, slots=True)
class _Year:
    """What became of one year of the survey."""

    totals: tuple[DailyTotal, ...] = ()  # the daily totals
    # daily totals are known, or known not to exist, from this day on; `None` where nothing was
    # answered
    reached: date | None = None
    done: bool = False  # whether there is nothing further back to ask
    refused: bool = False  # whether asking it again soon would bring nothing either


def survey_if_due(run: SeriesRun, *, by_hand: bool) -> Generator[Event, None, None]:
    """Ask three years of daily totals, a year a request, once in the life of a series.

    Each year is stored before the next is asked, so a run that is cut short goes on from there.
    One that was refused is tried again once a week, and whenever it is wanted ``by_hand``.
    """
    state = run.state
    if not by_hand and _lately(state.survey_refused_at):
        return
    while state.surveyed_at is None:
        run.check_stop()
        result = yield from _survey(run, state.daily_from)
        run.apply_totals(result.totals)
        now = utc_now()
        known: dict[str, date | datetime] = {}
        if result.reached is not None:
            known["daily_from"] = result.reached
        if state.daily_from is None and (result.refused or result.reached is not None):
            # The newest year; the older ones, another day, say nothing of the last week.
            known["totals_at"] = now
        if result.done:
            known["surveyed_at"] = now
        if result.refused:
            known["survey_refused_at"] = now
        if known:
            run.lease.set_state(**known)
        if not result.done and result.reached == state.daily_from:
            # The service is in trouble: the load curve may still answer, a later run asks again.
            return
        state = run.state


def _survey(run: SeriesRun, reached: date | None) -> Generator[Event, None, _Year]:
    """Ask the daily totals of one more year back: the next one that ``reached`` leaves open.

    A start before the meter's floor fails the whole answer, so that year is halved, then
    quartered, then the survey ends.
    """
    spans = survey_spans(askable_until(utc_now()))
    spans = [span for span in spans if not _covers(reached, span[0])]
    if not spans:
        return _Year((), reached, True)
    first, end = spans[0]
    span_days = (end - first).days
    for start in (first, end - timedelta(span_days // 2), end - timedelta(span_days // 4)):
        try:
            answer = yield from _ask_totals(run.requests, run.series, run.token, start, end)
        except ApiFault as fault:
            if fault.kind is ApiFaultKind.FLOOR:
                continue
            yield _unavailable(run, fault)
            return _Year((), reached, refused=fault.lasting)
        yield from _surveyed(run, answer)
        empty = not answer.totals and not answer.problems
        return _Year(answer.totals, start, start != first or empty or len(spans) == 1)
    return _Year((), end, True)


def _covers(reached: date | None, first: date) -> bool:
    # A survey that goes on another day finds its years moved by a day or two.
    return reached is not None and reached <= first + timedelta(days=31)


def weekly_totals(run: SeriesRun, *, now: bool = False) -> Generator[Event, None, None]:
    """Certify the days since the last totals with one request, once a week or ``now``."""
    if not now and _lately(run.state.totals_at):
        return
    span = uncertified_span(run.ledger(), today=askable_until(utc_now()))
    if span is not None and (yield from _ask_span(run, *span)):
        run.lease.set_state(totals_at=utc_now())


def _lately(asked_at: datetime | None) -> bool:
    # Clocks that disagree must not put the totals off for ever.
    return asked_at is not None and abs(utc_now() - asked_at) < TOTALS_EVERY


def close_survey(run: SeriesRun) -> Generator[Event, None, None]:
    """One more request for a span that the survey could not reach, now that readings came."""
    state = run.state
    if state.surveyed_at is None or state.daily_from is None:
        return
    today = askable_until(utc_now())
    span = uncertified_span(run.ledger(), today=today, below=state.daily_from)
    if span is not None and (yield from _ask_span(run, *span)):
        run.lease.set_state(daily_from=span[0])


def _ask_span(run: SeriesRun, first: date, end: date) -> Generator[Event, None, bool]:
    """Ask and note daily totals; whether there was an answer, be it a refusal."""
    run.check_stop()
    try:
        answer = yield from _ask_totals(run.requests, run.series, run.token, first, end)
    except ApiFault as fault:
        yield _unavailable(run, fault)
        return fault.lasting
    run.apply_totals(answer.totals)
    yield from _surveyed(run, answer)
    return True


def uncertified_span(
    records: Mapping[date, DayRecord], *, today: date, below: date | None = None
) -> tuple[date, date] | None:
    """The span of daily totals ``[first, end)`` that would certify the days that lack one.

    Only days ``below`` this one count, where it is given, and the span ends there.
    """
    end = min(below or today, today)
    oldest, recent = end - timedelta(MAX_SPAN_DAYS), end - timedelta(CORRECTED_DAYS)
    open_days = [
        day
        for day, record in records.items()
        if oldest <= day < end
        and record.readings
        and (record.enedis_wh is None or (day >= recent and _disagrees(record)))
    ]
    return (min(open_days), end) if open_days else None


def _disagrees(record: DayRecord) -> bool:
    return record.status is DayStatus.COMPLETE and not record.certified


def try_token(requests: RequestRun, series: Series, token: str) -> tuple[DailyTotal, ...]:
    """Ask for the last week, to see whether a token works. Blocks for some seconds.

    Usually one request; a second one where the gateway knows only the other generation of the
    API, or answers that it is broken.

    Raises:
        LinkyError: why there are none; a stop raises TemporaryError.
    """
    end = askable_until(utc_now())
    asking = _ask_totals(requests, series, token, end - timedelta(days=7), end)
    try:
        while True:
            next(asking)
    except StopIteration as done:
        answer: Answer = done.value
        return answer.totals
    except StopWanted:
        raise TemporaryError("Stopped", "The test was left.", "Start it again.", sides=()) from None
    except (PausedUntil, TooManyFailures) as ended:
        raise ended.error from None
    except ApiFault as fault:
        raise fault.to_error(series) from None


def _ask_totals(
    requests: RequestRun, series: Series, token: str, first: date, end: date
) -> Fetching:
    return requests.fetch(DataRequest(DataKind.DAILY_TOTALS, series, first, end), token)


def _surveyed(run: SeriesRun, answer: Answer) -> Generator[Event, None, None]:
    days = [total.day for total in answer.totals]
    yield Surveyed(run.series, min(days, default=None), max(days, default=None), len(days))
    if answer.spoilt:
        count, (day, why) = things(len(answer.spoilt), "day"), min(answer.spoilt.items())
        text = f"Enedis' own totals of {count} could not be read, first {day_text(day)}: {why}."
        yield Noted(run.series, text)


def _unavailable(run: SeriesRun, fault: ApiFault) -> Noted:
    """What is said of a fault that the run survives; any other is raised."""
    if fault.kind in FATAL:
        raise fault
    error = fault.to_error(run.series)
    return Noted(run.series, f"Daily totals are not available: {error.title}. {error.cause}")
