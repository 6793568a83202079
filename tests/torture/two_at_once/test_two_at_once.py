"""Two or more processes on one meter: one works, the others say so, never both (issue 4, part 3).

The gateway keeps whoever asks it waiting behind a gate until all others have ended, so it does not
matter how fast this machine is.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from linky_tui.storage.server.local_server import LocalServer
from tests.tools.clock import SINCE
from tests.tools.gateway import PRM, gateway
from tests.tools.homes import Home
from tests.tools.waiting import wait_until
from tests.torture.conftest import Scale
from tests.torture.report import Tally
from tests.torture.two_at_once.together import (
    Crowd,
    GatedSource,
    Run,
    assert_one_after_the_other,
    assert_polite,
    assert_said_busy,
    double_a_reading,
    judge,
)

OTHER_PRM = "11122233344455"


def at_the_gate(source: GatedSource, crowd: Crowd, home: Home, *arguments: str) -> Run:
    """Start a process and wait until it has asked for something, which it waits for then."""
    source.shut()
    run = crowd.start(home, *arguments)
    wait_until(lambda: source.asked.is_set() or not run.running, "the first request")
    assert run.running, run.done()
    return run


@pytest.mark.parametrize(
    ("first", "others"),
    [
        ("--sync", [["--sync"]]),
        ("--backfill", [["--backfill", "--quiet"], ["--sync"]]),
    ],
)
def test_whoever_comes_second_says_who_is_at_work_and_does_nothing(
    crowd: Crowd,
    source: GatedSource,
    first: str,
    others: list[list[str]],
    where: dict[str, str],
    short_tmp_path: Path,
    scale: Scale,
    tally: Tally,
) -> None:
    if scale.long:
        others = [[command] for command in ("--sync", "--backfill")] * 3
    with Home(short_tmp_path) as home:
        home.configure(crowd.server, PRM, **where, per_day=80)
        worker = at_the_gate(source, crowd, home, first, "--json")
        losers = [crowd.start(home, *other, "--json") for other in others]
        losers.append(crowd.start(home, *others[0]))
        *machines, people = [loser.done() for loser in losers]
        for done in machines:
            assert_said_busy(done, worker.process.pid)
        assert people.code == 3
        assert people.out == ""
        assert f"Process {worker.process.pid} " in people.err
        assert SINCE.search(people.err)
        assert "Wait until it has finished" in people.err
        assert not any(map(crowd.requests_of, losers))
        source.open()
        assert worker.done().code == 0
        if first == "--sync":
            # Whoever lost works later, all the same.
            assert crowd.start(home, "--backfill", "--json").done().code == 0
        assert_one_after_the_other(crowd.server)
        assert_polite(crowd.server, per_day=80)
        row = tally("two processes on one meter")
        judge(row, where, source.truth, tried=len(losers))


@pytest.mark.parametrize("embedded", [False, True])
def test_of_four_in_the_same_instant_one_works(
    crowd: Crowd,
    source: GatedSource,
    embedded: bool,
    where: dict[str, str],
    short_tmp_path: Path,
    scale: Scale,
    tally: Tally,
) -> None:
    """On an empty database, so that they also race for its creation, and for the server's."""
    if not embedded and not scale.long:
        pytest.skip("--long")
    with Home(short_tmp_path) as home:
        place = {} if embedded else where
        home.configure(crowd.server, PRM, per_day=60, **place)
        source.shut()
        runs = [crowd.start(home, "--backfill", "--json") for _ in range(4)]
        wait_until(lambda: sum(run.running for run in runs) <= 1, "three losers")
        source.open()
        done = [(run, run.done()) for run in runs]
        winners = [run for run, ended in done if ended.code == 0]
        assert len(winners) == 1, done
        for run, ended in done:
            if run is not winners[0]:
                assert_said_busy(ended, winners[0].process.pid)
                assert crowd.requests_of(run) == 0
        assert_one_after_the_other(crowd.server)
        assert_polite(crowd.server, per_day=60)
        row = tally("four processes in the same instant")
        if embedded:
            assert not home.servers()
            with LocalServer.acquire(home.data_dir, home.runtime_dir) as server:
                judge(row, {"uri": server.uri}, source.truth)
        else:
            judge(row, where, source.truth)


def test_neither_a_repair_nor_a_rebuild_comes_between(
    source: GatedSource, where: dict[str, str], short_tmp_path: Path, tally: Tally
) -> None:
    """A repair by hand gives way; another meter's run works and puts its rebuild off."""
    name = "rebuild or repair while a backfill runs"
    with (
        Home(short_tmp_path) as home,
        gateway(source, PRM, OTHER_PRM) as server,
        Crowd(server) as crowd,
    ):
        home.configure(server, OTHER_PRM, per_day=80, **where)
        assert crowd.start(home, "--backfill").done().code == 0
        double_a_reading(where)
        home.configure(server, PRM, per_day=80, **where)
        worker = at_the_gate(source, crowd, home, "--backfill", "--json")
        assert_said_busy(
            crowd.start(home, "--verify", "--repair", "--json").done(), worker.process.pid
        )
        # Only the other meter, which is free: whatever the gateway is asked waits behind the gate.
        other = crowd.start(home, "--sync", "--verbose", LINKY_TUI_PRM=OTHER_PRM).done()
        assert other.code == 0
        assert "has to wait: Another process is at work" in other.err
        assert f"Process {worker.process.pid} " in other.err
        source.open()
        assert worker.done().code == 0
        assert crowd.start(home, "--verify", "--repair", "--json").done().document["status"] in (
            "repaired",
            "identical",
        )
        assert_polite(server, per_day=80)
        for prm in (PRM, OTHER_PRM):
            assert_one_after_the_other(server, prm)
        judge(tally(name), where, source.truth, PRM, OTHER_PRM, tried=2)
