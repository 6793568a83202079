"""What the charts show is what the readings say, minute by minute."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pymongo
import pytest

from linky_tui.demo.household import Household
from linky_tui.domain.models import DailyTotal, Reading
from linky_tui.domain.paris import PARIS, day_start, days_between
from linky_tui.storage import queries
from linky_tui.storage.store import Store
from tests.tools.stored import SERIES, open_store, put_regular, put_timeseries, readings

TODAY = date(2026, 11, 22)
# Holds a hole, the day of 23 hours and three weeks of hourly readings.
SPRING = (date(2026, 3, 1), date(2026, 4, 30))
# Holds the day of 25 hours.
AUTUMN = (date(2026, 10, 19), date(2026, 11, 1))
HOME = Household(SERIES.prm)


@pytest.fixture(scope="module")
def filled(mongod_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with the demo home's spring and autumn, the same in both collections."""
    name = "test_queries_filled"
    folder = tmp_path_factory.mktemp("queries")
    with open_store(mongod_uri, name, folder) as store:
        for first, last in (SPRING, AUTUMN):
            curve = HOME.readings(first, last)
            put_regular(store, SERIES, curve)
            put_timeseries(store, SERIES, curve)
        store.days.recompute_all(SERIES, TODAY)
        yield store
    with pymongo.MongoClient[dict[str, object]](mongod_uri) as client:
        client.drop_database(name)


def minutes(first: date, last: date) -> Iterator[tuple[datetime, int]]:
    """Every known minute of the demo home (Paris) and its power in watts."""
    for reading in HOME.readings(first, last):
        for minute in range(reading.interval_min):
            yield (reading.start + timedelta(minutes=minute)).astimezone(PARIS), reading.power_w


def means(first: date, last: date, key: Callable[[datetime], object]) -> dict[object, float]:
    """Mean power by some property of the minute."""
    found: dict[object, list[int]] = defaultdict(list)
    for minute, power in minutes(first, last):
        found[key(minute)].append(power)
    return {each: sum(powers) / len(powers) for each, powers in found.items()}


@pytest.mark.parametrize("span", [SPRING, AUTUMN])
def test_the_curve_is_the_readings(filled: Store, span: tuple[date, date]) -> None:
    curve = queries.load_curve(filled, SERIES, *span)
    found = [
        (datetime.fromtimestamp(start, UTC), interval, power)
        for start, interval, power in curve.rows()
    ]
    assert found == [(each.start, each.interval_min, each.power_w) for each in HOME.readings(*span)]
    highest = max(HOME.readings(*span), key=lambda each: each.power_w)
    assert curve.peak() == (highest.start, highest.power_w)


