"""Reads load curves fast, from the time series collection wherever that is certain to be right.

Two years of half-hours are one aggregation and a few columns instead of 35,000 documents. They
come from the time series collection, which has to read a fiftieth of the bytes. What arrives is
compared with the ledger of days, which is computed from the regular collection: as long as their
number or their energy differs (while an answer is being stored, before a rebuild), the regular
collection is read instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pymongo
from pymongo.collection import Collection

from linky_tui.domain.curve import Curve
from linky_tui.domain.models import Series
from linky_tui.domain.paris import day_bounds
from linky_tui.storage.collections.documents import Document, window_filter
from linky_tui.storage.connection import friendly
from linky_tui.storage.store import Store

LIMIT_S = 30.0
_WATT_MINUTES: Document = {"$multiply": ["$power_w", "$meter.interval_min"]}


def read_curve(store: Store, series: Series, first: date, last: date) -> Curve:
    """The load curve of the Paris days from ``first`` to ``last``, both included.

    Raises:
        StorageUnavailable: MongoDB cannot be reached.
    """
    expected = _ledger(store, series, first, last)
    with friendly(), pymongo.timeout(LIMIT_S):
        curve = _columns(store.readings.timeseries, series, first, last)
        if not _matches_ledger(expected, len(curve), curve.watt_minutes):
            curve = _columns(store.readings.regular, series, first, last)
    return curve


def read_power_minutes(store: Store, series: Series, first: date, last: date) -> dict[int, int]:
    """For how many minutes the readings of these days were at which power (in watts).

    Raises:
        StorageUnavailable: MongoDB cannot be reached.
    """
    expected = _ledger(store, series, first, last)
    with friendly(), pymongo.timeout(LIMIT_S):
        groups = _power_groups(store.readings.timeseries, series, first, last)
        number = sum(group["readings"] for group in groups)
        if not _matches_ledger(expected, number, sum(group["watt_minutes"] for group in groups)):
            groups = _power_groups(store.readings.regular, series, first, last)
    return {group["_id"]: group["minutes"] for group in groups}


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
