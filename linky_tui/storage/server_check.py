"""A look at a MongoDB before it is configured: what it is, how far away, what we may do there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymongo

from linky_tui.storage.connection import SHORT_LIMIT_S, Connection, ServerInfo, connect, friendly

if TYPE_CHECKING:
    from linky_tui.config import MongoSettings

NEEDED = (
    "find",
    "insert",
    "update",
    "remove",
    "createCollection",
    "createIndex",
    "dropCollection",
    "collStats",
    "listIndexes",
)
"""What is done with the collections; the role readWrite allows all of it."""

_PINGS = 3


@dataclass(frozen=True, slots=True)
class ServerCheck:
    """What was found."""

    server: ServerInfo  # the server
    latency_s: float  # the fastest of three round trips, in seconds
    # what the user may not do with our collections; empty for all rights
    missing_rights: tuple[str, ...]
    existing: tuple[str, ...]  # which of the two collections exist


def check_server(
    settings: MongoSettings,
    data_dir: Path,
    runtime_dir: Path,
    *,
    stop: threading.Event | None = None,
) -> ServerCheck:
    """Connect, look, disconnect; nothing is written. Blocks for some seconds at most.

    Raises:
        LinkyError: what :func:`linky_tui.storage.connection.connect` raises, and AccessRefused
            where the user may not even list the collections.
    """
    with (
        connect(settings, data_dir, runtime_dir, stop=stop) as connection,
        friendly(settings.uri),
    ):
        with pymongo.timeout(SHORT_LIMIT_S):
            latency_s = min(_round_trip_s(connection) for _ in range(_PINGS))
            wanted = (settings.collection, settings.timeseries_collection)
            found = connection.database.list_collection_names(filter={"name": {"$in": [*wanted]}})
            status = connection.client.admin.command("connectionStatus", showPrivileges=True)
        names = (
            *wanted,
            settings.days_collection,
            settings.leases_collection,
            settings.requests_collection,
        )
        return ServerCheck(
            connection.server,
            latency_s,
            missing_rights(status.get("authInfo", {}), settings.database, names),
            tuple(name for name in wanted if name in found),
        )


def missing_rights(
    auth: Mapping[str, Any], database: str, collections: Iterable[str]
) -> tuple[str, ...]:
    """Which of :data:`NEEDED` a user lacks on any of the collections.

    Args:
        auth: ``authInfo`` of the command ``connectionStatus`` with ``showPrivileges``.
        database: the database.
        collections: names in it.
    """
    if not auth.get("authenticatedUsers"):
        return ()  # nobody is logged in and the collections could be listed: all may do all
    privileges = auth.get("authenticatedUserPrivileges", [])
    missing = set()
    for name in collections:
        allowed: set[str] = set()
        for privilege in privileges:
            if _covers(privilege.get("resource", {}), database, name):
                allowed.update(privilege.get("actions", []))
        if "anyAction" not in allowed:
            missing |= set(NEEDED) - allowed
    return tuple(action for action in NEEDED if action in missing)


def _covers(resource: Mapping[str, Any], database: str, collection: str) -> bool:
    if resource.get("anyResource"):
        return True
    return resource.get("db") in ("", database) and resource.get("collection") in ("", collection)


def _round_trip_s(connection: Connection) -> float:
    started = time.perf_counter()
    connection.client.admin.command("ping")
    return time.perf_counter() - started
