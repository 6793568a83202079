"""The embedded local server: one private mongod that all our processes share.

Every process that uses it holds ``users.lock``, shared. Starting, taking over and stopping happen
under ``turn.lock``, exclusive, because a shared lock cannot be made exclusive in one step. Who
leaves and then gets ``users.lock`` alone was the last one, and shuts the server down. The system
frees the locks of a killed process; the server that it leaves behind is found by the next one.
"""

from __future__ import annotations

import contextlib
import errno
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from linky_tui.errors import LinkyError, OutOfSpace, Side, StorageError, StorageUnavailable
from linky_tui.storage.errors import stopped
from linky_tui.storage.server.binary import MongodUnfit, find_mongods
from linky_tui.storage.server.endpoint import (
    Endpoint,
    clear_place,
    remove_socket,
    socket_endpoint,
)
from linky_tui.storage.server.failures import disk_full, no_space, running_failure
from linky_tui.storage.server.password import (
    is_taught,
    make_password,
    password_file,
    read_password,
    teach,
)
from linky_tui.storage.server.process import POLL_S, Mongod, Recorded
from linky_tui.system.closing import Closing
from linky_tui.system.locks import FileLock
from linky_tui.system.own_files import why
from linky_tui.system.paths import private_dir

_ANSWER_TIMEOUT_S = 1.0
_POLL_ANSWER_S = 0.25
_RELEASE_TIMEOUT_S = 10.0
_SOCKET_TIMEOUT_S = 5.0
_LOCK_TIMEOUT_S = 3.0


