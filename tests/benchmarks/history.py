"""Long histories of many meters, stored within a minute, as if synced long since."""

from __future__ import annotations

from datetime import timedelta

import bson
from bson.raw_bson import RawBSONDocument

from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, today, utc_now
from linky_tui.storage.collections.documents import to_document
from linky_tui.storage.store import Store
from tests.tools.gateway import SERIES, half_hours

BATCH = 10_000


def store_history(store: Store, years: int, meters: int = 1) -> None:
    """Store the last ``years`` of ``meters``, :data:`SERIES` first.

    All days are complete and nothing is worth a request; the buckets are as a rebuild leaves them.
    """
    yesterday = today() - ONE_DAY
    first = yesterday - timedelta(days=365 * years)
    readings = [bson.encode(to_document(SERIES, each)) for each in half_hours(first, yesterday)]
    prms = [str(int(SERIES.prm) + number) for number in range(meters)]
    for prm in prms:
        for start in range(0, len(readings), BATCH):
            batch = [
                RawBSONDocument(each.replace(SERIES.prm.encode(), prm.encode()))
                for each in readings[start : start + BATCH]
            ]
            for collection in (store.readings.regular, store.readings.timeseries):
                collection.insert_many(batch, ordered=False)
    store.days.recompute_all(SERIES, today())
    ledger = store.connection.database[store.settings.days_collection]
    records = list(ledger.find())
    for prm in prms[1:]:
        ledger.insert_many([{**each, "_id": {**each["_id"], "prm": prm}} for each in records])
    for prm in prms:
        with store.leases.acquire(Series(prm, SERIES.flow)) as lease:
            lease.set_state(surveyed_at=utc_now(), totals_at=utc_now(), daily_from=first)
