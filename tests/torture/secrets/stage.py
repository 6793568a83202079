"""A MongoDB that wants a marked password, a gateway whose token is marked, and homes to run in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pymongo

from linky_tui.demo.server import ApiServer, RecordedSource
from linky_tui.domain.paris import today
from linky_tui.storage.collections.documents import Document
from tests.tools.config import configuration, meter, write
from tests.tools.gateway import gateway, half_hours
from tests.tools.homes import Home
from tests.tools.marks import PASSWORD, PROXY_PASSWORD, Marks
from tests.tools.mongod import PrivateMongod
from tests.tools.ports import free_port

PRM = "40000000000004"
USER, POOR_USER = "marked-user", "poor-user"


@dataclass(frozen=True)
class Stage:
    """What is used by all tests of a session."""

    mongod: PrivateMongod  # a server with `--auth`
    port: int  # its port on loopback
    gateway: ApiServer  # two weeks of readings behind one meter
    marks: Marks  # its token, the password of both users, the one of a proxy

    @property
    def token(self) -> str:
        return self.marks.token

    def uri(self, password: str = PASSWORD, user: str = USER, options: str = "") -> str:
        return f"mongodb://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{options}"

    def settings(self, database: str) -> dict[str, Any]:
        """Values of a configuration of the one meter, with a database of its own."""
        return {
            "api_url": self.gateway.url,
            "uri": self.uri(),
            "database": database,
            "meters": [meter(PRM, self.token)],
        }

    def everything_stored(self) -> str:
        """Every document of the server, its names and its own log included."""
        said = [self.mongod.log.read_text(encoding="utf-8", errors="replace")]
        with pymongo.MongoClient[Document](self.uri()) as client:
            for name in client.list_database_names():
                if name in ("admin", "config", "local"):  # "admin" knows a hash of the password
                    continue
                for collection in client[name].list_collection_names():
                    if not collection.startswith("system."):
                        said.append(f"{name}.{collection}")
                        said += [repr(document) for document in client[name][collection].find()]
        return "\n".join(said)


@contextmanager
def new_stage(folder: Path) -> Iterator[Stage]:
    port = free_port()
    # It goes on counting, as long as the tests take; only what is before today is published.
    days = timedelta(days=14)
    home = RecordedSource(half_hours(today() - days, today() + days))
    # All tests together ask over 100 times: nobody is blocked.
    with (
        PrivateMongod(folder, "--syncdelay", "1", port=port, auth=True) as mongod,
        gateway(home, PRM) as served,
    ):
        mongod.create_user(USER, PASSWORD, "root")
        mongod.create_user(POOR_USER, PASSWORD, {"role": "read", "db": "elsewhere"})
        yield Stage(mongod, port, served, Marks(served.token, PASSWORD, PROXY_PASSWORD))


def configured(stage: Stage, folder: Path, name: str = "home", **values: object) -> Home:
    """A home whose configuration holds both secrets."""
    home = Home(folder, name)
    options = {"uri": stage.uri(), "database": name, **values}
    home.configure(stage.gateway, PRM, **options)
    return home


def config_file(home: Home, name: str, **values: Any) -> Path:
    return write(home.folder / name / "config.toml", configuration(**values))
