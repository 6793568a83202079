"""The temporary file of a save: it holds the token, so it must not outlive a killed process.

Its writer keeps it locked. One that nobody keeps locked was left behind, and is removed by the
next load or save.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_ENDING = ".tmp"


def open_temporary(file: Path) -> tuple[int, str]:
    """A new file (0600, locked) beside ``file``, as descriptor and name.

    Raises:
        OSError: it cannot be made.
    """
    while True:
        descriptor, name = tempfile.mkstemp(_ENDING, _beginning(file), file.parent)
        try:
            if sys.platform == "win32":
                return descriptor, name
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Before it was locked it looked left behind.
            if os.fstat(descriptor).st_nlink:
                return descriptor, name
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def remove_leftovers(file: Path) -> None:
    """Remove the temporary files beside ``file`` whose writers are dead; never raises."""
    if sys.platform == "win32":
        return
    beginning = _beginning(file)
    with contextlib.suppress(OSError), os.scandir(file.parent) as entries:
        for entry in entries:
            if entry.name.startswith(beginning) and entry.name.endswith(_ENDING):
                with contextlib.suppress(OSError):
                    _remove_if_unlocked(entry.path)


def _beginning(file: Path) -> str:
    return f".{file.name}.linky-tui-"


def _remove_if_unlocked(path: str) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
    finally:
        os.close(descriptor)
