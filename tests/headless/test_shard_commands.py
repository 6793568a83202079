"""``--shard-commands``: of the configured names, for the server's version, and nothing is run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linky_tui.cli import main
from tests.tools.ports import free_port
from tests.tools.servers import GREETING, claimed_mongod

KEY = '{"meter.prm": 1, "meter.flow": 1}'
ROUTER = {**GREETING, "msg": "isdbgrid"}


@pytest.fixture
def printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What is printed for a server at an address."""

    def run(uri: str, *more: str) -> str:
        file = tmp_path / "config.toml"
        names = 'database = "maison"\ncollection = "c"\ntimeseries_collection = "t"\n'
        file.write_text(f'[mongodb]\nuri = "{uri}"\n{names}')
        file.chmod(0o600)
        assert main(["--shard-commands", "--config", str(file), *more]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return run


def commands(out: str) -> list[str]:
    return [line for line in out.splitlines() if not line.startswith("//")]


@pytest.mark.parametrize("version", ["6.0.5", "8.0.16", "8.3.0", "9.0.0", "10.1.2"])
@pytest.mark.parametrize("router", [True, False])
def test_they_are_for_the_servers_version(
    printed: Callable[..., str], version: str, router: bool
) -> None:
    numbers = [*map(int, version.split(".")), 0]
    build = {"version": version, "versionArray": numbers, "ok": 1.0}
    asked: list[str] = []

    def answer(name: str) -> dict[str, Any]:
        asked.append(name.lower())
        greets = name.lower() in ("hello", "ismaster")
        return (ROUTER if router else GREETING) if greets else build

    with claimed_mongod(answer) as place:
        out = printed(f"mongodb://{place}")
        found = json.loads(printed(f"mongodb://{place}", "--json"))
    assert set(asked) <= {"hello", "ismaster", "buildinfo", "getparameter", "endsessions"}
    assert f"MongoDB {version}" in out
    assert ("no router" in out) != router
    assert f'sh.shardCollection("maison.c", {KEY});' in commands(out)
    assert f'sh.shardCollection("maison.t", {KEY});' in commands(out)
    assert 'sh.shardCollection("maison.c_days", {"_id": 1});' in commands(out)
    assert not re.search("leases|requests|enableSharding", "\n".join(commands(out)))
    assert ("maison.system.buckets.t" in out) == (numbers[0] < 9)
    assert ('splitAt("maison.t"' in out) == (numbers[0] >= 9)
    assert found["server_version"] == version
    assert set(found["commands"]) < set(commands(out))


def test_without_a_server_it_says_for_which_version(printed: Callable[..., str]) -> None:
    for uri in ("", f"mongodb://127.0.0.1:{free_port()}"):
        out = printed(uri)
        assert out.startswith("// For MongoDB 8.0: ")
        assert "system.buckets.t" in out
        assert "9.0" in out
        assert json.loads(printed(uri, "--json"))["server_version"] is None