@pytest.mark.parametrize("span", [SPRING, AUTUMN])
def test_the_heat_map_is_the_mean_of_each_wall_clock_half_hour(
    filled: Store, span: tuple[date, date]
) -> None:
    heat = queries.heat_map(filled, SERIES, *span)
    expected = means(*span, lambda at: (at.date(), at.hour * 2 + at.minute // 30))
    found = {
        (day, half): value
        for day, column in zip(heat.days, heat.mean_w, strict=True)
        for half, value in enumerate(column)
        if value is not None
    }
    assert found == pytest.approx(expected)
    assert len(heat.days) * 48 == sum(len(column) for column in heat.mean_w)
    if span is SPRING:
        assert heat.mean_w[heat.days.index(date(2026, 3, 29))][4:6] == (None, None)
        assert heat.mean_w[heat.days.index(date(2026, 3, 9))][20:30] == (None,) * 10


@pytest.mark.parametrize("span", [SPRING, AUTUMN])
def test_the_average_day_is_weighted_by_time(filled: Store, span: tuple[date, date]) -> None:
    found = queries.average_day(filled, SERIES, *span)
    expected = means(*span, lambda at: (at.weekday() >= 5, at.hour * 2 + at.minute // 30))
    for weekend, values in ((False, found.working_w), (True, found.weekend_w)):
        assert list(values) == pytest.approx([expected[weekend, slot] for slot in range(48)])
    days = list(days_between(*span))
    assert found.weekend_days == sum(day.weekday() >= 5 for day in days)
    assert found.working_days + found.weekend_days == len(days)


def test_hours_of_the_day_of_25_hours(filled: Store) -> None:
    day = date(2026, 10, 25)
    hours = queries.hourly_energy(filled, SERIES, day, day)
    assert len(hours) == 25
    assert all(hour.complete for hour in hours)
    assert sum(hour.energy_wh or 0 for hour in hours) == pytest.approx(HOME.daily_total(day))
    assert hours[3].start.astimezone(PARIS).hour == hours[2].start.astimezone(PARIS).hour == 2


def test_hours_that_nothing_is_known_of_are_gaps(filled: Store) -> None:
    day = date(2026, 3, 9)
    hours = queries.hourly_energy(filled, SERIES, day, day)
    assert [index for index, hour in enumerate(hours) if hour.energy_wh is None] == [
        10, 11, 12, 13, 14,
    ]  # fmt: skip
    assert sum(hour.complete for hour in hours) == 19


def test_half_an_hour_of_an_hour_is_not_the_whole_hour(store: Store) -> None:
    day = date(2026, 6, 1)
    put_regular(store, SERIES, readings(day_start(day), 1, power_w=1000))
    store.days.recompute_all(SERIES, TODAY)
    (first, *others) = queries.hourly_energy(store, SERIES, day, day)
    assert (first.energy_wh, first.complete) == (500, False)
    assert all(each.energy_wh is None for each in others)


def test_readings_of_an_hour_count_for_both_halves(store: Store) -> None:
    day = date(2026, 6, 1)
    at = day_start(day)
    put_regular(
        store,
        SERIES,
        [
            Reading(at, 60, 600),
            Reading(at + timedelta(minutes=75), 60, 900),
            Reading(at + timedelta(minutes=135), 10, 300),
        ],
    )
    store.days.recompute_all(SERIES, TODAY)
    working = queries.average_day(store, SERIES, day, day).working_w
    assert list(working[:4]) == [600, 600, 900, 900]
    assert working[4] == pytest.approx((15 * 900 + 10 * 300) / 25)
    assert working[5] is None


@pytest.mark.parametrize("span", [SPRING, AUTUMN])
def test_the_load_duration_is_weighted_by_time(filled: Store, span: tuple[date, date]) -> None:
    found = queries.load_duration(filled, SERIES, *span)
    powers = sorted((power for _, power in minutes(*span)), reverse=True)
    assert found.minutes == len(powers)
    assert found.powers_w[0] == powers[0]
    assert found.powers_w[-1] == powers[-1]
    for percent, power in zip(found.percent, found.powers_w, strict=True):
        reached = sum(each >= power for each in powers) / len(powers)
        above = sum(each > power for each in powers) / len(powers)
        assert above <= percent / 100 + 1e-9
        assert reached >= percent / 100 - 1e-9


def test_days_fall_back_on_what_enedis_reports(store: Store) -> None:
    whole, torn, bare, old, nothing = (date(2026, 9, number) for number in (1, 2, 3, 4, 5))
    put_regular(store, SERIES, readings(day_start(whole), 48, power_w=400))
    put_regular(store, SERIES, readings(day_start(torn), 40, power_w=400))
    put_regular(store, SERIES, readings(day_start(bare), 40, power_w=400))
    store.days.recompute_all(SERIES, TODAY)
    store.days.set_totals(SERIES, [DailyTotal(torn, 12_345), DailyTotal(old, 9_999)], TODAY)
    days = queries.daily_energy(store, SERIES, whole, nothing)
    measured = [sum(range(400, 400 + count)) // 2 for count in (48, 40)]
    assert [(each.day, each.energy_wh, each.complete, each.from_total) for each in days] == [
        (whole, measured[0], True, False),
        (torn, 12_345, True, True),
        (bare, measured[1], False, False),
        (old, 9_999, True, True),
        (nothing, None, False, False),
    ]
    assert queries.data_days(store, SERIES) == queries.DataDays(whole, old, whole)


def test_a_month_is_complete_with_all_its_days(filled: Store) -> None:
    days = queries.daily_energy(filled, SERIES, date(2026, 3, 1), date(2026, 11, 1))
    months = {each.month: each for each in queries.monthly_energy(days)}
    assert (months[4].days_complete, months[4].complete) == (30, True)
    assert (months[3].days_complete, months[3].days_expected) == (30, 31)
    assert (months[5].energy_wh, months[5].complete) == (None, False)
    assert (months[11].days_complete, months[11].days_expected) == (1, 30)
    expected = sum(
        HOME.daily_total(day) for day in days_between(date(2026, 4, 1), date(2026, 4, 30))
    )
    assert months[4].energy_wh == expected


@pytest.mark.parametrize("behind", ["fewer", "more", "other"])
def test_a_time_series_collection_that_differs_is_never_shown(store: Store, behind: str) -> None:
    day = date(2026, 9, 1)
    right = readings(day_start(day), 48)
    put_regular(store, SERIES, right)
    wrong = {
        "fewer": right[:-1],
        "more": [*right, right[0]],
        "other": [*right[:-1], Reading(right[-1].start, 30, 9000)],
    }[behind]
    put_timeseries(store, SERIES, wrong)
    store.days.recompute_all(SERIES, TODAY)
    assert list(queries.load_curve(store, SERIES, day, day).powers_w) == list(range(400, 448))
    duration = queries.load_duration(store, SERIES, day, day)
    assert (duration.powers_w[0], duration.minutes) == (447, 1440)


def test_equal_collections_are_read_from_the_time_series_one(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    original = queries._columns

    def noted(collection: object, *more: object) -> object:
        asked.append(collection.name)  # type: ignore[attr-defined]
        return original(collection, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(queries, "_columns", noted)
    queries.load_curve(filled, SERIES, *SPRING)
    assert asked == ["consumptionTS"]


def test_no_data_is_no_error(store: Store) -> None:
    first, last = AUTUMN
    assert queries.data_days(store, SERIES) is None
    assert len(queries.load_curve(store, SERIES, first, last)) == 0
    assert queries.load_duration(store, SERIES, first, last).powers_w == ()
    assert set(queries.average_day(store, SERIES, first, last).working_w) == {None}
    assert {each.energy_wh for each in queries.daily_energy(store, SERIES, first, last)} == {None}
