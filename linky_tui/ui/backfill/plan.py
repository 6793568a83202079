"""What a backfill is going to ask, in words, before it starts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

from linky_tui.domain.coverage import DayRecord, first_askable
from linky_tui.domain.models import Series
from linky_tui.domain.paris import day_of, next_utc_day, utc_now
from linky_tui.ingest.plan import WINDOW_DAYS, days_worth_asking, survey_spans, windows_of
from linky_tui.ingest.totals import TOTALS_EVERY
from linky_tui.text.dates import NO_DAY, read_day, short_date_text
from linky_tui.text.formatting import local_time_text, things

if TYPE_CHECKING:
    from linky_tui.session import Session
    from linky_tui.storage.leases.leases import SeriesState
    from linky_tui.storage.store import Store


MORE_FOR_THE_FLOOR = 2
"""Requests that a survey may need beyond a year each: a year cut in halves, a gap closed."""


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What the plan of a series follows from."""

    records: Mapping[date, DayRecord]  # the ledger of the last 24 months
    state: SeriesState  # what is remembered about the series
    left_today: int | None  # requests that today's budget still allows, `None` without a limit
    per_day: int | None  # requests that a day allows
    now: datetime  # when that was so (aware, UTC)
    blocked: bool = False  # whether the gateway has blocked this address

    @property
    def today(self) -> date:
        return day_of(self.now)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backfill would ask."""

    weeks: int  # load curve requests
    whole: int  # weeks of the whole range, whatever is stored of it already
    least: int  # daily requests, at least
    most: int  # daily requests, at most
    left_today: int | None  # see :class:`PlanFacts`
    per_day: int | None  # see :class:`PlanFacts`
    now: datetime  # see :class:`PlanFacts`
    blocked: bool = False  # see :class:`PlanFacts`

    @property
    def empty(self) -> bool:
        return not self.weeks and not self.most

    def text(self, plans: Sequence[Plan] = ()) -> str:
        """The plan in words: ``105 weeks + 3 to 5 daily requests: 80 today, about 30 …``.

        ``plans`` are those of all meters, where there are several.
        """
        whole = together(plans) if plans else self
        if whole.empty:
            return "Nothing to ask just now."
        asks, newest = whole._asks_text(), "; newest first" if whole.weeks > 1 else ""
        if len(plans) > 1:
            asks = f"{self._asks_text()} here, {asks} for {all_of(plans)}"
            newest = "; the newest week of each first"
        return f"{asks}: {whole._days_text()}{newest}."

    def _asks_text(self) -> str:
        parts = [things(self.weeks, "week")] if self.weeks else []
        if self.most:
            parts.append(self._daily_text())
        return " + ".join(parts) or "Nothing"

    def _daily_text(self) -> str:
        most = things(self.most, "daily request")
        if not self.least:
            return f"up to {most}"
        return f"{self.least} to {most}" if self.least < self.most else most

    def _days_text(self) -> str:
        left = self.weeks + self.most
        if self.blocked:
            return "none today, the gateway blocks your address"
        if self.left_today is None or self.per_day is None:
            about = "" if self.least == self.most else "about "
            return f"{about}{things(left, 'request')}, without a limit"
        reset = next_utc_day(self.now.date())
        now, names = "today", ["tomorrow", "the day after"]
        if day_of(reset) == day_of(self.now):
            # Between midnight in Paris and midnight UTC the next requests come today.
            now, names = "now", ["later today", "tomorrow"]
        parts = []
        if self.left_today:
            certain = self.left_today < self.weeks + self.least
            taken = min(left, self.left_today)
            parts.append(f"{taken} {now}" if certain else f"all {now}")
            left -= taken
        else:
            parts.append("no more requests today" if now == "today" else "no more requests now")
        for number, name in enumerate(names):
            if left <= 0:
                break
            taken = min(left, self.per_day)
            about = "" if taken == self.per_day else "about "
            after = f" after {local_time_text(reset)}" if number == 0 else ""
            parts.append(f"{about}{taken} {name}{after}")
            left -= taken
        if left > 0:
            parts.append(f"the last {left} on the days after that")
        return ", ".join(parts)


def load_facts(session: Session, store: Store, meters: Iterable[Series]) -> dict[Series, PlanFacts]:
    """Ledgers, what is remembered of each series, and what today's budget allows. Blocks.

    Raises:
        LinkyError: MongoDB or the file of the budget cannot be read.
    """
    now = utc_now()
    today = day_of(now)
    with session.requests(store, Event()) as requests:
        left_today = requests.manners.left_today
    budget = session.budget()
    return {
        series: PlanFacts(
            store.days.load(series, first_askable(today), today),
            store.leases.state(series),
            left_today,
            budget.per_day,
            now,
            budget.blocked,
        )
        for series in meters
    }


def all_of(plans: Collection[object]) -> str:
    """``both meters``, ``all 3 meters``."""
    return "both meters" if len(plans) == 2 else f"all {len(plans)} meters"


def together(plans: Sequence[Plan]) -> Plan:
    """What is asked for several meters, within the one budget."""
    return replace(
        plans[0],
        weeks=sum(plan.weeks for plan in plans),
        whole=sum(plan.whole for plan in plans),
        least=sum(plan.least for plan in plans),
        most=sum(plan.most for plan in plans),
    )


def plan_of(facts: PlanFacts, since: date | None) -> Plan:
    """What a backfill back to ``since`` (or as far as possible) would ask."""
    today = facts.today
    days = days_worth_asking(
        facts.records,
        now=facts.now,
        today=today,
        since=since,
        curve_from=facts.state.curve_from,
    )
    first = max(since or first_askable(today), first_askable(today))
    whole = -(-(today - first).days // WINDOW_DAYS)
    weeks = len(windows_of(days))
    least, most = _daily_requests(facts, bool(weeks))
    return Plan(
        weeks,
        max(whole, weeks),
        least,
        most,
        facts.left_today,
        facts.per_day,
        facts.now,
        facts.blocked,
    )


def _daily_requests(facts: PlanFacts, any_weeks: bool) -> tuple[int, int]:
    state = facts.state
    if state.surveyed_at is None:
        reached = state.daily_from
        margin = timedelta(days=31)
        years = sum(
            reached is None or reached > first + margin for first, _ in survey_spans(facts.today)
        )
        return years, years + MORE_FOR_THE_FLOOR
    due = state.totals_at is None or facts.now - state.totals_at >= TOTALS_EVERY
    lacking = any_weeks or any(
        record.readings and record.enedis_wh is None for record in facts.records.values()
    )
    return (0, 1) if due and lacking else (0, 0)


def since_problem(text: str, today: date) -> str:
    """What is wrong with a date to go back to, as typed, or an empty text."""
    day = read_day(text, today)
    if day is None:
        return NO_DAY
    if day >= today:
        return "That day is not over yet: take one before today."
    oldest = first_askable(today)
    if day < oldest:
        return (
            "Enedis keeps the half-hours for 24 months: take a day from "
            f"{short_date_text(oldest)} on."
        )
    return ""


def since_of(text: str, today: date) -> date | None:
    """The date that a text names; ``None`` where it is all that there is."""
    day = read_day(text, today)
    return None if day == first_askable(today) else day
