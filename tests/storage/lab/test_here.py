"""Scratch databases on the user's own server: dropped at the end, and after a kill."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pymongo
import pytest

from linky_tui.config import MongoSettings
from linky_tui.storage.connection import Connection, connect
from linky_tui.storage.lab.folders import drop_leftovers
from linky_tui.storage.lab.here import PREFIX, ScratchDatabase
from tests.tools.laboratory import left_behind
from tests.tools.program import calling, killed, line_of, start


def hold(uri: str, folder: str) -> None:
    """Work in a scratch database until killed."""
    with (
        connect(MongoSettings(uri=uri), Path(folder), Path(folder)) as connection,
        ScratchDatabase(connection, uri, Path(folder)) as ground,
    ):
        ground.database["side"].insert_one({})
        print(ground.place, flush=True)
        sys.stdin.read()
        time.sleep(60)


def databases(uri: str) -> list[str]:
    with pymongo.MongoClient[dict[str, object]](uri) as client:
        return [name for name in client.list_database_names() if name.startswith(PREFIX)]


def test_the_next_start_drops_the_database_of_a_killed_process(
    connection: Connection, mongod_uri: str, short_tmp_path: Path
) -> None:
    process = start(calling(hold, mongod_uri, short_tmp_path))
    place = line_of(process)
    with ScratchDatabase(connection, mongod_uri, short_tmp_path) as ground:
        ground.database["side"].insert_one({})
        assert {place, ground.place} <= set(databases(mongod_uri)), "the other process lives"
    assert databases(mongod_uri) == [place]
    assert killed(process)
    assert drop_leftovers(short_tmp_path) == 0  # without a connection its note is kept
    assert databases(mongod_uri) == [place]
    with ScratchDatabase(connection, mongod_uri, short_tmp_path):
        assert databases(mongod_uri) == []
    assert left_behind(short_tmp_path) == []


@pytest.mark.parametrize(("hours", "kept"), [(1, True), (30, False)])
def test_an_old_database_of_another_machine_is_dropped(
    connection: Connection, mongod_uri: str, short_tmp_path: Path, hours: int, kept: bool
) -> None:
    name = f"{PREFIX}_{int(time.time()) - 3600 * hours}_0123abcd"
    connection.client[name]["side"].insert_one({})
    try:
        with ScratchDatabase(connection, mongod_uri, short_tmp_path):
            assert (name in databases(mongod_uri)) is kept
    finally:
        connection.client.drop_database(name)
