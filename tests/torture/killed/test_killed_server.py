"""Killed while the local server starts or stops (issue 4, part 1)."""

from __future__ import annotations

from pathlib import Path

from tests.torture import histories
from tests.torture.conftest import Scale
from tests.torture.killed.killing import Killing, killing
from tests.torture.report import Tally

START_S, STOP_S = 0.4, 0.3
"""How long a start and a stop of mongod take at least, on a fast machine."""


def at_its_heels(home: Killing) -> None:
    """The next process wants the server at once, not after the time that Python takes to start."""
    with home.store() as store:
        store.readings.count()
    assert home.home.servers() == []


def test_while_the_server_starts(short_tmp_path: Path, tally: Tally, scale: Scale) -> None:
    row = tally("killed while the local server starts")
    chance = scale.random("start")
    for _ in range(scale.times(1, 5)):
        with killing(short_tmp_path, histories.half_hourly(days=7), row) as home:
            home.kill_at("after spawn")
            at_its_heels(home)
            for moment in ("spawn", "rename server.new")[: scale.times(0, 2)]:
                home.kill_at(moment)
            if scale.long:
                home.kill_at("rename server.new", 2)
                # Whoever joins what is left can be killed, too.
                home.kill_at("fcntl.flock", chance.randint(1, 5))
                at_its_heels(home)
            for _ in range(scale.times(1, 3)):
                delay_s, power = round(chance.uniform(0, START_S), 3), chance.random() < 0.3
                home.kill_at("after spawn", delay_s=delay_s, power=power, sure=False)
                if scale.long and chance.random() < 0.7:
                    at_its_heels(home)
            home.finish()


def test_while_the_server_stops(short_tmp_path: Path, tally: Tally, scale: Scale) -> None:
    row = tally("killed while the local server stops")
    chance = scale.random("stop")
    for _ in range(scale.times(1, 6)):
        with killing(short_tmp_path, histories.half_hourly(days=7), row) as home:
            home.kill_at("after signal")
            at_its_heels(home)
            for moment in ("signal", "after signal")[: scale.times(0, 2)]:
                home.kill_at(moment)
            for _ in range(scale.times(1, 2)):
                home.kill_at("signal", delay_s=round(chance.uniform(0, STOP_S), 3), sure=False)
                at_its_heels(home)
            home.finish()
