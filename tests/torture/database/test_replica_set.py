"""A replica set that loses its primary, its majority, its network and its memory (issue 4, 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from linky_tui.domain.paris import ONE_DAY
from linky_tui.ingest.events import Window
from linky_tui.ingest.jobs import JobKind
from linky_tui.storage import connection
from linky_tui.storage.collections import confirmed_writes
from tests.tools.gateway import SERIES
from tests.tools.replica_set import ReplicaSet
from tests.tools.waiting import wait_until
from tests.torture.conftest import Scale
from tests.torture.database.dying import Later, Rig, Wire, in_a_hurry
from tests.torture.report import Tally

MakeRig = Callable[..., Rig]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Sees every command of the application."""
    seen = Wire()
    monkeypatch.setattr(connection, "_LISTENERS", [seen])
    # Long enough for an election, short enough to wait for a frozen server.
    monkeypatch.setattr(confirmed_writes, "STEP_LIMIT_S", 6.0)
    return seen


@pytest.fixture
def later() -> Iterator[Later]:
    actions = Later()
    yield actions
    actions.join()


@pytest.fixture
def rig(members: ReplicaSet, wire: Wire, tmp_path: Path) -> Iterator[MakeRig]:
    """Makes a rig on the replica set; whatever happened, the members are healed afterwards."""
    made: list[Rig] = []

    def make(options: str = "", **more: Any) -> Rig:
        uri = f"{members.uri}&{options}" if options else members.uri
        made.append(Rig(uri, tmp_path, **more))
        return made[-1]

    yield make
    members.heal()
    for each in made:
        each.server.close()
        members.drop_database(each.database)


@pytest.mark.parametrize(
    "options",
    [
        "",
        pytest.param("w=1&journal=false", marks=pytest.mark.long),
        "w=0&retryWrites=false&readPreference=secondary",
        pytest.param("readConcernLevel=local", marks=pytest.mark.long),
    ],
)
def test_every_write_is_acknowledged_by_a_majority(
    rig: MakeRig, wire: Wire, tally: Tally, options: str
) -> None:
    row = tally("address that asks for weaker writes")
    at = rig(options, weeks=2)
    at.run_until_done()
    at.assert_manners()
    at.source.correct(at.truth[5].start, 1234)
    at.run(kind=JobKind.REFETCH, days=Window(at.first, at.first + 6 * ONE_DAY))
    assert {event.command_name for event in wire.writes} > {"insert", "update", "drop", "create"}
    for event in wire.writes:
        concern = event.command.get("writeConcern", {})
        assert (concern.get("w"), concern.get("j")) == ("majority", True), event
        # Under a deadline the driver sends maxTimeMS, which bounds the wait for the majority too.
        assert "wtimeout" in concern or "maxTimeMS" in event.command, event
        if event.command_name in ("insert", "update", "findAndModify"):
            assert "txnNumber" in event.command, f"not retryable: {event}"
        row.tried += 1
        row.survived += 1
    at.assert_kept(row)


def test_a_step_reads_behind_everything_that_was_confirmed(rig: MakeRig, wire: Wire) -> None:
    at = rig()
    with at.open() as bench, bench.store.leases.acquire(SERIES) as lease:
        wire.reads.clear()
        start, end = at.truth[0].start, at.truth[335].end
        bench.store.readings.store_window(SERIES, start, end, at.truth[:336], lease)
    finds = [event.command for event in wire.reads if event.command_name == "find"]
    assert [each["find"] for each in finds] == ["consumption", "consumption", "consumptionTS"]
    for each in finds:
        assert each["readConcern"]["level"] == "majority"
        # A new primary may not know yet that what it holds was confirmed.
        assert "afterClusterTime" in each["readConcern"]


FAULTS: dict[str, dict[str, Any]] = {
    "closed": {"closeConnection": True},
    "unconfirmed": {"writeConcernError": {"code": 64, "errmsg": "waiting for replication"}},
    "not primary": {"errorCode": 10107},
    "stepped down while waiting": {"writeConcernError": {"code": 11602, "errmsg": "interrupted"}},
    "shutting down": {"errorCode": 91},
    "time is over": {"errorCode": 50},
    "slow": {"blockConnection": True, "blockTimeMS": 3500},
}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, marks=[pytest.mark.long] if number > 2 else [])
        for number, fault in enumerate(FAULTS)
    ],
)
def test_a_write_fails_in_every_way(
    members: ReplicaSet, rig: MakeRig, wire: Wire, scale: Scale, tally: Tally, fault: str
) -> None:
    row = tally("write of unknown outcome on a replica set")
    chance = scale.random(f"fail points {fault}")
    for _ in range(scale.times(1, 6)):
        at = rig(weeks=3)

        def fail() -> None:
            row.tried += 1
            times = chance.choice([1, 2, 3])
            # The very command that is about to be sent, or the next one.
            commands = [wire.writes[-1].command_name, chance.choice(["insert", "update", "find"])]
            if "writeConcernError" in FAULTS[fault]:
                commands = [each for each in commands if each != "find"]
            members.fail(commands, times, appName="linky-tui", **FAULTS[fault])

        for number in chance.sample(range(8, 30), 2):
            wire.strike(number, fail)
        with in_a_hurry(step_s=3.0, primary_s=10.0, call_s=3.0):
            at.run()
        wire.calm()
        members.fail_no_more()
        at.assert_kept(row)
        at.survived(row)


