"""Everything that blocks, for the worker threads of the application; no widget is known here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from linky_tui import config as configuration
from linky_tui.config import Config
from linky_tui.errors import ConfigError, StorageUnavailable
from linky_tui.ingest.engine import Job, run_job
from linky_tui.ingest.events import Event
from linky_tui.session import ReadyMeter, Session, open_session, ready_meters, with_token_prms
from linky_tui.storage.connection import ServerInfo
from linky_tui.storage.store import Store

if TYPE_CHECKING:
    from linky_tui.ingest.request_run import RequestRun

T = TypeVar("T")


class Backend:
    """The configuration, the connection to MongoDB and, in the demo, the simulated gateway.

    Args:
        config_file: an explicitly named configuration file.
        demo: work on the simulated home.

    Attributes:
        config: the configuration as loaded last.
        demo: whether everything is simulated.
    """

    def __init__(self, config_file: Path | None, *, demo: bool) -> None:
        self.config_file = config_file
        self.demo = demo
        self.config: Config = self._loaded()
        self._stack = ExitStack()
        self._session: Session | None = None
        self._store: Store | None = None
        self._requests: RequestRun | None = None
        self._opening = threading.Lock()

    @property
    def session(self) -> Session:
        """The open session.

        Raises:
            StorageUnavailable: :meth:`open` has not finished yet.
        """
        if self._session is None:
            raise _not_ready()
        return self._session

    @property
    def store(self) -> Store:
        """The open store.

        Raises:
            StorageUnavailable: :meth:`open` has not finished yet.
        """
        if self._store is None:
            raise _not_ready()
        return self._store

    def reload(self) -> Config:
        """Load the configuration again; the connection stays as it is.

        Raises:
            ConfigError: it is wrong.
        """
        config = self._loaded()
        if self.demo and self._session is not None:
            # The simulated home, its gateway and its MongoDB stay what they are.
            simulated = self._session.config
            config = replace(
                config,
                mongodb=simulated.mongodb,
                enedis=simulated.enedis,
                meters=simulated.meters,
            )
        self.config = config
        if self._session is not None:
            self._session = Session(self.config, self.demo)
        return self.config

    def _loaded(self) -> Config:
        """The configuration, with the PRM that the token covers where a meter lacks one."""
        config = configuration.load(self.config_file, demo=self.demo)
        try:
            return with_token_prms(config)
        except ConfigError:
            return config  # starting a job says what is wrong with it

    def save_theme(self, theme: str) -> None:
        """Remember the theme in the configuration file, and nothing else. Blocks for a moment.

        Raises:
            LinkyError: the file cannot be written.
        """
        from linky_tui.config.save import save
        from linky_tui.ui.forms.draft import file_config

        config = self.config
        file = file_config(config, demo=self.demo)
        save(replace(file, display=replace(file.display, theme=theme)), config.path)
        self.config = replace(config, display=replace(config.display, theme=theme), exists=True)

    def open(self, stop: threading.Event) -> ServerInfo:
        """Connect to MongoDB, starting our own server where none is configured. Blocks.

        Raises:
            LinkyError: it cannot be reached or started, or the collections are not ours.
        """
        with self._opening:
            if self._session is None:
                self._session = self._stack.enter_context(
                    open_session(self.config_file, demo=self.demo)
                )
                if self.demo:
                    self.config = self._session.config
            if self._store is None:
                self._store = self._stack.enter_context(self._session.store(stop))
            return self._store.server

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
            self._store = self._session = None
            self._stack.close()

    def meters(self) -> tuple[ReadyMeter, ...]:
        """The configured meters, with what their tokens say against them.

        Raises:
            ConfigError: there is none, or one has no token.
        """
        return ready_meters(self.config)

    def query(self, ask: Callable[[Store], T]) -> T:
        """Ask the store something. Blocks; for worker threads.

        Raises:
            LinkyError: whatever the store says.
        """
        return ask(self.store)

    def recover(self, stop: threading.Event) -> bool:
        """Wait for a MongoDB that went away; whether it is back. Blocks for some seconds.

        Raises:
            LinkyError: our own server does not start again.
        """
        return self.store.connection.wait_for_primary(stop, 5.0)

    def run(self, job: Job, stop: threading.Event) -> Generator[Event, None, None]:
        """Run a job of the engine; its events. Blocks between them.

        Raises:
            LinkyError: it cannot be started at all; what happens later arrives as an event.
        """
        with self.session.requests(self.store, stop) as requests:
            self._requests = requests
            yield from run_job(self.store, requests, job)

    @property
    def requests_made(self) -> int:
        """Requests that the job has made which runs now or ran last."""
        return 0 if self._requests is None else self._requests.made


def _not_ready() -> StorageUnavailable:
    return StorageUnavailable(
        "MongoDB is not connected yet",
        "The connection is still being made.",
        "It will be tried again by itself.",
    )
