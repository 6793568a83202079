"""The six figures of the dashboard, computed from the ledger and a few readings.

Pure: what is asked of the database, the budget and the clock arrives in :class:`HomeFacts`. A
figure never guesses: where data lacks it is a dash with the reason, and a sum over fewer days than
its title says so.

The energy of a day is that of its readings where they cover all of it, else the total that Enedis
itself reports for it, else unknown.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from linky_tui.domain.coverage import DayRecord, DayStatus, first_askable
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import ONE_DAY, day_of, days_between
from linky_tui.text.formatting import (
    DAY_NAMES,
    NOTHING,
    count_text,
    kwh_text,
    local_time_text,
    short_day_text,
    watts_text,
)
from linky_tui.ui.dashboard.figure import BASE_NIGHTS, USUAL_WEEKS, Figure

USUAL_LEAST_DAYS = 4
"""With fewer comparable days nothing is called usual."""
BASE_LEAST_NIGHTS = 7
BASE_HOURS = range(1, 5)
"""The hours of the night, Paris time: 01:00 to 05:00."""
BASE_PERCENTILE = 10

_WEEK = timedelta(days=7)
_MOST_PERCENT = 999


@dataclass(frozen=True, slots=True)
class RequestsToday:
    """Requests of the UTC day, to the gateway that is configured."""

    used: int  # how many were counted, on whichever machine
    per_day: int | None  # how many a day allows; `None` without a limit, in the demo
    resets_at: datetime  # when the next day of the budget begins (aware)
    blocked: bool = False  # whether the gateway has blocked this address


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """What the figures are computed from."""

    today: date  # the current Paris date
    records: Mapping[date, DayRecord]  # the ledger, at least of the last 24 months
    nights: Sequence[Reading]  # readings that start between 01:00 and 05:00 of the last 30 days
    requests: RequestsToday | None  # the budget, `None` where it cannot be read

    def energy_wh(self, day: date) -> int | None:
        """The energy of a day in Wh, ``None`` where it is not known."""
        record = self.records.get(day)
        return None if record is None else record.full_energy_wh


def dashboard_figures(facts: HomeFacts) -> tuple[Figure, Figure, Figure, Figure, Figure, Figure]:
    """Yesterday, last 7 days, this month, base load, coverage, requests today."""
    return (
        yesterday(facts),
        last_seven_days(facts),
        this_month(facts),
        base_load(facts),
        coverage(facts),
        requests_today(facts.requests),
    )


def yesterday(facts: HomeFacts) -> Figure:
    """Energy of yesterday against the median of comparable days of the last 8 weeks.

    Comparable are working days (Monday to Friday) with working days and weekends with weekends.
    """
    day = facts.today - ONE_DAY
    span = f"{DAY_NAMES[day.weekday()]} {short_day_text(day)}"
    energy = facts.energy_wh(day)
    if energy is None:
        record = facts.records.get(day)
        reason = "not fetched yet"
        if record is not None and record.minutes_covered:
            covered, expected = record.minutes_covered // 60, record.minutes_expected // 60
            reason = f"{covered} of {expected} h so far"
        return Figure(NOTHING, reason=reason, span_text=span)
    usual = usual_wh(facts, day)
    if usual is None:
        return Figure(kwh_text(energy), reason="too new for usual", span_text=span)
    return Figure(kwh_text(energy), change_text(energy, usual, "usual"), span_text=span)


def usual_wh(facts: HomeFacts, day: date) -> float | None:
    """The median energy of the days comparable with ``day`` in the 8 weeks before it."""
    days = days_between(day - USUAL_WEEKS * _WEEK, day - ONE_DAY)
    known = [
        energy
        for each in days
        if _is_weekend(each) == _is_weekend(day) and (energy := facts.energy_wh(each)) is not None
    ]
    return statistics.median(known) if len(known) >= USUAL_LEAST_DAYS else None


def last_seven_days(facts: HomeFacts) -> Figure:
    """Energy of the 7 days up to yesterday against the 7 before, over days known in both."""
    days = list(days_between(facts.today - _WEEK, facts.today - ONE_DAY))
    return _sum_figure(facts, days, {day: day - _WEEK for day in days}, "before")


def this_month(facts: HomeFacts) -> Figure:
    """Energy of the month up to yesterday against the same days a year ago, known in both."""
    first = facts.today.replace(day=1)
    if first == facts.today:
        return Figure(NOTHING, reason="starts today", span_text=short_day_text(first))
    days = list(days_between(first, facts.today - ONE_DAY))
    before = {day: year_before for day in days if (year_before := _year_before(day))}
    return _sum_figure(facts, days, before, str(first.year - 1))


def base_load(facts: HomeFacts) -> Figure:
    """What always runs: the 10th percentile of the nights' power, and its share of all energy.

    Weighted by the length of the intervals, since hourly readings stand for two half-hourly ones.
    """
    span = f"{BASE_NIGHTS} nights"
    nights = {day_of(each.start) for each in facts.nights}
    if len(nights) < BASE_LEAST_NIGHTS:
        return Figure(NOTHING, reason=f"needs {BASE_LEAST_NIGHTS} nights", span_text=span)
    watts = percentile_w(facts.nights, BASE_PERCENTILE)
    days = days_between(facts.today - BASE_NIGHTS * ONE_DAY, facts.today - ONE_DAY)
    known = [(day, energy) for day in days if (energy := facts.energy_wh(day)) is not None]
    used = sum(energy for _, energy in known)
    if not used:
        return Figure(watts_text(watts), "nights, 30 d", span_text=span)
    minutes = sum(facts.records[day].minutes_expected for day, _ in known)
    share = min(1.0, watts * minutes / 60 / used)
    return Figure(watts_text(watts), f"{share * 100:.0f} % of all use", span_text=span)


def percentile_w(readings: Iterable[Reading], percent: int) -> int:
    """The power that the readings stay at or under for ``percent`` of their time, in watts.

    Raises:
        ValueError: there is no reading.
    """
    ordered = sorted((each.power_w, each.interval_min) for each in readings)
    wanted = sum(minutes for _, minutes in ordered) * percent
    passed = 0
    for power_w, minutes in ordered:
        passed += minutes * 100
        if passed >= wanted:
            return power_w
    raise ValueError("no reading")


def coverage(facts: HomeFacts) -> Figure:
    """Complete days among those of the last 24 months, and how many of them are certified.

    Days from before the oldest reading that are known to have no data (the meter, or its hourly
    collection, is younger) are not expected.
    """
    first = first_askable(facts.today)
    if not facts.records:
        return Figure(NOTHING, reason="nothing fetched", span_text="24 months")
    having = [day for day, record in facts.records.items() if record.readings]
    oldest = min(having, default=facts.today)
    expected = complete = certified = 0
    for day in days_between(first, facts.today - ONE_DAY):
        record = facts.records.get(day)
        concluded = record is not None and record.status is DayStatus.NO_DATA
        expected += not (concluded and day < oldest)
        complete += record is not None and record.status is DayStatus.COMPLETE
        certified += record is not None and record.certified
    return Figure(
        f"{count_text(complete)} / {count_text(expected)} days",
        f"{count_text(certified)} certified",
        span_text="24 months",
    )


def requests_today(requests: RequestsToday | None) -> Figure:
    """What the budget still allows, and when its next day begins (Paris time)."""
    if requests is None:
        return Figure(NOTHING, reason="budget unreadable")
    if requests.per_day is None:
        return Figure("no limit", "demo gateway")
    left = max(0, requests.per_day - requests.used)
    resets = local_time_text(requests.resets_at)
    return Figure(
        f"{count_text(left)} of {count_text(requests.per_day)} left",
        "address blocked" if requests.blocked else f"resets at {resets}",
    )


def change_text(value: float, reference: float, name: str) -> str:
    """``-6 % vs usual``; empty where there is nothing to compare with."""
    if reference <= 0:
        return ""
    percent = round((value / reference - 1) * 100)
    if percent > _MOST_PERCENT:
        return f">+{_MOST_PERCENT} % vs {name}"
    return f"{percent:+d} % vs {name}" if percent else f"same as {name}"


def _sum_figure(
    facts: HomeFacts, days: Sequence[date], before: Mapping[date, date], name: str
) -> Figure:
    """The energy of some days, compared over the days that are known in both."""
    known = {day: energy for day in days if (energy := facts.energy_wh(day)) is not None}
    span = _span_text(days[0], days[-1])
    if not known:
        return Figure(NOTHING, reason="not fetched yet", span_text=span)
    if len(known) < len(days):
        span = f"{len(known)} of {len(days)} days"
    value = kwh_text(sum(known.values()))
    pairs = [
        (energy, reference)
        for day, energy in known.items()
        if day in before and (reference := facts.energy_wh(before[day])) is not None
    ]
    comparison = ""
    if len(pairs) * 2 >= len(known):
        energy, reference = (sum(column) for column in zip(*pairs, strict=True))
        comparison = change_text(energy, reference, name)
    return Figure(value, comparison, "" if comparison else f"no data {name}", span)


def _span_text(first: date, last: date) -> str:
    if first == last:
        return short_day_text(first)
    start = str(first.day) if first.month == last.month else short_day_text(first)
    return f"{start} to {short_day_text(last)}"


def _is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def _year_before(day: date) -> date | None:
    """The same date a year earlier; 29 February has none."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return None
