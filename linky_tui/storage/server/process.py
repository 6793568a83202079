"""The mongod process of the embedded local server: started, recognised, ended."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pymongo
from pymongo.errors import PyMongoError

from linky_tui.storage.errors import stopped
from linky_tui.storage.server.binary import MongodUnfit, mongod_environment
from linky_tui.storage.server.endpoint import Endpoint, is_place
from linky_tui.storage.server.failures import TAIL_BYTES, never_began, start_failure
from linky_tui.system.locks import is_locked
from linky_tui.system.own_files import open_own, read_own, replace_own, set_aside
from linky_tui.system.paths import private_dir
from linky_tui.text.formatting import plain

# Small: 8 MB for an empty data folder instead of 301.
FRUGAL = (
    *("--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=8MB)"),
    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
)
SMALL = ("--wiredTigerCacheSizeGB", "0.25", *FRUGAL)
"""What the embedded server is started with."""
POLL_S = 0.02
_LOG_LIMIT_BYTES = 5_000_000
_RECORD_LIMIT_BYTES = 10_000
_STOP_TIMEOUT_S = 20.0
_ANSWER_TIMEOUT_S = 0.25
_HAS_PROC = Path("/proc/self/cmdline").exists()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is written down about a server, so that whoever comes next finds it."""

    endpoint: Endpoint  # where it was told to listen
    pid: int  # its process, 0 where its starter did not live to write it down
    ending: bool  # whether it has been told to end, or was about to be: it answers until it has


