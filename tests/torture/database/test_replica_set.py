"""A replica set that loses its primary, its majority, its network and its memory (issue 4, 2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linky_tui.domain.paris import ONE_DAY
from linky_tui.ingest.events import Window
from linky_tui.ingest.jobs import JobKind
from linky_tui.storage.collections import confirmed_writes
from tests.tools.gateway import SERIES
from tests.tools.replica_set import ReplicaSet
from tests.tools.waiting import wait_until
from tests.torture.conftest import Scale
from tests.torture.database.conftest import Battle
from tests.torture.database.dying import Rig, Wire, in_a_hurry
from tests.torture.report import Tally


@pytest.fixture(autouse=True)
def _healed(members: ReplicaSet, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Long enough for an election, short enough to wait for a frozen server.
    monkeypatch.setattr(confirmed_writes, "STEP_LIMIT_S", 6.0)
    yield
    members.heal()


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
    members: ReplicaSet, wire: Wire, tmp_path: Path, tally: Tally, options: str
) -> None:
    row = tally("address that asks for weaker writes")
    with Rig(f"{members.uri}&{options}".rstrip("&"), tmp_path, weeks=2) as at:
        at.run_until_done()
        at.assert_manners()
        at.source.correct(at.truth[5].start, 1234)
        at.run(kind=JobKind.REFETCH, days=Window(at.first, at.first + 6 * ONE_DAY))
        assert {each.command_name for each in wire.writes} > {"insert", "update", "drop", "create"}
        for event in wire.writes:
            with row.one_try():
                concern = event.command.get("writeConcern", {})
                assert (concern.get("w"), concern.get("j")) == ("majority", True), event
                # Under a deadline the driver sends maxTimeMS, which bounds the wait for the
                # majority too.
                assert "wtimeout" in concern or "maxTimeMS" in event.command, event
                if event.command_name in ("insert", "update", "findAndModify"):
                    assert "txnNumber" in event.command, f"not retryable: {event}"
        at.assert_kept(row)


def test_a_step_reads_behind_everything_that_was_confirmed(
    members: ReplicaSet, wire: Wire, tmp_path: Path
) -> None:
    with (
        Rig(members.uri, tmp_path) as at,
        at.open() as bench,
        bench.store.leases.acquire(SERIES) as lease,
    ):
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
def test_a_write_fails_in_every_way(members: ReplicaSet, battle: Battle, fault: str) -> None:
    wire, chance = battle.wire, battle.chance

    def fail() -> None:
        battle.row.tried += 1
        times = chance.choice([1, 2, 3])
        # The very command that is about to be sent, or the next one.
        commands = [wire.writes[-1].command_name, chance.choice(["insert", "update", "find"])]
        if "writeConcernError" in FAULTS[fault]:
            commands = [each for each in commands if each != "find"]
        members.fail(commands, times, appName="linky-tui", **FAULTS[fault])

    of = "write of unknown outcome on a replica set"
    for at in battle.rounds(of, 1, 6, members.uri, weeks=3):
        for number in chance.sample(range(8, 30), 2):
            wire.strike(number, fail)
        with in_a_hurry(step_s=3.0, primary_s=10.0, call_s=3.0):
            at.run()
        wire.calm()
        members.fail_no_more()


def test_the_primary_is_killed_again_and_again(
    members: ReplicaSet, battle: Battle, scale: Scale
) -> None:
    def kill() -> None:
        battle.row.tried += 1
        victim = members.wait_for_primary()
        # Just before, while or just after the server works on what is being sent.
        battle.later(battle.chance.uniform(0, 0.01), lambda: members.kill(victim))
        battle.later(battle.chance.uniform(1, 3), lambda: members.restart(victim))

    of = "primary of a replica set killed"
    for at in battle.rounds(of, 1, 10, members.uri, weeks=8):
        for number in battle.chance.sample(range(15, 45), scale.times(2, 4)):
            battle.wire.strike(number, kill)
        at.run_until_done()


def test_the_primary_steps_down_again_and_again(
    members: ReplicaSet, battle: Battle, scale: Scale
) -> None:
    def step_down() -> None:
        battle.row.tried += 1
        battle.later(battle.chance.uniform(0, 0.01), lambda: members.step_down(2))

    of = "primary of a replica set steps down"
    for at in battle.rounds(of, 1, 8, members.uri, weeks=8):
        for number in battle.chance.sample(range(15, 45), scale.times(3, 6)):
            battle.wire.strike(number, step_down)
        at.run_until_done()


def test_the_majority_is_lost_for_a_while(
    members: ReplicaSet, battle: Battle, scale: Scale
) -> None:
    others: list[int] = []

    def lose() -> None:
        battle.row.tried += 1
        for number in others:
            members.kill(number)

    of = "majority of a replica set lost for a while"
    for at in battle.rounds(of, 1, 5, members.uri):
        others[:] = members.secondaries()
        battle.wire.strike(battle.chance.randrange(15, 35), lose)
        with in_a_hurry(step_s=3.0, primary_s=1.0, call_s=3.0):
            at.assert_fails()
            assert not any(members.members[number].process for number in others)
            if scale.long:
                at.assert_fails(asks=False)
        members.heal()


def test_the_primary_freezes(members: ReplicaSet, battle: Battle) -> None:
    chance = battle.chance

    def freeze() -> None:
        battle.row.tried += 1
        victim = members.members[members.wait_for_primary()]
        victim.freeze()
        if battle.row.tried % 4:  # every fourth is frozen for good
            # Long enough for another one to be elected.
            battle.later(chance.uniform(2.5, 5), victim.thaw)

    for at in battle.rounds("primary of a replica set frozen", 1, 6, members.uri):
        battle.wire.strike(chance.randrange(15, 30), freeze)
        at.run_until_done()
        members.heal()


@pytest.mark.parametrize("reaches_the_others", [False, pytest.param(True, marks=pytest.mark.long)])
def test_what_a_lonely_primary_took_may_be_rolled_back(
    members: ReplicaSet, battle: Battle, reaches_the_others: bool
) -> None:
    victim, others = 0, [0]

    def cut_off() -> None:
        battle.row.tried += 1
        # What is sent to frozen members waits in their sockets: they have it when they wake.
        for number in others:
            if reaches_the_others:
                members.members[number].freeze()
            else:
                members.kill(number)
        battle.later(battle.chance.uniform(0.9, 1.6), swap)

    def swap() -> None:
        if not reaches_the_others:
            # On a loaded machine the write may take longer to get into its journal.
            wait_until(lambda: members.is_ahead(victim), "a write of the lonely primary")
        members.kill(victim)
        members.heal(but=victim)
        members.restart(victim)

    of = "writes of a lonely primary, rolled back or not"
    for at in battle.rounds(of, 1, 5, members.uri):
        victim, others = members.wait_for_primary(), members.secondaries()
        rollbacks = members.rollbacks(victim)
        battle.wire.strike(battle.chance.randrange(15, 30), cut_off)
        at.run_until_done()
        battle.later.join()
        members.wait_until_caught_up()
        if not reaches_the_others:
            assert members.rollbacks(victim) > rollbacks, "nothing was rolled back"
