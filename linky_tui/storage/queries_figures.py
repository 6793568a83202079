"""What the figures of the dashboard ask of the readings, beside the ledger of days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import pymongo

from linky_tui.domain.models import Reading, Series
from linky_tui.domain.paris import PARIS, day_bounds
from linky_tui.storage.collections.documents import to_reading, window_filter
from linky_tui.storage.collections.readings import READ_LIMIT_S
from linky_tui.storage.connection import friendly

if TYPE_CHECKING:
    from linky_tui.storage.store import Store


def readings_of_hours(
    store: Store, series: Series, first: date, last: date, hours: Iterable[int]
) -> list[Reading]:
    """The readings of some Paris days that start in some hours of the day, sorted.

    Args:
        store: the store.
        series: whose readings.
        first: the first day.
        last: the last day, included.
        hours: hours of the Paris wall clock, 0 to 23.

    Raises:
        StorageUnavailable: MongoDB cannot be reached.
    """
    hour = {"$hour": {"date": "$timestamp", "timezone": PARIS.key}}
    query = {
        **window_filter(series, *day_bounds(first, last)),
        "$expr": {"$in": [hour, list(hours)]},
    }
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        return [to_reading(each) for each in store.readings.regular.find(query).sort("timestamp")]
