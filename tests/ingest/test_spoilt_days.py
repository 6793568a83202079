"""What cannot be read costs the day that it belongs to, and is not asked for ever."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from linky_tui.demo.server import Fault, FaultKind, RecordedSource
from linky_tui.domain.coverage import DayRecord, DayStatus, first_askable
from linky_tui.domain.models import DailyTotal, Reading
from linky_tui.domain.paris import ONE_DAY, day_of, days_between
from linky_tui.ingest.events import Noted, Window
from linky_tui.ingest.jobs import JobKind
from tests.ingest.conftest import NOW, TODAY, YESTERDAY, MakeBench
from tests.tools.bench import Bench
from tests.tools.gateway import SERIES, half_hours

pytestmark = pytest.mark.usefixtures("autumn")

SINCE = TODAY - timedelta(weeks=5)
BAD = date(2026, 10, 29)
"""A day in the middle of an old week."""
CURVE = ("courbe_de_charge_consommation",)
TOTALS = ("consommation_quotidienne",)
SPOILING = {
    FaultKind.MALFORMED_VALUE: "not a whole number",
    FaultKind.NEGATIVE_VALUE: "not a whole number",
    FaultKind.HUGE_VALUE: "not between",
    FaultKind.MALFORMED_LABEL: "not a date",
    FaultKind.REPEATED_OTHER: "two readings",
}


def home(last: date = YESTERDAY) -> RecordedSource:
    return RecordedSource(half_hours(SINCE, last, step_min=60))


def later(days: float) -> time_machine.travel:
    return time_machine.travel(NOW + timedelta(days=days))


def without(readings: list[Reading], *days: date) -> list[Reading]:
    return [reading for reading in readings if day_of(reading.start) not in days]


def record(bench: Bench, day: date = BAD) -> DayRecord:
    return bench.ledger()[day]


@pytest.mark.parametrize("kind", SPOILING)
def test_a_point_that_can_never_be_read_costs_its_day_and_two_requests(
    make_bench: MakeBench, kind: FaultKind
) -> None:
    bench = make_bench(home(TODAY + timedelta(days=29)))
    bench.server.inject(Fault(kind, times=None, types=CURVE, day=BAD))
    assert bench.run(since=SINCE).status == "complete"
    readings = bench.source.curve(SINCE, TODAY)
    # Of a label that cannot be read nobody knows to which side of midnight it belongs.
    lost = (BAD - ONE_DAY, BAD) if kind is FaultKind.MALFORMED_LABEL else (BAD,)
    assert bench.stored() == without(readings, *lost)
    for day in lost:
        spoilt = record(bench, day)
        assert (spoilt.status, spoilt.attempts) == (DayStatus.MISSING, 1)
        assert SPOILING[kind] in (spoilt.problem or "")
    assert sum(each.certified for each in bench.ledger().values()) == 5 * 7 - len(lost)

    bench.assert_nothing_to_ask(since=SINCE)
    with later(1):
        assert bench.run(JobKind.SYNC).status == "complete"
    assert len(bench.server.log) == 1
    bench.server.clear_log()
    with later(8):
        assert bench.run(since=SINCE).status == "complete"
    assert bench.windows_asked()[1:] == [Window(lost[0], BAD)]
    assert (record(bench).status, record(bench).attempts) == (DayStatus.NO_DATA, 2)
    assert record(bench).problem
    bench.server.clear_log()
    with later(20):
        assert bench.run(since=SINCE).status == "complete"
    assert bench.windows_asked()[-1].first > YESTERDAY
    bench.assert_identical()


def test_a_day_that_is_right_the_second_time_is_forgotten_to_have_been_wrong(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(home(TODAY + timedelta(days=8)))
    bench.server.inject(Fault(FaultKind.NEGATIVE_VALUE, types=CURVE, day=BAD))
    bench.run(since=SINCE)
    with later(8):
        assert bench.run(since=SINCE).status == "complete"
    assert set(bench.source.curve(SINCE, TODAY)) <= set(bench.stored())
    assert record(bench).certified
    assert record(bench).problem is None
    document = bench.store.days._collection.find_one({"_id.day": BAD.isoformat()})
    assert document is not None
    assert "problem" not in document


def test_a_day_stored_before_stays_as_it_is(make_bench: MakeBench) -> None:
    bench = make_bench(home())
    bench.run(since=SINCE)
    before = bench.stored()
    for reading in bench.source.curve(BAD, BAD + 2 * ONE_DAY):
        bench.source.correct(reading.start, reading.power_w + 2)
    bench.server.inject(Fault(FaultKind.NEGATIVE_VALUE, day=BAD))
    week = Window(BAD - ONE_DAY, BAD + ONE_DAY)
    assert bench.run(JobKind.REFETCH, days=week).status == "complete"
    assert without(bench.stored(), BAD + ONE_DAY) == without(before, BAD + ONE_DAY)
    assert set(bench.source.curve(BAD + ONE_DAY, BAD + 2 * ONE_DAY)) < set(bench.stored())
    assert record(bench).certified
    assert record(bench).problem
    bench.assert_identical()


def test_a_sync_that_got_yesterday_is_complete_and_one_that_did_not_says_why(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(home())
    bench.server.inject(Fault(FaultKind.HUGE_VALUE, types=CURVE, day=YESTERDAY))
    done = bench.run(JobKind.SYNC)
    assert done.status == "not_published_yet"
    assert done.error is not None
    assert done.error.exit_code == 3
    assert "not between 0 and 1,000,000" in done.error.cause
    assert bench.stored() == bench.source.curve(TODAY - timedelta(days=7), YESTERDAY)
    bench.server.inject(Fault(FaultKind.HUGE_VALUE, types=CURVE, day=YESTERDAY - 3 * ONE_DAY))
    with later(0.1):
        assert bench.run(JobKind.SYNC).status == "complete"
    assert record(bench, YESTERDAY).status is DayStatus.COMPLETE


@pytest.mark.parametrize("kind", [FaultKind.WRONG_PRM, FaultKind.UNKNOWN_SHAPE, FaultKind.NOT_JSON])
def test_a_week_refused_whole_is_asked_twice_and_no_reason_for_mails(
    make_bench: MakeBench, kind: FaultKind
) -> None:
    bench = make_bench(home(TODAY + timedelta(days=29)))
    bench.server.inject(Fault(kind, times=None, types=CURVE, day=BAD))
    done = bench.run(since=SINCE)
    assert (done.status, done.error and done.error.exit_code) == ("failed", 1)
    week = list(days_between(date(2026, 10, 25), date(2026, 10, 31)))
    assert bench.stored() == without(bench.source.curve(SINCE, TODAY), *week)
    for day in week:
        assert (record(bench, day).status, record(bench, day).attempts) == (DayStatus.MISSING, 1)
        assert record(bench, day).problem
    bench.assert_nothing_to_ask(since=SINCE)
    for days, asks in ((1, False), (8, True), (16, False)):
        bench.server.clear_log()
        with later(days):
            assert bench.run(JobKind.SYNC).status == "complete"
        assert (Window(week[0], week[-1]) in bench.windows_asked()) is asks
    assert record(bench).status is DayStatus.NO_DATA


class Astray(RecordedSource):
    """A meter whose old weeks are answered with the newest one."""

    def curve(self, first: date, end: date) -> list[Reading]:
        recent = TODAY - timedelta(days=7)
        return super().curve(max(first, recent), max(end, TODAY))


def test_an_answer_about_other_days_is_no_sign_that_there_is_nothing(make_bench: MakeBench) -> None:
    bench = make_bench(Astray(home().curve(SINCE, TODAY)))
    assert bench.run(since=SINCE).status == "complete"
    assert bench.stored() == bench.source.curve(TODAY - timedelta(days=7), TODAY)
    assert len(bench.windows_asked()) == 5
    assert bench.statuses()[DayStatus.MISSING] == 28


def test_a_bad_total_leaves_only_its_day_without_a_certificate(make_bench: MakeBench) -> None:
    bench = make_bench(home(TODAY + timedelta(days=8)))
    bench.server.inject(Fault(FaultKind.NEGATIVE_VALUE, times=None, types=TOTALS, day=BAD))
    events = list(bench.events(since=SINCE))
    assert events[-1].status == "complete"  # type: ignore[attr-defined]
    assert bench.stored() == bench.source.curve(SINCE, TODAY)
    assert [day for day, each in bench.ledger().items() if not each.certified] == [BAD]
    assert any("Thu 29 Oct" in each.text for each in events if isinstance(each, Noted))
    assert bench.store.leases.state(SERIES).surveyed_at is not None


def test_weeks_that_could_not_be_read_are_not_concluded_to_be_empty(make_bench: MakeBench) -> None:
    """Two weeks of data; the older one cannot be read, and below it there is nothing."""
    start = TODAY - timedelta(days=14)
    totals = [DailyTotal(day, 8_000) for day in days_between(first_askable(TODAY), YESTERDAY)]
    source = RecordedSource(half_hours(start, YESTERDAY), totals, curve_from=start)
    bench = make_bench(source, floor_answer="empty")
    bench.server.inject(Fault(FaultKind.WRONG_PRM, types=CURVE, day=start))
    bench.run()
    assert record(bench, start).status is DayStatus.MISSING
    assert record(bench, start - ONE_DAY).status is DayStatus.NO_DATA
    with later(8):
        assert bench.run().status == "complete"
    assert set(source.curve(start, TODAY)) <= set(bench.stored())


def test_a_floor_is_found_though_a_day_above_it_is_spoilt(make_bench: MakeBench) -> None:
    start = TODAY - timedelta(days=12)
    bench = make_bench(
        RecordedSource(half_hours(start, YESTERDAY), activated=start, curve_from=start)
    )
    spoilt = start + ONE_DAY
    bench.server.inject(Fault(FaultKind.HUGE_VALUE, times=None, types=CURVE, day=spoilt))
    assert bench.run().status == "complete"
    assert bench.store.leases.state(SERIES).curve_from == start
    assert bench.stored() == without(bench.source.curve(start, TODAY), spoilt)
    assert (record(bench, spoilt).status, record(bench, spoilt).attempts) == (DayStatus.MISSING, 1)
    bench.assert_identical()


def test_ledgers_of_before_have_no_problem(make_bench: MakeBench) -> None:
    bench = make_bench(home())
    bench.run(since=SINCE)
    days = bench.store.days._collection
    assert days.count_documents({"problem": {"$exists": True}}) == 0
    days.update_one({"_id.day": BAD.isoformat()}, {"$set": {"problem": 5}})
    assert bench.run(since=SINCE).status == "failed"
