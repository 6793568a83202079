"""Where things belong on this system, for the real application and for the demo.

Nothing is created here but by :func:`private_dir`. The demo has a folder of its own in each
place, so that it never meets the configuration or the data of the real meter.
"""

from __future__ import annotations

import contextlib
import os
import stat
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs

from linky_tui.errors import ConfigError
from linky_tui.text.formatting import plain

APP = "linky-tui"
DEMO = "demo"


def config_file(*, demo: bool = False) -> Path:
    """The configuration file that is used where none is named.

    Like every place here it raises a :class:`ConfigError` where the user has no home folder.
    """
    return _place(platformdirs.user_config_dir, demo) / "config.toml"


def data_dir(*, demo: bool = False) -> Path:
    """What must not be lost: the embedded database."""
    return _place(platformdirs.user_data_dir, demo)


def state_dir(*, demo: bool = False) -> Path:
    """What may be lost, though it would be a pity: the request budget, lock files."""
    return _place(platformdirs.user_state_dir, demo)


def runtime_dir(*, demo: bool = False) -> Path:
    """A place with a short path for sockets; empty again after a reboot."""
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR (cron, containers) it falls back to the temporary folder and
        # warns; whoever puts something there checks the folder himself.
        warnings.simplefilter("ignore")
        return _place(platformdirs.user_runtime_dir, demo)


def picture_dirs(*, demo: bool = False) -> Iterator[Path]:
    """Where a picture may be put, best first; those of the system only where they exist."""
    for of_system in (platformdirs.user_pictures_dir, platformdirs.user_downloads_dir):
        with contextlib.suppress(RuntimeError):  # no home folder
            folder = Path(of_system())
            if folder.is_absolute() and folder.is_dir():
                yield folder
    with contextlib.suppress(ConfigError):
        yield private_dir(state_dir(demo=demo) / "pictures")
    with contextlib.suppress(RuntimeError):
        yield Path.home()


def _place(folder_of: Callable[..., str], demo: bool) -> Path:
    try:
        folder = folder_of(APP, appauthor=False)
    except RuntimeError:  # platformdirs' word for it, since 4.5
        folder = "~"
    if not os.path.isabs(folder):
        raise ConfigError(
            "There is no home folder",
            "This user has none, as the users of services often do, so there is no place for "
            "configuration, data and the count of requests.",
            "Set HOME, or all of XDG_CONFIG_HOME, XDG_DATA_HOME and XDG_STATE_HOME, to a folder "
            "that this user can write to.",
        )
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
