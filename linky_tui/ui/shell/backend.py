"""Everything that blocks, for the worker threads of the application; no widget is known here."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from linky_tui import config as configuration
from linky_tui.config import Config
from linky_tui.errors import ConfigError, LinkyError, StorageUnavailable
from linky_tui.session import ReadyMeter, Session, open_session, ready_meters, with_token_prms

if TYPE_CHECKING:
    from linky_tui.ingest.events import Event
    from linky_tui.ingest.jobs import Job
    from linky_tui.ingest.requests.run import RequestRun
    from linky_tui.storage.connection import ServerInfo
    from linky_tui.storage.store import Store


class Backend:
    """The session, the connection to MongoDB and, in the demo, the simulated gateway."""

    def __init__(self, config_file: Path | None, *, demo: bool) -> None:
        self.config_file = config_file
        # The configuration as loaded last; in the demo the simulated one, once it has been opened.
        self.session = Session(configuration.load(config_file, demo=demo), demo)
        self._stack = ExitStack()
        self._store: Store | None = None
        self._requests: RequestRun | None = None
        self._opening = threading.Lock()

    @property
    def store(self) -> Store:
        """The open store.

        Raises:
            StorageUnavailable: :meth:`open` has not finished yet.
        """
        if self._store is None:
            raise StorageUnavailable(
                "MongoDB is not connected yet",
                "The connection is still being made.",
                "It will be tried again by itself.",
                sides=(),
            )
        return self._store

    def reload(self) -> None:
        """Load the configuration again; the connection stays as it is.

        Raises:
            ConfigError: it is wrong.
        """
        before, demo = self.session.config, self.session.demo
        config = _with_prms(configuration.load(self.config_file, demo=demo))
        if demo:
            # The simulated home, its gateway and its MongoDB stay what they are.
            config = replace(
                config, mongodb=before.mongodb, enedis=before.enedis, meters=before.meters
            )
        self.session = Session(config, demo)

    def save_display(self, **chosen: str) -> None:
        """Remember the theme or the marker in the file, and nothing else. Blocks for a moment.

        Raises:
            LinkyError: the file cannot be written.
        """
        from linky_tui.config.save import save
        from linky_tui.ui.forms.draft import file_config

        config = self.session.config
        file = file_config(config, demo=self.session.demo)
        save(replace(file, display=replace(file.display, **chosen)), config.path)
        display = replace(config.display, **chosen)
        self.session = replace(self.session, config=replace(config, display=display, exists=True))

    def open(self, stop: threading.Event) -> ServerInfo:
        """Connect to MongoDB, starting our own server where none is configured. Blocks.

        Raises:
            LinkyError: it cannot be reached or started, or the collections are not ours.
        """
        with self._opening:
            self._read_prms()
            if self._store is None:
                with ExitStack() as stack:
                    if self.session.demo:
                        simulated = open_session(self.config_file, demo=True)
                        self.session = stack.enter_context(simulated)
                    self._store = stack.enter_context(self.session.store(stop))
                    self._stack = stack.pop_all()
            return self._store.server

    def _read_prms(self) -> None:
        before = self.session.config
        read = _with_prms(before)
        if read is not before:  # the interface may have saved a theme meanwhile
            config = replace(self.session.config, meters=read.meters)
            self.session = replace(self.session, config=config)

    def reopen(self, stop: threading.Event) -> ServerInfo:
        """Leave MongoDB and connect again, after the configured address changed. Blocks.

        Raises:
            LinkyError: see :meth:`open`.
        """
        self.close()
        return self.open(stop)

    def close(self) -> None:
        """Disconnect; our own server ends when nobody else uses it. Blocks for a moment."""
        with self._opening:
            self._store = None
            self._stack.close()

    def meters(self) -> tuple[ReadyMeter, ...]:
        """The configured meters, with what their tokens say against them.

        Raises:
            ConfigError: there is none, or one has no token.
        """
        return ready_meters(self.session.config)

    def explained(self, error: LinkyError) -> LinkyError:
        """The reason for an error, where our own server's log or disk tells it. Blocks briefly."""
        return error if self._store is None else self._store.connection.explained(error)

    def recover(self, stop: threading.Event) -> bool:
        """Wait for a MongoDB that went away; whether it is back. Blocks for some seconds.

        Raises:
            LinkyError: our own server does not start again.
        """
        return self.store.connection.wait_for_primary(stop, 5.0)

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Generator[Event, None, None]:
        """Run jobs of the engine in turn; their events. Blocks between them.

        Raises:
            LinkyError: it cannot be started at all; what happens later arrives as an event.
        """
        from linky_tui.ingest.engine import run_jobs

        with self.session.requests(self.store, stop) as requests:
            self._requests = requests
            yield from run_jobs(self.store, requests, jobs)

    @property
    def requests_made(self) -> int:
        """Of the run that is under way or was last."""
        return 0 if self._requests is None else self._requests.made


def _with_prms(config: Config) -> Config:
    """With the PRM that the token covers where a meter lacks one; that takes reading the token."""
    try:
        return with_token_prms(config)
    except ConfigError:
        return config  # starting a job says what is wrong with it
