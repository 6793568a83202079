"""Small disks, read-only ones, and what lies on them: for tests of what a disk can do to us."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

Snapshot = dict[str, tuple[object, ...]]
"""By path: mode, owner, and what is there."""

BALLAST = "ballast"
_CHUNK = 1 << 16


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"mounting is refused here: {done.stderr.strip()}")


@contextlib.contextmanager
def _unmounted_afterwards(folder: Path) -> Iterator[None]:
    try:
        yield
    finally:
        # Lazily: whatever a failed test left running there must not keep it.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _need_root() -> None:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root")


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of its own at ``folder``, gone at the end; skips the test where that is refused.

    ``folder``: made where it is missing; what is in it is hidden meanwhile.
    """
    _need_root()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder))
    with _unmounted_afterwards(folder):
        yield folder


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder and all below it, as on a disk that is mounted read-only."""
    _need_root()
    _mount("--bind", str(folder), str(folder))
    with _unmounted_afterwards(folder):
        _mount("-o", "remount,bind,ro", str(folder))
        yield


@contextlib.contextmanager
def immutable(file: Path) -> Iterator[None]:
    """A file (or folder) that even root cannot change."""
    if shutil.which("chattr") is None:
        pytest.skip("no chattr: files cannot be made immutable")
    done = subprocess.run(["chattr", "+i", str(file)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this file system has no immutable files: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", str(file)], check=True)


def fill(disk: Path, *, leave: int = 0) -> Path:
    """Fill a disk with a file, but for ``leave`` bytes; returns the file."""
    ballast = disk / BALLAST
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while (free := shutil.disk_usage(disk).free - leave) > 0:
            file.write(b"x" * min(free, _CHUNK))
    return ballast


def snapshot(*places: Path) -> Snapshot:
    """Everything at and below some places, byte by byte; links and pipes are not followed."""
    found: Snapshot = {}
    for place in places:
        for path in [place, *sorted(place.rglob("*"))] if place.is_dir() else [place]:
            found[str(path)] = _what(path)
    return found


def lost(before: Snapshot, after: Snapshot) -> list[str]:
    return [path for path, what in before.items() if after.get(path) != what]


def _what(path: Path) -> tuple[object, ...]:
    try:
        status = path.lstat()
    except OSError:
        return ()
    content: object = None
    if stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(status.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    return status.st_mode, status.st_uid, content
