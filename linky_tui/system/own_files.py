"""The small files that are ours, opened and set aside: lock files, logs, notes of our own.

Where one of them should be, there may be a symbolic link to somebody's photographs, a pipe that
nobody writes to, or a device. Such a thing is never written to, emptied or waited for.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import uuid
from collections.abc import Sequence
from pathlib import Path

from linky_tui.domain.paris import utc_now
from linky_tui.text.formatting import plain

_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def open_own(path: Path, flags: int) -> int:
    """A descriptor of a regular file; made with mode 0600 where ``flags`` create it.

    Opening never waits and never follows a link.

    Raises:
        OSError: it cannot be opened, or is a link or no regular file (``strerror`` says which).
    """
    try:
        descriptor = os.open(path, flags | _FLAGS, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise OSError(errno.ELOOP, "It is a symbolic link", str(path)) from None
        if error.errno in {errno.ENXIO, errno.EISDIR}:
            raise OSError(error.errno, _KINDS.get(error.errno), str(path)) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "It is no regular file", str(path))
    return descriptor


def read_own(path: Path, limit: int) -> bytes:
    """The first ``limit`` bytes of a regular file.

    Raises:
        OSError: see :func:`open_own`.
    """
    with open(open_own(path, os.O_RDONLY), "rb") as file:
        return file.read(limit)


def replace_own(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write a file in place of the one that is there; a killed process leaves the old one.

    ``durable``: it is on the disk before it takes the place.

    Raises:
        OSError: see :func:`open_own`.
    """
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(open_own(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    new.replace(path)


def set_aside(path: Path, mark: str = "corrupt", sidecars: Sequence[str] = ()) -> None:
    """Free the place of a file or folder that cannot be used; it is kept as ``NAME.MARK-TIME``.

    The files whose names go on with one of ``sidecars`` go with it, and before it. Nothing happens
    where it is gone already: another process was quicker.

    Raises:
        OSError: it cannot be renamed.
    """
    aside = f"{path}.{mark}-{utc_now():%Y%m%dT%H%M%SZ}"
    if os.path.lexists(aside):
        aside = f"{aside}-{uuid.uuid4().hex[:8]}"
    for ending in (*sidecars, ""):
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{path}{ending}", f"{aside}{ending}")


def why(error: OSError, path: Path | None = None) -> str:
    """Which file, and what is wrong with it, as one harmless line without a full stop.

    It is ``path`` where the error names none.
    """
    place = error.filename or path
    reason = plain(error.strerror or type(error).__name__)
    return reason if place is None else f"{plain(os.fsdecode(place))}: {reason}"


_KINDS = {errno.ENXIO: "It is no regular file", errno.EISDIR: "It is a folder, not a file"}
