"""The small SQLite file behind the budget: a row for each host and UTC day, and one a host.

A count that cannot be read is no count of zero: a damaged file is set aside, and its successor
starts with the day spent, for every host.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from linky_tui.errors import ConfigError, StorageError, TemporaryError
from linky_tui.formatting import plain
from linky_tui.paris import utc_now
from linky_tui.paths import private_dir

KEEP_DAYS = timedelta(days=40)
"""Counts of older days serve nobody."""
BUSY_TIMEOUT_S = 5.0

_EVERY_HOST = "*"
_UNREADABLE = "the count of today's requests could not be read"
_SCHEMA = """
CREATE TABLE days (
    host TEXT NOT NULL,
    day TEXT NOT NULL,
    used INTEGER NOT NULL CHECK (typeof(used) = 'integer' AND used >= 0),
    spent TEXT NOT NULL,
    PRIMARY KEY (host, day));
CREATE TABLE hosts (
    host TEXT NOT NULL PRIMARY KEY,
    last REAL CHECK (typeof(last) IN ('real', 'null')),
    shape TEXT,
    shape_noted REAL CHECK (typeof(shape_noted) IN ('real', 'null')),
    held_until REAL CHECK (typeof(held_until) IN ('real', 'null')));
"""
_DAMAGED = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,  # none of our tables in it
    sqlite3.SQLITE_CANTOPEN,  # not there, or not readable
}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class Rows:
    """What one transaction reads and writes; times are seconds since the epoch."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def day(self, host: str, day: date) -> tuple[int, str]:
        """How many requests are counted, and why no more may be sent (or an empty text)."""
        used, spent = 0, ""
        rows = self._connection.execute(
            "SELECT used, spent FROM days WHERE host IN (?, ?) AND day = ?",
            (host, _EVERY_HOST, day.isoformat()),
        )
        for row_used, row_spent in rows:
            used, spent = used + row_used, spent or row_spent
        return used, spent

    def count(self, host: str, day: date, used: int) -> None:
        """Set the count of a day, and forget the days that are long gone."""
        self._connection.execute(
            "INSERT INTO days VALUES (?, ?, ?, '') ON CONFLICT DO UPDATE SET used = excluded.used",
            (host, day.isoformat(), used),
        )
        self._connection.execute("DELETE FROM days WHERE day < ?", ((day - KEEP_DAYS).isoformat(),))

    def spend(self, host: str, day: date, reason: str) -> None:
        """Note that nothing more may be sent that day."""
        self._connection.execute(
            "INSERT INTO days VALUES (?, ?, 0, ?) ON CONFLICT DO UPDATE SET spent = excluded.spent",
            (host, day.isoformat(), reason),
        )

    def last(self, host: str) -> float | None:
        """When the last request is sent."""
        row = self._host_row(host)
        return None if row is None else row[0]

    def set_last(self, host: str, last: float) -> None:
        """Note when the last request is sent."""
        self._connection.execute(
            "INSERT INTO hosts (host, last) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET last = excluded.last",
            (host, last),
        )

    def held_until(self, host: str) -> float | None:
        """Until when the host asked us to send nothing."""
        row: tuple[float | None] | None = self._connection.execute(
            "SELECT held_until FROM hosts WHERE host = ?", (host,)
        ).fetchone()
        return None if row is None else row[0]

    def hold(self, host: str, until: float) -> None:
        """Note until when the host asked us to send nothing."""
        self._connection.execute(
            "INSERT INTO hosts (host, held_until) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET held_until = excluded.held_until",
            (host, until),
        )

    def shape(self, host: str) -> tuple[str, float] | None:
        """Which generation the host answers, and when that was noted."""
        row = self._host_row(host)
        return None if row is None or row[1] is None or row[2] is None else (row[1], row[2])

    def set_shape(self, host: str, shape: str, noted: float) -> None:
        """Note which generation the host answers."""
        self._connection.execute(
            "INSERT INTO hosts (host, shape, shape_noted) VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
            " SET shape = excluded.shape, shape_noted = excluded.shape_noted",
            (host, shape, noted),
        )

    def _host_row(self, host: str) -> tuple[float | None, str | None, float | None] | None:
        row: tuple[float | None, str | None, float | None] | None = self._connection.execute(
            "SELECT last, shape, shape_noted FROM hosts WHERE host = ?", (host,)
        ).fetchone()
        return row


