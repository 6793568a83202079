"""What the charts ask: energies from the ledger of days, curves and loads from the readings.

Each question takes less than 300 ms for two years of half-hours on the local server. All days are
Europe/Paris days and both ends are included. Every function may raise ``StorageUnavailable``.

Two years of half-hours are one aggregation and a few columns instead of 35,000 documents. They
come from the time series collection, which has to read a fiftieth of the bytes. What arrives is
compared with the ledger of days, which is computed from the regular collection: as long as their
number or their energy differs (while an answer is being stored, before a rebuild), the regular
collection is read instead.
"""

from __future__ import annotations

import calendar
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any

import pymongo
from pymongo.collection import Collection

from linky_tui.domain import curve as curves
from linky_tui.domain.coverage import DayRecord, DayStatus
from linky_tui.domain.curve import AverageDay, Curve, HeatMap, Hour
from linky_tui.domain.models import Reading, Series
from linky_tui.domain.paris import PARIS, day_bounds, days_between
from linky_tui.storage.collections.documents import Document, to_reading, window_filter
from linky_tui.storage.connection import READ_LIMIT_S, friendly
from linky_tui.storage.store import Store

_WATT_MINUTES: Document = {"$multiply": ["$power_w", "$meter.interval_min"]}


@dataclass(frozen=True, slots=True)
class DayEnergy:
    """The energy of one day, from its readings or, where these lack some, as Enedis reports it."""

    day: date  # the Paris day
    energy_wh: int | None  # in Wh; `None` where nothing is known of it
    complete: bool  # whether that is the energy of the whole day
    from_total: bool  # whether it is Enedis' own total
    minutes_covered: int  # minutes of the load curve that are known
    minutes_expected: int  # 1380, 1440 or 1500
    certified: bool  # whether the readings and Enedis' own total agree


@dataclass(frozen=True, slots=True)
class MonthEnergy:
    """The energy of one calendar month."""

    year: int  # the year
    month: int  # 1 to 12
    energy_wh: int | None  # in Wh of the days that are known; `None` where none is
    days_complete: int  # days whose whole energy is known
    days_expected: int  # days of the month

    @property
    def complete(self) -> bool:
        """Whether it may be compared with the same month of another year."""
        return self.days_complete == self.days_expected


@dataclass(frozen=True, slots=True)
class DataDays:
    """From when to when something is known."""

    first: date  # first day of which an energy is known
    last: date  # the last one
    curve_first: date | None  # first day with a reading, `None` where there are only daily totals


@dataclass(frozen=True, slots=True)
class LoadDuration:
    """For which part of the time the power was at least so much."""

    percent: tuple[int, ...]  # 0, 1, … 100 percent of the known time
    # the power that was reached or exceeded for that part, in watts, falling
    powers_w: tuple[int, ...]
    minutes: int  # the known time in minutes
    energies_wh: tuple[float, ...]  # the energy of that part, its last moment by its share


def load_curve(store: Store, series: Series, first: date, last: date) -> Curve:
    """The load curve of some days."""
    expected = _ledger(store, series, first, last)
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        curve = _columns(store.readings.timeseries, series, first, last)
        if not _matches_ledger(expected, len(curve), curve.watt_minutes):
            curve = _columns(store.readings.regular, series, first, last)
    return curve


def data_days(store: Store, series: Series) -> DataDays | None:
    """From when to when something is known, ``None`` where nothing is."""
    known = [
        record
        for record in store.days.load(series).values()
        if record.readings or record.enedis_wh is not None
    ]
    if not known:
        return None
    curve_first = next((record.day for record in known if record.readings), None)
    return DataDays(known[0].day, known[-1].day, curve_first)


def daily_energy(store: Store, series: Series, first: date, last: date) -> tuple[DayEnergy, ...]:
    """The energy of each day; days of which nothing is known are in it without one."""
    records = store.days.load(series, first, last)
    return tuple(_day_energy(day, records.get(day)) for day in days_between(first, last))


def hourly_energy(store: Store, series: Series, first: date, last: date) -> tuple[Hour, ...]:
    """The energy of each hour in order of time; a day has 23, 24 or 25."""
    return curves.hours(load_curve(store, series, first, last))


def heat_map(store: Store, series: Series, first: date, last: date) -> HeatMap:
    """Mean power and energy by day and wall-clock half-hour."""
    return curves.heat_map(load_curve(store, series, first, last))


def average_day(store: Store, series: Series, first: date, last: date) -> AverageDay:
    """Mean power by wall-clock half-hour, apart for working days and weekends."""
    return curves.average_day(load_curve(store, series, first, last))


def monthly_energy(days: Iterable[DayEnergy]) -> tuple[MonthEnergy, ...]:
    """The months that hold some days, oldest first.

    A month is only complete with all its days: give whole months to compare them.
    """
    months: dict[tuple[int, int], list[DayEnergy]] = {}
    for day in days:
        months.setdefault((day.day.year, day.day.month), []).append(day)
    found = []
    for (year, month), inside in sorted(months.items()):
        known = [each.energy_wh for each in inside if each.energy_wh is not None]
        found.append(
            MonthEnergy(
                year,
                month,
                sum(known) if known else None,
                sum(each.complete for each in inside),
                calendar.monthrange(year, month)[1],
            )
        )
    return tuple(found)


