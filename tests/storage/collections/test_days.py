"""The ledger of days follows the readings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from linky_tui.domain.coverage import DayStatus
from linky_tui.domain.models import DailyTotal, Reading
from linky_tui.domain.paris import day_start
from linky_tui.errors import StorageError
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.repair.ledger_check import check_ledger, ledger_agrees
from linky_tui.storage.store import Store
from tests.tools.stored import OTHER, SERIES, put_regular, readings, week

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=UTC)
DAY = timedelta(days=1)


def test_days_of_23_24_and_25_hours_are_complete(store: Store) -> None:
    for first in (date(2026, 3, 23), date(2026, 10, 19)):
        put_regular(store, SERIES, week(first)[2])
    store.days.recompute_all(SERIES, TODAY)
    found = store.days.load(SERIES, date(2026, 3, 23), date(2026, 10, 25))
    assert [each.day for each in found.values() if each.status is not DayStatus.COMPLETE] == []
    assert found[date(2026, 3, 29)].readings == 46
    assert found[date(2026, 10, 25)].minutes_covered == 1500
    assert len(found) == 14
    assert store.days.sums(SERIES)[0] == store.readings.count(SERIES) == 334 + 338


def test_energy_is_counted_in_the_day_in_which_a_reading_starts(store: Store) -> None:
    day = date(2026, 6, 1)
    midnight = day_start(day)
    put_regular(
        store,
        SERIES,
        [Reading(midnight - timedelta(minutes=30), 60, 600), Reading(midnight + DAY / 2, 30, 100)],
    )
    records = store.days.recompute(SERIES, day - DAY, day, today=TODAY)
    assert (records[day - DAY].energy_wh, records[day].energy_wh) == (600, 50)
    assert (records[day - DAY].minutes_covered, records[day].minutes_covered) == (30, 60)
    alone = store.days.recompute(SERIES, day, day, today=TODAY)
    assert alone == {day: records[day]}


def test_why_a_day_could_not_be_read_is_kept_until_it_is_asked_again(store: Store) -> None:
    day = date(2026, 9, 1)
    put_regular(store, SERIES, readings(day_start(day), 4))

    def ask(problems: dict[date, str], days: date | None = None) -> None:
        store.days.recompute(
            SERIES, day, day + DAY, today=TODAY, asked_at=NOW, asked_last=days, problems=problems
        )

    ask({day: "wrong", day + DAY: "worse", day + 2 * DAY: "of another window"})
    ask({}, day)
    store.days.recompute_all(SERIES, TODAY)
    store.days.set_totals(SERIES, [DailyTotal(day + DAY, 5)], TODAY)
    store.days.conclude(SERIES, [day + DAY], TODAY)
    found = store.days.load(SERIES)
    assert {each.day: each.problem for each in found.values()} == {day: None, day + DAY: "worse"}
    assert [each.attempts for each in found.values()] == [2, 1]
    collection = store.days._collection
    assert collection.count_documents({"problem": {"$exists": True}}) == 1
    # By an older version, or by hand.
    collection.update_many({}, {"$set": {"problem": None}})
    ask({day: "again"})
    assert store.days.load(SERIES)[day].problem == "again"
    collection.update_many({}, {"$unset": {"problem": 1}})
    ask({day: "once more"})
    assert store.days.load(SERIES)[day].problem == "once more"


def test_days_without_readings_get_a_record_only_when_asked(store: Store) -> None:
    first, last = date(2026, 9, 1), date(2026, 9, 7)
    assert store.days.recompute(SERIES, first, last, today=TODAY) == {}
    asked = store.days.recompute(
        SERIES, first, last, today=TODAY, asked_at=NOW, asked_first=first + DAY, asked_last=last
    )
    assert len(asked) == 6
    assert store.days.load(SERIES, first, last) == asked
    record = asked[last]
    assert (record.status, record.attempts) == (DayStatus.MISSING, 1)
    assert record.last_attempt == NOW.replace(microsecond=123000)
    again = store.days.recompute(SERIES, first + DAY, last, today=TODAY, asked_at=NOW + DAY)
    assert (again[last].status, again[last].attempts) == (DayStatus.NO_DATA, 2)


def test_a_conclusion_spares_recent_days_and_days_with_readings(store: Store) -> None:
    full = date(2026, 9, 3)
    put_regular(store, SERIES, readings(day_start(full), 48))
    days = [date(2026, 9, 2), full, TODAY - 7 * DAY, TODAY - 8 * DAY]
    store.days.conclude(SERIES, days, TODAY)
    found = store.days.load(SERIES, date(2026, 1, 1), TODAY)
    assert {each.day: (each.status, each.attempts) for each in found.values()} == {
        date(2026, 9, 2): (DayStatus.NO_DATA, 0),
        TODAY - 8 * DAY: (DayStatus.NO_DATA, 0),
    }


def test_a_conclusion_holds_until_a_reading_comes(store: Store) -> None:
    day = date(2026, 9, 2)
    store.days.conclude(SERIES, [day], TODAY)
    assert store.days.recompute(SERIES, day, day, today=TODAY)[day].status is DayStatus.NO_DATA
    put_regular(store, SERIES, readings(day_start(day), 3))
    assert store.days.recompute(SERIES, day, day, today=TODAY)[day].status is DayStatus.PARTIAL


def test_totals_certify_days_and_reach_below_the_load_curve(store: Store) -> None:
    day, old = date(2026, 9, 2), date(2024, 1, 15)
    put_regular(store, SERIES, readings(day_start(day), 48, power_w=1000))
    record = store.days.recompute(SERIES, day, day, today=TODAY)[day]
    assert not record.certified
    totals = [DailyTotal(day, record.energy_wh), DailyTotal(old, 9000)]
    store.days.set_totals(SERIES, totals, TODAY)
    found = store.days.load(SERIES, old, day)
    assert found[day].certified
    assert (found[old].status, found[old].enedis_wh) == (DayStatus.DAILY_ONLY, 9000)
    assert store.days.recompute(SERIES, day, day, today=TODAY)[day].certified


def test_readings_that_went_are_gone_from_the_ledger(store: Store) -> None:
    _, _, curve = week(date(2026, 9, 7))
    put_regular(store, SERIES, curve)
    put_regular(store, OTHER, curve)
    store.days.recompute_all(SERIES, TODAY)
    store.readings.regular.delete_many({"meter.prm": SERIES.prm})
    store.days.recompute_all(SERIES, TODAY)
    assert store.days.sums(SERIES)[0] == 0
    assert store.days.sums(OTHER)[0] == 0


def test_the_ledger_reads_by_the_index_of_id(store: Store) -> None:
    store.days.recompute(SERIES, TODAY - 9 * DAY, TODAY, today=TODAY, asked_at=NOW)
    store.days.recompute(OTHER, TODAY - 9 * DAY, TODAY, today=TODAY, asked_at=NOW)
    collection = store.readings.regular.database["consumption_days"]
    key = {"prm": SERIES.prm, "flow": SERIES.flow.value}
    plan = collection.find(
        {"_id": {"$gte": {**key, "day": "2026-11-20"}, "$lte": {**key, "day": "2026-11-21"}}}
    ).explain()
    assert plan["executionStats"]["totalDocsExamined"] == 2
    assert len(store.days.load(SERIES, date(2026, 11, 20), date(2026, 11, 21))) == 2


def test_two_years_are_computed_at_once(store: Store) -> None:
    first = date(2024, 11, 22)
    put_regular(store, SERIES, readings(day_start(first), 730 * 48))
    store.days.recompute_all(SERIES, TODAY)
    assert store.days.sums(SERIES)[0] == 730 * 48


@pytest.mark.parametrize(
    "spoilt",
    [
        {"_id.day": "2026-13-45"},
        {"_id.day": 8},
        {"status": "fine"},
        {"attempts": "2"},
        {"readings": 48.0},
        {"enedis_wh": "much"},
        {"last_attempt": "yesterday"},
        {"last_attempt": ""},
        {"minutes_expected": None},
    ],
)
def test_a_record_that_another_hand_spoilt_is_named_and_made_anew_once_it_is_dropped(
    store: Store, spoilt: dict[str, Any]
) -> None:
    day, (_, _, curve) = date(2026, 9, 8), week(date(2026, 9, 7))
    put_regular(store, SERIES, curve)
    store.days.recompute_all(SERIES, TODAY)
    right = store.days.load(SERIES)
    collection = store.readings.regular.database["consumption_days"]
    document = collection.find_one_and_delete({"_id.day": day.isoformat()}) or {}
    for name, value in spoilt.items():
        if name == "_id.day":
            document["_id"]["day"] = value
        else:
            document[name] = value
    collection.insert_one(document)
    if spoilt != {"_id.day": 8}:  # no day is looked for there
        with store.leases.acquire(SERIES) as lease, pytest.raises(StorageError) as found:
            check_ledger(store, lease, TODAY)
    with pytest.raises(StorageError) as found:
        store.days.counts()
    assert "'consumption_days'" in found.value.title
    assert str(document["_id"]["day"]) in found.value.cause
    assert SERIES.prm not in found.value.cause
    assert "Drop that document" in found.value.next_step
    assert found.value.exit_code == 1
    collection.delete_one({"_id": document["_id"]})
    with store.leases.acquire(SERIES) as lease:
        check_ledger(store, lease, TODAY)
    assert store.days.load(SERIES) == right
    assert ledger_agrees(store, SERIES)


@pytest.mark.parametrize("foreign", [{"_id": 5}, {"_id": {"day": "2026-09-08"}}])
def test_a_document_that_is_no_record_at_all_is_named_by_a_verification(
    store: Store, foreign: dict[str, Any]
) -> None:
    store.readings.regular.database["consumption_days"].insert_one(foreign)
    with pytest.raises(StorageError, match="'consumption_days'"):
        verify(store)