class BudgetFile:
    """Opens the file for one transaction at a time; creates or replaces it where it must.

    Args:
        path: the file. It and its folder are for this user only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Rows]:
        """Read and write with every other process kept out; committed to disk at the end.

        Raises:
            StorageError: the file cannot be written.
            TemporaryError: another process keeps it locked.
        """
        try:
            with contextlib.closing(self._open()) as connection:
                yield Rows(connection)
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._translated(error) from None

    def _open(self) -> sqlite3.Connection:
        try:
            return self._begin()
        except sqlite3.Error as error:
            if _code(error) not in _DAMAGED:
                raise
        self._replace()
        return self._begin()

    def _begin(self) -> sqlite3.Connection:
        """An open transaction on a file that is whole."""
        # Without "mode=rw" SQLite would create an empty file: a count of zero.
        address = f"{self._path.as_uri()}?mode=rw"
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
        )
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SELECT host, day, used, spent FROM days LIMIT 0")
            connection.execute(
                "SELECT host, last, shape, shape_noted, held_until FROM hosts LIMIT 0"
            )
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                error = sqlite3.DatabaseError("damaged")
                error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                raise error
        except BaseException:
            connection.close()
            raise
        return connection

    def _replace(self) -> None:
        """Put a new file in place of a missing or damaged one."""
        try:
            private_dir(self._path.parent)
            with self._locked():
                try:
                    # Another process may have been quicker.
                    self._begin().close()
                except sqlite3.Error as error:
                    if _code(error) not in _DAMAGED:
                        raise
                else:
                    return
                self._create(spent=self._set_aside())
        except OSError as error:
            raise self._refused(plain(error.strerror or type(error).__name__)) from None
        except ConfigError as error:
            raise StorageError(error.title, error.cause, error.next_step) from None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep out other processes that would replace the file as well."""
        lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            give_up = time.monotonic() + BUSY_TIMEOUT_S
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > give_up:
                        raise self._busy() from None
                    threading.Event().wait(0.01)
            yield
        finally:
            os.close(lock)

    def _set_aside(self) -> bool:
        """Rename a damaged file; whether today there was one."""
        today = utc_now()
        if not os.path.lexists(self._path):
            # Whoever set it aside may not have lived to make its successor.
            return any(self._path.parent.glob(f"{self._path.name}.corrupt-{today:%Y%m%d}*"))
        aside = f"{self._path}.corrupt-{today:%Y%m%dT%H%M%SZ}"
        if os.path.lexists(aside):
            aside = f"{aside}-{uuid.uuid4().hex[:8]}"
        # SQLite would apply a journal that is left behind to the new file.
        for suffix in ("-journal", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{self._path}{suffix}", f"{aside}{suffix}")
        os.rename(self._path, aside)
        return True

    def _create(self, *, spent: bool) -> None:
        """Make a new file; it appears under its name when it is whole."""
        for left_behind in self._path.parent.glob(f"{self._path.name}.new-*"):
            left_behind.unlink(missing_ok=True)
        new = self._path.with_name(f"{self._path.name}.new-{uuid.uuid4().hex}")
        try:
            os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
            with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as connection:
                connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")
                if spent:
                    Rows(connection).spend(_EVERY_HOST, utc_now().date(), _UNREADABLE)
            os.rename(new, self._path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(new)

    def _translated(self, error: sqlite3.Error) -> StorageError | TemporaryError:
        if _code(error) in _LOCKED:
            return self._busy()
        return self._refused(plain(str(error)))

    def _refused(self, why: str) -> StorageError:
        return StorageError(
            "Requests cannot be counted",
            f"The file {plain(str(self._path))} cannot be written: {why}. Without the count "
            "nothing is sent, because the gateway blocks addresses that ask too often.",
            "Check who owns the file and its folder, and whether the disk is full or read-only.",
        )

    def _busy(self) -> TemporaryError:
        return TemporaryError(
            "The count of requests is busy",
            f"Another process keeps {plain(str(self._path))} locked.",
            "Try again in a minute; if it stays, end the other linky-tui.",
        )


def _code(error: sqlite3.Error) -> int | None:
    """The primary result code of SQLite, where the error has one."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
