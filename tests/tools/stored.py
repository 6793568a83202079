"""What the tests of the collections share: a store of their own and readings to put in it."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from linky_tui.config import MongoSettings
from linky_tui.domain.models import Flow, Reading, Series
from linky_tui.domain.paris import day_start, today
from linky_tui.storage.collections.documents import canonical, to_document, without_id
from linky_tui.storage.connection import connect
from linky_tui.storage.store import Store

T = TypeVar("T")
SERIES = Series("12345678901234")
OTHER = Series("98765432109876", Flow.PRODUCTION)


def open_store(uri: str, database: str, folder: Path, **names: Any) -> Store:
    """A store on the real server, with its own state folder."""
    settings = MongoSettings(uri=uri, database=database, **names)
    connection = connect(settings, folder / "data", folder / "run")
    return Store.open(connection, settings, folder / "state")


def readings(
    start: datetime, count: int, interval_min: int = 30, power_w: int = 400
) -> list[Reading]:
    """Readings in a row, each of another power."""
    step = timedelta(minutes=interval_min)
    return [
        Reading(start + number * step, interval_min, power_w + number) for number in range(count)
    ]


def week(first: Any, interval_min: int = 30) -> tuple[datetime, datetime, list[Reading]]:
    """The bounds and readings of seven Paris days from a date."""
    start, end = day_start(first), day_start(first + timedelta(days=7))
    count = int((end - start).total_seconds()) // 60 // interval_min
    return start, end, readings(start, count, interval_min)


def regular(store: Store) -> list[bytes]:
    """Every document of the regular collection, comparable."""
    return _all(store.readings.regular.find())


def timeseries(store: Store) -> list[bytes]:
    """Every document of the time series collection, comparable."""
    return _all(store.readings.timeseries.find())


def put_regular(store: Store, series: Series, new: Iterable[Reading]) -> None:
    """Insert behind the application's back."""
    store.readings.regular.insert_many([to_document(series, each) for each in new])


def put_timeseries(store: Store, series: Series, new: Iterable[Reading]) -> None:
    store.readings.timeseries.insert_many(
        [without_id(to_document(series, each)) for each in new], ordered=False
    )


def held(store: Store, series: Series) -> list[Reading]:
    """What the regular collection holds of a series, by start."""
    return store.readings.window(
        series, datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
    )


def followed(steps: Generator[tuple[int, int], None, T]) -> tuple[list[tuple[int, int]], T]:
    """What steps yield, and what they return."""
    seen = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as end:
            return seen, end.value


def another_day(store: Store, days: int = 1) -> None:
    """Make the next run of every series the first one for so many days."""
    then = today() - timedelta(days=days)
    changed = store.connection.database[store.settings.leases_collection].update_many(
        {"compared_on": today().isoformat()}, {"$set": {"compared_on": then.isoformat()}}
    )
    assert changed.modified_count


def _all(documents: Iterable[dict[str, Any]]) -> list[bytes]:
    return sorted(canonical(document) for document in documents)
