"""Where an experiment works: a database of its own, which is dropped at the end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymongo
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from linky_tui.storage.connection import READ_LIMIT_S, Document
from linky_tui.storage.lab.folders import ScratchFolder
from linky_tui.system.closing import Closing
from linky_tui.system.paths import private_dir


@dataclass(frozen=True, slots=True)
class Needs:
    """What an experiment needs of its ground."""

    room_bytes: int  # on disk, at most
    cache_gb: float = 0.25  # memory of the storage engine
    options: tuple[str, ...] = ()  # further arguments of a server of its own


class Ground(Closing):
    """A database for one experiment.

    Attributes:
        client: the driver's client.
        database: an empty database.
        uri: how another process reaches the server; secret.
        place: what to call it, for people.
        scratch: whether the whole server is the laboratory's own.
        settings: the arguments of the scratch server.
    """

    client: MongoClient[Document]
    database: Database[Document]
    uri: str
    place: str
    scratch: bool
    settings: tuple[str, ...] = ()
    _scratch: ScratchFolder

    def checkpoint(self) -> bool:
        """Make sizes on disk current; False where the server refuses that."""
        try:
            with pymongo.timeout(READ_LIMIT_S * 4):
                self.client.admin.command("fsync")
        except OperationFailure:
            return False
        return True

    def folder(self) -> Path:
        """A folder on this machine for files of the experiment, dropped with it."""
        return private_dir(self._scratch.path / "files")

    def status(self, *sections: str) -> Any:
        """A section of ``serverStatus``; an empty one where the server refuses it."""
        try:
            with pymongo.timeout(READ_LIMIT_S):
                found: Any = self.client.admin.command("serverStatus")
        except PyMongoError:
            return {}
        for name in sections:
            found = found.get(name, {})
        return found
