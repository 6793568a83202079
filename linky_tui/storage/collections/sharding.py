"""Collections that a cluster spreads over shards: known, never made unsharded by dropping them.

A router (mongos) says so in ``hello``; whether a collection is sharded only its statistics tell.
Both collections are sharded on ``{meter.prm, meter.flow}``: the unique index of the regular one
has to begin with its shard key. The ledger of days is sharded on ``{_id}``; leases and counts
are not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from linky_tui.config.model import DAYS
from linky_tui.errors import CollectionRefused
from linky_tui.storage.collections.documents import (
    INDEX_KEYS,
    INDEX_NAME,
    TIMESERIES_OPTIONS,
    Document,
)

SHARD_KEY = dict(INDEX_KEYS[:2])
VIEWLESS_FROM = 9
"""The major version from which a time series collection has no ``system.buckets`` beside it."""
_NO_ENABLING_FROM = 6


def is_router(database: Database[Document]) -> bool:
    """Whether a router of a cluster is at the other end."""
    return bool(database.client.admin.command("hello").get("msg") == "isdbgrid")


def is_sharded(collection: Collection[Document]) -> bool:
    """Whether an existing collection is sharded; in doubt it is.

    What is done to a sharded one is right for every other, too, if slower.
    """
    if not is_router(collection.database):
        return False
    try:
        found = sharded_by(list(collection.aggregate([{"$collStats": {"storageStats": {}}}])))
        if found is None:
            found = sharded_by([collection.database.command("collStats", collection.name)])
    except OperationFailure as error:
        if error.timeout:
            raise
        found = None
    return found is not False


def sharded_by(statistics: Sequence[Mapping[str, Any]]) -> bool | None:
    """Whether the answers to ``$collStats`` (one a shard) are a sharded collection's.

    ``None`` where they do not tell: one shard may have all of a sharded one.
    """
    told = [
        each["sharded"]
        for answer in statistics
        for each in (answer, answer.get("storageStats", {}))
        if "sharded" in each
    ]
    if told or len(statistics) > 1:
        return len(statistics) > 1 or any(told)
    return None


@dataclass(frozen=True, slots=True)
class ClusterNames:
    """What a cluster has to know, and how it is told in mongosh."""

    database: str
    regular: str
    timeseries: str

    @property
    def makers(self) -> dict[str, list[str]]:
        """By collection, what makes and shards it; harmless where it exists."""
        handle = f"db.getSiblingDB({_js(self.database)})"
        options = _js({"timeseries": TIMESERIES_OPTIONS})
        name = _js(self.timeseries)
        return {
            self.regular: [
                self._index(self.regular, {"name": INDEX_NAME, "unique": True}),
                self._shard(self.regular, SHARD_KEY),
            ],
            self.timeseries: [
                # Made by shardCollection it would get an index on the shard key beside ours.
                f"if (!{handle}.getCollectionNames().includes({name})) "
                f"{handle}.createCollection({name}, {options});",
                self._index(self.timeseries, {"name": INDEX_NAME}),
                self._shard(self.timeseries, SHARD_KEY),
            ],
            self.regular + DAYS: [self._shard(self.regular + DAYS, {"_id": 1})],
        }

    def commands(self, major: int) -> list[str]:
        """What makes and shards all of them on a server of that major version."""
        first = [f"sh.enableSharding({_js(self.database)});"] if major < _NO_ENABLING_FROM else []
        return [*first, *(each for commands in self.makers.values() for each in commands)]

    def look(self, major: int) -> str:
        """What shows which of them are sharded."""
        names = [f"{self.database}.{self.regular}", self._routed(major)]
        names.append(f"{self.database}.{self.regular}{DAYS}")
        return (
            'db.getSiblingDB("config").getCollection("collections").find('
            f"{_js({'_id': {'$in': names}})}, {_js({'key': 1})});"
        )

    def spreading(self, major: int) -> list[str]:
        """How meters come to lie on several shards: a cluster splits only what has grown large."""
        meter, bucket = (
            {f"{field}.prm": "PRM", f"{field}.flow": "consumption"} for field in ("meter", "meta")
        )
        both = ((f"{self.database}.{self.regular}", meter), (self._routed(major), bucket))
        return [
            "A few meters stay on one shard, as a cluster splits only what has grown large. "
            "To move one:",
            *(
                line
                for name, key in both
                for line in (
                    f"sh.splitAt({_js(name)}, {_js(key)});",
                    f'sh.moveChunk({_js(name)}, {_js(key)}, "SHARD");',
                )
            ),
        ]

    def _routed(self, major: int) -> str:
        """The name under which a cluster keeps, splits and moves the time series collection."""
        buckets = "" if major >= VIEWLESS_FROM else "system.buckets."
        return f"{self.database}.{buckets}{self.timeseries}"

    def _index(self, name: str, options: Mapping[str, Any]) -> str:
        handle = f"db.getSiblingDB({_js(self.database)}).getCollection({_js(name)})"
        return f"{handle}.createIndex({_js(dict(INDEX_KEYS))}, {_js(options)});"

    def _shard(self, name: str, key: Mapping[str, int]) -> str:
        return f"sh.shardCollection({_js(f'{self.database}.{name}')}, {_js(key)});"


def refuse_beside_sharded(database: Database[Document], regular: str, timeseries: str) -> None:
    """Refuse to make what is missing where one of the collections is sharded.

    Made by a write or by us it would be unsharded, all of it on one shard.

    Raises:
        CollectionRefused: with the commands that make it.
    """
    makers = ClusterNames(database.name, regular, timeseries).makers
    there = set(database.list_collection_names(filter={"name": {"$in": list(makers)}}))
    missing = [name for name in makers if name not in there]
    if not (missing and there and is_router(database)):
        return
    beside = next((name for name in makers if name in there and is_sharded(database[name])), None)
    if beside is None:
        return
    commands = [each for name in missing for each in makers[name]]
    raise CollectionRefused(
        f"The collection {missing[0]!r} is missing",
        f"{beside!r} is sharded, so {' and '.join(map(repr, missing))} would have to be, too. "
        "Nothing was created.",
        "\n".join(
            [
                "Run this in mongosh, then start again (linky-tui --shard-commands prints all):",
                *commands,
            ]
        ),
    )


def _js(value: object) -> str:
    return json.dumps(value)
