"""The lock file behind a lease, and the identity of this installation.

A process that is killed leaves its lease behind for up to a minute; its lock file is freed by the
system at once. So a lease of this installation whose lock file is free is known to be dead.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import socket
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linky_tui.domain.models import Series
from linky_tui.errors import ConfigError, SeriesBusy, Side, StorageError
from linky_tui.system.locks import FileLock, is_locked
from linky_tui.system.own_files import open_own, read_own, set_aside, why
from linky_tui.system.paths import private_dir
from linky_tui.text.formatting import plain

_LOCKS_PER_SERIES = 16
"""Other servers or databases may hold the same series from this machine at the same time."""
_ID_LIMIT = 64
_TITLE = "The state folder cannot be used"


class LeaseFiles:
    """The files about leases in a state folder, which is created 0700 where it is missing.

    Raises:
        StorageError: the folder cannot be written, is a link, or is not this user's own.
    """

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / "leases"
        self.host = socket.gethostname()
        try:
            private_dir(self._folder)
            self.installation = _installation_id(state_dir / "installation-id")
        except ConfigError as error:
            raise StorageError(_TITLE, error.cause, error.next_step, sides=error.sides) from None
        except OSError as error:
            raise _unwritable(error, state_dir) from None

    def take(self, series: Series) -> FileLock:
        """A lock file of this series that nobody holds, now held by us.

        Raises:
            SeriesBusy: so many processes want this series that none is left.
            StorageError: none can be had.
        """
        digest = hashlib.sha256(f"{series.prm}-{series.flow}".encode()).hexdigest()[:16]
        try:
            for number in range(_LOCKS_PER_SERIES):
                lock = FileLock(self._folder / f"{digest}-{number}.lock")
                if lock.try_acquire():
                    return lock
        except OSError as error:
            raise _unwritable(error, self._folder) from None
        raise SeriesBusy(
            "Other processes are at work",
            f"{_LOCKS_PER_SERIES} of them work on this meter, or wait to.",
            "Nothing was done here. Wait until they have finished, or close them.",
        )

    def is_dead(self, owner: Mapping[str, Any], mine: FileLock) -> bool:
        """Whether the owner of a lease was of this installation and no longer runs.

        An owner whose lock has the name of ``mine``, which we hold, has lost it.
        """
        name = owner.get("lock")
        if (
            owner.get("installation") != self.installation
            or owner.get("host") != self.host  # a copied home folder on another machine
            or not isinstance(name, str)
            or Path(name).name != name
        ):
            return False
        try:
            return name == mine.path.name or not is_locked(self._folder / name)
        except OSError:
            return False


def _installation_id(path: Path) -> str:
    """The identity in a file, which is made on first use (0600, atomically).

    A file that holds something else is set aside: leases of the lost identity run out by
    themselves.
    """
    for _ in range(3):
        try:
            found = read_own(path, _ID_LIMIT + 1).decode("ascii", errors="replace").strip()
        except FileNotFoundError:
            _make_id(path)
            continue
        if found.isalnum() and len(found) <= _ID_LIMIT:
            return found
        set_aside(path)
    raise OSError(errno.EIO, "It changes while it is read", str(path))


def _make_id(path: Path) -> None:
    """Put a new identity there, never over one that another process made meanwhile."""
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        with open(open_own(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            file.write(f"{uuid.uuid4().hex}\n".encode())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _unwritable(error: OSError, folder: Path) -> StorageError:
    return StorageError(
        _TITLE,
        f"{why(error, folder)}.",
        f"Make {plain(str(folder))} writable for you, on a disk that is not full and has locks.",
        sides=(Side.YOURS,),
    )
