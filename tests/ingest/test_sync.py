"""Yesterday, and what happens when it is not there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from linky_tui.demo.server import RecordedSource
from linky_tui.domain.coverage import DayStatus
from linky_tui.domain.paris import day_start
from linky_tui.ingest.events import Window
from linky_tui.ingest.jobs import JobKind
from tests.ingest.conftest import NOW, TODAY, YESTERDAY, MakeBench
from tests.tools.gateway import SERIES, half_hours

pytestmark = pytest.mark.usefixtures("autumn")

FIRST = TODAY - timedelta(weeks=8)


def test_a_first_sync_fetches_the_last_week_and_a_second_asks_nothing(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(RecordedSource(half_hours(FIRST, YESTERDAY)))
    assert bench.run(JobKind.SYNC).status == "complete"
    assert bench.windows_asked() == [Window(TODAY - timedelta(days=7), YESTERDAY)]
    assert len(bench.server.log) == 2
    assert all(record.certified for record in bench.ledger().values())
    bench.assert_identical()
    bench.assert_nothing_to_ask(JobKind.SYNC)


@pytest.mark.parametrize("kind", [JobKind.SYNC, JobKind.BACKFILL, JobKind.REFETCH])
def test_the_end_of_a_run_tells_what_the_ledger_holds_of_the_last_days(
    make_bench: MakeBench, kind: JobKind
) -> None:
    bench = make_bench(RecordedSource(half_hours(FIRST, YESTERDAY)))
    week = Window(TODAY - timedelta(days=7), YESTERDAY)
    more = {"days": week} if kind is JobKind.REFETCH else {"since": TODAY - timedelta(days=8)}
    done = bench.run(kind, **more)
    days = [
        TODAY - timedelta(days=age) for age in range(8 if kind is JobKind.BACKFILL else 7, 0, -1)
    ]
    assert [record.day for record in done.recent] == days
    ledger = bench.ledger()
    for record in done.recent:
        assert record.status is DayStatus.COMPLETE
        assert record.energy_wh == ledger[record.day].energy_wh
        assert record.last_attempt is not None
    assert bench.run(JobKind.SYNC).recent[-1] == bench.ledger()[YESTERDAY]


def test_each_day_costs_one_request(make_bench: MakeBench) -> None:
    bench = make_bench(RecordedSource(half_hours(FIRST, YESTERDAY + timedelta(days=3))))
    bench.run(JobKind.SYNC)
    for day in (1, 2, 3):
        bench.server.clear_log()
        with time_machine.travel(NOW + timedelta(days=day)):
            assert bench.run(JobKind.SYNC).status == "complete"
        assert len(bench.server.log) == 1
    window = bench.windows_asked()[0]
    assert window == Window(YESTERDAY + timedelta(days=1), YESTERDAY + timedelta(days=3))


def test_a_late_yesterday_is_not_asked_twice_within_the_hour(make_bench: MakeBench) -> None:
    bench = make_bench(RecordedSource(half_hours(FIRST, YESTERDAY)), late_yesterday=True)
    done = bench.run(JobKind.SYNC)
    assert done.status == "not_published_yet"
    assert done.error is not None
    assert done.error.exit_code == 3
    assert bench.ledger()[YESTERDAY].status is DayStatus.LATE
    bench.server.clear_log()
    assert bench.run(JobKind.SYNC).status == "not_published_yet"
    assert bench.server.log == []
    bench.server.publish()
    with time_machine.travel(NOW + timedelta(minutes=61)):
        assert bench.run(JobKind.SYNC).status == "complete"
    assert len(bench.windows_asked()) == 1


NIGHT = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
"""In Paris 22 November has begun half an hour ago, for the gateway it is the 21st."""
BEFORE_YESTERDAY = YESTERDAY - timedelta(days=1)


def test_at_night_a_sync_asks_only_for_days_that_are_over_for_the_gateway_as_well(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(RecordedSource(half_hours(FIRST, YESTERDAY)))
    with time_machine.travel(NIGHT):
        done = bench.run(JobKind.SYNC)
        assert done.status == "not_published_yet"
        assert done.error is not None
        assert (done.error.exit_code, "21 Nov" in done.error.cause) == (3, True)
        assert bench.windows_asked() == [Window(TODAY - timedelta(days=7), BEFORE_YESTERDAY)]
        assert {entry.status for entry in bench.server.log} == {200}
        bench.server.clear_log()
        assert bench.run(JobKind.SYNC).status == "not_published_yet"
        day = Window(YESTERDAY, YESTERDAY)
        assert bench.run(JobKind.REFETCH, days=day).status == "not_published_yet"
        assert bench.server.log == []
        days = Window(BEFORE_YESTERDAY, YESTERDAY)
        assert bench.run(JobKind.REFETCH, days=days).status == "complete"
        assert bench.windows_asked() == [Window(BEFORE_YESTERDAY, BEFORE_YESTERDAY)]
    assert bench.run(JobKind.SYNC).status == "complete"


def test_at_night_a_backfill_leaves_out_the_newest_day(make_bench: MakeBench) -> None:
    bench = make_bench(RecordedSource(half_hours(FIRST, YESTERDAY)))
    with time_machine.travel(NIGHT):
        assert bench.run(since=FIRST).status == "complete"
        assert bench.run(since=FIRST).status == "complete"
    assert max(entry.end or "" for entry in bench.server.log) == YESTERDAY.isoformat()
    assert 400 not in [entry.status for entry in bench.server.log]
    assert bench.stored()[-1].end == day_start(YESTERDAY)
    assert YESTERDAY not in bench.ledger()
    assert all(record.certified for day, record in bench.ledger().items() if day >= FIRST)
    assert bench.run(since=FIRST).status == "complete"
    assert bench.windows_asked()[-1] == Window(YESTERDAY, YESTERDAY)


@pytest.mark.parametrize("kind", [JobKind.SYNC, JobKind.BACKFILL])
def test_a_gateway_whose_clock_is_behind_is_asked_without_the_newest_day(
    make_bench: MakeBench, kind: JobKind
) -> None:
    ours = datetime(2026, 11, 22, 0, 1, tzinfo=UTC)
    bench = make_bench(
        RecordedSource(half_hours(FIRST, YESTERDAY)),
        clock=lambda: datetime.now(UTC) - timedelta(minutes=3),
    )
    with time_machine.travel(ours):
        done = bench.run(kind, **({} if kind is JobKind.SYNC else {"since": FIRST}))
    assert done.status == ("not_published_yet" if kind is JobKind.SYNC else "complete")
    assert bench.stored()[-1].end == day_start(YESTERDAY)
    refused = [entry for entry in bench.server.log if entry.status == 400]
    assert all(entry.end == TODAY.isoformat() for entry in refused)
    bench.assert_asked_once()


def test_a_wrong_clock_by_day_is_told_as_such(make_bench: MakeBench) -> None:
    bench = make_bench(
        RecordedSource(half_hours(FIRST, YESTERDAY)),
        clock=lambda: datetime.now(UTC) - timedelta(days=1),
    )
    done = bench.run(JobKind.SYNC)
    assert done.status == "failed"
    assert done.error is not None
    assert "clock" in done.error.next_step + done.error.cause


def test_a_late_correction_of_the_last_two_days_is_seen(make_bench: MakeBench) -> None:
    readings = half_hours(FIRST, TODAY)
    bench = make_bench(RecordedSource(readings))
    bench.run(JobKind.SYNC)
    moved = next(r for r in readings if r.start == datetime(2026, 11, 20, 12, tzinfo=UTC))
    bench.source.correct(moved.start, moved.power_w + 100)
    with time_machine.travel(NOW + timedelta(days=1)):
        assert bench.run(JobKind.SYNC).status == "complete"
    by_start = {reading.start: reading.power_w for reading in bench.stored()}
    assert by_start[moved.start] == moved.power_w + 100
    bench.assert_identical()


def test_a_sync_carries_an_unfinished_backfill_on_with_half_the_budget(
    make_bench: MakeBench,
) -> None:
    readings = half_hours(FIRST, YESTERDAY + timedelta(days=1))
    bench = make_bench(RecordedSource(readings), per_day=6)
    assert bench.run(since=FIRST).status == "paused"
    assert len(bench.server.log) == 6
    bench.server.clear_log()
    with time_machine.travel(NOW + timedelta(days=1)):
        assert bench.run(JobKind.SYNC).status == "complete"
        assert len(bench.server.log) == 3
        assert bench.run(JobKind.SYNC).status == "nothing_to_do"
    bench.assert_identical()


def test_without_a_backfill_a_sync_fetches_no_history(make_bench: MakeBench) -> None:
    bench = make_bench(RecordedSource(half_hours(FIRST, YESTERDAY)), per_day=80)
    bench.run(JobKind.SYNC)
    assert len(bench.windows_asked()) == 1


def test_a_floor_error_on_yesterday_alone_is_an_error(make_bench: MakeBench) -> None:
    bench = make_bench(RecordedSource([], activated=TODAY, curve_from=TODAY))
    done = bench.run(JobKind.SYNC)
    assert done.status == "failed"
    assert done.error is not None
    assert done.error.exit_code == 1
    assert bench.store.leases.state(SERIES).curve_from is None


def test_a_corrected_day_is_certified_by_the_next_weekly_totals(make_bench: MakeBench) -> None:
    readings = half_hours(FIRST, TODAY + timedelta(days=9))
    bench = make_bench(RecordedSource(readings))
    bench.run(JobKind.SYNC)
    moved = next(r for r in readings if r.start == datetime(2026, 11, 20, 12, tzinfo=UTC))
    bench.source.correct(moved.start, moved.power_w + 100)
    for day in range(1, 9):
        with time_machine.travel(NOW + timedelta(days=day)):
            assert bench.run(JobKind.SYNC).status == "complete"
    assert bench.ledger()[date(2026, 11, 20)].certified
