"""Documents of many homes, built from templates: equal to those of the application to the byte."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

import bson
import pymongo
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from linky_tui.config import MongoSettings
from linky_tui.domain.laboratory import Layout, OplogDay
from linky_tui.domain.models import Reading, Series
from linky_tui.storage.collections.documents import Document, to_document
from linky_tui.storage.connection import READ_LIMIT_S, connect, friendly
from linky_tui.storage.lab.fills import Spec, create
from linky_tui.storage.lab.ground import Ground
from linky_tui.system import paths

Encoded: TypeAlias = RawBSONDocument
"""A document as it is sent."""
BATCH = 5000
_PRM, _POWER_W = "0" * 14, 0x6B_1E_0F_5A


class Templates:
    """What the documents of all homes share: each place in time once, without meter and watts.

    Args:
        readings: of any home; all homes have readings at the same times.
    """

    def __init__(self, readings: Iterable[Reading]) -> None:
        prm, power = _PRM.encode(), _POWER_W.to_bytes(4, "little")
        self._parts: list[tuple[bytes, bytes, bytes]] = []
        shared: dict[bytes, bytes] = {}  # nearly all are alike
        for each in readings:
            model = Reading(each.start, each.interval_min, _POWER_W, each.flags)
            before, _, rest = bson.encode(to_document(Series(_PRM), model)).partition(prm)
            between, _, after = rest.partition(power)
            between, after = (shared.setdefault(part, part) for part in (between, after))
            self._parts.append((before, between, after))

    def __len__(self) -> int:
        return len(self._parts)

    def documents(self, prm: str, powers_w: Sequence[int], first: int = 0) -> list[RawBSONDocument]:
        """The documents of a home from place ``first`` on."""
        meter = prm.encode()
        return [
            RawBSONDocument(before + meter + between + power_w.to_bytes(4, "little") + after)
            for (before, between, after), power_w in zip(
                self._parts[first : first + len(powers_w)], powers_w, strict=True
            )
        ]


class Inserter:
    """A connection that inserts documents of homes.

    Args:
        uri: of the server; secret.
        database: its name.
        scratch: whether the server is the laboratory's own.
    """

    def __init__(self, uri: str, database: str, *, scratch: bool) -> None:
        if scratch:
            client: MongoClient[Document] = MongoClient(uri, directConnection=True)
        else:
            settings = MongoSettings(uri=uri)
            client = connect(settings, paths.data_dir(), paths.runtime_dir()).client
        self._database = client[database]

    def insert(self, collection: str, documents: Iterator[RawBSONDocument]) -> tuple[int, float]:
        """Insert all, in batches; how many there were, and the seconds it took.

        Raises:
            LinkyError: MongoDB does not take them.
        """
        target, count, begun = self._database[collection], 0, time.perf_counter()
        batch: list[RawBSONDocument] = []

        def send() -> None:
            if batch:
                with friendly(), pymongo.timeout(READ_LIMIT_S):
                    target.insert_many(batch, ordered=False)
                batch.clear()

        for document in documents:
            batch.append(document)
            count += 1
            if len(batch) == BATCH:
                send()
        send()
        return count, time.perf_counter() - begun


def home_bytes(ground: Ground, collection: str) -> tuple[int, ...]:
    """Bytes of the buckets of each meter, sorted; nothing where the server does not show them.

    Only reads, and only what the laboratory itself made.
    """
    pipeline = [{"$group": {"_id": "$meta.prm", "n": {"$sum": {"$bsonSize": "$$ROOT"}}}}]
    try:
        with pymongo.timeout(READ_LIMIT_S * 4):
            buckets = ground.database[f"system.buckets.{collection}"]
            return tuple(sorted(int(each["n"]) for each in buckets.aggregate(pipeline)))
    except OperationFailure:
        return ()


def open_buckets(ground: Ground) -> tuple[int | None, int | None]:
    """How many buckets a server keeps open, and their memory in bytes; ``None``: not known."""
    catalog = ground.status("bucketCatalog")
    count, memory = catalog.get("numBuckets"), catalog.get("memoryUsage")
    return (int(count) if count is not None else None, int(memory) if memory is not None else None)


def make_replica_set(ground: Ground) -> bool:
    """Make a scratch server started with ``--replSet`` a set of one; False where it refuses."""
    host = ground.client.address
    try:
        ground.client.admin.command(
            "replSetInitiate",
            {"_id": REPLICA_SET, "members": [{"_id": 0, "host": host[0] if host else ""}]},
        )
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if ground.client.admin.command("hello").get("isWritablePrimary"):
                return True
            time.sleep(0.1)
    except OperationFailure:
        pass
    return False


REPLICA_SET = "laboratory"


def oplog_of_a_day(
    ground: Ground, homes: int, day_documents: Callable[[int], list[RawBSONDocument]]
) -> OplogDay:
    """Insert two days of a fleet into both collections; what the second one put into the oplog.

    ``day_documents`` gives those of all homes for day 0 and 1.
    """
    sizes = []
    for layout in (Layout.REGULAR, Layout.TIME_SERIES):
        with friendly():
            name = f"oplog_{layout.name.lower()}"
            collection = create(ground.database, name, Spec("", layout))
            collection.insert_many(day_documents(0), ordered=False)
            before = _oplog_bytes(ground)
            collection.insert_many(day_documents(1), ordered=False)
            sizes.append(_oplog_bytes(ground) - before)
    return OplogDay(homes, len(day_documents(1)), *sizes)


def _oplog_bytes(ground: Ground) -> int:
    pipeline: list[Document] = [
        {"$match": {"op": {"$ne": "n"}}},
        {"$group": {"_id": None, "n": {"$sum": {"$bsonSize": "$$ROOT"}}}},
    ]
    found = list(ground.client.local["oplog.rs"].aggregate(pipeline))
    return int(found[0]["n"]) if found else 0
