"""The embedded server is started again at once when it dies under us.

Nobody else would: every call would wait for a server that does not come back. The driver's monitor
is the first to notice a broken connection, so it is asked to tell.
"""

from __future__ import annotations

import threading

from pymongo.monitoring import (
    ServerHeartbeatFailedEvent,
    ServerHeartbeatListener,
    ServerHeartbeatStartedEvent,
    ServerHeartbeatSucceededEvent,
)

from linky_tui.errors import LinkyError
from linky_tui.storage.server.local_server import LocalServer

LIMIT_S = 20.0
"""How long a start may take; one that does not answer in that time is left to the next run."""


class Revival(ServerHeartbeatListener):
    """Listens to the driver's monitor, in whose thread the server is started again."""

    def __init__(self, local: LocalServer) -> None:
        self._local = local
        self._over = threading.Event()

    def stop(self) -> None:
        """From now on a server that ends is meant to; a start under way is given up."""
        self._over.set()

    def failed(self, event: ServerHeartbeatFailedEvent) -> None:
        """The server does not answer: make sure that it runs."""
        if self._over.is_set():
            return
        try:
            self._local.ensure(LIMIT_S, self._over)
        except LinkyError:
            # Such as a full disk: whoever waits for the server is told, and starts it no more.
            self._over.set()

    def started(self, event: ServerHeartbeatStartedEvent) -> None:
        """Nothing to do."""

    def succeeded(self, event: ServerHeartbeatSucceededEvent) -> None:
        """Nothing to do."""
