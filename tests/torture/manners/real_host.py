"""The simulated gateway as a host that is not this machine: another name, https, the real limits.

``python -m tests.torture.manners.real_host ARGUMENTS`` is the command line where every name
that ends in ``.example`` leads to 127.0.0.1.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import trustme

from linky_tui import cli
from linky_tui.demo.server import ApiServer
from tests.torture.cli_runs import Home
from tests.torture.manners.patient import be_patient

NAME = "gateway.example"


class Authority:
    """Makes certificates that a process trusts once ``REQUESTS_CA_BUNDLE`` names :attr:`bundle`.

    Args:
        folder: where the bundle is written.

    Attributes:
        bundle: the certificate of the authority.
    """

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.bundle = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(str(self.bundle))

    def context(self, *names: str) -> ssl.SSLContext:
        """What a server of these names shows."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*names).configure_cert(context)
        return context


def api_url(server: ApiServer) -> str:
    """The address of the server under a name that is not loopback."""
    return server.url.replace("127.0.0.1", NAME)


def start(
    home: Home, authority: Authority, *arguments: str, **environment: str
) -> subprocess.Popen[str]:
    """Start the command line in such a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.torture.manners.real_host", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=home.environment | {"REQUESTS_CA_BUNDLE": str(authority.bundle)} | environment,
        start_new_session=True,
    )


def main() -> int:
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **options: Any) -> Any:
        return real("127.0.0.1" if str(host).endswith(".example") else host, *rest, **options)

    be_patient()
    socket.getaddrinfo = resolve
    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
