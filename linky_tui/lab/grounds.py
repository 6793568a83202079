"""Opens what experiments work on: scratch servers, or databases on the user's own server."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from linky_tui.errors import UsageError
from linky_tui.storage.connection import Connection
from linky_tui.storage.lab.ground import Ground, Needs
from linky_tui.storage.lab.here import ScratchDatabase
from linky_tui.storage.lab.scratch import ScratchServer


class Grounds(Protocol):
    """Where experiments work."""

    def open(self, stop: threading.Event, needs: Needs) -> Ground:
        """A new empty database; see :class:`linky_tui.storage.lab.scratch.ScratchServer`."""
        ...


@dataclass(frozen=True, slots=True)
class ScratchGrounds:
    """A scratch server for each experiment."""

    data_dir: Path  # its folder is made below
    runtime_dir: Path
    mongod: str = ""  # the configured one

    def open(self, stop: threading.Event, needs: Needs) -> Ground:
        """A scratch server."""
        return ScratchServer(self.data_dir, self.runtime_dir, self.mongod, needs, stop)


@dataclass(frozen=True, slots=True)
class GroundsHere:
    """A scratch database for each experiment, on a connection that stays open."""

    connection: Connection
    uri: str  # of the same server; secret
    data_dir: Path  # notes of the databases are kept below

    def open(self, stop: threading.Event, needs: Needs) -> Ground:
        """A scratch database.

        Raises:
            UsageError: the experiment needs a server with start options of its own.
        """
        if needs.options:
            raise UsageError(
                "This experiment needs a server of its own",
                "It depends on options that a server is started with.",
                "Run it without --here.",
            )
        return ScratchDatabase(self.connection, self.uri, self.data_dir)
