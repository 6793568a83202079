"""The engine against the simulated gateway and a real MongoDB: history, floors, holes, budget."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from linky_tui.demo.server import Fault, FaultKind, RecordedSource
from linky_tui.domain.coverage import DayStatus, first_askable
from linky_tui.domain.models import DailyTotal
from linky_tui.domain.paris import day_start, days_between
from linky_tui.ingest.events import Paused, Planned, Window, WindowStored
from linky_tui.ingest.jobs import JobKind
from tests.ingest.conftest import NOW, TODAY, YESTERDAY, MakeBench
from tests.tools.gateway import SERIES, half_hours, wh

pytestmark = pytest.mark.usefixtures("autumn")

FIRST = first_askable(TODAY)
SINCE = TODAY - timedelta(weeks=10)
"""As good as two years where it is not the number of windows that matters."""


def three_years() -> list[DailyTotal]:
    return [DailyTotal(day, 8_000) for day in days_between(date(2023, 11, 22), YESTERDAY)]


def test_two_years_are_complete_certified_and_identical(make_bench: MakeBench) -> None:
    readings = half_hours(FIRST, YESTERDAY)
    bench = make_bench(RecordedSource(readings))
    events = list(bench.events())
    assert events[-1].status == "complete"  # type: ignore[attr-defined]
    assert bench.stored() == readings
    assert wh(bench.stored()) == wh(readings)
    assert bench.statuses() == Counter({DayStatus.COMPLETE: 729 + 1})
    assert all(record.certified for record in bench.ledger().values())
    assert len(bench.server.log) <= 110
    bench.assert_identical()
    windows = bench.windows_asked()
    assert windows == sorted(windows, key=lambda w: w.first, reverse=True)
    stored = [event for event in events if isinstance(event, WindowStored)]
    assert [event.windows_left for event in stored] == list(range(104, -1, -1))

    bench.assert_nothing_to_ask()


def test_a_meter_with_three_weeks_of_curve_costs_at_most_14_requests(make_bench: MakeBench) -> None:
    for floor_answer in ("empty", "error", "consent"):
        start = TODAY - timedelta(days=23)
        source = RecordedSource(half_hours(start, YESTERDAY), three_years(), curve_from=start)
        bench = make_bench(source, floor_answer=floor_answer)
        assert bench.run().status == "complete", floor_answer
        assert len(bench.server.log) <= 14, floor_answer
        assert len(bench.stored()) == 23 * 48 + 0, floor_answer
        statuses = bench.statuses()
        assert statuses[DayStatus.COMPLETE] == 23
        assert statuses[DayStatus.NO_DATA] == 730 - 23
        bench.assert_nothing_to_ask()
        bench.forget()


def test_a_meter_activated_two_days_ago_costs_at_most_8_requests(make_bench: MakeBench) -> None:
    start = TODAY - timedelta(days=2)
    readings = half_hours(start, YESTERDAY)
    bench = make_bench(RecordedSource(readings, activated=start, curve_from=start))
    assert bench.run().status == "complete"
    assert bench.stored() == readings
    assert len(bench.server.log) <= 8
    assert bench.store.leases.state(SERIES).curve_from == start
    assert bench.ledger()[start].certified
    bench.assert_identical()
    bench.assert_nothing_to_ask()


def test_a_hole_of_four_weeks_hides_nothing(make_bench: MakeBench) -> None:
    since = TODAY - timedelta(weeks=14)
    readings = half_hours(since, YESTERDAY)
    source = RecordedSource(readings)
    source.remove(date(2026, 9, 3), date(2026, 9, 30))
    bench = make_bench(source)
    assert bench.run(since=since).status == "complete"
    assert len(bench.stored()) == len(readings) - 28 * 48
    statuses = bench.statuses()
    assert statuses[DayStatus.COMPLETE] == 14 * 7 - 28
    assert statuses[DayStatus.MISSING] == 28
    bench.assert_identical()


def test_the_budget_pauses_the_run_and_the_next_utc_day_finishes_it(make_bench: MakeBench) -> None:
    readings = half_hours(SINCE, YESTERDAY)
    bench = make_bench(RecordedSource(readings), per_day=8)
    events = list(bench.events(since=SINCE))
    assert events[-1].status == "paused"  # type: ignore[attr-defined]
    pause = events[-2]
    assert isinstance(pause, Paused)
    assert pause.until == datetime(2026, 11, 23, tzinfo=UTC)
    assert len(bench.server.log) == 8
    bench.assert_identical()
    assert bench.run(since=SINCE).status == "paused"
    assert len(bench.server.log) == 8
    with time_machine.travel(datetime(2026, 11, 23, 0, 1, tzinfo=UTC)):
        assert bench.run(since=SINCE).status == "complete"
    bench.assert_asked_once()
    assert bench.stored() == readings
    bench.assert_identical()


def test_one_request_a_day_still_gets_through_the_survey(make_bench: MakeBench) -> None:
    bench = make_bench(RecordedSource(half_hours(SINCE, YESTERDAY), three_years()), per_day=1)
    for day in range(5):
        with time_machine.travel(NOW + timedelta(days=day)):
            assert bench.run().status == "paused"
    asked = [(entry.type, entry.start) for entry in bench.server.log]
    assert len(asked) == len(set(asked)) == 5
    assert sum("quotidienne" in kind for kind, _ in asked) == 3


@pytest.mark.parametrize("shapes", [{"new"}, {"legacy"}, {"new", "legacy"}])
def test_either_generation_of_the_api_will_do(make_bench: MakeBench, shapes: set[str]) -> None:
    readings = half_hours(TODAY - timedelta(days=30), YESTERDAY)
    bench = make_bench(RecordedSource(readings), shapes=shapes)
    done = bench.run(since=TODAY - timedelta(days=30))
    assert done.status == "complete"
    assert bench.stored() == readings
    wrong = [entry for entry in bench.server.log if entry.status == 400]
    assert len(wrong) == (1 if shapes == {"legacy"} else 0)


def test_an_unknown_shape_stores_nothing_and_says_so(make_bench: MakeBench) -> None:
    bench = make_bench(RecordedSource(half_hours(SINCE, YESTERDAY)))
    bench.server.inject(Fault(FaultKind.UNKNOWN_SHAPE, times=None))
    done = bench.run()
    assert done.status == "failed"
    assert done.error is not None
    assert done.error.exit_code in (1, 3)
    assert bench.stored() == []
    assert len(bench.server.log) <= 3


@pytest.mark.parametrize(
    ("clock_change", "half_hours_of_it"), [(date(2026, 3, 29), 46), (date(2026, 10, 25), 50)]
)
def test_an_hourly_stretch_a_missing_day_and_both_clock_changes_are_exact(
    make_bench: MakeBench, clock_change: date, half_hours_of_it: int
) -> None:
    since, day = clock_change - timedelta(weeks=2), timedelta(days=1)
    yesterday = clock_change + timedelta(weeks=6)
    hourly, missing = clock_change + timedelta(days=10), clock_change + timedelta(days=20)
    readings = [
        *half_hours(since, hourly - day),
        *half_hours(hourly, missing - day, step_min=60),
        *half_hours(missing + day, yesterday),
    ]
    with time_machine.travel(day_start(yesterday + day) + timedelta(hours=9)):
        bench = make_bench(RecordedSource(readings))
        assert bench.run(since=since).status == "complete"
        assert bench.stored() == readings
        assert wh(bench.stored()) == wh(readings)
        ledger = bench.ledger()
    assert ledger[clock_change].readings == half_hours_of_it
    assert ledger[hourly + day].readings == 24
    assert ledger[missing].status is DayStatus.MISSING
    assert sum(record.energy_wh for record in ledger.values()) == wh(readings)
    bench.assert_identical()


def test_a_short_since_asks_nothing_older(make_bench: MakeBench) -> None:
    since = date(2026, 10, 1)
    bench = make_bench(RecordedSource(half_hours(SINCE, YESTERDAY)))
    assert bench.run(since=since).status == "complete"
    assert min(window.first for window in bench.windows_asked()) == since
    assert bench.stored()[0].start.date() == date(2026, 9, 30)


def test_ctrl_c_stops_at_once_and_the_next_run_completes(make_bench: MakeBench) -> None:
    readings = half_hours(SINCE, YESTERDAY)
    bench = make_bench(RecordedSource(readings))
    stored = 0
    for event in bench.events(since=SINCE):
        if isinstance(event, WindowStored):
            stored += 1
            if stored == 4:
                bench.stop.set()
    assert event.status == "interrupted"  # type: ignore[attr-defined]
    assert stored == 4
    bench.assert_identical()
    bench.stop.clear()
    assert bench.run(since=SINCE).status == "complete"
    assert bench.stored() == readings
    bench.assert_asked_once()


def test_the_plan_is_told_before_anything_is_asked(make_bench: MakeBench) -> None:
    source = RecordedSource(half_hours(SINCE, YESTERDAY), three_years())
    bench = make_bench(source, per_day=80)
    for event in bench.events():
        if isinstance(event, Planned):
            break
    assert len(event.windows) == 105  # type: ignore[attr-defined]
    assert event.left_today == 77  # type: ignore[attr-defined]
    assert bench.windows_asked() == []


def test_a_correction_is_taken_over_and_both_stay_identical(make_bench: MakeBench) -> None:
    readings = half_hours(SINCE, YESTERDAY)
    bench = make_bench(RecordedSource(readings))
    bench.run(since=SINCE)
    changed = readings[-10]
    bench.source.correct(changed.start, changed.power_w + 200)
    bench.source.remove(date(2026, 11, 20), date(2026, 11, 20))
    bench.source.put(half_hours(date(2026, 11, 20), date(2026, 11, 20), step_min=60))
    done = bench.run(JobKind.REFETCH, days=Window(date(2026, 11, 20), YESTERDAY))
    assert done.status == "complete"
    by_start = {reading.start: reading for reading in bench.stored()}
    assert by_start[changed.start].power_w == changed.power_w + 200
    assert bench.ledger()[date(2026, 11, 20)].readings == 24
    assert len(bench.stored()) == len(readings) - 24
    bench.assert_identical()
    assert bench.store.leases.state(SERIES).rebuild_pending is None


def test_a_day_below_the_floor_asked_by_hand_leaves_the_floor_where_it_is(
    make_bench: MakeBench,
) -> None:
    start = TODAY - timedelta(days=10)
    bench = make_bench(
        RecordedSource(half_hours(start, YESTERDAY), activated=start, curve_from=start)
    )
    bench.run()
    below = start - timedelta(days=5)
    assert bench.run(JobKind.REFETCH, days=Window(below, below)).status == "complete"
    assert bench.store.leases.state(SERIES).curve_from == start
    bench.assert_nothing_to_ask()


def test_days_on_both_sides_of_the_floor_asked_by_hand_are_read_where_they_are_accepted(
    make_bench: MakeBench,
) -> None:
    start = TODAY - timedelta(days=10)
    readings = half_hours(start, YESTERDAY)
    bench = make_bench(RecordedSource(readings, activated=start, curve_from=start))
    bench.run()
    bench.source.correct(readings[60].start, readings[60].power_w + 200)
    days = Window(start - timedelta(days=2), start + timedelta(days=3))
    assert bench.run(JobKind.REFETCH, days=days).status == "complete"
    assert bench.stored()[60].power_w == readings[60].power_w + 200
    assert bench.store.leases.state(SERIES).curve_from == start
    bench.assert_identical()


@pytest.mark.parametrize("kind", [FaultKind.WRONG_PRM, FaultKind.REPEATED_OTHER])
def test_an_answer_that_cannot_be_read_is_asked_again_a_week_later(
    make_bench: MakeBench, kind: FaultKind
) -> None:
    readings = half_hours(TODAY - timedelta(days=30), YESTERDAY + timedelta(days=8))
    bench = make_bench(RecordedSource(readings))
    since = TODAY - timedelta(days=30)
    curve = ("courbe_de_charge_consommation",)
    bench.server.inject(Fault(kind, after=1, times=2, types=curve))
    assert bench.run(since=since).status in ("failed", "complete")
    assert 0 < len(bench.stored()) < len(bench.source.curve(since, TODAY))
    with time_machine.travel(NOW + timedelta(days=8)):
        assert bench.run(since=since).status == "complete"
    assert bench.stored() == readings


def test_a_floor_search_that_the_budget_cuts_short_keeps_what_it_found(
    make_bench: MakeBench,
) -> None:
    start = TODAY - timedelta(days=2)
    readings = half_hours(start, YESTERDAY + timedelta(days=9))
    bench = make_bench(RecordedSource(readings, activated=start, curve_from=start), per_day=3)
    for day in range(6):
        with time_machine.travel(NOW + timedelta(days=day)):
            bench.run()
    assert set(half_hours(start, YESTERDAY)) <= set(bench.stored())
    bench.assert_identical()
