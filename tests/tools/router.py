"""What the driver takes for the router of a cluster, in front of a replica set of one mongod.

No mongos comes with the tests' packages. This hands every command on to a real mongod and changes
what a router says otherwise: ``hello`` and the statistics of collections that are "sharded". It
notes the commands, and which writes a real router would have to send to every shard.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from tests.tools.servers import serving
from tests.tools.wire import Command, receive

_OF_THE_SET = (
    *("setName", "setVersion", "hosts", "me", "primary", "electionId", "lastWrite"),
    *("secondary", "topologyVersion"),
)
KEYS = {
    "consumption": ("meter.prm", "meter.flow"),
    "consumptionTS": ("meter.prm", "meter.flow"),
    "consumption_days": ("_id",),
}
"""The shard key of each of our collections that has one."""


class Router:
    """How the cluster is, and what it was told.

    Attributes:
        uri: how the driver reaches it.
        sharded: names of collections that are.
        shards: how many shards have a part of each of them.
        seen: the commands so far.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.sharded: set[str] = set()
        self.shards = 2
        self.seen: list[Command] = []
        self._faults: list[tuple[str, bool]] = []

    def names(self) -> list[str]:
        """What was commanded, with the collection: ``drop consumptionTS``."""
        return [
            f"{name} {command[name]}" for command in self.seen for name in [next(iter(command))]
        ]

    def untargeted(self) -> list[Command]:
        """Replacements, updates and deletes that name no shard."""
        return [
            part
            for command in self.seen
            for part in (*command.get("updates", ()), *command.get("deletes", ()))
            if not {*KEYS.get(command[next(iter(command))], ())} <= {*part["q"]}
        ]

    def lose(self, command: str, *, reply: bool) -> None:
        """Break the connection at the next command of that name: its reply is lost, or itself."""
        self._faults.append((command, reply))

    def fault(self, command: str) -> bool | None:
        """Whether the reply gets lost this time, or the command; ``None`` for neither."""
        for number, (name, reply) in enumerate(self._faults):
            if name == command:
                del self._faults[number]
                return reply
        return None

    def changed(self, command: Command, answer: Command) -> Command | None:
        """What the router says instead, if it says anything else."""
        name = next(iter(command))
        if name.lower() in ("hello", "ismaster"):
            kept = {key: value for key, value in answer.items() if key not in _OF_THE_SET}
            return {**kept, "msg": "isdbgrid"}
        if name == "collStats":
            return {**answer, "sharded": command[name] in self.sharded}
        if name == "aggregate" and "$collStats" in next(iter(command["pipeline"]), {}):
            cursor = answer.get("cursor", {})
            documents = [{**each, "shard": "sh0"} for each in cursor.get("firstBatch", ())]
            if command[name] in self.sharded:
                others = range(1, self.shards)
                documents += [{**_nothing(documents[0]), "shard": f"sh{each}"} for each in others]
            return {**answer, "cursor": {**cursor, "firstBatch": documents}}
        return None


@contextmanager
def routed(upstream: int) -> Iterator[Router]:
    """A router in front of the mongod at a port of loopback."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with (
                suppress(OSError, struct.error),
                socket.create_connection(("127.0.0.1", upstream)) as server,
            ):
                while self.hand_on(server):
                    pass

        def hand_on(self, server: socket.socket) -> bool:
            message = receive(self.request)
            command = message.command()
            with lock:
                router.seen.append(command)
                lost = router.fault(next(iter(command)))
            if lost is False:
                return False
            server.sendall(message.data)
            reply = receive(server)
            if lost:
                return False
            changed = router.changed(command, reply.answer())
            data = reply.data if changed is None else message.reply(changed)
            self.request.sendall(data)
            return True

    lock = threading.Lock()
    listening = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    router = Router(f"mongodb://127.0.0.1:{listening.server_address[1]}")
    with serving(listening):
        yield router


def _nothing(statistics: Mapping[str, Any]) -> Command:
    """The statistics of a shard that holds nothing yet."""
    return {
        name: _nothing(value)
        if isinstance(value, Mapping)
        else 0
        if isinstance(value, int | float)
        else value
        for name, value in statistics.items()
    }
