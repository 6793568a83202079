"""Processes that start, join, leave and stop the embedded server at the same moments."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pymongo

from linky_tui.storage.server.local_server import LocalServer
from tests.storage.server.local_server_tools import servers_of
from tests.torture.cli_runs import ROOT, finished
from tests.torture.conftest import Scale
from tests.torture.report import Tally

PROCESSES = 3


def test_nobody_gets_a_dead_server_and_none_is_left_behind(
    short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    rounds = scale.times(3, 60)
    row = tally("start and stop of the local server at once")
    data_dir = short_tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    command = [sys.executable, "-m", "tests.torture.two_at_once.come_and_go", str(data_dir)]
    processes = [
        subprocess.Popen(
            [*command, f"process {number}", str(rounds), str(scale.seed)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
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
