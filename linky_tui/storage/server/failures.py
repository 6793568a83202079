"""Why the embedded server did not start, said so that one can do something about it."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
from pathlib import Path

from linky_tui.errors import (
    ConfigError,
    LinkyError,
    OutOfSpace,
    Side,
    StorageError,
    StorageUnavailable,
)
from linky_tui.storage.server.binary import ELSEWHERE, MongodUnfit, wrong_processor
from linky_tui.text.formatting import plain

TAIL_BYTES = 64 * 1024
"""How much of the log's end is looked at."""

LEAST_FREE_BYTES = 1_000_000
"""Less than this and the disk counts as full."""

_MISSING_LIBRARY = re.compile(r"error while loading shared libraries: (\S+?):")
_OLD_SYSTEM = re.compile(r"version `(GLIBC|GLIBCXX|OPENSSL)_[\d.]+' not found")
_PACKAGES = {  # Debian and Ubuntu names
    "libcurl.so.4": "libcurl4",
    "libcrypto.so.3": "libssl3",
    "libssl.so.3": "libssl3",
    "libcrypto.so.1.1": "libssl1.1",
    "libssl.so.1.1": "libssl1.1",
    "liblzma.so.5": "liblzma5",
    "libgcc_s.so.1": "libgcc-s1",
    "libresolv.so.2": "libc6",
}
_NEWER_DATA = (
    "Found an invalid featureCompatibilityVersion document",
    "Wrong mongod version",
    "Version incompatibility detected",
    "unsupported WiredTiger ",
)
_HALF_MADE = "missing featureCompatibilityVersion document"
_OLDER_DATA = ("too recent to start up", "need to be fully upgraded to version")
_DAMAGED_DATA = (
    "WT_TRY_SALVAGE",
    "WT_PANIC",
    " is corrupted",
    " corrupted: ",
    "data corruption",
    "fatal turtle file read error",
    "does not appear to be a WiredTiger file",
    "Failed to open a WiredTiger cursor",
    "dochub.mongodb.org/core/repair",
    "storage engine metadata file",
)
_FORBIDDEN = ("Permission denied", "Operation not permitted", "Read-only file system")
_AFTERMATH = (
    *("Fatal assertion", "***aborting", "Writing fatal message", "Terminating"),
    *("Please read the documentation", "Got signal", "BACKTRACE"),
)
_NO_SPACE = "No space left on device"
_PORT_TAKEN = "Address already in use"
_FIRST_WORDS = '"msg":"MongoDB starting"'


def start_failure(
    output: str, returncode: int | None, binary: Path, log_path: Path, port: int = 0
) -> LinkyError:
    """The error for a mongod that ended, or did not answer, instead of starting.

    ``output`` is what it wrote since it was started: its log, or the system's complaint.
    ``returncode`` is negative for a signal, and None while it still runs. ``port`` is what it was
    to listen on beside its socket, 0 for none.
    """
    last = last_lines(output)
    told = f' It said: "{last}".' if last else ""
    library = _MISSING_LIBRARY.search(output)
    if library:
        return _missing_library(plain(library[1], 60), binary)
    if _OLD_SYSTEM.search(output):
        return MongodUnfit(
            "MongoDB does not run on this system",
            f"{binary} needs newer system libraries than the ones here.{told}",
            f"It needs Debian 12, Ubuntu 22.04 or later; or {ELSEWHERE}.",
        )
    if returncode == -signal.SIGILL:
        return wrong_processor()
    if port and _PORT_TAKEN in output:
        return ConfigError(
            "The port of the local MongoDB is taken",
            f"Another program listens on 127.0.0.1:{port}; the data were not touched.",
            "Set mongodb.local_port to another port, or to 0 for none; or end that program.",
            (f"mongodb.local_port = {port}: another program listens there",),
        )
    if any(text in output for text in _OLDER_DATA):
        return MongodUnfit(
            "The data come from an older MongoDB",
            f"{binary} is too new for the data folder {log_path.parent}.{told}",
            "Set mongodb.mongod to the mongod that was used before.",
        )
    if any(text in output for text in _NEWER_DATA):
        return MongodUnfit(
            "The data come from a newer MongoDB",
            f"The data folder {log_path.parent} was written by a newer MongoDB than {binary}."
            f"{told}",
            "Set mongodb.mongod to the newer mongod that was used before.",
        )
    if _NO_SPACE in output or _is_full(log_path.parent):
        return disk_full(f"MongoDB could not start in {log_path.parent}.{told}")
    if any(text in output for text in _FORBIDDEN):
        return StorageError(
            "The data folder cannot be used",
            f"MongoDB may not read or write everything in {log_path.parent}.{told}",
            "Check who owns its files and whether the disk is read-only; nothing was touched.",
            sides=(Side.YOURS,),
        )
    if any(text in output for text in _DAMAGED_DATA):
        return _damaged(log_path, told)
    if "DBPathInUse" in output:
        return StorageUnavailable(
            "The data folder is in use",
            f"Another MongoDB server works on {log_path.parent}.{told}",
            "End that server, then try again.",
            sides=(Side.YOURS,),
        )
    if returncode is None:
        return StorageUnavailable(
            "MongoDB does not answer",
            f"The local server was started but did not answer in time.{told}",
            f"Try again; its log is {log_path}.",
        )
    how = f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
    # One that never began is broken, or no mongod at all.
    kind = StorageError if _FIRST_WORDS in output else MongodUnfit
    return kind(
        "MongoDB did not start",
        f"{binary} ended with {how}.{told}",
        f"Its log is {log_path}; or {ELSEWHERE}.",
    )


