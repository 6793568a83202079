"""Daily totals: a few cheap requests that say since when a meter has data, and certify the rest."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from linky_tui.domain.coverage import DayRecord, DayStatus
from linky_tui.domain.models import DailyTotal, Series
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataKind, DataRequest
from linky_tui.ingest.events import Event, Noted, Surveyed
from linky_tui.ingest.plan import survey_spans
from linky_tui.ingest.request_run import RequestRun

TOTALS_EVERY = timedelta(days=7)
"""Daily totals are asked once a week: one call certifies all days since (design.md §4)."""
CORRECTED_DAYS = 30
"""Enedis corrects recent days, and their totals with them; older differences stay."""
MAX_SPAN_DAYS = 366
"""The longest span of daily totals that public captures show (conso-api.md §2)."""

FATAL = frozenset(
    {
        ApiFaultKind.TOKEN,
        ApiFaultKind.CONSENT,
        ApiFaultKind.NOT_OWNER,
        ApiFaultKind.WRONG_DIRECTION,
        ApiFaultKind.NOT_SUBSCRIBED,
        ApiFaultKind.QUOTA,
        ApiFaultKind.BANNED,
    }
)
"""Faults that say something of the meter or of the gateway, not of the one request."""


@dataclass(frozen=True, slots=True)
class SurveyResult:
    """What a survey found."""

    totals: tuple[DailyTotal, ...]  # the daily totals
    # daily totals are known, or known not to exist, from this day on; `None` where nothing was
    # answered
    reached: date | None
    done: bool  # whether there is nothing further back to ask


Surveying = Generator[Event, None, SurveyResult]


def ask_totals(
    requests: RequestRun, series: Series, token: str, first: date, end: date
) -> Generator[Event, None, tuple[DailyTotal, ...]]:
    """Ask daily totals of ``[first, end)``; none at all is an empty tuple.

    Raises:
        ApiFault: any fault but "no data".
    """
    request = DataRequest(DataKind.DAILY_TOTALS, series, first, end)
    try:
        answer = yield from requests.fetch(request, token)
    except ApiFault as fault:
        if fault.kind is ApiFaultKind.NO_DATA:
            return ()
        raise
    return answer.totals


def survey(
    requests: RequestRun, series: Series, token: str, *, today: date, reached: date | None
) -> Surveying:
    """Ask the daily totals of one more year back: the next one that ``reached`` leaves open.

    A start before the meter's floor fails the whole answer, so that year is halved, then
    quartered, then the survey ends (design.md §4).
    """
    spans = [(first, end) for first, end in survey_spans(today) if not _covers(reached, first)]
    if not spans:
        return SurveyResult((), reached, True)
    first, end = spans[0]
    span_days = (end - first).days
    for start in (first, end - timedelta(span_days // 2), end - timedelta(span_days // 4)):
        try:
            totals = yield from ask_totals(requests, series, token, start, end)
        except ApiFault as fault:
            if fault.kind is ApiFaultKind.FLOOR:
                continue
            if fault.kind in FATAL:
                raise
            error = fault.to_error(series)
            yield Noted(series, f"Daily totals are not available: {error.title}. {error.cause}")
            # Under a wrong clock the newest year ends in the future; when it is right again the
            # survey is to be done.
            final = fault.is_4xx and fault.kind is not ApiFaultKind.BAD_REQUEST
            return SurveyResult((), reached, final)
        yield _surveyed(series, totals)
        finished = start != first or not totals or len(spans) == 1
        return SurveyResult(totals, start, finished)
    return SurveyResult((), end, True)


def _covers(reached: date | None, first: date) -> bool:
    # A survey that goes on another day finds its years moved by a day or two.
    return reached is not None and reached <= first + timedelta(days=31)


def _surveyed(series: Series, totals: Iterable[DailyTotal]) -> Surveyed:
    days = sorted(total.day for total in totals)
    return Surveyed(series, days[0] if days else None, days[-1] if days else None, len(days))


def uncertified_span(
    records: Mapping[date, DayRecord], *, today: date, below: date | None = None
) -> tuple[date, date] | None:
    """The span of daily totals ``[first, end)`` that would certify the days that lack one.

    Args:
        records: the ledger.
        today: the current Paris date, the end of the span.
        below: only days older than this one count, and the span ends there.
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
