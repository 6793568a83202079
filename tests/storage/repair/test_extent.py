"""What a run compares: enough to find everything within a month, and no more than it has to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, days_between
from linky_tui.storage.collections.schema import create_timeseries
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.leases.lease import Lease
from linky_tui.storage.repair.extent import EVERYTHING, Extent, Trail, slice_in_turn, spans_of
from linky_tui.storage.repair.reconcile import Reconciled, reconcile
from linky_tui.storage.store import Store
from tests.tools.gateway import half_hours
from tests.tools.stored import OTHER, SERIES, another_day, put_regular, put_timeseries

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TODAY = date(2026, 11, 22)
RECENT = date(2026, 11, 15)
FIRST = date(2025, 10, 1)
CURVE = half_hours(FIRST, date(2026, 11, 21))
OLD = next(number for number, each in enumerate(CURVE) if each.start.date() == date(2026, 4, 5))


@pytest.fixture(autouse=True)
def _in_autumn_2026() -> Iterator[None]:
    with time_machine.travel(NOW):
        yield


@pytest.mark.parametrize(("every", "within"), [(1, 28), (2, 28), (7, 28), (13, 28), (40, 40)])
@pytest.mark.parametrize("years", [0.1, 1, 10])
def test_every_day_comes_again_within_a_month(every: int, within: int, years: float) -> None:
    oldest, today, begin = TODAY - timedelta(days=int(365 * years)), TODAY, None
    seen = dict.fromkeys(days_between(oldest, TODAY - timedelta(days=8)), TODAY)
    for _ in range(0, 100, every):
        today += timedelta(days=every)
        newest = today - timedelta(days=8)
        spans, begin = slice_in_turn(oldest, newest, begin, every)
        for first, last in spans:
            assert last is not None
            for day in days_between(first or oldest, last):
                assert (today - seen.get(day, today)).days <= within
                seen[day] = today
        assert begin is None or oldest < begin <= newest
    assert all((today - at).days <= within for at in seen.values())


def test_the_oldest_slice_holds_whatever_is_older() -> None:
    assert slice_in_turn(FIRST, RECENT, None, 1)[0][0][0] is None
    assert slice_in_turn(FIRST, RECENT, RECENT + ONE_DAY, 1)[0][0][0] is None, "a pointer too far"
    assert slice_in_turn(FIRST, RECENT, None, 0) == ((), None)
    assert slice_in_turn(RECENT, FIRST, None, 1) == ((), None)


def test_spans_are_as_long_as_their_days() -> None:
    days = {date(2026, 3, 1), date(2026, 2, 28), date(2026, 5, 1), date(2026, 5, 3)}
    assert spans_of(days) == (
        (date(2026, 2, 28), date(2026, 3, 1)),
        (date(2026, 5, 1), date(2026, 5, 1)),
        (date(2026, 5, 3), date(2026, 5, 3)),
    )


def begun(store: Store, series: Series = SERIES) -> Extent:
    return Trail(store).extent(series, store.leases.state(series), TODAY)


def ended(store: Store, lease: Lease) -> None:
    """A run that found nothing to do, and ended cleanly."""
    trail = Trail(store)
    extent = trail.extent(lease.series, store.leases.state(lease.series), TODAY)
    reconcile(store, lease, lease.series, TODAY, extent=extent)
    trail.end(lease, TODAY, extent.until)


@pytest.fixture
def clean(store: Store, lease: Lease) -> Store:
    """A year that both collections hold, after a clean end."""
    put_regular(store, SERIES, CURVE)
    put_timeseries(store, SERIES, CURVE)
    assert begun(store) == EVERYTHING
    ended(store, lease)
    return store


def test_after_a_clean_end_the_recent_days_are_compared_and_a_slice_a_day(clean: Store) -> None:
    assert begun(clean).spans == ((RECENT, None),)
    another_day(clean)
    spans, until = begun(clean).spans, begun(clean).until
    assert spans == ((None, date(2025, 12, 29)), (RECENT, None))
    assert until == date(2025, 12, 30)
    another_day_later = timedelta(days=30)
    with time_machine.travel(NOW + another_day_later):
        later = TODAY + another_day_later
        spans = Trail(clean).extent(SERIES, clean.leases.state(SERIES), later).spans
        assert spans[0] == (None, later - timedelta(days=8)), "a month without a run"


def forget_one(store: Store) -> None:
    assert store.readings.regular.delete_one({"timestamp": CURVE[OLD].start}).deleted_count == 1


def put_one(store: Store) -> None:
    put_timeseries(store, SERIES, CURVE[OLD : OLD + 1])


def make_anew(store: Store) -> None:
    """With the very same readings."""
    store.readings.timeseries.drop()
    create_timeseries(store.readings.timeseries.database, store.readings.timeseries.name)
    put_timeseries(store, SERIES, CURVE)


def drop(store: Store) -> None:
    store.readings.regular.drop()


def forget_a_day(store: Store) -> None:
    days = store.connection.database[store.settings.days_collection]
    assert days.delete_one({"_id.day": "2026-04-05"}).deleted_count == 1


@pytest.mark.parametrize("change", [forget_one, put_one, make_anew, drop, forget_a_day])
def test_what_the_server_counts_otherwise_is_compared_by_the_very_next_run(
    clean: Store, lease: Lease, change: Callable[[Store], None]
) -> None:
    change(clean)
    assert begun(clean) == EVERYTHING
    ended(clean, lease)
    assert verify(clean).identical
    assert clean.days.sums(SERIES) == clean.readings.sums(SERIES)
    assert begun(clean) != EVERYTHING


@pytest.mark.parametrize("how", ["written", "noted", "rebuild", "not told"])
def test_everything_is_compared_until_a_clean_end(
    clean: Store, lease: Lease, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "written":
        lease.touch(CURVE[0].start, CURVE[0].end)
    elif how == "noted":
        lease.note_unclean()
    elif how == "rebuild":
        lease.note_rebuild_pending()
    else:
        monkeypatch.setattr(Store, "counters", lambda store: None)
    for _ in range(2):
        assert begun(clean) == EVERYTHING
    if how == "not told":
        monkeypatch.undo()
    ended(clean, lease)
    assert begun(clean) != EVERYTHING


def test_what_other_series_write_is_no_reason(clean: Store) -> None:
    with clean.leases.acquire(OTHER) as other:
        trail = Trail(clean)
        assert trail.extent(OTHER, clean.leases.state(OTHER), TODAY) == EVERYTHING
        put_regular(clean, OTHER, CURVE[:48])
        assert begun(clean) == EVERYTHING, "as long as it has not ended"
        put_timeseries(clean, OTHER, CURVE[:48])
        trail.end(other, TODAY, None)
    assert begun(clean) != EVERYTHING
    assert begun(clean, OTHER) != EVERYTHING


def test_what_another_hand_changed_before_is_not_hidden_by_other_series(clean: Store) -> None:
    forget_one(clean)
    with clean.leases.acquire(OTHER) as other:
        ended(clean, other)
    assert begun(clean) == EVERYTHING


def in_regular(store: Store) -> None:
    one = {"timestamp": CURVE[OLD].start}
    assert store.readings.regular.update_one(one, {"$set": {"power_w": 9000}}).modified_count == 1


def from_both(store: Store) -> None:
    forget_one(store)
    from_timeseries(store)


def from_timeseries(store: Store) -> None:
    store.readings.timeseries.delete_many({"meter.prm": SERIES.prm})
    put_timeseries(store, SERIES, [*CURVE[:OLD], *CURVE[OLD + 1 :]])


def in_timeseries(store: Store) -> None:
    from_timeseries(store)
    put_timeseries(store, SERIES, CURVE[OLD - 1 : OLD])


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (in_regular, lambda done: done.rebuilt and done.days_recomputed),
        (forget_one, lambda done: done.restored == 1),
        (from_timeseries, lambda done: done.completed == 1),
        (in_timeseries, lambda done: done.rebuilt),
        (from_both, lambda done: done.gone == 1),
    ],
)
def test_what_the_counters_do_not_tell_is_found_by_the_slices_of_a_month(
    clean: Store,
    lease: Lease,
    change: Callable[[Store], None],
    found: Callable[[Reconciled], bool],
) -> None:
    change(clean)
    # As if it had happened while a run was at work.
    lease.set_state(counters=clean.counters())
    results = []
    for number in range(1, 31):
        today = TODAY + timedelta(days=number)
        trail = Trail(clean)
        extent = trail.extent(SERIES, clean.leases.state(SERIES), today)
        assert extent != EVERYTHING
        results.append(reconcile(clean, lease, SERIES, today, extent=extent))
        trail.end(lease, today, extent.until)
        if results[-1].changed:
            break
    assert found(results[-1])
    assert len(results) == 3, "five slices of 90 days, and it is in the third"
    assert verify(clean).identical
    assert clean.days.sums(SERIES) == clean.readings.sums(SERIES)
