"""Requests by API host and UTC day, counted for all machines that share the database.

One document a host and day in ``<collection>_requests``: ``{_id: {host, day}, requests}``. The
local count of each machine is in its state folder; the higher figure applies (design.md §4).
"""

from __future__ import annotations

from datetime import date

import pymongo
from pymongo.collection import Collection, ReturnDocument

from linky_tui.storage.connection import friendly
from linky_tui.storage.documents import Document

_LIMIT_S = 5.0


class RequestCount:
    """The shared count.

    Args:
        collection: ``<collection>_requests``.
    """

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection

    def used(self, host: str, utc_day: date) -> int:
        """How many requests were counted for a host on a UTC day."""
        with friendly(), pymongo.timeout(_LIMIT_S):
            found = self._collection.find_one(_key(host, utc_day))
        return int(found["requests"]) if found else 0

    def add(self, host: str, utc_day: date) -> int:
        """Count one more; how many there are now.

        After a lost reply it may be counted twice, which errs on the safe side.
        """
        with friendly(), pymongo.timeout(_LIMIT_S):
            found = self._collection.find_one_and_update(
                _key(host, utc_day),
                {"$inc": {"requests": 1}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        return int(found["requests"]) if found else 1


def _key(host: str, utc_day: date) -> Document:
    return {"_id": {"host": host, "day": utc_day.isoformat()}}