def running_failure(log: str, log_path: Path) -> LinkyError | None:
    """The error for a server that stopped answering, ``None`` where neither log nor disk tells."""
    before, started, since = log.rpartition(_FIRST_WORDS)
    log = since.partition("\n")[2] if started else before + since
    if _NO_SPACE in log:
        return disk_full(f"MongoDB has no space left for its data in {log_path.parent}.")
    if full := no_space(log_path.parent):
        return full
    if any(text in log for text in _DAMAGED_DATA):
        last = last_lines(log)
        return _damaged(log_path, f' It said: "{last}".' if last else "")
    return None


def no_space(folder: Path) -> OutOfSpace | None:
    """The error for a disk that is full at this moment."""
    if not _is_full(folder):
        return None
    return disk_full(f"MongoDB has no space left for its data in {folder}.")


def _damaged(log_path: Path, told: str) -> StorageError:
    return StorageError(
        "MongoDB's data are damaged",
        f"MongoDB cannot read what it stored in {log_path.parent / 'data'}.{told}",
        "Nothing was deleted or repaired. Put a copy of that folder back; or move it away, start "
        f"again and fetch the history anew. MongoDB's log is {log_path}.",
    )


def disk_full(cause: str) -> OutOfSpace:
    """The error for a disk without any space left for the server."""
    return OutOfSpace(
        "The disk is full",
        cause,
        "Free some space, then start again: nothing that was stored is lost.",
    )


def never_began(output: str, data_path: Path) -> bool:
    """Whether a data folder was given up while mongod made it, so that nothing can be in it.

    mongod that is told to end in its first moments (Ctrl-C during the very first start) can leave
    a folder that it refuses ever after: the collection for its own version is there, but empty.
    Everything that anybody stored has a file of its own, so one file at most proves it. Such a
    folder is set aside, not deleted: the proof rests on a text of mongod.
    """
    files = sum(1 for _ in zip(data_path.rglob("collection-*.wt"), range(2), strict=False))
    return _HALF_MADE in output and files <= 1


def _is_full(folder: Path) -> bool:
    """Whether there is no space left where a server on a full disk could not even log that."""
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free < LEAST_FREE_BYTES
    return False


def _missing_library(library: str, binary: Path) -> MongodUnfit:
    package = _PACKAGES.get(library)
    if package == "libssl3":
        todo = "Install libssl3 (OpenSSL 3: Debian 12, Ubuntu 22.04 and later)"
    elif package:
        todo = f"Install {package} (apt install {package})"
    else:
        todo = f"Install the package that has {library}"
    return MongodUnfit(
        "A system library is missing",
        f"{binary} needs {library}, which is not installed on this system.",
        f"{todo}, or {ELSEWHERE}.",
    )


def last_lines(output: str, limit: int = 300) -> str:
    """The last lines of a log that say something, as one short harmless line.

    mongod's own lines are JSON: of those the errors count, and of an error its message and cause.
    """
    lines = [line for line in output.splitlines() if line.strip()][-200:]
    entries = [_entry(line) for line in lines]
    errors = [text for severe, text in entries if severe and not text.startswith(_AFTERMATH)]
    telling = dict.fromkeys(errors or [text for _, text in entries])  # retries repeat themselves
    return plain(" | ".join(list(telling)[-3:]), limit)


def _entry(line: str) -> tuple[bool, str]:
    """Whether a line is an error (or no line of mongod's log at all), and its text."""
    try:
        entry = json.loads(line)
        attributes = entry.get("attr") or {}
        text = str(entry["msg"]).strip()
        causes = [attributes.get(name) for name in ("message", "error", "reason")]
        details = [cause if isinstance(cause, dict) else {"msg": cause} for cause in causes]
        cause = next((d.get("msg") or d.get("errmsg") for d in details if any(d.values())), None)
        return entry.get("s") in {"E", "F"}, f"{text}: {cause}" if cause else text
    except (ValueError, KeyError, AttributeError):
        return True, line
