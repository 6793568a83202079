"""The small SQLite file behind the budget: a row for each host and UTC day, and one a host.

A count that cannot be read is no count of zero: whatever is not the file that we made (damaged,
of another program, a link to somewhere) is set aside as it is, and its successor starts with the
day spent, for every host.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import uuid
import weakref
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from linky_tui.domain.paris import utc_now
from linky_tui.errors import ConfigError, Side, StorageError, TemporaryError
from linky_tui.system.locks import FileLock
from linky_tui.system.own_files import open_own, set_aside, why
from linky_tui.system.paths import private_dir
from linky_tui.text.formatting import plain

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
_SCHEMA_TEXTS = {text.strip() for text in _SCHEMA.split(";") if text.strip()}
_MOST_BYTES = 1_000_000
"""Ours takes some 20 kB; each transaction reads it whole."""
_SIDECARS = ("-journal", "-wal", "-shm")
_LATEST_S = 32_503_680_000.0
"""The year 3000: a later time was written by no clock."""
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
            used, spent = used + row_used, spent or plain(str(row_spent))
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
        if row is None or row[0] is None or not 0 <= row[0] < _LATEST_S:
            return None
        return row[0]

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
        if row is None or row[0] is None or not 0 <= row[0] < _LATEST_S:
            return None
        return row[0]

    def hold(self, host: str, until: float | None) -> None:
        """Note until when the host asked us to send nothing; ``None`` forgets it."""
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
        """An open transaction on a file that is whole and ours.

        Raises:
            sqlite3.Error: it is not; its code is one of ``_DAMAGED``, unless the reason is outside.
        """
        self._check_kind()
        # Without "mode=rw" SQLite would create an empty file: a count of zero.
        address = f"{self._path.as_uri()}?mode=rw"
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
        )
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            # A file that is write-protected is opened for reading without a word.
            connection.execute("DELETE FROM days WHERE 0")
            # Tables of the same names without our constraints may hold anything.
            made = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")
            if not {text for (text,) in made} >= _SCHEMA_TEXTS:
                raise _damaged("not made by linky-tui")
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise _damaged("damaged")
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_kind(self) -> None:
        """Make sure that SQLite will write to nothing but a small file of this folder.

        It follows a link in place of the file or of its journal, and waits for a pipe.
        """
        for suffix in ("", *_SIDECARS):
            try:
                status = os.lstat(f"{self._path}{suffix}")
            except OSError:
                continue  # SQLite says what is wrong
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
                raise _damaged("no file of linky-tui")

    def _replace(self) -> None:
        """Put a new file in place of a missing or damaged one."""
        try:
            private_dir(self._path.parent)
            lock = FileLock(Path(f"{self._path}.lock"))
            if not lock.acquire(timeout_s=BUSY_TIMEOUT_S):
                raise self._busy()
            try:
                self._begin().close()  # another process may have been quicker
            except sqlite3.Error as error:
                if _code(error) not in _DAMAGED:
                    raise
                self._create()
            finally:
                lock.release()
        except OSError as error:
            raise self._refused(why(error)) from None
        except ConfigError as error:
            raise StorageError(
                error.title, error.cause, error.next_step, sides=error.sides
            ) from None

    def _create(self) -> None:
        """Make a new file, which appears under its name when it is whole; the old one is kept.

        Where a file of today was set aside and nothing put in its place (the disk was full, the
        power went), the day counts as spent all the same.
        """
        for left_behind in self._path.parent.glob(f"{self._path.name}.new-*"):
            left_behind.unlink(missing_ok=True)
        new = self._path.with_name(f"{self._path.name}.new-{uuid.uuid4().hex}")
        today = f"{self._path.name}.corrupt-{utc_now():%Y%m%dT}"
        remains = [os.path.lexists(f"{self._path}{suffix}") for suffix in ("", *_SIDECARS)]
        spent = any(remains) or any(n.startswith(today) for n in os.listdir(self._path.parent))
        try:
            os.close(open_own(new, os.O_CREAT | os.O_EXCL | os.O_RDWR))
            with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as connection:
                connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")
                if spent:
                    Rows(connection).spend(_EVERY_HOST, utc_now().date(), _UNREADABLE)
            # SQLite would apply a journal that is left behind to the new file.
            set_aside(self._path, sidecars=_SIDECARS)
            os.rename(new, self._path)
        finally:
            for suffix in ("", "-journal"):  # a full disk leaves a journal as well
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{new}{suffix}")

    def _translated(self, error: sqlite3.Error) -> StorageError | TemporaryError:
        if _code(error) in _LOCKED:
            return self._busy()
        return self._refused(f"{plain(str(self._path))}: {plain(str(error))}")

    def _refused(self, reason: str) -> StorageError:
        return StorageError(
            "Requests cannot be counted",
            f"The file cannot be written: {reason}. Without the count nothing is sent, because the "
            "gateway blocks addresses that ask too often.",
            "Check who owns the file and its folder, and whether the disk is full or read-only.",
            sides=(Side.YOURS,),
        )

    def _busy(self) -> TemporaryError:
        return TemporaryError(
            "The count of requests is busy",
            f"Another process keeps {plain(str(self._path))} locked.",
            "Try again in a minute; if it stays, end the other linky-tui.",
            sides=(Side.YOURS,),
        )


class BudgetMemory:
    """The same for one object of one process, gone with it: for the demo."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False
        )
        self._connection.executescript(_SCHEMA)
        # SQLite warns of a connection that nobody closed.
        weakref.finalize(self, self._connection.close)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Rows]:
        """Read and write."""
        yield Rows(self._connection)


def _damaged(text: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(text)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _code(error: sqlite3.Error) -> int | None:
    """The primary result code of SQLite, where the error has one."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
