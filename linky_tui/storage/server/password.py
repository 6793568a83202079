"""The password that the embedded server wants where it listens on a port.

It is made once and kept in a file of its own beside the data, for whoever may read these. The
server is taught it while it listens on its socket alone and asks nobody.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from linky_tui.storage.errors import friendly
from linky_tui.storage.server.endpoint import USER, Endpoint
from linky_tui.system.own_files import open_own, replace_own
from linky_tui.text.redaction import protect

_FILE_NAME = "linky.password"
_LIMIT_BYTES = 200
_RANDOM_BYTES = 24
_PASSWORD = re.compile(r"[\w-]{32,}", re.ASCII)
_SELECTION_MS = 5000

_OWN_ROLE = "linkyServer"
# What the comparison needs beyond the roles of MongoDB: a checkpoint, counters put right, whatever
# the buckets are called; and the end of the server.
_OWN_RIGHTS: list[dict[str, Any]] = [
    {"resource": {"cluster": True}, "actions": ["fsync", "shutdown"]},
    {"resource": {"anyResource": True}, "actions": ["validate"]},
]
# Of any database: processes with other settings share the server. The users are not among them.
_ROLES = [
    {"role": name, "db": "admin"}
    for name in ("readWriteAnyDatabase", "dbAdminAnyDatabase", "clusterMonitor", _OWN_ROLE)
]


def password_file(folder: Path) -> Path:
    """Where the server of a folder has its password."""
    return folder / _FILE_NAME


def read_password(folder: Path) -> str:
    """The password; empty where there is none yet. It is kept out of every text from now on.

    Raises:
        OSError: the file cannot be read, or is a link or no regular file.
    """
    try:
        descriptor = open_own(password_file(folder), os.O_RDONLY)
    except FileNotFoundError:
        return ""
    with open(descriptor, "rb") as file:
        os.fchmod(descriptor, 0o600)
        text = file.read(_LIMIT_BYTES).decode("ascii", errors="replace").strip()
    if not _PASSWORD.fullmatch(text):
        return ""  # half a file
    protect(text)
    return text


def make_password(folder: Path) -> str:
    """A new password, written down.

    Raises:
        OSError: it cannot be.
    """
    password = secrets.token_urlsafe(_RANDOM_BYTES)
    protect(password)
    replace_own(password_file(folder), f"{password}\n".encode())
    return password


def teach(endpoint: Endpoint, password: str) -> None:
    """Tell a server, while it wants no password, which one to want from now on.

    Raises:
        LinkyError: it refuses, or does not answer.
    """
    with friendly(), _client(endpoint) as client:
        admin = client.admin
        known = admin.command("rolesInfo", _OWN_ROLE)["roles"]
        verb = "updateRole" if known else "createRole"
        admin.command(verb, _OWN_ROLE, privileges=_OWN_RIGHTS, roles=[])
        known = admin.command("usersInfo", USER)["users"]
        verb = "updateUser" if known else "createUser"
        admin.command(verb, USER, pwd=password, roles=_ROLES, mechanisms=["SCRAM-SHA-256"])


def is_taught(endpoint: Endpoint) -> bool:
    """Whether a server that wants a password takes that of the endpoint, for all our rights.

    Raises:
        LinkyError: it does not answer.
    """
    with friendly(), _client(endpoint) as client:
        try:
            found = client.admin.command("connectionStatus")["authInfo"]["authenticatedUserRoles"]
        except OperationFailure:
            return False
    return all(role in found for role in _ROLES)


def _client(endpoint: Endpoint) -> MongoClient[dict[str, Any]]:
    return MongoClient(endpoint.uri, directConnection=True, serverSelectionTimeoutMS=_SELECTION_MS)
