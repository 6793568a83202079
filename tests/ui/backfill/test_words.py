"""The plan, the summary, a day and the progress of a backfill in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from linky_tui.domain.coverage import DayRecord, DayStatus
from linky_tui.domain.models import Series
from linky_tui.domain.paris import days_between
from linky_tui.errors import AddressBlocked, BudgetSpent, TokenRefused
from linky_tui.ingest.events import Finished, Planned, Surveyed, Window, WindowAsked, WindowStored
from linky_tui.ingest.jobs import Job, JobKind
from linky_tui.storage.leases.leases import SeriesState
from linky_tui.text.formatting import kwh_text
from linky_tui.ui.backfill.calendar_marks import mark_of
from linky_tui.ui.backfill.day_panel import day_line, day_rows, status_words
from linky_tui.ui.backfill.plan import Plan, PlanFacts, plan_of, since_of, since_problem
from linky_tui.ui.backfill.summary import gaps, headline, resting_text
from linky_tui.ui.backfill.track import (
    Track,
    counts_text,
    eta_text,
    paused_text,
    running_text,
    track_of,
)
from linky_tui.ui.shell.ingest_control import IngestState, MeterState, Phase
from linky_tui.ui.shell.toasts import toast_text
from tests.tools.app import FIRST_DAY, NOW, SERIES, TODAY, YESTERDAY
from tests.ui.backfill.test_calendar import record

WEEK_AGO = NOW - timedelta(days=7)
SURVEYED = SeriesState(surveyed_at=NOW, totals_at=NOW)


def facts(
    records: Mapping[date, DayRecord] | None = None,
    state: SeriesState | None = None,
    *,
    left: int | None = 80,
    per_day: int | None = 80,
    now: datetime = NOW,
) -> PlanFacts:
    return PlanFacts(records or {}, state or SeriesState(), left, per_day, now)


def full() -> dict[date, DayRecord]:
    return {day: record(day) for day in days_between(FIRST_DAY, YESTERDAY)}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            facts(),
            "105 weeks + 3 to 5 daily requests: 80 today, about 30 tomorrow after 01:00; "
            "newest first.",
        ),
        (
            facts(left=12, per_day=60),
            "105 weeks + 3 to 5 daily requests: 12 today, 60 tomorrow after 01:00, "
            "about 38 the day after; newest first.",
        ),
        (
            facts(left=0),
            "105 weeks + 3 to 5 daily requests: no more requests today, 80 tomorrow after 01:00, "
            "about 30 the day after; newest first.",
        ),
        (
            facts(left=10, per_day=10),
            "105 weeks + 3 to 5 daily requests: 10 today, 10 tomorrow after 01:00, 10 the day "
            "after, the last 80 on the days after that; newest first.",
        ),
        (
            facts(left=None, per_day=None),
            "105 weeks + 3 to 5 daily requests: about 110 requests, without a limit; newest first.",
        ),
        (
            facts(state=SURVEYED),
            "105 weeks: 80 today, about 25 tomorrow after 01:00; newest first.",
        ),
        (
            # Summer: the UTC day starts at 02:00, and half past midnight it starts today.
            facts(now=datetime(2026, 7, 22, 22, 30, tzinfo=UTC)),
            "105 weeks + 3 to 5 daily requests: 80 now, about 30 later today after 02:00; "
            "newest first.",
        ),
        (
            facts(full(), SeriesState(surveyed_at=NOW, totals_at=WEEK_AGO)),
            "Nothing to ask just now.",
        ),
        (
            facts(
                full() | {YESTERDAY: record(YESTERDAY, enedis_wh=None)},
                SeriesState(surveyed_at=NOW, totals_at=WEEK_AGO),
            ),
            "up to 1 daily request: all today.",
        ),
    ],
)
def test_the_plan_says_how_many_requests_on_which_day(given: PlanFacts, words: str) -> None:
    assert plan_of(given, None).text() == words


def test_the_plan_asks_less_where_something_is_stored_or_less_is_wanted() -> None:
    stored = {day: record(day) for day in days_between(date(2026, 1, 1), YESTERDAY)}
    plan = plan_of(facts(stored, SURVEYED), None)
    assert (plan.weeks, plan.whole) == (58, 105)
    plan = plan_of(facts(state=SURVEYED), date(2026, 11, 1))
    assert (plan.weeks, plan.whole) == (3, 3)
    plan = plan_of(facts(state=SeriesState(surveyed_at=NOW, curve_from=date(2026, 11, 1))), None)
    assert plan.weeks == 3
    # A survey of which the newest year is done.
    plan = plan_of(facts(state=SeriesState(daily_from=date(2025, 11, 22))), None)
    assert (plan.least, plan.most) == (2, 4)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "Write it as 26 Nov, 26 Nov 2026"),
        ("Nov 2026", "Write it as"),
        ("2026-02-30", "Write it as"),
        ("today", "not over yet"),
        ("2030-01-01", "not over yet"),
        ("21/11/2024", "take a day from 22 Nov 2024 on"),
        ("Sun 29 Mar", ""),
        ("yesterday", ""),
        ("2024-11-22", ""),
        (" 2026-11-21 ", ""),
    ],
)
def test_the_day_to_go_back_to_is_checked(typed: str, problem: str) -> None:
    found = since_problem(typed, TODAY)
    assert problem in found
    assert bool(found) == bool(problem)


def test_two_years_back_means_everything() -> None:
    assert since_of("2024-11-22", TODAY) is None
    assert since_of("2024-11-23", TODAY) == date(2024, 11, 23)


def test_the_summary_says_what_is_missing_why_and_when_it_is_tried_again() -> None:
    records = full()
    assert headline(records, TODAY) == "All 730 days are complete and certified to the Wh."
    assert gaps(records, SURVEYED, TODAY) == []
    day = date(2026, 6, 1)
    records[YESTERDAY] = record(YESTERDAY, DayStatus.LATE)
    records[day] = record(day, DayStatus.PARTIAL)
    records[date(2026, 6, 2)] = record(date(2026, 6, 2), DayStatus.PARTIAL, attempts=2)
    records[date(2026, 6, 3)] = record(date(2026, 6, 3), DayStatus.MISSING)
    records[FIRST_DAY] = record(FIRST_DAY, DayStatus.NO_DATA, attempts=0)
    records[date(2025, 6, 4)] = record(date(2025, 6, 4), DayStatus.NO_DATA, attempts=2)
    records[date(2026, 6, 5)] = record(date(2026, 6, 5), enedis_wh=7_999)
    records[date(2026, 6, 6)] = record(date(2026, 6, 6), enedis_wh=None)
    del records[date(2026, 6, 7)]
    state = SeriesState(surveyed_at=NOW, totals_at=NOW, curve_from=date(2024, 11, 23))
    assert headline(records, TODAY) == "723 of 730 days complete, 721 certified."
    assert gaps(records, state, TODAY) == [
        "1 day not asked yet.",
        "1 day of the last 7 late: Enedis publishes a day the next morning, at times later. "
        "Each sync asks again, once an hour at most.",
        "2 days partial: 1 of them asked twice, Enedis has no more; a backfill asks again from "
        "Sun 29 Nov 2026.",
        "1 day missing: a backfill asks again from Sun 29 Nov 2026.",
        "2 days without data: 1 of them before the load curve starts on Sat 23 Nov 2024, 1 asked "
        "and found empty. Not asked again.",
        "1 day complete but different: a backfill asks again from Sun 29 Nov 2026.",
        "1 complete day not certified yet: Enedis' own totals are asked once a week, next from "
        "Sun 29 Nov 2026.",
    ]


def test_a_day_in_words() -> None:
    day = date(2026, 6, 1)
    assert day_rows(record(day), day, TODAY) == [
        ("Status", "Certified: equals Enedis' total."),
        ("Covered", "48 of 48 half-hours in 48 readings"),
        ("Energy", "8.00 kWh"),
        ("Enedis", "8.00 kWh, the same to the Wh"),
        ("Asked", "once, last Sun 22 Nov 2026 09:30"),
    ]
    rows = dict(day_rows(None, date(2026, 3, 29), TODAY))
    assert rows["Covered"] == "0 of 46 half-hours in 0 readings"
    assert rows["Status"] == "Not asked yet."
    assert rows["Asked"] == "never"
    rows = dict(day_rows(record(day, enedis_wh=7_990), day, TODAY))
    assert rows["Enedis"] == "7.99 kWh, 10 Wh less"
    assert "unlike Enedis' total" in rows["Status"]
    rows = dict(day_rows(record(day, DayStatus.PARTIAL), day, TODAY))
    assert rows["Status"] == "Partial: 1 h missing. A backfill asks again from Sun 29 Nov 2026."
    assert "may still arrive" in status_words(record(YESTERDAY, DayStatus.LATE), YESTERDAY, TODAY)
    twice = record(day, DayStatus.NO_DATA, attempts=2)
    assert status_words(twice, day, TODAY) == "No data: asked twice, Enedis has nothing."
    assert "starts on Tue 2 Jun 2026" in status_words(twice, day, TODAY, date(2026, 6, 2))


def test_a_day_that_could_not_be_read_says_why() -> None:
    day = TODAY - timedelta(days=40)
    for status, attempts, words in (
        (DayStatus.MISSING, 1, "Missing: asked, what came cannot be read. A backfill asks again"),
        (DayStatus.PARTIAL, 2, "Partial: 1 h missing. Asked twice, it cannot be read."),
        (DayStatus.NO_DATA, 2, "No data: asked twice, it cannot be read."),
        (DayStatus.COMPLETE, 2, "Certified"),
    ):
        spoilt = replace(record(day, status, attempts=attempts), problem="the [bold]value[/] '-8'")
        assert status_words(spoilt, day, TODAY).startswith(words)
        assert day_rows(spoilt, day, TODAY)[-1] == (
            "Answer", "not to be read: the [bold]value[/] '-8'",
        )  # fmt: skip
    assert day_rows(record(day), day, TODAY)[-1][0] == "Asked"


def test_the_summary_tells_unread_days_from_empty_ones() -> None:
    records = full()
    for age, status, attempts in (
        (40, DayStatus.MISSING, 1),
        (41, DayStatus.PARTIAL, 2),
        (42, DayStatus.NO_DATA, 2),
        (43, DayStatus.COMPLETE, 2),
    ):
        day = TODAY - timedelta(days=age)
        records[day] = replace(record(day, status, attempts=attempts), problem="wrong")
    assert gaps(records, SURVEYED, TODAY) == [
        "3 days that cannot be read: 2 of them asked twice; a backfill asks again from "
        "Sun 29 Nov 2026."
    ]


def test_the_track_counts_survey_and_weeks_as_one_whole() -> None:
    track = track_of(plan_of(facts(), None), None)
    assert (track.total, track.done) == (108, 0)
    window = Window(date(2026, 11, 15), YESTERDAY)
    stored = WindowStored(SERIES, window, 336, 0, (), 104)
    for event, done in (
        (Surveyed(SERIES, None, None, 0), 1),
        (Surveyed(SERIES, None, None, 0), 2),
        (Planned(SERIES, (window,) * 105, 78), 3),
        (WindowAsked(SERIES, window), 3),
        (stored, 4),
    ):
        track = track.after(event, backfilling=True)
        assert track.done == done
    # What a sync plans and asks is no part of it.
    same = track.after(Planned(SERIES, (window,), 70), backfilling=False)
    assert same.after(WindowStored(SERIES, window, 0, 0, (), 0), backfilling=False).done == 4
    # The floor was found: nothing older is asked.
    assert track.after(Planned(SERIES, (), 70), backfilling=True).done == track.total


def test_the_newest_week_of_several_comes_before_their_daily_totals() -> None:
    track = track_of(plan_of(facts(), None), None)
    window = Window(date(2026, 11, 15), YESTERDAY)
    for event, done in (
        (Planned(SERIES, (window,) * 105, 78), 0),
        (WindowStored(SERIES, window, 336, 0, (), 104), 1),
        (Surveyed(SERIES, None, None, 0), 2),
        (Planned(SERIES, (window,) * 104, 76), 4),
    ):
        track = track.after(event, backfilling=True)
        assert track.done == done


JOB = Job(JobKind.BACKFILL, SERIES, "token")
OTHER = Series("10000000000001")
WINDOW = Window(date(2026, 4, 26), date(2026, 5, 2))


def state(phase: Phase, *meters: MeterState, **more: Any) -> IngestState:
    return IngestState(phase, {meter.job.series: meter for meter in meters}, **more)


def test_an_interrupted_backfill_goes_on_where_it_was() -> None:
    plan = Plan(40, 105, 0, 0, 10, 80, NOW)
    assert track_of(plan, None).done == 65
    assert track_of(plan, MeterState(JOB, windows_left=38)) == Track(105, 38)
    # What another meter or a sync has left says nothing of it.
    sync = Job(JobKind.SYNC, SERIES, "token")
    assert track_of(plan, MeterState(sync, windows_left=1)) == Track(105, 40)


def test_the_state_in_words() -> None:
    begun, fetching = MeterState(JOB), MeterState(JOB, windows_left=25, asked=WINDOW)
    running = state(Phase.RUNNING, fetching)
    assert running_text(running, begun) == "Asking Enedis' own daily totals first."
    assert running_text(running, fetching) == "Fetching 26 Apr to 2 May 2026."
    waiting = state(Phase.RUNNING, fetching, waiting="the gateway is down; one more try")
    assert running_text(waiting, fetching) == "Waiting: the gateway is down; one more try."
    rebuilding = state(Phase.RUNNING, fetching, rebuilding=0.5)
    assert running_text(rebuilding, fetching).endswith("50.0 %.")
    assert running_text(state(Phase.STOPPING, fetching), fetching).startswith("Stopping")
    assert paused_text(MeterState(JOB, paused=True), 25) == (
        "Paused, 25 weeks left. r goes on where it ended."
    )
    until = datetime(2026, 11, 23, tzinfo=UTC)
    spent = BudgetSpent("Today's requests are used up", "", "", until)
    ended = Finished(SERIES, "paused", 1, 1, spent)
    assert paused_text(MeterState(JOB, paused=True, until=until, finished=ended), 1) == (
        "Today's requests are used up, 1 week left. It goes on by itself on Mon 23 Nov 01:00."
    )


def test_a_meter_among_several_in_words() -> None:
    other = MeterState(Job(JobKind.BACKFILL, OTHER, "token"), windows_left=105, asked=WINDOW)
    ours = MeterState(JOB, windows_left=25, asked=WINDOW)
    both = state(Phase.RUNNING, other, ours, at=OTHER)
    assert running_text(both, ours, "Garage") == (
        "Fetching 26 Apr to 2 May 2026, in turn with 1 other meter."
    )
    assert running_text(both, MeterState(JOB), "Garage") == (
        "At work on Garage; this meter comes in turn."
    )
    assert running_text(state(Phase.RUNNING, other, at=OTHER), None, "Garage") == (
        "At work on Garage."
    )
    waiting = replace(both, waiting="the gateway is down; one more try")
    assert running_text(waiting, ours, "Garage") == (
        "At work on Garage, waiting: the gateway is down; one more try."
    )
    assert both.text("Garage") == "backfill of Garage, 130 weeks left"
    assert both.text() == "backfill, 130 weeks left"
    refused = Finished(SERIES, "failed", 0, 1, TokenRefused("The token is refused", "", "Renew."))
    plans = [plan_of(facts(state=SURVEYED), None)] * 2
    failed = replace(ours, finished=refused)
    assert resting_text(failed, facts(), plans[0], plans, 25) == (
        "The token is refused.\nOn your side.\nRenew."
    )
    assert resting_text(None, facts(), plans[0], plans, 105) == (
        "105 weeks here, 210 weeks for both meters: 80 today, 80 tomorrow after 01:00, "
        "about 50 the day after; the newest week of each first."
    )
    nothing = Plan(0, 105, 0, 0, 80, 80, NOW)
    assert resting_text(None, facts(), nothing, [nothing, plans[0]], 0) == (
        "Nothing here, 105 weeks for both meters: 80 today, about 25 tomorrow after 01:00; "
        "the newest week of each first."
    )


def test_a_blocked_address_is_not_told_that_it_goes_on_by_itself() -> None:
    until = datetime(2026, 11, 23, tzinfo=UTC)
    blocked = AddressBlocked("The gateway blocks your address", "", "Ask its author.", until)
    ended = MeterState(JOB, finished=Finished(SERIES, "paused", 0, 0, blocked))
    plan = plan_of(replace(facts(state=SURVEYED, left=0), blocked=True), None)
    assert resting_text(ended, facts(), plan, [plan], 105) == (
        "The gateway blocks your address.\nOn the gateway's side.\nAsk its author."
    )
    assert plan.text() == ("105 weeks: none today, the gateway blocks your address; newest first.")
    running = state(Phase.RUNNING, MeterState(JOB, windows_left=105))
    assert eta_text(running, {SERIES: plan}, 0) == ""
    assert ended.finished is not None
    assert toast_text(JobKind.BACKFILL, ended.finished, YESTERDAY) == (
        "The gateway blocks your address.",
        "warning",
    )


def test_the_counts_are_of_all_there_is_and_of_today() -> None:
    track = Track(105, 40)
    text = counts_text(track, readings=21_840, certified=455, left_today=12, per_day=80)
    assert text == (
        "In all: 65 of 105 weeks · 21,840 readings · 455 days certified. "
        "Requests left today: 12 of 80"
    )
    text = counts_text(track, readings=0, certified=0, left_today=None, per_day=None)
    assert text == "In all: 65 of 105 weeks · 0 readings · 0 days certified"


@pytest.mark.parametrize(
    ("of_day", "width", "line"),
    [
        (
            record(YESTERDAY),
            74,
            "21 Nov 2026 · certified · 48 of 48 half-hours · {kwh}, Enedis {kwh}",
        ),
        (record(YESTERDAY), 60, "21 Nov 2026 · certified · 48 of 48 half-hours · {kwh}"),
        (None, 74, "21 Nov 2026 · not asked"),
        (
            replace(record(YESTERDAY, DayStatus.MISSING), problem="a power of -5 W", readings=0),
            100,
            "21 Nov 2026 · late · 0 of 48 half-hours · not to be read: a power of -5 W",
        ),
        (
            replace(record(YESTERDAY, DayStatus.MISSING), problem="a power of -5 W", readings=0),
            50,
            "21 Nov 2026 · late · not to be read: a power of -…",
        ),
    ],
)
def test_a_day_in_the_border(of_day: DayRecord | None, width: int, line: str) -> None:
    if of_day is not None and of_day.status is DayStatus.MISSING:
        of_day = replace(of_day, minutes_covered=0, enedis_wh=None)
    kwh = kwh_text(of_day.energy_wh) if of_day else ""
    assert day_line(of_day, YESTERDAY, mark_of(of_day, TODAY), width) == line.format(kwh=kwh)
