"""The commands on a cluster whose collections are sharded."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from tests.tools.router import KEYS, Router
from tests.tools.terminal import Terminal
from tests.whole.cli.conftest import A, B, Serve, database


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, router: Router) -> Terminal:
    return Terminal(capsys, tmp_path, router.uri, f"test_{uuid4().hex}")


def test_nothing_is_lost_doubled_or_unsharded(
    terminal: Terminal, router: Router, serve: Serve
) -> None:
    terminal.configure(serve(A, B), A, B)
    assert terminal.run("--backfill").code == 0
    router.sharded |= set(KEYS)
    router.seen.clear()

    def is_identical() -> bool:
        return bool(terminal.run("--verify", "--json").document["status"] == "identical")

    assert is_identical()
    with database(terminal) as client:
        collections = client[terminal.database]
        # A value that somebody changed by hand in one of them: the regular collection wins.
        meter, power_w = {"meter.prm": A, "meter.flow": "consumption"}, {"power_w": 1}
        changed = collections["consumption"].find_one_and_update(meter, {"$set": power_w})
        assert changed is not None
        assert not is_identical()
        assert terminal.run("--verify", "--repair", "--json").document["status"] == "repaired"
        assert is_identical()
        assert router.names().count("delete consumptionTS") == 2
        assert router.untargeted() == []
        assert router.sharded == set(KEYS)
        assert not {"drop", "create"} & {name.split()[0] for name in router.names()}

        collections.drop_collection("consumptionTS")
        router.seen.clear()
        for command in ("--sync", "--stats", "--verify"):
            done = terminal.run(command)
            assert done.code == 2
            assert done.out == ""
            assert f'sh.shardCollection("{terminal.database}.consumptionTS", ' in done.err
        assert not {"drop", "create", "insert"} & {name.split()[0] for name in router.names()}
        # What the first of the printed commands does; the others are told by the router.
        options = {"timeField": "timestamp", "metaField": "meter", "granularity": "hours"}
        collections.create_collection("consumptionTS", timeseries=options)
    assert terminal.run("--sync", "--json").code == 0
    assert is_identical()
