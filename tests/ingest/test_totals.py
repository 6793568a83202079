"""Daily totals: which spans are asked, and when there is nothing further back to ask."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from linky_tui.demo.server import Fault, FaultKind, RecordedSource
from linky_tui.domain.coverage import DayRecord, DayStatus
from linky_tui.domain.models import DailyTotal
from linky_tui.domain.paris import days_between
from linky_tui.ingest.jobs import JobKind
from linky_tui.ingest.totals import uncertified_span
from tests.ingest.conftest import TODAY, MakeBench
from tests.tools.bench import Bench
from tests.tools.gateway import SERIES

pytestmark = pytest.mark.usefixtures("autumn")


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def source(age: int) -> RecordedSource:
    """A meter that was activated so many days ago and has totals since, but no curve."""
    totals = [DailyTotal(day, 8_000) for day in days_between(ago(age), ago(1))]
    return RecordedSource([], totals, activated=ago(age))


def totals_asked(bench: Bench) -> list[int]:
    """How many days ago each request for daily totals began."""
    log = [entry for entry in bench.server.log if "quotidienne" in entry.type]
    return [(TODAY - date.fromisoformat(entry.start or "")).days for entry in log]


@pytest.mark.parametrize(
    ("age", "asked", "reached"),
    [
        (3000, [365, 730, 1096], 1096),
        (800, [365, 730, 1096, 913, 821], 730),
        (500, [365, 730, 547, 456], 456),
        (200, [365, 182], 182),
        (100, [365, 182, 91], 91),
        (60, [365, 182, 91], 0),
    ],
)
def test_a_year_that_begins_before_the_meter_is_halved_then_quartered(
    make_bench: MakeBench, age: int, asked: list[int], reached: int
) -> None:
    bench = make_bench(source(age), per_day=len(asked))
    assert bench.run().status == "paused"
    assert totals_asked(bench) == asked
    state = bench.store.leases.state(SERIES)
    assert state.daily_from == ago(reached)
    assert state.surveyed_at is not None


@pytest.mark.parametrize(("reached", "asked"), [(1065, []), (334, [730]), (333, [365])])
def test_years_move_by_a_month_before_one_is_asked_again(
    make_bench: MakeBench, reached: int, asked: list[int]
) -> None:
    bench = make_bench(source(3000), per_day=1)
    with bench.store.leases.acquire(SERIES) as lease:
        lease.set_state(daily_from=ago(reached))
    bench.run()
    assert totals_asked(bench) == asked
    assert (bench.store.leases.state(SERIES).surveyed_at is not None) is (asked == [])


@pytest.mark.parametrize(
    ("kind", "status", "asked", "done"),
    [
        (FaultKind.NO_CONSENT, "failed", 1, False),
        (FaultKind.NO_DATA, "paused", 1, True),
        (FaultKind.UNKNOWN_TYPE, "paused", 2, False),
        (FaultKind.TECHNICAL_ERROR, "paused", 2, False),
    ],
)
def test_a_fault_ends_the_survey_the_run_or_neither(
    make_bench: MakeBench, kind: FaultKind, status: str, asked: int, done: bool
) -> None:
    bench = make_bench(source(3000), per_day=asked)
    bench.server.inject(Fault(kind, times=None))
    assert bench.run().status == status
    assert len(bench.server.log) == asked
    assert (bench.store.leases.state(SERIES).surveyed_at is not None) is done


@pytest.mark.parametrize("years_answered", [0, 1])
def test_a_year_that_was_refused_is_tried_again(make_bench: MakeBench, years_answered: int) -> None:
    bench = make_bench(source(3000), per_day=50)
    daily = ("consommation_quotidienne", "daily_consumption")
    bench.server.inject(
        Fault(FaultKind.NOT_FOUND, times=2 - years_answered, after=years_answered, types=daily)
    )
    bench.run()
    assert bench.store.leases.state(SERIES).surveyed_at is None
    bench.server.clear_log()
    bench.run(JobKind.SYNC)
    assert totals_asked(bench) == []
    bench.run()
    assert totals_asked(bench) == [365, 730, 1096][years_answered:]
    assert bench.store.leases.state(SERIES).surveyed_at is not None


def test_a_sync_tries_a_refused_year_once_a_week(make_bench: MakeBench) -> None:
    bench = make_bench(source(3000), per_day=50)
    bench.server.inject(Fault(FaultKind.NOT_JSON, times=None, types=("consommation_quotidienne",)))
    bench.run()
    for days in range(15):
        morning = datetime(2026, 11, 22, 9, days, tzinfo=UTC) + timedelta(days)
        with time_machine.travel(morning):
            bench.run(JobKind.SYNC)
    assert totals_asked(bench) == [365, 365 - 7, 365 - 14]


def record(
    days: int, enedis_wh: int | None, status: DayStatus = DayStatus.COMPLETE, readings: int = 48
) -> DayRecord:
    return DayRecord(ago(days), 1440, 1440, readings, 5, enedis_wh, status, 1, None)


@pytest.mark.parametrize(
    ("known", "oldest"),
    [
        ([record(10, None), record(5, None)], 10),
        ([record(366, None)], 366),
        ([record(367, None)], None),
        ([record(1, None)], 1),
        ([record(0, None)], None),
        ([record(10, None, readings=0)], None),
        ([record(10, None, DayStatus.PARTIAL)], 10),
        ([record(30, 6)], 30),
        ([record(31, 6)], None),
        ([record(30, 5)], None),
        ([record(30, 6, DayStatus.PARTIAL)], None),
    ],
)
def test_a_span_reaches_back_to_the_oldest_day_that_lacks_a_total(
    known: list[DayRecord], oldest: int | None
) -> None:
    records = {each.day: each for each in known}
    span = None if oldest is None else (ago(oldest), TODAY)
    assert uncertified_span(records, today=TODAY) == span
    assert uncertified_span(records, today=TODAY, below=ago(-9)) == span


def test_a_span_below_a_day_ends_there() -> None:
    records = {ago(days): record(days, None) for days in (10, 20)}
    assert uncertified_span(records, today=TODAY, below=ago(15)) == (ago(20), ago(15))
