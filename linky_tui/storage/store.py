"""Everything that is stored, behind one object."""

from __future__ import annotations

from pathlib import Path

import pymongo

from linky_tui.config import MongoSettings
from linky_tui.storage.collections.counters import counters
from linky_tui.storage.collections.days import Days
from linky_tui.storage.collections.readings import Readings
from linky_tui.storage.collections.requests_count import RequestCount
from linky_tui.storage.collections.schema import check_helpers, ensure_collections
from linky_tui.storage.connection import READ_LIMIT_S, Connection, friendly
from linky_tui.storage.leases.leases import Leases
from linky_tui.system.closing import Closing


class Store(Closing):
    """The two collections of readings and what belongs to them: a context manager."""

    def __init__(self, connection: Connection, settings: MongoSettings, state_dir: Path) -> None:
        database = connection.database
        self.connection = connection
        self.server = connection.server
        self.settings = settings
        self.readings = Readings(
            connection,
            database[settings.collection],
            database[settings.timeseries_collection],
        )
        self.days = Days(database[settings.days_collection], self.readings)
        self.leases = Leases(database[settings.leases_collection], state_dir)
        self.requests = RequestCount(database[settings.requests_collection])

    @classmethod
    def open(cls, connection: Connection, settings: MongoSettings, state_dir: Path) -> Store:
        """Check the collections, creating what is missing; nothing that exists is changed.

        The store closes the connection, also when it cannot be opened. ``state_dir`` is for the
        leases' lock files.

        Raises:
            CollectionRefused: an existing collection is not one of ours.
            StorageError: MongoDB or the state folder cannot be used.
            StorageUnavailable: MongoDB cannot be reached.
        """
        try:
            with friendly(settings.uri), pymongo.timeout(READ_LIMIT_S):
                check_helpers(
                    connection.database,
                    (
                        settings.days_collection,
                        settings.leases_collection,
                        settings.requests_collection,
                    ),
                )
                store = cls(connection, settings, state_dir)
                counted = store.counters()
                ensure_collections(
                    connection.database,
                    settings.collection,
                    settings.timeseries_collection,
                    # Only another hand can have put something else into it since.
                    shape_known=counted is not None and store.leases.knows(counted),
                )
            return store
        except BaseException:
            connection.close()
            raise

    def counters(self) -> str | None:
        """What the server counts of both collections and the ledger, ``None`` where it is not told.

        Raises:
            StorageUnavailable: MongoDB cannot be reached.
        """
        names = (
            self.settings.collection,
            self.settings.timeseries_collection,
            self.settings.days_collection,
        )
        return counters(self.connection.database, names)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
