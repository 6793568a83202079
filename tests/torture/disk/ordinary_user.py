"""Runs a command as an ordinary user, whom permissions stop, even where the tests run as root.

``python -m tests.torture.disk.ordinary_user COMMAND …``: a root without capabilities is nobody
special: it owns root's files, and a mode of 0500 or another user's folder is a closed door.
"""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_SECUREBITS = 28
_NOROOT, _NOROOT_LOCKED = 1, 2
REFUSED = 77
"""The exit code where the capabilities cannot be given up."""


def main(command: list[str]) -> None:
    """Become the command; root's exec gives it no capability."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_SECUREBITS, _NOROOT | _NOROOT_LOCKED, 0, 0, 0):
            sys.exit(REFUSED)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
