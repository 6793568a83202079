"""Which mongod the embedded local server is started with."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from linky_tui.errors import ConfigError, Side, StorageError
from linky_tui.storage.address import OLDEST_SERVER, too_old

_NAME = "mongod"
_VERSION = re.compile(r"^db version v(\d+)\.(\d+)\.\S+", re.MULTILINE)
_VERSION_TIMEOUT_S = 10.0
_INHERITED = {
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR"),
    *("TEMP", "TMP"),
}
_INHERITED_PREFIXES = ("LC_", "LD_", "DYLD_", "GLIBC_", "MALLOC_", "OPENSSL_")


ELSEWHERE = "set mongodb.uri to the address of a server that runs elsewhere"


class MongodUnfit(StorageError):
    """A mongod that cannot serve our data, where another one may: a setting has to change."""

    exit_code = 2
    usual_sides = (Side.YOURS,)


@dataclass(frozen=True, slots=True)
class Mongods:
    """The programs to try in this order, at least one."""

    paths: tuple[Path, ...]
    found: Path | None = None  # which of them is on PATH and may be anything

    def refuse_unfit(self, binary: Path) -> None:
        """Look at a mongod before it may touch the data: one that is too old would spoil them.

        Raises:
            MongodUnfit: it is none, older than time series collections, or for other processors.
        """
        if binary != self.found:
            return
        asked = _asked_for_version(binary)
        if asked is not None and asked.returncode == -signal.SIGILL:
            raise wrong_processor()
        said = "" if asked is None else asked.stdout.decode("utf-8", errors="replace")
        version = _VERSION.search(said)
        if version is None:
            raise MongodUnfit(
                "The mongod on PATH is none",
                f"{binary} does not say a version of MongoDB when it is asked for one.",
                "Install one with  pip install 'linky-tui[local]'  or name one in mongodb.mongod.",
            )
        if (int(version[1]), int(version[2])) < tuple(map(int, OLDEST_SERVER.split("."))):
            error = too_old(version[0].removeprefix("db version v"))
            raise MongodUnfit(error.title, f"{error.cause} It is {binary}.", error.next_step)


def find_mongods(configured: str = "") -> Mongods:
    """The configured mongod alone, else the ``local`` extra's, then the one on PATH.

    So a shell and cron, whose PATHs differ, start the same one.

    Raises:
        ConfigError: there is none, or the configured one cannot be run.
    """
    if configured:
        binary = Path(os.path.expanduser(configured)).absolute()
        if not _can_run(binary):
            cause = f"The setting mongodb.mongod names {binary}, which is no file that can be run."
            raise ConfigError(
                "mongod not found",
                cause,
                "Correct the setting, or leave it empty to have mongod looked for.",
                (f"mongodb.mongod: {cause}",),
            )
        return Mongods((binary,))
    extra, on_path = _from_extra(), shutil.which(_NAME)
    found = Path(on_path).absolute() if on_path else None
    if extra is not None and found is not None and extra.samefile(found):
        found = None
    paths = tuple(path for path in (extra, found) if path is not None)
    if not paths:
        cause = "The setting mongodb.uri is empty and no mongod is installed on this machine."
        raise ConfigError(
            "No MongoDB server",
            cause,
            "Install one with  pip install 'linky-tui[local]'  or set mongodb.uri to the address "
            "of a MongoDB server.",
            (f"mongodb.uri: {cause}",),
        )
    return Mongods(paths, found)


def wrong_processor() -> MongodUnfit:
    """The error for a mongod that was ended by SIGILL (MongoDB's manual, Platform Support)."""
    if platform.machine().lower().startswith(("aarch64", "arm")):
        return MongodUnfit(
            "MongoDB does not run on this processor",
            "MongoDB 5.0 and newer need ARMv8.2-A, which this processor does not have (a "
            "Raspberry Pi 4 has not, a Raspberry Pi 5 has).",
            f"{ELSEWHERE[0].upper()}{ELSEWHERE[1:]}.",
        )
    return MongodUnfit(
        "MongoDB does not run on this processor",
        "MongoDB 5.0 and newer need AVX instructions, which this processor (or virtual machine) "
        "does not have.",
        f"Give the virtual machine the host's processor type, or {ELSEWHERE}.",
    )


def mongod_environment() -> dict[str, str]:
    """What mongod needs of our environment: no token, no password of a proxy."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }


def _from_extra() -> Path | None:
    # Only looked up: importing the package of the extra may pull in a great deal, and where the
    # full "fiftyone" is installed it takes seconds.
    spec = importlib.util.find_spec("fiftyone")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        binary = (Path(folder) / "db" / "bin" / _NAME).absolute()
        if _can_run(binary):
            return binary
    return None


def _asked_for_version(binary: Path) -> subprocess.CompletedProcess[bytes] | None:
    try:
        return subprocess.run(  # noqa: S603 no shell, and what the user's own PATH names
            [binary, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_VERSION_TIMEOUT_S,
            env=mongod_environment(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def _can_run(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
