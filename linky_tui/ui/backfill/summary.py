"""What the ledger still lacks, why, and when it is tried again. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from linky_tui.domain.coverage import MAX_ATTEMPTS, OLD_RETRY, DayRecord, first_askable
from linky_tui.domain.paris import ONE_DAY, day_of, days_between
from linky_tui.errors import AddressBlocked
from linky_tui.ingest.jobs import Status
from linky_tui.ingest.totals import TOTALS_EVERY
from linky_tui.text.formatting import count_text, day_text, things
from linky_tui.ui.backfill.calendar_marks import Mark, mark_of
from linky_tui.ui.backfill.plan import Plan, PlanFacts
from linky_tui.ui.backfill.track import paused_text
from linky_tui.ui.shell.ingest_control import MeterState

if TYPE_CHECKING:
    from linky_tui.storage.leases.leases import SeriesState


def resting_text(
    meter: MeterState | None, facts: PlanFacts, plan: Plan, plans: Sequence[Plan], weeks_left: int
) -> str:
    """What the page says while nothing runs: a pause, a failure, the plan, or what is there.

    ``plans`` are those of all meters, the ``plan`` of the one that is shown among them.
    """
    if meter is not None and meter.paused:
        return paused_text(meter, weeks_left)
    finished = meter.finished if meter is not None else None
    error = finished.error if finished is not None else None
    failed = finished is not None and finished.status == Status.FAILED
    if error is not None and (failed or isinstance(error, AddressBlocked)):
        return "\n".join(filter(None, (f"{error.title}.", error.side_text, error.next_step)))
    if plan.empty and facts.records:
        return headline(facts.records, facts.today)
    return plan.text(plans)


def headline(records: Mapping[date, DayRecord], today: date) -> str:
    """How much is there: ``728 of 730 days complete, 725 certified.``."""
    days = list(days_between(first_askable(today), today - ONE_DAY))
    marks = [mark_of(records.get(day), today) for day in days]
    certified = marks.count(Mark.CERTIFIED)
    complete = certified + marks.count(Mark.COMPLETE)
    if certified == len(days):
        return f"All {count_text(certified)} days are complete and certified to the Wh."
    return (
        f"{count_text(complete)} of {count_text(len(days))} days complete, "
        f"{count_text(certified)} certified."
    )


def gaps(records: Mapping[date, DayRecord], state: SeriesState, today: date) -> list[str]:
    """A sentence for each kind of gap: what is missing, why, when it is tried again."""
    by_mark: dict[Mark, list[DayRecord]] = {}
    unread: list[DayRecord] = []
    never = 0
    for day in days_between(first_askable(today), today - ONE_DAY):
        record = records.get(day)
        mark = mark_of(record, today)
        if record is None or mark is Mark.TO_ASK:
            never += 1
        elif record.problem is not None and mark in (Mark.PARTIAL, Mark.MISSING, Mark.NO_DATA):
            unread.append(record)
        else:
            by_mark.setdefault(mark, []).append(record)
    complete = by_mark.get(Mark.COMPLETE, [])
    sentences = [
        f"{things(never, 'day')} not asked yet." if never else "",
        _late(by_mark.get(Mark.LATE, [])),
        _again(by_mark.get(Mark.PARTIAL, []), "partial"),
        _again(by_mark.get(Mark.MISSING, []), "missing"),
        _no_data(by_mark.get(Mark.NO_DATA, []), state),
        _again(unread, "that cannot be read", "asked twice"),
        _again([each for each in complete if each.enedis_wh is not None], "complete but different"),
        _uncertified([each for each in complete if each.enedis_wh is None], state, today),
    ]
    return [sentence for sentence in sentences if sentence]


def _late(records: Sequence[DayRecord]) -> str:
    if not records:
        return ""
    return (
        f"{things(len(records), 'day')} of the last 7 late: Enedis publishes a day the next "
        "morning, at times later. Each sync asks again, once an hour at most."
    )


def _again(
    records: Sequence[DayRecord], what: str, given_up_text: str = "asked twice, Enedis has no more"
) -> str:
    if not records:
        return ""
    given_up = sum(record.attempts >= MAX_ATTEMPTS for record in records)
    tried = [
        record.last_attempt
        for record in records
        if record.attempts < MAX_ATTEMPTS and record.last_attempt is not None
    ]
    parts = []
    if given_up:
        which = "" if given_up == len(records) else f"{count_text(given_up)} of them "
        parts.append(which + given_up_text)
    if tried:
        parts.append(f"a backfill asks again from {day_text(day_of(min(tried) + OLD_RETRY))}")
    reason = ": " + "; ".join(parts) if parts else ""
    return f"{things(len(records), 'day')} {what}{reason}."


def _no_data(records: Sequence[DayRecord], state: SeriesState) -> str:
    if not records:
        return ""
    below = [each for each in records if state.curve_from and each.day < state.curve_from]
    rest = len(records) - len(below)
    parts = []
    if below and state.curve_from:
        which = "" if not rest else f"{count_text(len(below))} of them "
        parts.append(f"{which}before the load curve starts on {day_text(state.curve_from)}")
    if rest:
        which = "" if not below else f"{count_text(rest)} "
        parts.append(f"{which}asked and found empty")
    return f"{things(len(records), 'day')} without data: {', '.join(parts)}. Not asked again."


def _uncertified(records: Sequence[DayRecord], state: SeriesState, today: date) -> str:
    if not records:
        return ""
    asked = state.totals_at or state.surveyed_at
    due = today if asked is None else day_of(asked + TOTALS_EVERY)
    when = "with the next sync" if due <= today else f"from {day_text(due)}"
    return (
        f"{things(len(records), 'complete day')} not certified yet: Enedis' own totals are asked "
        f"once a week, next {when}."
    )
