"""MongoDB's messages, as much of them as drivers send: for servers that claim to be one."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

import bson

Command = dict[str, Any]
WRITES = frozenset(
    {"insert", "update", "delete", "findAndModify", "create", "createIndexes", "drop"}
)
"""The commands of MongoDB that change something."""
_REPLY, _QUERY, _MSG = 1, 2004, 2013


class Message(NamedTuple):
    data: bytes  # all of it
    request_id: int
    kind: int

    def command(self) -> Command:
        """The command, with the documents that follow it."""
        if self.kind == _QUERY:
            found: Command = bson.decode(self.data[self.data.index(b"\0", 20) + 9 :])
            return found
        assert self.kind == _MSG
        command: Command = {}
        place = 20
        while place < len(self.data):
            (size,) = struct.unpack_from("<i", self.data, place + 1)
            part = self.data[place + 1 : place + 1 + size]
            if self.data[place] == 0:
                command = {**bson.decode(part), **command}
            else:
                end = part.index(b"\0", 4)
                command[part[4:end].decode()] = bson.decode_all(part[end + 1 :])
            place += 1 + size
        return command

    def reply(self, answer: Mapping[str, Any]) -> bytes:
        """The message that answers this one with a document."""
        document = bson.encode(answer)
        if self.kind == _QUERY:
            data, kind = struct.pack("<iqii", 8, 0, 0, 1) + document, _REPLY
        else:
            data, kind = struct.pack("<IB", 0, 0) + document, _MSG
        return struct.pack("<iiii", 16 + len(data), 1, self.request_id, kind) + data

    def answer(self) -> Command:
        """The document of a reply."""
        found: Command = bson.decode(self.data[36 if self.kind == _REPLY else 21 :])
        return found


def receive(connection: socket.socket) -> Message:
    """The next message.

    Raises:
        struct.error: the other side has closed the connection.
    """
    head = connection.recv(16, socket.MSG_WAITALL)
    length, request_id, _, kind = struct.unpack("<iiii", head)
    return Message(head + connection.recv(length - 16, socket.MSG_WAITALL), request_id, kind)
