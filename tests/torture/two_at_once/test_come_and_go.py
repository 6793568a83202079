"""Processes that start, join, leave and stop the embedded server at the same moments."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pymongo

from linky_tui.storage.server.local_server import LocalServer
from tests.tools.local_server import servers_of
from tests.tools.program import calling, finished, start
from tests.torture.conftest import Scale
from tests.torture.report import Tally

PROCESSES = 3
LONGEST_S = 0.2


def come_and_go(folder: str, name: str, rounds: str, seed: str) -> None:
    """Use the server again and again: note each round, and make sure that the others are there."""
    moments = random.Random(f"{seed} {name}")
    data_dir = Path(folder)
    for number in range(int(rounds)):
        with (
            LocalServer.acquire(data_dir, data_dir / "run") as server,
            pymongo.MongoClient[dict[str, Any]](
                server.uri, journal=True, serverSelectionTimeoutMS=30_000, retryWrites=False
            ) as client,
        ):
            visits = client["test"]["visits"]
            assert visits.count_documents({"name": name}) == number
            time.sleep(moments.uniform(0, LONGEST_S))
            visits.insert_one({"name": name, "number": number})
        time.sleep(moments.uniform(0, LONGEST_S))


def test_nobody_gets_a_dead_server_and_none_is_left_behind(
    short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    rounds = scale.times(3, 60)
    row = tally("start and stop of the local server at once")
    data_dir = short_tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    processes = [
        start(calling(come_and_go, data_dir, f"process {number}", rounds, scale.seed))
        for number in range(PROCESSES)
    ]
    wanted = PROCESSES * rounds
    row.tried += wanted
    for done in [finished(process, 60.0 * rounds) for process in processes]:
        assert done.code == 0, done.err
    assert not servers_of(data_dir)
    with (
        LocalServer.acquire(data_dir, data_dir / "run") as server,
        pymongo.MongoClient[dict[str, Any]](server.uri) as client,
    ):
        found = client["test"]["visits"].count_documents({})
    row.lost += max(0, wanted - found)
    row.doubled += max(0, found - wanted)
    assert found == wanted
    assert not servers_of(data_dir)
    row.survived += wanted