def test_the_primary_is_killed_again_and_again(
    members: ReplicaSet, rig: MakeRig, wire: Wire, later: Later, scale: Scale, tally: Tally
) -> None:
    row = tally("primary of a replica set killed")
    chance = scale.random("primary killed")
    for _ in range(scale.times(1, 10)):
        at = rig(weeks=8)

        def kill() -> None:
            row.tried += 1
            victim = members.wait_for_primary()
            # Just before, while or just after the server works on what is being sent.
            later(chance.uniform(0, 0.01), lambda: members.kill(victim))
            later(chance.uniform(1, 3), lambda: members.restart(victim))

        for number in chance.sample(range(15, 45), scale.times(2, 4)):
            wire.strike(number, kill)
        later.join()
        at.survived(row)


def test_the_primary_steps_down_again_and_again(
    members: ReplicaSet, rig: MakeRig, wire: Wire, later: Later, scale: Scale, tally: Tally
) -> None:
    row = tally("primary of a replica set steps down")
    chance = scale.random("primary steps down")
    for _ in range(scale.times(1, 8)):
        at = rig(weeks=8)

        def step_down() -> None:
            row.tried += 1
            later(chance.uniform(0, 0.01), lambda: members.step_down(2))

        for number in chance.sample(range(15, 45), scale.times(3, 6)):
            wire.strike(number, step_down)
        later.join()
        at.survived(row)


def test_the_majority_is_lost_for_a_while(
    members: ReplicaSet, rig: MakeRig, wire: Wire, later: Later, scale: Scale, tally: Tally
) -> None:
    row = tally("majority of a replica set lost for a while")
    chance = scale.random("majority lost")
    for _ in range(scale.times(1, 5)):
        at = rig(weeks=4)
        others = members.secondaries()

        def lose(others: list[int] = others) -> None:
            row.tried += 1
            for number in others:
                members.kill(number)

        wire.strike(chance.randrange(15, 35), lose)
        with in_a_hurry(step_s=3.0, primary_s=1.0, call_s=3.0):
            first = at.run()
            assert (first.status, first.exit_code) == ("failed", 3), first
            assert not any(members.members[number].process for number in others)
            if scale.long:
                asked = len(at.server.log)
                second = at.run()
                assert (second.status, second.exit_code) == ("failed", 3), second
                assert len(at.server.log) == asked, "asked although nothing can be stored"
        members.heal()
        later.join()
        at.survived(row)


def test_the_primary_freezes(
    members: ReplicaSet, rig: MakeRig, wire: Wire, later: Later, scale: Scale, tally: Tally
) -> None:
    row = tally("primary of a replica set frozen")
    chance = scale.random("primary frozen")
    for number in range(scale.times(1, 6)):
        at = rig(weeks=4)
        victim = members.wait_for_primary()
        for_good = number % 4 == 3
        frozen_s = chance.uniform(2.5, 5)  # long enough for another one to be elected

        def freeze(
            victim: int = victim, for_good: bool = for_good, frozen_s: float = frozen_s
        ) -> None:
            row.tried += 1
            members.members[victim].freeze()
            if not for_good:
                later(frozen_s, members.members[victim].thaw)

        wire.strike(chance.randrange(15, 30), freeze)
        at.run_until_done()
        members.heal()
        later.join()
        at.survived(row)


@pytest.mark.parametrize("reaches_the_others", [False, pytest.param(True, marks=pytest.mark.long)])
def test_what_a_lonely_primary_took_may_be_rolled_back(
    members: ReplicaSet,
    rig: MakeRig,
    wire: Wire,
    later: Later,
    scale: Scale,
    tally: Tally,
    reaches_the_others: bool,
) -> None:
    row = tally("writes of a lonely primary, rolled back or not")
    chance = scale.random(f"lonely {reaches_the_others}")
    for _ in range(scale.times(1, 5)):
        at = rig(weeks=4)
        victim, others = members.wait_for_primary(), members.secondaries()
        rollbacks = members.rollbacks(victim)

        def cut_off(victim: int = victim, others: list[int] = others) -> None:
            row.tried += 1
            # What is sent to frozen members waits in their sockets: they have it when they wake.
            for number in others:
                if reaches_the_others:
                    members.members[number].freeze()
                else:
                    members.kill(number)
            later(chance.uniform(0.9, 1.6), lambda: swap(victim))

        def swap(victim: int) -> None:
            if not reaches_the_others:
                # On a loaded machine the write may take longer to get into its journal.
                wait_until(lambda: members.is_ahead(victim), "a write of the lonely primary")
            members.kill(victim)
            members.heal(but=victim)
            members.restart(victim)

        wire.strike(chance.randrange(15, 30), cut_off)
        at.run_until_done()
        later.join()
        members.wait_until_caught_up()
        if not reaches_the_others:
            assert members.rollbacks(victim) > rollbacks, "nothing was rolled back"
        at.survived(row)
