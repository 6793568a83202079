"""A scratch database on the user's own server, named in the output and dropped at the end."""

from __future__ import annotations

import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

import pymongo
from pymongo.errors import PyMongoError

from linky_tui.errors import AccessRefused, StorageError
from linky_tui.storage.connection import READ_LIMIT_S, Connection, friendly
from linky_tui.storage.lab.folders import ScratchFolder, left_databases
from linky_tui.storage.lab.ground import Ground

PREFIX = "linky_tui_laboratory"
_NAME = re.compile(PREFIX + "_([0-9]{1,12})_[0-9a-f]{8}")
_LEFTOVER_S = 24 * 3600


class ScratchDatabase(Ground):
    """A database for one experiment on the server of a connection, which stays open.

    Those of killed processes are dropped first: those that this installation noted, and those that
    are a day old.

    Args:
        connection: to the server.
        uri: of the same server; secret.
        data_dir: the user's data folder, for the note.

    Raises:
        LinkyError: the server does not answer.
    """

    scratch = False

    def __init__(self, connection: Connection, uri: str, data_dir: Path) -> None:
        self.client = connection.client
        self.uri = uri
        with friendly(), pymongo.timeout(READ_LIMIT_S):
            self._drop_leftovers(data_dir)
        self.place = f"{PREFIX}_{int(time.time())}_{secrets.token_hex(4)}"
        self._require_right_to_drop()
        self._scratch = ScratchFolder(data_dir)
        self._scratch.note(self.place)
        self.database = self.client[self.place]

    def close(self) -> None:
        """Drops the database."""
        with friendly(), pymongo.timeout(READ_LIMIT_S * 4):
            self.client.drop_database(self.place)
        self._scratch.close()

    def _require_right_to_drop(self) -> None:
        """Nothing is made that could not be dropped; roles that let one write may not do so."""
        try:
            with friendly(), pymongo.timeout(READ_LIMIT_S):
                self.client.drop_database(self.place)
        except (AccessRefused, StorageError) as error:
            raise AccessRefused(
                "The laboratory may not drop a database here",
                f"So it makes none. {error.cause}",
                "Give the user the role dbAdminAnyDatabase beside readWriteAnyDatabase, or run it "
                "without --here, on a server of its own.",
            ) from None

    def _drop_leftovers(self, data_dir: Path) -> None:
        with suppress(PyMongoError), left_databases(data_dir) as noted:
            for name in (each for each in noted if _NAME.fullmatch(each)):
                self.client.drop_database(name)
        with suppress(PyMongoError):  # not every user may list or drop
            for name in self.client.list_database_names():
                made = _NAME.fullmatch(name)
                if made and time.time() - int(made[1]) > _LEFTOVER_S:
                    self.client.drop_database(name)