class LocalServer(Closing):
    """One process's share of the embedded server; get one with :meth:`acquire`."""

    def __init__(self, data_dir: Path, runtime_dir: Path, mongod: str = "", port: int = 0) -> None:
        self._mongod = Mongod(private_dir(data_dir.absolute() / "mongodb").resolve())
        self._runtime_dir = runtime_dir
        self._configured = mongod
        self._port = port
        self._turn = FileLock(self._mongod.folder / "turn.lock")
        self._users = FileLock(self._mongod.folder / "users.lock")
        self._endpoint: Endpoint | None = None
        self._released = False
        self._passed_over: tuple[str, ...] = ()  # known to who started the server
        self._guard = threading.Lock()

    @classmethod
    def acquire(
        cls,
        data_dir: Path,
        runtime_dir: Path,
        mongod: str = "",
        port: int = 0,
        timeout_s: float = 30.0,
        stop: threading.Event | None = None,
    ) -> LocalServer:
        """Starts the server, or joins the one that runs; blocks until it answers.

        It lives in ``mongodb`` below the user's data folder; its socket goes to the runtime folder
        where its path there would be too long. With a ``port`` it listens there as well, on
        loopback, and wants a password; one that runs is joined as it is while others use it.

        Raises:
            ConfigError: there is no mongod, a folder is not this user's own, or the port is taken.
            StorageError: the server does not start; the error names the reason.
            StorageUnavailable: not in time, or stopped.
        """
        server = cls(data_dir, runtime_dir, mongod, port)
        server.ensure(timeout_s, stop)
        return server

    @property
    def endpoint(self) -> Endpoint:
        """How it is reached, the password included where it wants one."""
        if self._endpoint is None:
            raise RuntimeError("released")
        return self._endpoint

    @property
    def uri(self) -> str:
        """The address for the driver."""
        return self.endpoint.uri

    @property
    def password_file(self) -> Path:
        """Where the password is kept, if there ever was one."""
        return password_file(self._mongod.folder)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as the settings have it, as sentences."""
        if self._endpoint is None or self._endpoint.port == self._port:
            return self._passed_over
        how = f"on port {self._endpoint.port}" if self._endpoint.port else "without a port"
        return (
            *self._passed_over,
            f"The private server runs {how}, as another linky-tui has started it; "
            f"mongodb.local_port = {self._port} counts once every linky-tui has ended.",
        )

    @property
    def log_path(self) -> Path:
        """MongoDB's own log."""
        return self._mongod.log_path

    def __repr__(self) -> str:
        return f"LocalServer({str(self._mongod.folder)!r})"

    def trouble(self) -> LinkyError | None:
        """Why the server does not answer, where it says so itself or the disk does."""
        return running_failure(self._mongod.log_tail(), self._mongod.log_path)

    def no_space(self) -> OutOfSpace | None:
        """The error for a disk that is full at this moment: waiting for the server is no use."""
        return no_space(self._mongod.folder)

    def ensure(self, timeout_s: float = 30.0, stop: threading.Event | None = None) -> None:
        """Makes sure that the server runs; starts it again if it was ended from outside.

        A system that ends the whole group of the process that started it (a systemd timer, a
        session that logs out) ends the server too while we still use it.

        Raises:
            as :meth:`acquire`
        """
        stop = stop if stop is not None else threading.Event()
        deadline = time.monotonic() + timeout_s
        with self._guard, self._folder_errors():
            if self._released:
                raise StorageUnavailable("Closed", "MongoDB is no longer used.", "Start again.")
            if not self._turn.acquire(True, timeout_s, stop):
                raise _busy(stop)
            joined = self._users.held
            try:
                self._users.release()  # while we have the turn nobody joins or leaves
                alone = self._users.try_acquire(exclusive=True)
                self._users.release()
                self._users.try_acquire(exclusive=False)
                recorded = self._mongod.recorded()
                # Who uses a server knows it by the address that it has had.
                if self._endpoint is not None:
                    port = self._endpoint.port
                else:
                    port = self._port if alone or recorded is None else recorded.endpoint.port
                endpoint = self._join(recorded, alone, port, deadline, stop)
                # Waiting for an old server may have used up the time; a start has its own.
                self._endpoint = endpoint or self._start(port, time.monotonic() + timeout_s, stop)
            except BaseException:
                if not joined:
                    self._users.release()
                raise
            finally:
                self._turn.release()

    def release(self) -> None:
        """Leaves the server, and shuts it down if nobody else uses it; a second call does nothing.

        Waits for the end of a clean shutdown, a fraction of a second as a rule. Errors of the
        shutdown are not raised: the next process finds the server and carries on with it.
        """
        with self._guard:
            self._released = True
            endpoint, self._endpoint = self._endpoint, None
            if endpoint is None:
                return
            try:
                if not self._turn.acquire(True, _RELEASE_TIMEOUT_S):
                    return  # whoever has the turn is about to use the server
                self._users.release()
                if self._users.try_acquire(exclusive=True):
                    self._stop(endpoint)
            except OSError:
                return
            finally:
                self._users.release()
                self._turn.release()

    close = release

    def _join(
        self,
        recorded: Recorded | None,
        alone: bool,
        port: int,
        deadline: float,
        stop: threading.Event,
    ) -> Endpoint | None:
        """The endpoint of a server that runs; None where one has to be started."""
        if recorded is None:
            self._refuse_foreign(stop)
            return None
        endpoint, pid = recorded.endpoint, recorded.pid
        if endpoint.port:
            endpoint = replace(endpoint, password=read_password(self._mongod.folder))
        # Without the file nobody gets in any more, so a new password has to be made.
        locked = endpoint.port and not endpoint.password
        if locked and not alone:
            raise _locked(self.password_file)
        if recorded.ending or (alone and (endpoint.port != port or locked)):
            # Whoever told it to end was the last one, and did not live to see it; or it was left
            # behind by one with other settings.
            running = self._mongod.running_pid(endpoint, pid)
            if running is not None and not self._mongod.stop(endpoint, running):
                raise _unreachable(self._mongod, running)
        # Another server may listen there meanwhile, with other data.
        elif endpoint.answers(_ANSWER_TIMEOUT_S) and self._mongod.data_in_use():
            self._mongod.limit_log()
            return endpoint
        # It may be starting still (its starter was killed), recovering after a power cut, or
        # shutting down. Without a socket it either has not come that far or lost it.
        patience = time.monotonic() + _SOCKET_TIMEOUT_S
        while (running := self._mongod.running_pid(endpoint, pid)) is not None:
            if endpoint.answers(_POLL_ANSWER_S):
                return endpoint
            if stop.wait(POLL_S):
                raise _busy(stop)
            now = time.monotonic()
            lost = not endpoint.socket_path.exists()
            if now >= deadline or (lost and now >= patience):
                if alone and self._mongod.stop(endpoint, running):
                    break
                raise _unreachable(self._mongod, running)
        self._refuse_foreign(stop)
        return None

    def _refuse_foreign(self, stop: threading.Event) -> None:
        """Raise where somebody else's server works on the data.

        One that was killed has no arguments any more while the system still takes it down, and
        keeps its lock until that is done.
        """
        patience = time.monotonic() + _LOCK_TIMEOUT_S
        while self._mongod.data_in_use():
            if stop.wait(POLL_S):
                raise _busy(stop)
            if time.monotonic() >= patience:
                raise _foreign(self._mongod)

    def _start(self, port: int, deadline: float, stop: threading.Event) -> Endpoint:
        mongods = find_mongods(self._configured)
        folder = self._mongod.folder
        # Our own client knows it by the address that it has had.
        endpoint = self._endpoint or replace(socket_endpoint(folder, self._runtime_dir), port=port)
        passed_over: list[MongodUnfit] = []
        for binary in mongods.paths:
            private_dir(endpoint.socket_path.parent)
            clear_place(endpoint.socket_path)
            try:
                mongods.refuse_unfit(binary)
                endpoint = self._begin(binary, endpoint, deadline, stop)
            except MongodUnfit as unfit:
                remove_socket(endpoint, folder)
                passed_over.append(unfit)
            except BaseException:
                remove_socket(endpoint, folder)
                raise
            else:
                self._passed_over = tuple(_passed_over(unfit, binary) for unfit in passed_over)
                return endpoint
        raise passed_over[0]

    def _begin(
        self, binary: Path, endpoint: Endpoint, deadline: float, stop: threading.Event
    ) -> Endpoint:
        """Start it, with a port so that it knows the password; gives how it is reached."""
        if not endpoint.port:
            self._mongod.start(binary, endpoint, deadline, stop)
            return endpoint
        folder = self._mongod.folder
        endpoint = replace(endpoint, password=read_password(folder))
        if endpoint.password:
            self._mongod.start(binary, endpoint, deadline, stop)
            if self._taught(endpoint):
                return endpoint
            self._end(endpoint)
        # On the socket alone, in our own folder, while there is a server that asks nobody.
        open_to_us = Endpoint(endpoint.socket_path)
        self._mongod.start(binary, open_to_us, deadline, stop)
        try:
            endpoint = replace(endpoint, password=endpoint.password or make_password(folder))
            teach(open_to_us, endpoint.password)
        finally:
            self._end(open_to_us)
        self._mongod.start(binary, endpoint, deadline, stop)
        return endpoint

    def _taught(self, endpoint: Endpoint) -> bool:
        try:
            return is_taught(endpoint)
        except BaseException:
            self._end(endpoint)
            raise

    def _end(self, endpoint: Endpoint) -> None:
        recorded = self._mongod.recorded()
        pid = recorded.pid if recorded else 0
        if not self._mongod.stop(endpoint, pid):
            raise _unreachable(self._mongod, pid)

    def _stop(self, endpoint: Endpoint) -> None:
        recorded = self._mongod.recorded()
        if self._mongod.stop(endpoint, recorded.pid if recorded else 0):
            remove_socket(endpoint, self._mongod.folder)

    @contextlib.contextmanager
    def _folder_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise disk_full(f"{why(error, self._mongod.folder)}.") from None
            raise StorageError(
                "The data folder cannot be used",
                f"{why(error, self._mongod.folder)}.",
                "Check that the data folder is writable, on a local disk that is not full, and "
                "that nothing else is in the place of its files; nothing was touched.",
                sides=(Side.YOURS,),
            ) from None


