"""Ports on loopback that stay free until a test binds them, and while it restarts a server.

A port that the system gives away (``bind`` to 0) is one of those that it gives to every outgoing
connection, too: between the look and the use, or while a killed server is down, it is somebody
else's. These lie below that range, and each worker of pytest-xdist takes them from a part of its
own.
"""

from __future__ import annotations

import itertools
import os
import socket

_FIRST, _PER_WORKER = 10_500, 1_000
_WORKERS = 20
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0) % _WORKERS
# Another run on the same machine hardly begins at the same place.
_offsets = itertools.count(os.getpid() % _PER_WORKER)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, and that nobody else is given."""
    found: list[int] = []
    for _ in range(_PER_WORKER):
        port = _FIRST + _PER_WORKER * _worker + next(_offsets) % _PER_WORKER
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise AssertionError(f"no {count} free ports")


def free_port() -> int:
    return free_ports(1)[0]
