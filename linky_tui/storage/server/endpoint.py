"""Where the embedded server listens: a unix socket in a folder that is nobody else's.

On a port of this machine as well where the user asks for one; then it wants a password.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pymongo
from pymongo.errors import ConfigurationError, PyMongoError

from linky_tui.errors import ConfigError, Side, StorageError
from linky_tui.system.paths import private_dir
from linky_tui.text.formatting import plain

SOCKET_PATH_LIMIT = 100
"""Bytes; the system's own limit is 108 on Linux and 104 on macOS."""

LOOPBACK = "127.0.0.1"
USER = "linky"
"""Who logs in where a password is wanted."""

_SOCKET_NAME = "mongod.sock"  # the driver takes only names in .sock for unix sockets


@dataclass(frozen=True)
class Endpoint:
    """How the server is reached."""

    socket_path: Path
    port: int = 0  # of loopback, beside the socket; 0: none, and no password is wanted
    password: str = field(default="", repr=False, compare=False)  # of the user `linky`

    @property
    def uri(self) -> str:
        """The address for the driver, with the password where there is one."""
        return self._uri(f"{USER}:{self.password}@" if self.password else "")

    @property
    def bind_ip(self) -> str:
        """Where mongod is told to listen, by which it is recognised."""
        path = str(self.socket_path)
        return f"{LOOPBACK},{path}" if self.port else path

    @property
    def arguments(self) -> list[str]:
        """What mongod is told about it."""
        # Without --nounixsocket mongod listens on /tmp/mongodb-27017.sock as well, and takes
        # that name away from a server of the system. A socket of --bind_ip is not meant by it.
        told = ["--bind_ip", self.bind_ip, "--nounixsocket", "--filePermissions", "0600"]
        if not self.port:
            return told
        # Every user of this machine reaches the port, and none of them may make himself a user.
        guarded = ["--auth", "--setParameter", "enableLocalhostAuthBypass=false"]
        return [*told, "--port", str(self.port), *guarded]

    def answers(self, timeout_s: float) -> bool:
        """Whether a server answers a ``hello`` there within the time."""
        # The driver asks again only after a while, too long a one for a server that starts.
        if not _is_listening(self.socket_path):
            return False
        limit_ms = int(1000 * timeout_s)
        try:
            with (
                pymongo.timeout(timeout_s),
                pymongo.MongoClient[dict[str, object]](
                    self._uri(), directConnection=True, connectTimeoutMS=limit_ms
                ) as client,
            ):
                client.admin.command("hello")
        except ConfigurationError:  # too old for the driver, which whoever connects is told
            return True
        except PyMongoError:
            return False
        return True

    def _uri(self, user: str = "") -> str:
        return f"mongodb://{user}{quote(str(self.socket_path), safe='')}"


def socket_endpoint(folder: Path, runtime_dir: Path) -> Endpoint:
    """A unix socket in the server's own folder, or elsewhere where its path would be too long.

    A name elsewhere derives from the server's folder (0700, resolved); the user's runtime folder
    is tried before the temporary one.

    Raises:
        ConfigError: the folder elsewhere belongs to somebody else or is a link.
        StorageError: there is no place with a short enough path.
    """
    if _usable(folder / _SOCKET_NAME):
        return Endpoint(folder / _SOCKET_NAME)
    for parent in (runtime_dir, _temporary_dir(), Path("/tmp")):  # noqa: S108 own folder, checked
        place = parent.absolute() / _place_name(folder)
        if not _usable(place / _SOCKET_NAME):
            continue
        try:
            private_dir(place)
        except ConfigError:
            if os.path.lexists(place):  # somebody else's: an attack is no reason to go elsewhere
                raise
            continue  # a runtime folder that does not exist cannot always be made
        return Endpoint(place / _SOCKET_NAME)
    raise StorageError(
        "No place for MongoDB's socket",
        f"The path {folder} is too long for a unix socket, and neither the runtime folder nor "
        "the temporary folder can take it.",
        "Set XDG_RUNTIME_DIR or TMPDIR to a folder with a short path.",
        sides=(Side.YOURS,),
    )


def is_place(path: Path, folder: Path) -> bool:
    """Whether :func:`socket_endpoint` puts sockets of this folder there, in some environment."""
    own = path.parent == folder or path.parent.name == _place_name(folder)
    return own and path.name == _SOCKET_NAME


def clear_place(path: Path) -> None:
    """Makes room for a socket: removes one that is left over, and nothing else.

    Raises:
        StorageError: it is no socket, or another program listens there.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    found = "is no socket"
    if stat.S_ISSOCK(status.st_mode):
        found = "belongs to another user"
        if status.st_uid == os.geteuid():
            if not _is_listening(path):
                path.unlink(missing_ok=True)
                return
            found = "belongs to another program, which listens there"
    raise StorageError(
        "The place of MongoDB's socket is taken",
        f"{plain(str(path))} {found}.",
        "End that program or move the file away, then start again; nothing was touched.",
        sides=(Side.YOURS,),
    )


def remove_socket(endpoint: Endpoint, folder: Path) -> None:
    """Removes the socket that nobody answers on, and the folder made for it elsewhere."""
    path = endpoint.socket_path
    path.unlink(missing_ok=True)
    if path.parent != folder:
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def _is_listening(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # such as one that is too busy to answer
        return True


def _place_name(folder: Path) -> str:
    return f"linky-tui-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"


def _temporary_dir() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:  # none that can be written
        return Path("/tmp")  # noqa: S108 own folder, checked


def _usable(path: Path) -> bool:
    try:
        # mongod and the driver both split lists of addresses at commas.
        return len(str(path).encode("utf-8")) <= SOCKET_PATH_LIMIT and "," not in str(path)
    except UnicodeEncodeError:
        return False  # bytes that are no UTF-8 cannot be written in an address
