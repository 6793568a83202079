"""A single mongod is killed or frozen while it writes (issue 4, part 2).

It has no retryable writes: every broken connection leaves open whether a write was done.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from linky_tui.demo.server import RecordedSource
from linky_tui.domain.paris import ONE_DAY, today
from linky_tui.storage import connection
from tests.tools.gateway import PRM, gateway, half_hours
from tests.tools.homes import Home
from tests.tools.local_server import servers_of
from tests.tools.mongod import PrivateMongod
from tests.tools.program import finished
from tests.tools.terminal import Terminal
from tests.torture.conftest import Scale
from tests.torture.database.dying import Later, Rig, Wire, in_a_hurry
from tests.torture.manners.manners import assert_manners, split_runs
from tests.torture.report import Tally

HURRY = {"step_s": 2.5, "primary_s": 2.5, "call_s": 3.0}


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Sees every write of the application."""
    seen = Wire()
    monkeypatch.setattr(connection, "_LISTENERS", [seen])
    return seen


@pytest.fixture
def server(short_tmp_path: Path) -> Iterator[PrivateMongod]:
    """A single server of this test alone."""
    with PrivateMongod(short_tmp_path) as mongod:
        yield mongod


def test_killed_while_it_writes(
    server: PrivateMongod, wire: Wire, short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    row = tally("single MongoDB server killed")
    chance = scale.random("single server killed")
    for _ in range(scale.times(2, 40)):
        later, one_at_a_time = Later(), threading.Lock()
        with Rig(server.uri, short_tmp_path) as at:

            def restart(one_at_a_time: threading.Lock = one_at_a_time) -> None:
                with one_at_a_time:
                    if server.process is None:
                        server.start()

            def kill_and_restart(
                later: Later = later, one_at_a_time: threading.Lock = one_at_a_time
            ) -> None:
                row.tried += 1
                seconds = chance.uniform(0.05, 0.6)

                def act() -> None:
                    with one_at_a_time:
                        server.kill()
                    later(seconds, restart)

                # Just before, while or just after the server works on what is being sent.
                later(chance.choice([0, chance.uniform(0, 0.01)]), act)

            for number in chance.sample(range(10, 35), 2):
                wire.strike(number, kill_and_restart)
            with in_a_hurry(**HURRY):
                at.run()
            wire.calm()
            later.join()
            at.assert_kept(row)
            at.survived(row)


def test_dead_for_a_while(
    server: PrivateMongod, wire: Wire, short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    row = tally("single MongoDB server dead for a while")
    chance = scale.random("single server dead")
    for _ in range(scale.times(1, 6)):
        with Rig(server.uri, short_tmp_path) as at:
            wire.strike(chance.randrange(10, 30), server.kill)
            row.tried += 1
            with in_a_hurry(**HURRY):
                first = at.run()
                assert (first.status, first.exit_code) == ("failed", 3), first
                assert server.process is None, "it was not even killed"
                asked = len(at.server.log)
                second = at.run()
            assert (second.status, second.exit_code) == ("failed", 3), second
            assert len(at.server.log) == asked, "asked although nothing can be stored"
            server.start()
            at.assert_kept(row)
            at.survived(row)


def test_frozen_with_a_write_in_its_hands(
    server: PrivateMongod, wire: Wire, short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    row = tally("single MongoDB server frozen")
    chance = scale.random("single server frozen")
    for _ in range(scale.times(2, 20)):
        later = Later()
        with Rig(server.uri, short_tmp_path) as at:

            def freeze(later: Later = later) -> None:
                row.tried += 1
                server.freeze()
                later(chance.uniform(0.5, 6.0), server.thaw)

            wire.strike(chance.randrange(10, 35), freeze)
            with in_a_hurry(**HURRY):
                at.run()
            wire.calm()
            later.join()
            at.assert_kept(row)
            at.survived(row)


@pytest.mark.long
def test_the_embedded_server_is_killed(
    wire: Wire, short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    row = tally("local MongoDB server killed")
    chance = scale.random("embedded server killed")
    data_dir = short_tmp_path / "data"
    for _ in range(scale.times(1, 20)):
        later = Later()
        with Rig("", short_tmp_path) as at:

            def kill(later: Later = later) -> None:
                row.tried += 1
                [pid] = servers_of(data_dir)
                later(chance.uniform(0, 0.01), lambda: os.kill(pid, signal.SIGKILL))

            wire.strike(chance.randrange(12, 35), kill)
            with in_a_hurry(**HURRY):
                at.run()
            wire.calm()
            later.join()
            at.assert_kept(row)
            at.survived(row)
            assert servers_of(data_dir) == []


def test_a_command_whose_server_is_killed_says_try_again(
    short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    row = tally("local MongoDB server killed")
    chance = scale.random("embedded server of a command killed")
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
