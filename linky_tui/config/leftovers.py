"""The temporary file of a save: it holds the token, so it must not outlive a killed process.

Its writer keeps it locked. One that nobody keeps locked was left behind, and is removed by the
next load or save.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from linky_tui.system.locks import try_lock
from linky_tui.system.own_files import open_own

_ENDING = ".tmp"


def open_temporary(file: Path) -> tuple[int, str]:
    """A new file (0600, locked) beside ``file``, as descriptor and name.

    Raises:
        OSError: it cannot be made.
    """
    while True:
        descriptor, name = tempfile.mkstemp(_ENDING, _beginning(file), file.parent)
        try:
            # Before it was locked it looked left behind.
            if _is_locked_by_us(descriptor) and os.fstat(descriptor).st_nlink:
                return descriptor, name
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def remove_leftovers(file: Path) -> None:
    """Remove the temporary files beside ``file`` whose writers are dead; never raises."""
    beginning = _beginning(file)
    with contextlib.suppress(OSError), os.scandir(file.parent) as entries:
        for entry in entries:
            if entry.name.startswith(beginning) and entry.name.endswith(_ENDING):
                with contextlib.suppress(OSError):
                    _remove_if_unlocked(Path(entry.path))


def _beginning(file: Path) -> str:
    return f".{file.name}.linky-tui-"


def _is_locked_by_us(descriptor: int) -> bool:
    try:
        return try_lock(descriptor)
    except OSError:  # a file system without locks, where nothing is removed either
        return True


def _remove_if_unlocked(path: Path) -> None:
    descriptor = open_own(path, os.O_RDWR)
    try:
        if try_lock(descriptor):
            path.unlink()
    finally:
        os.close(descriptor)
