"""Where things belong on this system, for the real application and for the demo.

Nothing is created here but by :func:`private_dir`. The demo has a folder of its own in each
place, so that it never meets the configuration or the data of the real meter.
"""

from __future__ import annotations

import os
import stat
import sys
import warnings
from pathlib import Path

import platformdirs

from linky_tui.errors import ConfigError
from linky_tui.text.formatting import plain

APP = "linky-tui"
DEMO = "demo"


def config_file(*, demo: bool = False) -> Path:
    """The configuration file that is used where none is named."""
    return _place(platformdirs.user_config_dir(APP, appauthor=False), demo) / "config.toml"


def data_dir(*, demo: bool = False) -> Path:
    """What must not be lost: the embedded database."""
    return _place(platformdirs.user_data_dir(APP, appauthor=False), demo)


def state_dir(*, demo: bool = False) -> Path:
    """What may be lost, though it would be a pity: the request budget, lock files."""
    return _place(platformdirs.user_state_dir(APP, appauthor=False), demo)


def log_dir(*, demo: bool = False) -> Path:
    """Logs."""
    return _place(platformdirs.user_log_dir(APP, appauthor=False), demo)


def runtime_dir(*, demo: bool = False) -> Path:
    """A place with a short path for sockets; empty again after a reboot."""
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR (cron, containers) it falls back to the temporary folder and
        # warns; whoever puts something there checks the folder himself.
        warnings.simplefilter("ignore")
        folder = platformdirs.user_runtime_dir(APP, appauthor=False)
    return _place(folder, demo)


def _place(folder: str, demo: bool) -> Path:
    return Path(folder) / DEMO if demo else Path(folder)


def private_dir(path: Path) -> Path:
    """Make sure that a folder exists and that only this user can enter it; give it back.

    Missing parents are created, private too; existing ones are left as they are.

    Raises:
        ConfigError: it cannot be created, is a symbolic link or no folder, or belongs to
            another user (in a shared temporary folder that is an attack, not an accident).
    """
    try:
        _create(path)
        if sys.platform != "win32":
            _tighten(path)
    except OSError as error:
        raise ConfigError(
            "A folder cannot be used",
            f"{plain(str(path))}: {plain(error.strerror or type(error).__name__)}.",
            "Check who owns it and whether the disk is full or read-only, then try again.",
        ) from None
    return path


def _create(path: Path) -> None:
    missing = []
    folder = path
    while not os.path.lexists(folder):
        missing.append(folder)
        folder = folder.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)


def _tighten(path: Path) -> None:
    if path.is_symlink():
        raise _refused(path, "is a symbolic link")
    # The checks and the change go through one descriptor: the name may be swapped in between.
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid():
            raise _refused(path, "belongs to another user")
        if stat.S_IMODE(status.st_mode) & 0o077:
            os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)


def _refused(path: Path, why: str) -> ConfigError:
    return ConfigError(
        "A folder is not private",
        f"{plain(str(path))} {why}, so what is kept in it could be read or replaced.",
        "Move it away, then start again: a private folder is created in its place.",
    )
