"""Every run first makes both collections and the ledger agree, in both directions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.errors import AutoReconnect

from linky_tui.domain.coverage import worth_asking
from linky_tui.domain.models import DailyTotal, Flags, Reading
from linky_tui.errors import SeriesBusy, StorageError
from linky_tui.storage.collections import confirmed_writes
from linky_tui.storage.collections.documents import to_document
from linky_tui.storage.collections.window_diff import overlaps_any
from linky_tui.storage.compare.buckets import needs_defragmenting
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.leases.lease import Lease
from linky_tui.storage.leases.leases import Leases
from linky_tui.storage.repair.reconcile import Reconciled, reconcile, repair
from linky_tui.storage.store import Store
from tests.tools.stored import (
    OTHER,
    SERIES,
    put_regular,
    put_timeseries,
    readings,
    regular,
    timeseries,
    week,
)

TODAY = date(2026, 11, 22)
START, END, WEEK = week(date(2026, 9, 7))


def run(store: Store, lease: Lease) -> Reconciled:
    """Reconcile; a second time must find nothing to do."""
    result = reconcile(store, lease, SERIES, TODAY)
    assert not reconcile(store, lease, SERIES, TODAY).changed
    assert store.days.sums(SERIES)[0] == store.readings.count(SERIES)
    return result


def test_nothing_to_do(store: Store, lease: Lease) -> None:
    assert run(store, lease) == Reconciled()


def test_a_crash_between_the_two_writes_is_completed(store: Store, lease: Lease) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, WEEK[:200])
    assert run(store, lease) == Reconciled(completed=136, days_recomputed=True)
    assert regular(store) == timeseries(store)


@pytest.mark.parametrize("drop", [True, False])
def test_a_lost_time_series_collection_is_filled_again(
    store: Store, lease: Lease, drop: bool
) -> None:
    put_regular(store, SERIES, WEEK)
    put_regular(store, SERIES, week(date(2025, 1, 6))[2])
    if drop:
        store.readings.timeseries.drop()
    assert run(store, lease).completed == 672
    assert regular(store) == timeseries(store)
    assert store.readings.timeseries.options()["timeseries"]["granularity"] == "hours"


def test_a_dropped_regular_collection_is_restored_from_its_twin(store: Store, lease: Lease) -> None:
    flagged = [replace(WEEK[0], flags=Flags(nature="C", iv=2)), *WEEK[1:]]
    store.readings.store_window(SERIES, START, END, flagged, lease)
    before = regular(store)
    store.readings.regular.drop()
    result = run(store, lease)
    assert result == Reconciled(restored=336, days_recomputed=True)
    assert regular(store) == timeseries(store) == before
    found = store.readings.regular.find_one({"timestamp": START}) or {}
    assert list(found) == ["_id", "timestamp", "meter", "power_w", "flags"]
    assert list(found["meter"]) == ["prm", "flow", "interval_min"]
    assert any(x.get("unique") for x in store.readings.regular.index_information().values())


def test_both_directions_at_once(store: Store, lease: Lease) -> None:
    put_regular(store, SERIES, WEEK[:200])
    put_timeseries(store, SERIES, WEEK[100:])
    result = run(store, lease)
    assert (result.restored, result.completed, result.rebuilt) == (136, 100, False)
    assert regular(store) == timeseries(store)
    assert len(regular(store)) == 336


OTHER_POWER = replace(WEEK[1], power_w=1)
BETWEEN = replace(WEEK[2], start=WEEK[2].start + timedelta(minutes=15))


@pytest.mark.parametrize(
    "too_much", [WEEK[:5], [WEEK[0], OTHER_POWER], [WEEK[0], BETWEEN], [OTHER_POWER, BETWEEN]]
)
def test_what_is_too_much_is_cured_by_a_rebuild(
    store: Store, lease: Lease, too_much: list[Reading]
) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, [*WEEK, *too_much])
    assert run(store, lease).rebuilt
    assert regular(store) == timeseries(store)
    assert store.readings.window(SERIES, START, END) == WEEK


def test_leftovers_of_a_correction_do_not_come_back(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    hours = readings(START, 24, 60)
    store.readings.store_window(SERIES, START, END, hours, lease)
    expected = regular(store)
    assert run(store, lease).rebuilt
    assert regular(store) == timeseries(store) == expected
    assert store.leases.state(SERIES).rebuild_pending is None


@pytest.mark.parametrize("hour_is_left_over", [False, True])
def test_a_leftover_comes_back_only_where_nothing_else_holds_its_time(
    store: Store, lease: Lease, hour_is_left_over: bool
) -> None:
    hour = Reading(START, 60, 7)
    put_regular(store, SERIES, WEEK[4:])
    put_timeseries(store, SERIES, [hour, *WEEK])
    lease.note_rebuild_pending([*WEEK[:4], *[hour] * hour_is_left_over])
    found = WEEK if hour_is_left_over else [hour, *WEEK[2:]]
    assert run(store, lease).restored == len(found) - len(WEEK[4:])
    assert store.readings.window(SERIES, START, END) == found
    assert regular(store) == timeseries(store)


MOVED = replace(WEEK[9], start=WEEK[9].start + timedelta(seconds=10))
LONGER = replace(WEEK[9], interval_min=60, power_w=900)


@pytest.mark.parametrize(
    "changed", [[MOVED], [MOVED, WEEK[10]], [LONGER], [replace(WEEK[9], power_w=1), WEEK[10]]]
)
@pytest.mark.parametrize("by_repair", [False, True])
def test_of_a_reading_changed_by_hand_the_regular_one_wins_and_its_day_is_asked_at_once(
    store: Store, lease: Lease, changed: list[Reading], by_repair: bool
) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    day = date(2026, 9, 7)
    asked_at = datetime(2026, 11, 21, tzinfo=UTC)
    for _ in range(2):
        measured = store.days.recompute(SERIES, day, day, today=TODAY, asked_at=asked_at)[day]
    store.days.set_totals(SERIES, [DailyTotal(day, measured.energy_wh)], TODAY)
    store.days.recompute_all(SERIES, TODAY)
    store.readings.regular.delete_many({"timestamp": {"$in": [each.start for each in WEEK[9:11]]}})
    put_regular(store, SERIES, changed)
    put_timeseries(store, SERIES, [replace(WEEK[12], power_w=2)])
    if by_repair:
        lease.release()
        repair(store, TODAY)
    else:
        run(store, lease)
    kept = [each for each in WEEK[9:11] if not overlaps_any(each, changed)]
    right = sorted([*WEEK[:9], *changed, *kept, *WEEK[11:]], key=lambda each: each.start)
    assert store.readings.window(SERIES, START, END) == right
    assert regular(store) == timeseries(store)
    found = store.days.load(SERIES, day, TODAY)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert not found[day].certified
    assert worth_asking(found[day], day, now=now, today=TODAY)
    others = [each for each in found if each != day]
    assert len(others) == 6
    assert not any(worth_asking(found[each], each, now=now, today=TODAY) for each in others)


def test_of_two_values_of_one_reading_one_is_kept(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    put_timeseries(store, SERIES, [replace(each, power_w=9000) for each in WEEK[20:24]])
    store.readings.regular.drop()
    run(store, lease)
    held = store.readings.window(SERIES, START, END)
    assert [each.start for each in held] == [each.start for each in WEEK]
    assert regular(store) == timeseries(store)


def test_the_day_of_a_reading_moved_by_hand_is_not_complete_where_its_twin_is_gone(
    store: Store, lease: Lease
) -> None:
    put_regular(store, SERIES, WEEK)
    store.days.recompute_all(SERIES, TODAY)
    moved = {"$set": {"timestamp": START + timedelta(seconds=10)}}
    store.readings.regular.update_one({"timestamp": START}, moved)
    run(store, lease)
    assert store.days.load(SERIES, date(2026, 9, 7), TODAY)[date(2026, 9, 7)].status == "partial"


@pytest.mark.parametrize("step", [0, -30, 1440, 2**31 - 1])
def test_a_step_that_is_none_is_not_one_of_ours(store: Store, lease: Lease, step: int) -> None:
    strange = to_document(SERIES, replace(WEEK[0], interval_min=step))
    store.readings.timeseries.insert_one(RawBSONDocument(bson.encode(strange)))
    result = reconcile(store, lease, SERIES, TODAY)
    assert isinstance(result.postponed, StorageError)
    assert "interval_min: int out of range" in result.postponed.cause
    assert not needs_defragmenting(store)


def test_a_reading_of_the_regular_collection_wins_over_what_it_overlaps(
    store: Store, lease: Lease
) -> None:
    put_regular(store, SERIES, WEEK[:10])
    shifted = Reading(WEEK[9].start + timedelta(minutes=15), 30, 5)
    put_timeseries(store, SERIES, [*WEEK[:9], shifted, *WEEK[11:13]])
    result = run(store, lease)
    assert (result.restored, result.rebuilt) == (2, True)
    assert store.readings.window(SERIES, START, END) == [*WEEK[:10], *WEEK[11:13]]
    assert regular(store) == timeseries(store)


def test_a_noted_rebuild_is_done_even_where_the_counts_agree(store: Store, lease: Lease) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, [replace(WEEK[0], power_w=1), *WEEK[1:]])
    lease.note_rebuild_pending()
    assert run(store, lease).rebuilt
    assert regular(store) == timeseries(store)
    assert store.readings.window(SERIES, START, END) == WEEK


def test_a_noted_rebuild_gives_up_nothing_but_the_leftovers(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    corrected = [replace(WEEK[0], power_w=1), *WEEK[1:]]
    store.readings.store_window(SERIES, START, END, corrected, lease)
    store.readings.regular.drop()
    assert run(store, lease).restored == 336
    assert store.readings.window(SERIES, START, END) == corrected
    assert regular(store) == timeseries(store)


def test_a_correction_that_was_taken_back_is_not_given_up(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    for answer in ([replace(WEEK[0], power_w=1), *WEEK[1:]], WEEK):
        store.readings.store_window(SERIES, START, END, answer, lease)
    store.readings.regular.drop()
    assert run(store, lease).restored == 336
    assert store.readings.window(SERIES, START, END) == WEEK


def test_a_ledger_that_disagrees_is_computed_again(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    assert run(store, lease) == Reconciled(days_recomputed=True)
    store.readings.regular.database["consumption_days"].drop()
    assert run(store, lease) == Reconciled(days_recomputed=True)
    assert len(store.days.load(SERIES, date(2026, 9, 1), TODAY)) == 7


def test_other_series_are_left_alone(store: Store, lease: Lease) -> None:
    put_regular(store, OTHER, WEEK)
    put_timeseries(store, OTHER, WEEK[:3])
    assert run(store, lease) == Reconciled()
    assert store.readings.counts(OTHER)[1] == {(OTHER.prm, "production", 30): 3}


def test_a_rebuild_that_must_wait_is_said_and_stays_noted(
    store: Store, lease: Lease, tmp_path: Path
) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, [*WEEK[:300], WEEK[0]])
    with Leases(store.leases._collection, tmp_path / "other").acquire(OTHER):
        result = reconcile(store, lease, SERIES, TODAY)
    assert isinstance(result.postponed, SeriesBusy)
    assert (result.completed, result.rebuilt) == (36, False)
    assert store.leases.state(SERIES).rebuild_pending is not None
    assert run(store, lease).rebuilt


def test_foreign_documents_do_not_keep_a_run_from_going_on(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    strange = {**to_document(SERIES, WEEK[0]), "note": "mine"}
    store.readings.timeseries.insert_one(RawBSONDocument(bson.encode(strange)))
    result = reconcile(store, lease, SERIES, TODAY)
    assert isinstance(result.postponed, StorageError)
    assert "note: str" in result.postponed.cause
    assert len(timeseries(store)) == 337


def test_a_field_that_is_not_ours_is_said_and_a_flag_is_copied(store: Store, lease: Lease) -> None:
    store.readings.store_window(SERIES, START, END, WEEK, lease)
    store.days.recompute_all(SERIES, TODAY)
    one = {"timestamp": START}
    store.readings.regular.update_one(one, {"$set": {"note": "mine"}})
    assert isinstance(reconcile(store, lease, SERIES, TODAY).postponed, StorageError)
    store.readings.regular.update_one(one, {"$unset": {"note": 1}, "$set": {"flags.iv": 2}})
    assert run(store, lease).rebuilt
    assert regular(store) == timeseries(store)


@pytest.mark.parametrize("after", [False, True])
def test_restoring_survives_a_lost_reply(
    store: Store, lease: Lease, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr(confirmed_writes, "STEP_LIMIT_S", 0.2)
    put_timeseries(store, SERIES, WEEK)
    original = Collection.insert_many
    faults = [1]

    def broken(*args: Any, **kwargs: Any) -> Any:
        if faults:
            faults.pop()
            if after:
                original(*args, **kwargs)
            raise AutoReconnect("gone")
        return original(*args, **kwargs)

    monkeypatch.setattr(Collection, "insert_many", broken)
    assert run(store, lease).restored == 336
    assert faults == []
    assert regular(store) == timeseries(store)


def test_repair_makes_everything_identical_and_says_so(store: Store) -> None:
    put_regular(store, SERIES, WEEK[:300])
    put_timeseries(store, SERIES, [*WEEK[10:], *WEEK[20:25]])
    put_timeseries(store, OTHER, WEEK)
    result = repair(store, TODAY)
    assert result.status == "repaired"
    assert verify(store).identical
    assert store.readings.count() == 672
    assert store.days.sums(OTHER)[0] == 336
    assert repair(store, TODAY).status == "identical"
    assert store.leases.in_use() == set()


def test_repair_by_inserting_alone_rebuilds_nothing(store: Store) -> None:
    put_regular(store, SERIES, WEEK)
    put_timeseries(store, SERIES, WEEK[:300])
    assert repair(store, TODAY).status == "repaired"
    assert store.leases.state(SERIES).last_rebuild is None


def test_repair_refuses_foreign_documents_and_drops_nothing(store: Store) -> None:
    put_regular(store, SERIES, WEEK)
    store.readings.timeseries.insert_one(RawBSONDocument(bson.encode({"timestamp": START})))
    with pytest.raises(StorageError, match="not one of ours"):
        repair(store, TODAY)
    assert store.readings.timeseries.count_documents({"meter": {"$exists": False}}) == 1


def test_repair_waits_for_nobody(store: Store, tmp_path: Path) -> None:
    put_regular(store, SERIES, WEEK)
    elsewhere = Leases(store.leases._collection, tmp_path / "other")
    with elsewhere.acquire(SERIES), pytest.raises(SeriesBusy):
        repair(store, TODAY)
