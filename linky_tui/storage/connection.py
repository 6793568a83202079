"""The connection to MongoDB: the configured address, or the embedded local server.

Whatever the address says, writes are acknowledged by a majority and in the journal, and reads see
only what a majority has, from the primary.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pymongo
from pymongo import MongoClient, ReadPreference
from pymongo.database import Database
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from linky_tui.errors import LinkyError, OutOfSpace, StorageUnavailable
from linky_tui.storage.access import Access, configured_access, private_access
from linky_tui.storage.address import (
    OLDEST_SERVER,
    address_error,
    check_address,
    hosts_of,
    never_primary,
    too_old,
)
from linky_tui.storage.errors import friendly, stopped, translate, without_table_scans
from linky_tui.storage.server.local_server import LocalServer
from linky_tui.storage.server.process import POLL_S
from linky_tui.storage.server.revival import Revival
from linky_tui.storage.vendors import (
    knowing_time_series,
    refuse_answers,
    refuse_hosts,
    refuse_parameter_error,
)
from linky_tui.system.closing import Closing
from linky_tui.text.formatting import plain
from linky_tui.text.redaction import protect_address

if TYPE_CHECKING:
    from linky_tui.config import MongoSettings

__all__ = ["Connection", "ServerInfo", "connect", "friendly", "translate", "wait_for_primary"]

Document: TypeAlias = dict[str, Any]

SHORT_LIMIT_S = 5.0
"""How long an operation on a single document may take."""
READ_LIMIT_S = 30.0
"""How long a read of a whole collection may take."""

WRITE_CONCERN = WriteConcern("majority", wtimeout=10_000, j=True)
READ_CONCERN = ReadConcern("majority")
_SELECTION_MS, _LOCAL_SELECTION_MS = 5000, 2000
_OPTIONS: dict[str, Any] = {
    "tz_aware": True,
    "uuidRepresentation": "standard",
    "connectTimeoutMS": 5000,
    "socketTimeoutMS": 20_000,
    "retryWrites": True,
    "retryReads": True,
    "appname": "linky-tui",
    "w": "majority",
    "journal": True,
    "wTimeoutMS": 10_000,
    "readConcernLevel": "majority",
    "readPreference": "primary",
}
_LISTENERS: list[Any] = []  # tests watch the wire with these
# Options of an address that would change what a stored reading means, or how long a call may
# take. They are taken out, because some of them cannot be outvoted (fsync, readPreferenceTags).
_OURS = frozenset(name.lower() for name in _OPTIONS) | {
    *("wtimeout", "j", "fsync", "readpreferencetags", "maxstalenessseconds", "timeoutms"),
    *("serverselectiontimeoutms", "waitqueuetimeoutms"),
}
_COMPRESSING = (5, 2)
_UNCOMPRESSED = (
    "MongoDB {version} does not compress the readings inside a time series collection's buckets; "
    "5.2 and newer do. So what is saved here says little of what a newer server saves."
)
_MISSING_COMPRESSOR = ("Wire protocol compression", "Unsupported compressor")
_PRIMARY_TIMEOUT_S = 20.0
_PRIMARY_TRY_S = 2.0
_AT_ONCE_S = 0.001
"""For what has been waited for already; 0 would be no limit."""


@dataclass(frozen=True)
class ServerInfo:
    """The server we talk to."""

    version: str  # of MongoDB, such as `6.0.5`.
    kind: Literal["local", "remote"]  # `local` for the embedded one
    replica_set: str | None  # the name of the replica set, None for a single server or a router
    # the hosts of the address, without user and password; empty for the embedded one
    hosts: str = ""
    # what is worth knowing of it, or of how the embedded one was started
    notes: tuple[str, ...] = ()
    access: Access | None = None  # how people get to it with tools of their own


class Connection(Closing):
    """An open connection; a context manager. Get one with :func:`connect`.

    Attributes:
        client: the driver's client; its handles carry our concerns, too.
        database: the configured database.
        server: what is at the other end.
    """

    def __init__(
        self,
        client: MongoClient[Document],
        database: Database[Document],
        server: ServerInfo,
        local: LocalServer | None = None,
        revival: Revival | None = None,
    ) -> None:
        self.client = client
        self.database = database
        self.server = server
        self._local = local
        self._revival = revival

    def __repr__(self) -> str:
        return f"Connection({self.server!r}, database={self.database.name!r})"

    def explained(self, error: LinkyError) -> LinkyError:
        """The reason for an error, where the embedded server's log or disk tells it."""
        if self._local is None or not isinstance(error, StorageUnavailable | OutOfSpace):
            return error
        return self._local.trouble() or error

    def check_space(self) -> None:
        """Looks at the embedded server's disk, before anybody waits for a server that cannot work.

        Raises:
            OutOfSpace: it is full at this moment.
        """
        if self._local is not None and (full := self._local.no_space()):
            raise full

    def close(self) -> None:
        """Closes the client and leaves the embedded server; a second call does nothing."""
        if self._revival is not None:
            self._revival.stop()
        self.client.close()
        if self._local is not None:
            self._local.release()

    def wait_for_primary(
        self, stop: threading.Event | None = None, timeout_s: float = _PRIMARY_TIMEOUT_S
    ) -> bool:
        """Waits until there is a primary; an embedded server that was ended is started again.

        Returns:
            Whether there is one: False after the timeout or a stop.

        Raises:
            StorageError: the embedded server does not start again.
            StorageUnavailable: it did not in time.
        """
        if self._local is None:
            return wait_for_primary(self.client, timeout_s, stop)
        stop = stop if stop is not None else threading.Event()
        deadline = time.monotonic() + timeout_s
        while not stop.is_set() and time.monotonic() < deadline:
            # A server that is shutting down answers until the very end: look again.
            self._local.ensure(timeout_s, stop)
            if wait_for_primary(self.client, _PRIMARY_TRY_S, stop):
                return True
        return False


