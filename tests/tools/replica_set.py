"""A replica set on loopback, for stepdowns and killed primaries."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from tests.tools.mongod import PrivateMongod
from tests.tools.ports import free_ports
from tests.tools.waiting import wait_until

NAME = "rs0"
ELECTION_TIMEOUT_MS = 2000
_BAD_VALUE = 2
PATIENCE_S = 90.0
"""For an election on a loaded machine."""


class ReplicaSet:
    """Some mongods; a context manager that starts and ends them; ``extra``: more arguments."""

    def __init__(self, folder: Path, *extra: str, count: int = 3) -> None:
        self.ports = free_ports(count)
        self.members = [
            PrivateMongod(
                folder / f"member{number}",
                *("--replSet", NAME, "--oplogSize", "64", *extra),
                port=port,
            )
            for number, port in enumerate(self.ports)
        ]

    @property
    def uri(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"mongodb://{hosts}/?replicaSet={NAME}"

    def __enter__(self) -> ReplicaSet:
        try:
            for member in self.members:
                member.launch()
            for member in self.members:
                member.wait_until_ready()
            self._initiate()
            self.wait_for_primary()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        for member in self.members:
            member.kill()

    def primary(self) -> int | None:
        """The number of the member that is primary now; None while there is none."""
        for number, member in enumerate(self.members):
            if member.process is not None:
                with contextlib.suppress(PyMongoError):
                    if self.command(number, "hello", patience_s=1.0).get("isWritablePrimary"):
                        return number
        return None

    def wait_for_primary(self) -> int:
        deadline = time.monotonic() + PATIENCE_S
        while (number := self.primary()) is None:
            assert time.monotonic() < deadline, "no primary"
            time.sleep(0.05)
        return number

    def kill(self, number: int) -> None:
        self.members[number].kill()

    def restart(self, number: int) -> None:
        self.members[number].start()

    def secondaries(self) -> list[int]:
        """The numbers of the members that are not primary, once one of them is."""
        primary = self.wait_for_primary()
        return [number for number in range(len(self.members)) if number != primary]

    def heal(self, but: int | None = None) -> None:
        """Thaws and restarts whatever is frozen or was killed, and waits for a primary."""
        others = [member for number, member in enumerate(self.members) if number != but]
        for member in others:
            if member.process is None:
                member.launch()
            else:
                member.thaw()
        for member in others:
            member.wait_until_ready()
        self.wait_for_primary()

    def wait_until_caught_up(self) -> None:
        """Waits until every member is primary or secondary, with rollbacks behind it."""

        def is_caught_up() -> bool:
            with contextlib.suppress(PyMongoError):
                status = self.command(self.wait_for_primary(), "replSetGetStatus")
                states = {member["stateStr"] for member in status["members"]}
                times = {str(member.get("optimeDate")) for member in status["members"]}
                return states == {"PRIMARY", "SECONDARY"} and len(times) == 1
            return False

        wait_until(is_caught_up, "all have caught up", PATIENCE_S, every_s=0.05)

    def is_ahead(self, number: int) -> bool:
        """Whether the journal of a member holds something that no majority has."""
        optimes = self.command(number, "replSetGetStatus")["optimes"]
        durable, committed = (
            optimes[name]["ts"] for name in ("durableOpTime", "lastCommittedOpTime")
        )
        return bool(durable > committed)

    def rollbacks(self, number: int) -> int:
        """How often a member took back what no majority had, by its log."""
        log = self.members[number].log.read_text(encoding="utf-8", errors="replace")
        return log.count('"Rollback summary"')

    def drop_database(self, name: str) -> None:
        with pymongo.MongoClient[dict[str, Any]](self.uri) as client:
            client.drop_database(name)

    def step_down(self, seconds: int = 10) -> None:
        """Makes the primary give up its role, as a maintenance does.

        ``seconds``: how long it stays away; for nearly as long it waits for another to follow.
        """
        number = self.wait_for_primary()
        options = {"secondaryCatchUpPeriodSecs": min(5, seconds - 1), "force": True}
        try:
            self.command(number, "replSetStepDown", seconds, **options)
        except OperationFailure as error:
            if error.code == _BAD_VALUE:
                raise  # else it is just losing its role already
        except ConnectionFailure:
            pass  # closed on the way

    def fail(self, commands: list[str], times: int, **how: Any) -> None:
        """Lets the next commands of these names fail on the primary (``failCommand``)."""
        self.command(
            self.wait_for_primary(),
            "configureFailPoint",
            "failCommand",
            mode={"times": times},
            data={"failCommands": commands, **how},
        )

    def fail_no_more(self) -> None:
        for number in range(len(self.members)):
            self.command(number, "configureFailPoint", "failCommand", mode="off")

    def command(
        self, number: int, name: str, value: Any = 1, *, patience_s: float = 20.0, **options: Any
    ) -> dict[str, Any]:
        patience_ms = int(patience_s * 1000)
        with pymongo.MongoClient[dict[str, Any]](
            self.members[number].uri, directConnection=True, serverSelectionTimeoutMS=patience_ms
        ) as client:
            return client.admin.command(name, value, **options)

    def _initiate(self) -> None:
        config = {
            "_id": NAME,
            "members": [
                {"_id": number, "host": f"127.0.0.1:{port}"}
                for number, port in enumerate(self.ports)
            ],
            "settings": {
                "electionTimeoutMillis": ELECTION_TIMEOUT_MS,
                "heartbeatIntervalMillis": 500,
            },
        }
        self.command(0, "replSetInitiate", config)