def _passed_over(unfit: MongodUnfit, binary: Path) -> str:
    return (
        f"{unfit.title}: {unfit.cause} So {binary} is used; mongodb.mongod settles which one it is."
    )


def _busy(stop: threading.Event) -> StorageUnavailable:
    if stop.is_set():
        return stopped("MongoDB was not ready yet.")
    return StorageUnavailable(
        "The local MongoDB is busy",
        "Another linky-tui process has been starting or stopping it for a while.",
        "Try again in a moment.",
        sides=(Side.YOURS,),
    )


def _locked(file: Path) -> StorageError:
    return StorageError(
        "The password of the local MongoDB is gone",
        f"The server that runs wants it, and {file} does not hold it.",
        "Quit every linky-tui, then start again: a new one is made.",
    )


def _foreign(mongod: Mongod) -> StorageUnavailable:
    return StorageUnavailable(
        "The data folder is in use",
        f"A MongoDB server that linky-tui did not start works on {mongod.data_path}.",
        "End that server (it may run in a container or on another machine), then try again.",
        sides=(Side.YOURS,),
    )


def _unreachable(mongod: Mongod, pid: int) -> StorageUnavailable:
    return StorageUnavailable(
        "The local MongoDB does not answer",
        f"Process {pid} has the data folder {mongod.folder} but does not answer.",
        f"Quit every linky-tui and try again; its log is {mongod.log_path}.",
    )
