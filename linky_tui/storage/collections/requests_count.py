"""Requests by API host and UTC day, counted for all machines that share the database.

One document a host and day in ``<collection>_requests``: ``{_id: {host, day}, requests}``. The
local count of each machine is in its state folder; the higher figure applies.
"""

from __future__ import annotations

import contextlib
from datetime import date
from operator import index

import pymongo
from pymongo.collection import Collection, ReturnDocument
from pymongo.errors import DuplicateKeyError

from linky_tui.storage.collections.documents import Document
from linky_tui.storage.connection import SHORT_LIMIT_S, friendly
from linky_tui.storage.errors import as_written


class RequestCount:
    """The shared count."""

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection

    def used(self, host: str, utc_day: date) -> int:
        """How many requests were counted for a host on a UTC day.

        Raises:
            StorageError: another hand wrote something else than a number.
        """
        with friendly(), pymongo.timeout(SHORT_LIMIT_S):
            found = self._collection.find_one(_key(host, utc_day))
        if found is None:
            return 0
        with as_written(self._collection.name, found["_id"]):
            return index(found["requests"])

    def add(
        self, host: str, utc_day: date, *, below: int | None = None, at_least: int = 0
    ) -> int | None:
        """Count one more, unless the day's requests are used; one atomic step on the server.

        So of two machines that want the last request only one gets it. After a lost reply one may
        be counted twice, which errs on the safe side. Where this machine knows of more requests
        before this one (``at_least``), its figure applies.

        Returns:
            How many there are now, or ``None`` where the limit ``below`` was reached already.
        """
        key = _key(host, utc_day)
        wanted = key if below is None else {**key, "requests": {"$lt": below}}
        counted = {"$add": [{"$max": ["$requests", at_least]}, 1]}
        with friendly(), pymongo.timeout(SHORT_LIMIT_S):
            for _ in range(2):
                found = self._collection.find_one_and_update(
                    wanted,
                    [{"$set": {"requests": counted}}],
                    return_document=ReturnDocument.AFTER,
                )
                if found is not None:
                    return int(found["requests"])
                with contextlib.suppress(DuplicateKeyError):  # another process was as fast
                    self._collection.update_one(key, {"$setOnInsert": {"requests": 0}}, upsert=True)
        self.used(host, utc_day)  # says so where it is no number
        return None


def _key(host: str, utc_day: date) -> Document:
    return {"_id": {"host": host, "day": utc_day.isoformat()}}