class Mongod:
    """The server of one folder, whichever process started it.

    Nothing here is safe against other processes: :class:`LocalServer` holds the locks.
    """

    def __init__(self, folder: Path, arguments: Sequence[str] = SMALL) -> None:
        self.folder = folder
        self._arguments = arguments
        self.data_path = folder / "data"
        self.log_path = folder / "mongod.log"
        self._record_path = folder / "server.json"
        self._lock_path = self.data_path / "mongod.lock"

    def recorded(self) -> Recorded | None:
        """What is written down about the last server."""
        try:
            record = json.loads(read_own(self._record_path, _RECORD_LIMIT_BYTES))
            pid, ending = int(record["pid"]), bool(record.get("ending"))
            path, port = Path(record["socket"]), int(record.get("port", 0))
            # Never a server elsewhere, whatever stands there.
            if not is_place(path, self.folder):
                return None
            return Recorded(Endpoint(path, port), pid, ending)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None
        except (OverflowError, RecursionError):  # numbers and depths that nobody writes
            return None

    def running_pid(self, endpoint: Endpoint, recorded_pid: int) -> int | None:
        """The process that serves the endpoint from this data folder; None where none does."""
        locked_by = self._locked_by()
        if not _HAS_PROC:  # mongod writes its pid into the file that it keeps locked
            return locked_by if self.data_in_use() and recorded_pid in {0, locked_by} else None
        told = {os.fsencode(self.data_path), os.fsencode(endpoint.bind_ip)}
        # Without a recorded pid it may be so young that nothing but its arguments tells it.
        candidates = [recorded_pid, locked_by] if recorded_pid else [locked_by, *_our_processes()]
        return next((pid for pid in candidates if pid and told <= _arguments(pid)), None)

    def data_in_use(self) -> bool:
        """Whether some mongod works on the data folder.

        Raises:
            OSError: its lock file cannot be opened.
        """
        return is_locked(self._lock_path)

    def limit_log(self) -> None:
        """Empties a log that has grown too long (the server appends, so it may be running)."""
        with contextlib.suppress(OSError), open(open_own(self.log_path, os.O_WRONLY), "wb") as log:
            status = os.fstat(log.fileno())
            if status.st_size > _LOG_LIMIT_BYTES and status.st_nlink == 1:
                log.truncate(0)

    def start(
        self, binary: Path, endpoint: Endpoint, deadline: float, stop: threading.Event
    ) -> None:
        """Starts the server and waits until it answers, or until ``deadline`` (monotonic clock).

        Raises:
            StorageError: it ended instead; the error says why.
            StorageUnavailable: it did not answer in time, or the stop came first.
            ConfigError: the data are in somebody else's folder, or in one behind a link.
            OSError: the folder cannot be written, or something else is in a file's place.
        """
        private_dir(self.data_path)
        _refuse_links(self.data_path)
        self.limit_log()
        process, log_start = self._launch(binary, endpoint)
        try:
            self._write_record(endpoint, process.pid)
            while not endpoint.answers(_ANSWER_TIMEOUT_S):
                # The code first: what the log says is complete only after the end.
                code = process.poll()
                if code is not None or time.monotonic() >= deadline:
                    said = self.log_tail(log_start)
                    if code is None or not never_began(said, self.data_path):
                        raise start_failure(said, code, binary, self.log_path, endpoint.port)
                    set_aside(self.data_path, "half-made")
                    private_dir(self.data_path)
                    process, log_start = self._launch(binary, endpoint)
                    self._write_record(endpoint, process.pid)
                if stop.wait(POLL_S):
                    raise stopped("MongoDB was still starting.")
        except BaseException:
            if process.poll() is None:
                with contextlib.suppress(OSError):
                    self._write_record(endpoint, process.pid, ending=True)
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_STOP_TIMEOUT_S)
            raise

    def stop(self, endpoint: Endpoint, recorded_pid: int) -> bool:
        """Shuts the server down cleanly, waits until it has ended, and says whether it has."""
        pid = self.running_pid(endpoint, recorded_pid)
        with contextlib.suppress(OSError):  # a full disk: it has to end all the same
            # First what, then the deed: if we are killed in between, nobody joins a server that
            # answers until its very end.
            self._write_record(endpoint, pid or recorded_pid, ending=True)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        else:
            _send_shutdown(endpoint)
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        pause = threading.Event()
        while self.data_in_use() or (pid is not None and _exists(pid)):
            if time.monotonic() >= deadline:
                return False
            pause.wait(POLL_S)
        self._record_path.unlink(missing_ok=True)
        return True

    def log_tail(self, start: int = 0) -> str:
        """The end of the log; nothing of what comes before ``start``."""
        try:
            with open(open_own(self.log_path, os.O_RDONLY), "rb") as log:
                size = log.seek(0, os.SEEK_END)
                log.seek(max(start, size - TAIL_BYTES))
                return log.read(TAIL_BYTES).decode("utf-8", errors="replace")
        except OSError:
            return ""

    def _open_log(self) -> int:
        """The log, opened for appending to a file that has no other name."""
        log = open_own(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        if os.fstat(log).st_nlink > 1:  # such as a copy of the folder that was made with links
            os.close(log)
            self.log_path.unlink()
            log = open_own(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        return log

    def _launch(self, binary: Path, endpoint: Endpoint) -> tuple[subprocess.Popen[bytes], int]:
        """The new process, and where in the log its words begin."""
        log = self._open_log()
        try:
            # First where, then who: if we are killed in between, the next start knows where to
            # look.
            self._write_record(endpoint, 0)
            begins = os.fstat(log).st_size
            return self._spawn(binary, endpoint, log), begins
        finally:
            os.close(log)

    def _spawn(self, binary: Path, endpoint: Endpoint, log: int) -> subprocess.Popen[bytes]:
        command = [
            str(binary),
            *("--dbpath", str(self.data_path)),
            *endpoint.arguments,
            "--quiet",
            *self._arguments,
        ]
        try:
            process = subprocess.Popen(  # noqa: S603 no shell, and the user's own setting
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=mongod_environment(),
                start_new_session=True,  # Ctrl-C in the terminal must not reach it
            )
        except OSError as error:
            raise MongodUnfit(
                "MongoDB did not start",
                f"{binary} cannot be run: {plain(error.strerror or type(error).__name__)}.",
                "Set mongodb.mongod to another mongod, or mongodb.uri to a server elsewhere.",
            ) from None
        # Whoever ends it later, this process is its parent and has to notice.
        threading.Thread(target=process.wait, name="mongod-end", daemon=True).start()
        return process

    def _write_record(self, endpoint: Endpoint, pid: int, *, ending: bool = False) -> None:
        record = {
            "pid": pid,
            "ending": ending,
            "socket": str(endpoint.socket_path),
            "port": endpoint.port,
        }
        replace_own(self._record_path, json.dumps(record).encode())

    def _locked_by(self) -> int:
        try:
            return int(read_own(self._lock_path, 20).strip() or 0)
        except (OSError, ValueError):
            return 0


def _refuse_links(data_path: Path) -> None:
    """MongoDB would write through a link in place of one of its files, whatever is behind it.

    A linked folder (the journal on another disk) is its user's own decision.

    Raises:
        OSError: there is such a link.
    """
    with os.scandir(data_path) as entries:
        for entry in entries:
            if entry.is_symlink() and not entry.is_dir():
                raise OSError(errno.ELOOP, "It is a symbolic link", entry.path)


def _our_processes() -> Iterator[int]:
    """The processes of this user."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if folder.stat().st_uid == os.geteuid():
                yield int(folder.name)


def _arguments(pid: int) -> set[bytes]:
    """What a process was told; nothing where there is no such process."""
    try:
        return set(Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"))
    except OSError:
        return set()


def _exists(pid: int) -> bool:
    """Whether a process has not ended; one that only its parent still has to notice has."""
    if not _HAS_PROC:
        return False  # freeing its lock file is the last thing that mongod does
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _send_shutdown(endpoint: Endpoint) -> None:
    with (
        contextlib.suppress(PyMongoError),  # it closes the connection instead of answering
        pymongo.MongoClient[dict[str, object]](
            endpoint.uri, directConnection=True, serverSelectionTimeoutMS=2000
        ) as client,
    ):
        client.admin.command("shutdown")
