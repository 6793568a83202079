"""A scratch database on the user's own server, named in the output and dropped at the end."""

from __future__ import annotations

import re
import secrets
import time
from contextlib import suppress

import pymongo
from pymongo.errors import PyMongoError

from linky_tui.storage.connection import READ_LIMIT_S, Connection, friendly
from linky_tui.storage.lab.ground import Ground

PREFIX = "linky_tui_laboratory"
_NAME = re.compile(PREFIX + "_([0-9]{1,12})_[0-9a-f]{8}")
_LEFTOVER_S = 24 * 3600


class ScratchDatabase(Ground):
    """A database for one experiment on the server of a connection, which stays open.

    Raises:
        LinkyError: the server does not answer.
    """

    scratch = False

    def __init__(self, connection: Connection, uri: str) -> None:
        self.client = connection.client
        self.uri = uri
        with friendly(), pymongo.timeout(READ_LIMIT_S):
            self._drop_leftovers()
        self.place = f"{PREFIX}_{int(time.time())}_{secrets.token_hex(4)}"
        self.database = self.client[self.place]

    def close(self) -> None:
        """Drops the database."""
        with friendly(), pymongo.timeout(READ_LIMIT_S * 4):
            self.client.drop_database(self.place)

    def _drop_leftovers(self) -> None:
        """Drop the databases of killed processes: of such a name, and a day old."""
        with suppress(PyMongoError):  # not every user may list or drop
            for name in self.client.list_database_names():
                made = _NAME.fullmatch(name)
                if made and time.time() - int(made[1]) > _LEFTOVER_S:
                    self.client.drop_database(name)