def load_duration(store: Store, series: Series, first: date, last: date) -> LoadDuration:
    """The power that was reached for 0, 1, … 100 percent of the time, weighted by time."""
    minutes_at = _power_minutes(store, series, first, last)
    powers = sorted(minutes_at, reverse=True)
    reached = list(accumulate(minutes_at[power] for power in powers))
    total = reached[-1] if reached else 0
    if not total:
        return LoadDuration((), (), 0, ())
    percents = tuple(range(101))
    used = [0, *accumulate(minutes_at[power] * power for power in powers)]
    energies = []
    for percent in percents:
        minutes = total * percent / 100
        index = min(bisect_left(reached, minutes), len(powers) - 1)
        beyond = (reached[index] - minutes) * powers[index]
        energies.append((used[index + 1] - beyond) / 60)
    return LoadDuration(
        percents,
        tuple(_power_at(powers, reached, total * percent / 100) for percent in percents),
        total,
        tuple(energies),
    )


def readings_of_hours(
    store: Store, series: Series, first: date, last: date, hours: Iterable[int]
) -> list[Reading]:
    """The readings of some days that start in some hours (0 to 23, Paris wall clock), sorted."""
    hour = {"$hour": {"date": "$timestamp", "timezone": PARIS.key}}
    query = {
        **window_filter(series, *day_bounds(first, last)),
        "$expr": {"$in": [hour, list(hours)]},
    }
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        return [to_reading(each) for each in store.readings.regular.find(query).sort("timestamp")]


def _power_minutes(store: Store, series: Series, first: date, last: date) -> dict[int, int]:
    """For how many minutes the readings of these days were at which power (in watts)."""
    expected = _ledger(store, series, first, last)
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        groups = _power_groups(store.readings.timeseries, series, first, last)
        number = sum(group["readings"] for group in groups)
        if not _matches_ledger(expected, number, sum(group["watt_minutes"] for group in groups)):
            groups = _power_groups(store.readings.regular, series, first, last)
    return {group["_id"]: group["minutes"] for group in groups}


def _power_at(powers: Sequence[int], reached: Sequence[int], minutes: float) -> int:
    """The power that is exceeded or reached for so many minutes."""
    return powers[min(bisect_left(reached, max(minutes, 1e-9)), len(powers) - 1)]


def _day_energy(day: date, record: DayRecord | None) -> DayEnergy:
    if record is None:
        return DayEnergy(day, None, False, False, 0, 0, False)
    full_wh = record.full_energy_wh
    part_wh = record.energy_wh if record.readings else None
    return DayEnergy(
        day,
        part_wh if full_wh is None else full_wh,
        full_wh is not None,
        full_wh is not None and record.status is not DayStatus.COMPLETE,
        record.minutes_covered,
        record.minutes_expected,
        record.certified,
    )


def _ledger(store: Store, series: Series, first: date, last: date) -> tuple[int, int, int]:
    """Days, readings and energy in Wh that the ledger knows of."""
    records = store.days.load(series, first, last).values()
    return (
        len(records),
        sum(record.readings for record in records),
        sum(record.energy_wh for record in records),
    )


def _matches_ledger(expected: tuple[int, int, int], readings: int, watt_minutes: int) -> bool:
    days, known_readings, known_wh = expected
    # The energy of a day is a whole number of Wh: at most half a Wh of rounding each.
    return readings == known_readings and abs(watt_minutes / 60 - known_wh) <= days / 2


def _columns(collection: Collection[Document], series: Series, first: date, last: date) -> Curve:
    start, end = day_bounds(first, last)
    groups = collection.aggregate(
        [
            {"$match": window_filter(series, start, end)},
            {
                "$group": {
                    # By month, so that no answer comes near the largest document.
                    "_id": {
                        "interval_min": "$meter.interval_min",
                        "month": {"$dateTrunc": {"date": "$timestamp", "unit": "month"}},
                    },
                    "starts_ms": {"$push": {"$toLong": "$timestamp"}},
                    "powers_w": {"$push": "$power_w"},
                }
            },
        ]
    )
    return _sorted_curve(list(groups), first, last)


def _sorted_curve(groups: Sequence[Mapping[str, Any]], first: date, last: date) -> Curve:
    rows = sorted(
        (start_ms // 1000, group["_id"]["interval_min"], power_w)
        for group in groups
        for start_ms, power_w in zip(group["starts_ms"], group["powers_w"], strict=True)
    )
    starts_s, intervals_min, powers_w = zip(*rows, strict=True) if rows else ((), (), ())
    return Curve(first, last, starts_s, intervals_min, powers_w)


def _power_groups(
    collection: Collection[Document], series: Series, first: date, last: date
) -> list[Document]:
    start, end = day_bounds(first, last)
    return list(
        collection.aggregate(
            [
                {"$match": window_filter(series, start, end)},
                {
                    "$group": {
                        "_id": "$power_w",
                        "minutes": {"$sum": "$meter.interval_min"},
                        "readings": {"$sum": 1},
                        "watt_minutes": {"$sum": _WATT_MINUTES},
                    }
                },
            ]
        )
    )
