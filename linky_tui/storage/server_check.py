"""A look at a MongoDB before it is configured: what it is, how far away, what we may do there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymongo
from pymongo.errors import OperationFailure

from linky_tui.errors import AccessRefused
from linky_tui.storage.connection import SHORT_LIMIT_S, Connection, ServerInfo, connect, friendly
from linky_tui.storage.errors import NO_QUERY_PLAN

if TYPE_CHECKING:
    from linky_tui.config import MongoSettings

_SMALL = ("find", "insert", "update")
_COMMON = ("find", "insert", "createCollection", "createIndex", "collStats", "listIndexes")
_REGULAR = (*_COMMON, "update", "remove")
_TIMESERIES = (*_COMMON, "dropCollection")  # dropped and filled anew after a correction
NEEDED = tuple(dict.fromkeys((*_SMALL, *_REGULAR, *_TIMESERIES)))
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

    def refusal(self, database: str) -> AccessRefused | None:
        """The error that ``missing_rights`` will lead to."""
        if not self.missing_rights:
            return None
        return AccessRefused(
            "The user of MongoDB lacks rights",
            f"This user may not {', '.join(self.missing_rights)} in {database}, and keeping both "
            "collections needs it.",
            f"Give it the role readWrite on {database}. Nothing was created.",
        )


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
        pymongo.timeout(SHORT_LIMIT_S),
    ):
        latency_s = min(_round_trip_s(connection) for _ in range(_PINGS))
        wanted = (settings.collection, settings.timeseries_collection)
        found = connection.database.list_collection_names(filter={"name": {"$in": [*wanted]}})
        status = connection.client.admin.command("connectionStatus", showPrivileges=True)
    needed = {
        settings.collection: _REGULAR,
        settings.timeseries_collection: _TIMESERIES,
        settings.days_collection: _SMALL,
        settings.leases_collection: _SMALL,
        settings.requests_collection: _SMALL,
    }
    return ServerCheck(
        connection.server,
        latency_s,
        missing_rights(status.get("authInfo", {}), settings.database, needed),
        tuple(name for name in wanted if name in found),
    )


def refuse_unscannable(connection: Connection, collection: str) -> None:
    """Have a read of a whole collection planned: a server may refuse that, and not say it before.

    Raises:
        ServerRefused: it does.
    """
    scan = {"find": collection, "filter": {"power_w": None}}
    with friendly(), pymongo.timeout(SHORT_LIMIT_S):
        try:
            connection.database.command("explain", scan, verbosity="queryPlanner")
        except OperationFailure as error:
            if error.code == NO_QUERY_PLAN:
                raise  # others say nothing of it: explain itself may be refused


def missing_rights(
    auth: Mapping[str, Any], database: str, needed: Mapping[str, Iterable[str]]
) -> tuple[str, ...]:
    """Which of :data:`NEEDED` a user lacks.

    Args:
        auth: ``authInfo`` of the command ``connectionStatus`` with ``showPrivileges``.
        database: the database.
        needed: by the name of a collection in it, what is done there.
    """
    if not auth.get("authenticatedUsers"):
        return ()  # nobody is logged in and the collections could be listed: all may do all
    privileges = auth.get("authenticatedUserPrivileges", [])
    missing = set()
    for name, actions in needed.items():
        allowed: set[str] = set()
        for privilege in privileges:
            if _covers(privilege.get("resource", {}), database, name):
                allowed.update(privilege.get("actions", []))
        if "anyAction" not in allowed:
            missing |= set(actions) - allowed
    return tuple(action for action in NEEDED if action in missing)


def _covers(resource: Mapping[str, Any], database: str, collection: str) -> bool:
    if resource.get("anyResource"):
        return True
    return resource.get("db") in ("", database) and resource.get("collection") in ("", collection)


def _round_trip_s(connection: Connection) -> float:
    started = time.perf_counter()
    connection.client.admin.command("ping")
    return time.perf_counter() - started