def connect(
    settings: MongoSettings,
    data_dir: Path,
    runtime_dir: Path,
    *,
    stop: threading.Event | None = None,
) -> Connection:
    """Connects to the configured MongoDB, or to the embedded one if no address is configured.

    Raises:
        ConfigError: the address is wrong, its host unknown, it leads to a secondary, or there is
            no mongod.
        AccessRefused: a wrong user, password or right.
        ServerRefused: the server is older than 5.0, or no MongoDB.
        StorageError: the embedded one does not start.
        StorageUnavailable: no server answers, or stopped.
    """
    if settings.uri:
        refuse_hosts(hosts_of(settings.uri.strip()).split(","))
        return _open(_without_our_options(settings.uri), settings, None, stop)
    local = LocalServer.acquire(
        data_dir, runtime_dir, settings.mongod, settings.local_port, stop=stop
    )
    try:
        return _open(local.uri, settings, local, stop)
    except BaseException:
        local.release()
        raise


def wait_for_primary(
    client: MongoClient[Document], timeout_s: float, stop: threading.Event | None = None
) -> bool:
    """Waits until a primary answers, and says whether one does: False after the timeout or a stop.

    A call under way then may take two seconds more.
    """
    pause = stop if stop is not None else threading.Event()
    deadline = time.monotonic() + timeout_s
    while not pause.is_set():
        try:
            with pymongo.timeout(_PRIMARY_TRY_S):
                # A member that steps down answers until it has; only its own word counts.
                if client.admin.command("hello").get("isWritablePrimary"):
                    return True
        except PyMongoError:
            pass
        if time.monotonic() >= deadline:
            return False
        pause.wait(0.05)
    return False


