"""A single mongod is killed or frozen while it writes (issue 4, part 2).

It has no retryable writes: every broken connection leaves open whether a write was done.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from linky_tui.demo.server import RecordedSource
from linky_tui.domain.paris import ONE_DAY, today
from tests.tools.gateway import PRM, gateway, half_hours
from tests.tools.homes import Home
from tests.tools.local_server import servers_of
from tests.tools.mongod import PrivateMongod
from tests.tools.program import finished
from tests.tools.terminal import Terminal
from tests.torture.conftest import Scale
from tests.torture.database.conftest import Battle
from tests.torture.database.dying import Wire, in_a_hurry
from tests.torture.manners.manners import assert_manners, split_runs
from tests.torture.report import Tally

HURRY = {"step_s": 2.5, "primary_s": 2.5, "call_s": 3.0}


@pytest.fixture
def server(short_tmp_path: Path) -> Iterator[PrivateMongod]:
    """A single server of this test alone."""
    with PrivateMongod(short_tmp_path) as mongod:
        yield mongod


def test_killed_while_it_writes(server: PrivateMongod, battle: Battle) -> None:
    later, chance = battle.later, battle.chance
    one_at_a_time = threading.Lock()

    def restart() -> None:
        with one_at_a_time:
            if server.process is None:
                server.start()

    def kill_and_restart() -> None:
        battle.row.tried += 1
        seconds = chance.uniform(0.05, 0.6)

        def act() -> None:
            with one_at_a_time:
                server.kill()
            later(seconds, restart)

        # Just before, while or just after the server works on what is being sent.
        later(chance.choice([0, chance.uniform(0, 0.01)]), act)

    for at in battle.rounds("single MongoDB server killed", 2, 40, server.uri):
        for number in chance.sample(range(10, 35), 2):
            battle.wire.strike(number, kill_and_restart)
        with in_a_hurry(**HURRY):
            at.run()


def test_dead_for_a_while(server: PrivateMongod, battle: Battle) -> None:
    for at in battle.rounds("single MongoDB server dead for a while", 1, 6, server.uri):
        battle.wire.strike(battle.chance.randrange(10, 30), server.kill)
        battle.row.tried += 1
        with in_a_hurry(**HURRY):
            at.assert_fails()
            assert server.process is None, "it was not even killed"
            at.assert_fails(asks=False)
        server.start()


def test_frozen_with_a_write_in_its_hands(server: PrivateMongod, battle: Battle) -> None:
    def freeze() -> None:
        battle.row.tried += 1
        server.freeze()
        battle.later(battle.chance.uniform(0.5, 6.0), server.thaw)

    for at in battle.rounds("single MongoDB server frozen", 2, 20, server.uri):
        battle.wire.strike(battle.chance.randrange(10, 35), freeze)
        with in_a_hurry(**HURRY):
            at.run()


@pytest.mark.long
def test_the_embedded_server_is_killed(battle: Battle) -> None:
    data_dir = battle.folder / "data"

    def kill() -> None:
        battle.row.tried += 1
        [pid] = servers_of(data_dir)
        battle.later(battle.chance.uniform(0, 0.01), lambda: os.kill(pid, signal.SIGKILL))

    for at in battle.rounds("local MongoDB server killed", 1, 20, uri=""):
        assert servers_of(data_dir) == []
        battle.wire.strike(battle.chance.randrange(12, 35), kill)
        with in_a_hurry(**HURRY):
            at.run()
    assert servers_of(data_dir) == []


def test_a_command_whose_server_is_killed_says_try_again(
    short_tmp_path: Path, chance: random.Random, scale: Scale, tally: Tally
) -> None:
    row = tally("local MongoDB server killed")
    last = today() - ONE_DAY
    truth = half_hours(last - 27 * ONE_DAY, last)
    source = RecordedSource(truth, curve_from=last - 27 * ONE_DAY)
    for number in range(scale.times(1, 6)):
        with (
            gateway(source, latency_s=0.1) as api,
            Home(short_tmp_path, f"home{number}") as home,
        ):
            home.configure(api, PRM)
            starts_s = [time.monotonic()]
            process = home.start("--backfill", "--json")
            wanted = chance.randrange(3, 8)
            while len(api.log) < wanted:
                assert process.poll() is None
                time.sleep(0.01)
            with row.one_try():
                [pid] = home.servers()
                os.kill(pid, signal.SIGKILL)
                killed = finished(process)
                assert killed.code in (0, 3), killed
                if killed.code == 3:
                    said = killed.document
                    assert said["status"] == "failed"
                    assert said["error"]["title"]
                    assert said["requests"]["made"] == len(api.log)
                starts_s.append(time.monotonic())
                again = home.run("--backfill", "--json")
                assert again.code == 0, again
                assert again.document["meters"][0]["days_complete"] == 28
                checked = home.run("--verify", "--json")
                assert checked.document["status"] == "identical"
                assert checked.document["regular_readings"] == len(truth)
                assert_manners(split_runs(api.log, starts_s))


def test_a_command_whose_mongodb_is_gone_still_tells_what_it_did(
    server: PrivateMongod,
    wire: Wire,
    short_tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    tally: Tally,
) -> None:
    row = tally("single MongoDB server dead for a while")
    source = RecordedSource(half_hours(today() - 28 * ONE_DAY, today() - ONE_DAY))
    terminal = Terminal(capsys, short_tmp_path, server.uri, "electricity")
    with gateway(source) as api:
        terminal.configure(api, PRM)
        wire.strike(25, server.kill)
        with row.one_try():
            with in_a_hurry(**HURRY):
                done = terminal.run("--backfill", "--json")
            assert done.code == 3
            assert done.document["status"] == "failed"
            assert done.document["requests"]["made"] == len(api.log) > 3
            assert_manners([api.log])
            [meter] = done.document["meters"]
            assert meter["error"]["title"] == done.document["error"]["title"]
            assert meter["days_complete"] is None, "nobody can tell"
