"""Killed at random moments of a run, restarted until done (issue 4, part 1)."""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.torture import histories
from tests.torture.conftest import Scale
from tests.torture.histories import History
from tests.torture.killed.killing import SYNC, Killing, killing
from tests.torture.report import Row, Tally

HOMES: dict[str, Callable[[], History]] = {
    "half hours": histories.half_hourly,
    "two meters": histories.two_meters,
    "gap": histories.with_a_gap,
    "autumn": histories.clock_change,
    "spring": histories.spring,
}


@pytest.fixture(scope="module")
def run_s() -> Iterator[float]:
    """How long an undisturbed run takes on this machine, from process start to its end."""
    with (
        tempfile.TemporaryDirectory(prefix="lt-", dir="/tmp") as folder,
        killing(Path(folder), histories.half_hourly(), Row("")) as home,
    ):
        assert home.run().code == 0
        yield time.monotonic() - home.runs[0].started_s


def homes(names: list[str], count: int) -> list[str]:
    """That many homes, all kinds in turn."""
    return [names[number % len(names)] for number in range(count)]


def moments(chance: random.Random, run_s: float, count: int) -> list[float]:
    """When the runs of one home are killed, in seconds after their start."""
    return [round(chance.uniform(0, run_s), 3) for _ in range(count)]


def carried_on(home: Killing, number: int) -> tuple[str, ...]:
    """The command of the next run: a sync carries on with a backfill, too."""
    return SYNC if number % 2 else home.backfill


def test_at_a_random_moment(short_tmp_path: Path, run_s: float, tally: Tally, scale: Scale) -> None:
    row = tally("killed at a random moment")
    chance = scale.random("moment")
    names = ["half hours", "two meters"] if not scale.long else list(HOMES)
    for name in homes(names, scale.times(2, 60)):
        with killing(short_tmp_path, HOMES[name](), row) as home:
            for number, seconds in enumerate(moments(chance, run_s, scale.times(4, 5))):
                home.kill_after(seconds, *carried_on(home, number))
            home.finish()


def test_with_the_database_as_in_a_power_cut(
    short_tmp_path: Path, run_s: float, tally: Tally, scale: Scale
) -> None:
    row = tally("killed together with MongoDB")
    chance = scale.random("power")
    names = ["gap"] if not scale.long else list(HOMES)
    for name in homes(names, scale.times(1, 12)):
        with killing(short_tmp_path, HOMES[name](), row) as home:
            for seconds in moments(chance, run_s, scale.times(2, 5)):
                home.kill_after(seconds, power=True)
            home.finish()


def test_by_ctrl_c_and_sigterm(
    short_tmp_path: Path, run_s: float, tally: Tally, scale: Scale
) -> None:
    """The gentle way: it ends by itself, with its own exit code, and leaves no server running."""
    row = tally("stopped by Ctrl-C or SIGTERM")
    chance = scale.random("signal")
    for _ in range(scale.times(1, 12)):
        with killing(short_tmp_path, histories.half_hourly(days=14), row) as home:
            if scale.long:
                # The very first start: the server makes its data folder.
                delay_s = round(chance.uniform(0, 0.5), 3)
                home.kill_at("after spawn", delay_s=delay_s, signal=signal.SIGINT, sure=False)
            for number in (signal.SIGINT, signal.SIGTERM) * scale.times(1, 2):
                done = home.interrupt_after(round(chance.uniform(0.2, run_s), 3), number)
                # Python itself ends by the signal where it has not come to the program yet.
                too_early = "Fatal Python error" in done.err
                assert done.code in {0, 130, -number} or too_early, done
                if done.code == 130 and done.out:
                    assert done.document["status"] == "interrupted", done
                assert home.home.servers() == []
            home.finish()
