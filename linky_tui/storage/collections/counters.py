"""What the server counts of our collections, in a moment and without reading them.

It keeps for each collection its identity and how many documents and bytes it holds. Whatever adds,
removes, drops or makes anew changes that; only a value of the same size put in place of another
does not. After a crash of the server the counters may be wrong, and then they differ from what
was remembered: all that costs is a comparison.
"""

from __future__ import annotations

from collections.abc import Sequence

import pymongo
from pymongo.database import Database
from pymongo.errors import OperationFailure

from linky_tui.storage.collections.documents import Document
from linky_tui.storage.connection import READ_LIMIT_S, friendly


def counters(database: Database[Document], names: Sequence[str]) -> str | None:
    """The counters of some collections as one text, ``None`` where the server does not tell them.

    Raises:
        StorageUnavailable: MongoDB cannot be reached.
    """
    wanted = [*names, *(f"system.buckets.{name}" for name in names)]
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        try:
            found = {
                each["name"]: each.get("info", {}).get("uuid")
                for each in database.list_collections(filter={"name": {"$in": wanted}})
            }
            parts = [f"{name} {identity}" for name, identity in sorted(found.items())]
            for name in names:
                if name in found:
                    parts += _counted(database, name)
        except OperationFailure:
            return None
    return ", ".join(parts)


def _counted(database: Database[Document], name: str) -> list[str]:
    shards = []
    for shard in database[name].aggregate([{"$collStats": {"storageStats": {}}}]):
        told = shard["storageStats"]
        count = told.get("timeseries", {}).get("bucketCount", told.get("count"))
        shards.append(f"{count}/{told['size']}")
    return sorted(shards)
