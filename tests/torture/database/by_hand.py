"""A database that somebody works on by hand, while linky-tui does not run (issue 4, part 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.database import Database

from linky_tui.demo.server import RecordedSource
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import utc_now
from linky_tui.storage.collections.documents import to_document
from linky_tui.storage.collections.schema import create_timeseries
from linky_tui.storage.repair.extent import CYCLE_DAYS, Trail
from linky_tui.storage.store import Store
from tests.tools.gateway import SERIES, half_hours
from tests.tools.stored import put_regular, put_timeseries

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TODAY = date(2026, 11, 22)
RECENT = half_hours(date(2026, 10, 19), date(2026, 11, 1))
"""Two weeks with the long day of October in them; Enedis still has them."""
OLD = half_hours(date(2024, 9, 2), date(2024, 9, 4))
"""Three days from more than 24 months ago: whoever loses it cannot ask for it again."""
TRUTH = [*OLD, *RECENT]

Document = dict[str, Any]
Documents = Collection[Document]


def source() -> RecordedSource:
    """What the gateway has; it refuses what is older than 24 months by itself."""
    return RecordedSource(TRUTH)


def fill(store: Store) -> None:
    """Everything is stored, certified and surveyed, as after a backfill that ended cleanly."""
    put_regular(store, SERIES, TRUTH)
    put_timeseries(store, SERIES, TRUTH)
    store.days.recompute_all(SERIES, TODAY)
    store.days.set_totals(SERIES, source().daily(date(2023, 11, 1), TODAY), TODAY)
    first = RECENT[0].start.date()
    with store.leases.acquire(SERIES) as lease:
        lease.set_state(
            surveyed_at=utc_now(),
            totals_at=utc_now(),
            daily_from=date(2023, 11, 22),
            backfill_since=first + timedelta(days=1),
        )
        Trail(store).end(lease, TODAY, None)


class Hand:
    def __init__(self, database: Database[Document]) -> None:
        self.database = database
        self.regular: Documents = database["consumption"]
        self.timeseries: Documents = database["consumptionTS"]
        self.days: Documents = database["consumption_days"]
        self.leases: Documents = database["consumption_leases"]

    def drop(self, *collections: Documents) -> None:
        for collection in collections:
            collection.drop()

    def forget(self, readings: Iterable[Reading], *collections: Documents) -> None:
        starts = {reading.start for reading in readings}
        for collection in collections:
            if collection is self.regular:
                collection.delete_many({"timestamp": {"$in": sorted(starts)}})
            else:
                self.rewrite(lambda each: each["timestamp"] not in starts)

    def rewrite(self, keep: Callable[[Document], Any]) -> None:
        """Fill the time series collection anew: MongoDB 6 deletes there by meter only.

        ``keep``: given a document, whether to keep it; it may change the document.
        """
        found = [each for each in self.timeseries.find({}, {"_id": 0}) if keep(each)]
        self.timeseries.drop()
        create_timeseries(self.database, self.timeseries.name)
        self.timeseries.create_index(
            [("meter.prm", 1), ("meter.flow", 1), ("timestamp", 1)], name="meter_prm_flow_timestamp"
        )
        if found:
            self.add(self.timeseries, *found)

    def add(self, collection: Documents, *documents: Document) -> None:
        collection.insert_many(
            [RawBSONDocument(bson.encode(each)) for each in documents]
            if collection is self.timeseries
            else [dict(each) for each in documents]
        )

    def let_a_month_pass(self) -> None:
        """Make the next run the first one for a month, so that its slice is the whole history."""
        then = {"$set": {"compared_on": (TODAY - timedelta(days=CYCLE_DAYS)).isoformat()}}
        assert self.leases.update_one({"compared_on": TODAY.isoformat()}, then).modified_count

    def power(self, collection: Documents, reading: Reading, power_w: int) -> None:
        if collection is self.regular:
            collection.update_one({"timestamp": reading.start}, {"$set": {"power_w": power_w}})
            return

        def change(each: Document) -> bool:
            if each["timestamp"] == reading.start:
                each["power_w"] = power_w
            return True

        self.rewrite(change)


def document(reading: Reading, **changes: Any) -> Document:
    """A reading of ours as a document, with some fields changed; ``None`` leaves one out."""
    made = {**to_document(SERIES, reading), **changes}
    return {name: value for name, value in made.items() if value is not None}


def meter(**changes: Any) -> Document:
    return {"prm": SERIES.prm, "flow": "consumption", "interval_min": 30, **changes}


def new_reading(power_w: int = 300, days: int = 400) -> Reading:
    """A reading of an hour that nothing is stored of; by default Enedis has none either."""
    return Reading(NOW.replace(minute=0) - timedelta(days=days), 30, power_w)


@dataclass(frozen=True)
class Case:
    """What was done, and what must come of it."""

    fault: str  # what was done, for the table
    damage: Callable[[Hand], None]  # does it
    extra: tuple[Reading, ...] = ()  # readings that are held from then on, too
    gone: tuple[Reading, ...] = ()  # readings that nobody can bring back
    # words of the error that the next run must end with, `""` where all is well again
    said: str = ""
    # whether only a slice of the history tells, within a month, since the server counts as before
    late: bool = False
    # whether `--verify --repair` alone brings everything back, without a request
    repairs: bool = True
