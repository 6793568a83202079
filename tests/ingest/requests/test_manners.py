"""What the gateway sees of us when things go wrong, on the simulator's own log."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine

from linky_tui.demo.server import Fault, FaultKind, RecordedSource
from linky_tui.domain.coverage import DayStatus
from linky_tui.enedis.hosts import host_of
from linky_tui.errors import TemporaryError
from linky_tui.ingest.events import Event, Finished, Paused
from linky_tui.ingest.jobs import JobKind
from tests.ingest.conftest import NOW, TODAY, YESTERDAY, MakeBench
from tests.tools.bench import Bench
from tests.tools.gateway import SERIES, half_hours
from tests.torture.manners.manners import assert_manners, same_request

pytestmark = pytest.mark.usefixtures("autumn")

SINCE = TODAY - timedelta(weeks=5)
A_WEEK_LATER = NOW + timedelta(days=8)
TWO_WEEKS_LATER = NOW + timedelta(days=16)
"""By then whatever was asked once and did not come is worth asking again."""

CURVE = ("courbe_de_charge_consommation", "consumption_load_curve")
HARMLESS = {
    *(FaultKind.T_LABELS, FaultKind.NO_READING_TYPE, FaultKind.OTHER_GRANDEUR_FIRST),
    FaultKind.REPEATED_SAME,
}
BROKEN = {FaultKind.SILENT, FaultKind.RESET, FaultKind.TRUNCATED, FaultKind.TRICKLE}

WAITING_S = 25.0
"""A run that waits for something does so for longer; a busy machine works for less."""


@pytest.fixture
def source() -> RecordedSource:
    readings = half_hours(SINCE - timedelta(days=3), TWO_WEEKS_LATER.date(), step_min=60)
    return RecordedSource(readings)


def used_today(bench: Bench) -> int:
    return bench.budget(host_of(bench.server.url)).used_today()


def positions(kind: FaultKind) -> tuple[int, int]:
    """After how many requests each of the two faults happens; another pair for each kind."""
    number = list(FaultKind).index(kind)
    return number % 3, 2 + number % 5


@pytest.mark.parametrize("kind", list(FaultKind))
def test_whatever_goes_wrong_twice_is_borne_with_manners_and_made_good_later(
    make_bench: MakeBench, source: RecordedSource, kind: FaultKind
) -> None:
    bench = make_bench(source, per_day=60)
    if kind in (FaultKind.SILENT, FaultKind.TRICKLE):
        bench.patience_s = 1.5
    for after in positions(kind):
        bench.server.inject(Fault(kind, after=after, size_bytes=9_000_000))
    started_s = time.monotonic()
    done = bench.run(since=SINCE)
    assert time.monotonic() - started_s < WAITING_S
    log = bench.server.log
    assert_manners([log])
    assert used_today(bench) == (60 if kind is FaultKind.BANNED else len(log))
    met = [entry for entry in log if entry.fault is kind]
    assert met
    if kind in HARMLESS or kind in BROKEN:
        assert done.status == "complete"
    if done.status not in ("complete", "paused"):
        assert done.error is not None
        assert done.error.exit_code in (1, 2, 3)
    truth = set(source.curve(SINCE, A_WEEK_LATER.date()))
    assert set(bench.stored()) <= truth
    bench.assert_identical()

    bench.server.clear_faults()
    bench.server.clear_log()
    with time_machine.travel(A_WEEK_LATER):
        assert bench.run(since=SINCE).status == "complete"
        assert_manners([bench.server.log])
        assert bench.stored() == source.curve(SINCE, A_WEEK_LATER.date())
        records = bench.ledger()
    assert all(records[day].certified for day in records if day >= SINCE)
    bench.assert_identical()


@pytest.mark.parametrize(
    "kind", [FaultKind.TECHNICAL_ERROR, FaultKind.RESET, FaultKind.NOT_JSON, FaultKind.REDIRECT]
)
def test_three_failures_in_a_row_end_the_run_with_3(
    make_bench: MakeBench, source: RecordedSource, kind: FaultKind
) -> None:
    bench = make_bench(source, per_day=60)
    bench.server.inject(Fault(kind, times=None))
    done = bench.run(since=SINCE)
    assert (done.status, done.requests) == ("failed", 3)
    assert len(bench.server.log) == 3
    assert isinstance(done.error, TemporaryError)
    assert "Three requests in a row" in done.error.cause
    assert bench.stored() == []


@pytest.mark.parametrize("kind", [FaultKind.TECHNICAL_ERROR, FaultKind.RESET, FaultKind.NOT_JSON])
def test_a_type_that_is_unknown_is_not_asked_again_and_does_not_hide_failures_of_the_other(
    make_bench: MakeBench, source: RecordedSource, kind: FaultKind
) -> None:
    bench = make_bench(source, per_day=60, shapes={"legacy"})
    bench.server.inject(Fault(kind, times=None, types=(CURVE[1], "daily_consumption")))
    done = bench.run(since=SINCE)
    assert done.status == "failed"
    assert isinstance(done.error, TemporaryError)
    assert_manners([bench.server.log])
    assert sum(entry.fault is kind for entry in bench.server.log) == 3
    assert len(bench.server.log) <= 6


def test_two_failures_and_a_success_do_not_end_it(
    make_bench: MakeBench, source: RecordedSource
) -> None:
    bench = make_bench(source, per_day=60)
    # Each fails once and succeeds when it is retried.
    for after in (5, 7, 9):
        bench.server.inject(Fault(FaultKind.TECHNICAL_ERROR, after=after))
    assert bench.run(since=SINCE).status == "complete"
    assert_manners([bench.server.log])
    assert bench.stored() == source.curve(SINCE, TODAY)


@pytest.mark.parametrize("kind", [FaultKind.QUOTA, FaultKind.QUOTA_FAULT, FaultKind.QUOTA_OLD])
def test_a_quota_pauses_the_run_until_the_time_that_it_names(
    make_bench: MakeBench, source: RecordedSource, kind: FaultKind
) -> None:
    bench = make_bench(source, per_day=60)
    named = kind is FaultKind.QUOTA
    bench.server.inject(Fault(kind, after=4, next_access_s=7200 if named else None))
    events = list(bench.events(since=SINCE))
    pause, done = events[-2:]
    assert isinstance(pause, Paused)
    assert isinstance(done, Finished)
    assert done.status == "paused"
    assert pause.error.exit_code == 3
    hour = datetime(2026, 11, 22, 10, tzinfo=UTC)
    if named:
        hour += timedelta(hours=1)
        assert abs(pause.until - hour) < timedelta(minutes=1)
    else:
        assert pause.until == hour
    assert len(bench.server.log) == 5


def test_a_retry_time_in_the_past_or_days_ahead_is_ignored(
    make_bench: MakeBench, source: RecordedSource
) -> None:
    for seconds in (-60, 3 * 86_400):
        bench = make_bench(source, per_day=60)
        bench.server.inject(Fault(FaultKind.QUOTA, next_access_s=seconds))
        pause = list(bench.events(since=SINCE))[-2]
        assert isinstance(pause, Paused)
        assert pause.until == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_a_quota_that_is_nearly_over_is_waited_for_once(
    make_bench: MakeBench, source: RecordedSource
) -> None:
    bench = make_bench(source, per_day=60)
    bench.server.inject(Fault(FaultKind.QUOTA, after=4, next_access_s=1))
    events = list(bench.events(since=SINCE))
    assert _end(events).status == "complete"
    log = bench.server.log
    at = next(place for place, entry in enumerate(log) if entry.status == 429)
    assert same_request(log[at]) == same_request(log[at + 1])
    # Enedis names whole seconds.
    assert log[at + 1].at >= log[at].at.replace(microsecond=0) + timedelta(seconds=1)

    bench.server.clear_log()
    bench.server.inject(Fault(FaultKind.QUOTA, times=2, next_access_s=1))
    with time_machine.travel(NOW + timedelta(days=1)):
        events = list(bench.events(since=SINCE))
    assert _end(events).status == "paused"
    assert len(bench.server.log) == 2


def test_a_503_with_a_far_retry_after_pauses_until_then(
    make_bench: MakeBench, source: RecordedSource
) -> None:
    bench = make_bench(source, per_day=60)
    bench.server.inject(Fault(FaultKind.UNAVAILABLE, after=4, retry_after_s=3600))
    pause = list(bench.events(since=SINCE))[-2]
    assert isinstance(pause, Paused)
    assert abs(pause.until - NOW - timedelta(hours=1)) < timedelta(minutes=1)
    assert len(bench.server.log) == 5


def test_a_block_ends_the_run_at_once_and_nothing_is_sent_until_the_next_day(
    make_bench: MakeBench, source: RecordedSource
) -> None:
    bench = make_bench(source, per_day=60)
    bench.server.inject(Fault(FaultKind.BANNED, after=4))
    done = bench.run(since=SINCE)
    assert done.status == "failed"
    assert done.error is not None
    assert done.error.exit_code == 1
    assert "blocks" in done.error.title
    assert len(bench.server.log) == 5
    for _ in range(2):
        assert bench.run(since=SINCE).status == "paused"
    with time_machine.travel(datetime(2026, 11, 22, 23, 59, tzinfo=UTC)):
        assert bench.run(since=SINCE).status == "paused"
    assert len(bench.server.log) == 5
    with time_machine.travel(datetime(2026, 11, 23, 9, tzinfo=UTC)):
        assert bench.run(since=SINCE).status == "complete"


def test_the_budget_holds_whatever_fails_and_days_later_all_is_there(
    make_bench: MakeBench, source: RecordedSource
) -> None:
    bench = make_bench(source, per_day=4)
    kinds = [FaultKind.RESET, FaultKind.TECHNICAL_ERROR, FaultKind.NOT_JSON, FaultKind.TRUNCATED]
    for place, kind in enumerate(kinds):
        bench.server.inject(Fault(kind, after=2 * place))
    for day in range(8):
        with time_machine.travel(NOW + timedelta(days=day)):
            done = bench.run(since=SINCE)
            assert used_today(bench) <= 4
    assert done.status == "complete"
    a_day = Counter(entry.at.date() for entry in bench.server.log)
    assert max(a_day.values()) == 4
    with time_machine.travel(TWO_WEEKS_LATER):
        assert bench.run(since=SINCE).status == "complete"
    assert bench.stored() == source.curve(SINCE, TWO_WEEKS_LATER.date())


def test_two_requests_are_never_closer_than_the_pace(
    make_bench: MakeBench, source: RecordedSource
) -> None:
    bench = make_bench(source, per_day=60, min_seconds=0.2)
    for after in (1, 3):
        bench.server.inject(Fault(FaultKind.RESET, after=after))
    assert bench.run(since=TODAY - timedelta(days=14)).status == "complete"
    sent_s = [entry.monotonic for entry in bench.server.log]
    assert len(sent_s) == 2 + 2 + 2  # survey, windows, retries
    assert min(later - earlier for earlier, later in pairwise(sent_s)) >= 0.2


def test_a_pace_too_slow_to_wait_for_still_gets_on_and_counts_only_what_is_sent(
    make_bench: MakeBench, source: RecordedSource
) -> None:
    bench = make_bench(source, per_day=60, min_seconds=40.0)
    for number in range(3):
        with time_machine.travel(NOW + timedelta(seconds=45 * number)):
            pause = list(bench.events(since=SINCE))[-2]
            assert isinstance(pause, Paused)
            late = pause.until - NOW - timedelta(seconds=45 * number + 40)
            assert timedelta(0) <= late < timedelta(seconds=20)
        assert len(bench.server.log) == used_today(bench) == number + 1


def test_daily_totals_that_fail_are_asked_again_by_the_next_run(
    make_bench: MakeBench, source: RecordedSource
) -> None:
    bench = make_bench(source, per_day=60)
    bench.server.inject(
        Fault(FaultKind.TECHNICAL_ERROR, times=2, types=("consommation_quotidienne",))
    )
    assert bench.run(JobKind.SYNC).status == "complete"
    assert not any(record.certified for record in bench.ledger().values())
    with time_machine.travel(NOW + timedelta(days=1)):
        assert bench.run(JobKind.SYNC).status == "complete"
        assert all(record.certified for record in bench.ledger().values())
        bench.server.clear_log()
    with time_machine.travel(NOW + timedelta(days=2)):
        assert bench.run(JobKind.SYNC).status == "complete"
    assert len(bench.server.log) == 1


@pytest.mark.parametrize("kind", [FaultKind.NULLS, FaultKind.EMPTY_VALUES, FaultKind.NO_POINTS])
def test_points_without_a_value_are_stored_as_nothing(
    make_bench: MakeBench, source: RecordedSource, kind: FaultKind
) -> None:
    bench = make_bench(source, per_day=60)
    bench.server.inject(Fault(kind, types=CURVE))
    assert bench.run(since=SINCE).status == "complete"
    assert bench.stored() == source.curve(SINCE, TODAY - timedelta(days=7))
    assert bench.ledger()[YESTERDAY].status is DayStatus.LATE


def test_a_passing_refusal_of_the_start_is_no_floor(
    make_bench: MakeBench, source: RecordedSource
) -> None:
    """Enedis once said "before activation" of days that it had."""
    bench = make_bench(source, per_day=60)
    bench.server.inject(Fault(FaultKind.BEFORE_ACTIVATION, after=1, types=CURVE))
    assert bench.run(since=SINCE).status == "complete"
    assert bench.stored() == source.curve(SINCE, TODAY)
    assert bench.store.leases.state(SERIES).curve_from is None
    assert len(bench.server.log) <= 3 + 5 + 3


def _end(events: list[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    return last
