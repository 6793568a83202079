"""How people get to the stored readings with tools of their own, such as mongosh and Compass."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from linky_tui.storage.server.endpoint import LOOPBACK, USER
from linky_tui.text.redaction import SECRET_OPTION

if TYPE_CHECKING:
    from linky_tui.storage.server.local_server import LocalServer


@dataclass(frozen=True, slots=True)
class Access:
    """The address of the server in use, without any password."""

    address: str  # a connection string
    private: bool = False  # whether it is the private server, which ends with the last linky-tui
    port: int = 0  # of the private server on loopback; 0: it has its unix socket alone
    password_file: Path | None = None  # what holds the private server's password, if it wants one

    @property
    def mongosh(self) -> str:
        """A line for a shell. mongosh asks for the password where the address has a user."""
        return f"mongosh {shlex.quote(self.address)}"


def private_access(server: LocalServer, database: str) -> Access:
    """Access to the private server: by its port where it has one, else by its socket."""
    endpoint, name = server.endpoint, quote(database, safe="")
    if not endpoint.port:
        # The driver's rule for sockets: the path stands percent-encoded where a host would.
        return Access(f"{endpoint.uri}/{name}", private=True)
    return Access(
        f"mongodb://{USER}@{LOOPBACK}:{endpoint.port}/{name}?authSource=admin",
        private=True,
        port=endpoint.port,
        password_file=server.password_file,
    )


def configured_access(uri: str) -> Access:
    """Access to a server of the user's own: the configured address, its secrets left out."""
    base, question, options = uri.strip().partition("?")
    scheme, mark, rest = base.partition("://")
    user, at, host = rest.rpartition("@")
    base = f"{scheme}{mark}{user.partition(':')[0]}{at}{host}"
    separator = ";" if ";" in options and "&" not in options else "&"
    kept = [
        option
        for option in options.split(separator)
        if option and not SECRET_OPTION.search(option.partition("=")[0])
    ]
    return Access(f"{base}{question}{separator.join(kept)}" if kept else base)
