"""The embedded server where there are no unix sockets (Windows): loopback and a password.

Any user of the machine can reach a loopback port, so the server runs with ``--auth`` and one
generated user. Tested on Linux only, where the unix socket is used instead.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from pathlib import Path

import pymongo
from pymongo.errors import OperationFailure

from linky_tui.storage.server.endpoint import LOOPBACK, LOOPBACK_USER, Endpoint
from linky_tui.text.redaction import protect

_PASSWORD_FILE = "password"  # noqa: S105 the name of a file
_UNAUTHORIZED, _USER_EXISTS = 13, 51003


def loopback_endpoint(folder: Path, port: int = 0) -> Endpoint:
    """A loopback port, and the password of this data folder (made up the first time).

    Args:
        folder: the server's folder, which only this user can enter.
        port: the port of a server that runs; 0 picks a free one.

    Raises:
        OSError: the password cannot be read or written, or there is no free port.
    """
    path = folder / _PASSWORD_FILE
    with contextlib.suppress(FileExistsError):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(32))
    if not port:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port = probe.getsockname()[1]
    password = path.read_text(encoding="ascii").strip()
    protect(password)
    return Endpoint(None, port, password)


def ensure_user(endpoint: Endpoint) -> None:
    """Creates the one user on a server that has none yet (MongoDB's localhost exception).

    Raises:
        PyMongoError: the server did not do it.
    """
    with pymongo.MongoClient[dict[str, object]](
        LOOPBACK, endpoint.port, directConnection=True, serverSelectionTimeoutMS=5000
    ) as client:
        try:
            client.admin.command("createUser", LOOPBACK_USER, pwd=endpoint.password, roles=["root"])
        except OperationFailure as error:
            if error.code not in {_UNAUTHORIZED, _USER_EXISTS}:
                raise