def _open(
    uri: str, settings: MongoSettings, local: LocalServer | None, stop: threading.Event | None
) -> Connection:
    revival = Revival(local) if local else None
    selection_ms = _LOCAL_SELECTION_MS if local else _SELECTION_MS
    client = _client(uri, selection_ms, revival)
    try:
        with friendly("" if local else uri), knowing_time_series():
            found = stop is None or _finds_server(client, selection_ms / 1000, stop)
            with pymongo.timeout(None if found else _AT_ONCE_S):
                hello = client.admin.command("hello")
            build = client.admin.command("buildInfo")
            if local is None:
                _refuse_unfit(client, hello, build)
            handle = client.get_database(
                settings.database,
                read_preference=ReadPreference.PRIMARY,
                write_concern=WRITE_CONCERN,
                read_concern=READ_CONCERN,
            )
        version = plain(str(build["version"]), 40)
        numbers = tuple(build["versionArray"][:2])
        if numbers < tuple(int(n) for n in OLDEST_SERVER.split(".")):
            raise too_old(version)
    except BaseException:
        if revival is not None:
            revival.stop()
        client.close()
        raise
    set_name = hello.get("setName")
    notes = local.notes if local else ()
    if numbers < _COMPRESSING:
        notes += (_UNCOMPRESSED.format(version=version),)
    server = ServerInfo(
        version,
        "local" if local else "remote",
        plain(str(set_name), 60) if set_name else None,
        "" if local else hosts_of(uri),
        notes,
        private_access(local, settings.database) if local else configured_access(settings.uri),
    )
    return Connection(client, handle, server, local, revival)


def _finds_server(client: MongoClient[Document], timeout_s: float, stop: threading.Event) -> bool:
    """Whether the driver finds a server in time: its own wait for one cannot be broken off.

    Raises:
        StorageUnavailable: stopped.
    """
    deadline = time.monotonic() + timeout_s
    while not client.topology_description.has_readable_server():
        if time.monotonic() >= deadline:
            return False
        if stop.wait(POLL_S):
            raise stopped("MongoDB had not answered yet.")
    return True


def _refuse_unfit(
    client: MongoClient[Document], hello: Mapping[str, Any], build: Mapping[str, Any]
) -> None:
    """Refuse, before anything is created, what can never hold both collections."""
    refuse_answers(hello, build)
    if refusal := never_primary(hello):
        raise refusal
    try:
        # One that exists, and one that does not: few users may ask, and vendors err differently.
        found = client.admin.command({"getParameter": 1, "notablescan": 1, "linkyTui": 1})
    except OperationFailure as error:
        refuse_parameter_error(error)
    else:
        if found.get("notablescan") is True:
            raise without_table_scans()


def _client(uri: str, selection_ms: int, revival: Revival | None) -> MongoClient[Document]:
    check_address(uri)
    protect_address(uri)  # the driver, or the server, may repeat it
    failure: LinkyError | None = None
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        try:
            client: MongoClient[Document] = MongoClient(
                uri,
                serverSelectionTimeoutMS=selection_ms,
                event_listeners=[*_LISTENERS, *([revival] if revival else [])],
                **_OPTIONS,
            )
        except (PyMongoError, ValueError, TypeError, OSError) as error:
            failure = address_error(error, uri)
    if failure is not None:
        raise failure
    for complaint in complaints:
        # The driver warns of an unknown or invalid option and leaves it out; the user meant it.
        # A compressor that is not installed may be left out, and renamed options still work.
        text = str(complaint.message)
        if complaint.category is UserWarning and not text.startswith(_MISSING_COMPRESSOR):
            client.close()
            raise address_error(ConfigurationError(text), uri)
    return client


def _without_our_options(uri: str) -> str:
    """The address without the options that are not the user's to choose."""
    base, mark, query = uri.strip().partition("?")
    separator = ";" if ";" in query and "&" not in query else "&"
    kept = [part for part in query.split(separator) if part.split("=")[0].lower() not in _OURS]
    return f"{base}{mark}{separator.join(kept)}" if any(kept) else base
