"""A MongoDB that does not answer, refuses the user, or holds something else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from linky_tui.storage import connection
from tests.tools.terminal import Terminal
from tests.whole.cli.conftest import ERROR_KEYS, NOW, A, Serve, database


@pytest.mark.parametrize("loudness", [[], ["--verbose"], ["--json"]])
def test_a_mongodb_that_does_not_answer_is_temporary_and_names_no_password(
    terminal: Terminal, serve: Serve, monkeypatch: pytest.MonkeyPatch, loudness: list[str]
) -> None:
    monkeypatch.setattr(connection, "_SELECTION_MS", 200)
    server = serve()
    terminal.configure(server, A, uri="mongodb://ann:geheim@127.0.0.1:1/?authSource=admin")
    for command in ("--sync", "--stats", "--check") if "--json" in loudness else ("--sync",):
        done = terminal.run(command, *loudness)
        assert done.code == 3, command
        assert "127.0.0.1:1" in done.out + done.err
        assert "geheim" not in done.out + done.err
        if loudness == ["--json"]:
            assert done.document["status"] == "failed"
            assert done.document["error"].keys() >= ERROR_KEYS
    assert server.log == []


def test_a_wrong_password_is_refused_and_not_shown(terminal: Terminal, serve: Serve) -> None:
    host = terminal.uri.removeprefix("mongodb://")
    terminal.configure(serve(), A, uri=f"mongodb://ann:geheim@{host}/?authSource=admin")
    for loudness in ([], ["--verbose"], ["--json"]):
        done = terminal.run("--sync", *loudness)
        assert done.code == 2
        assert "password" in done.out + done.err
        assert "geheim" not in done.out + done.err


def test_collections_of_another_shape_are_refused_and_left_alone(
    terminal: Terminal, serve: Serve
) -> None:
    server = serve()
    terminal.configure(server, A)
    foreign: dict[str, list[dict[str, Any]]] = {
        "consumption": [{"_id": 1, "invoice": 12}],
        "consumptionTS": [{"_id": 1, "timestamp": NOW}],
    }
    for name, documents in foreign.items():
        with database(terminal) as client:
            client.drop_database(terminal.database)
            client[terminal.database][name].insert_many(documents)
            for command in ("--sync", "--backfill", "--stats", "--verify", "--check"):
                done = terminal.run(command, "--json")
                assert done.code == 2, (name, command)
                assert done.document["status"] == "failed"
                setting = "timeseries_collection" if name.endswith("TS") else "collection"
                text = json.dumps(done.document)
                assert re.search(rf"\b{setting}\b", text)
            kept = client[terminal.database][name]
            assert list(kept.find(projection={"timestamp": 0})) == [
                {key: value for key, value in each.items() if key != "timestamp"}
                for each in documents
            ]
            assert kept.index_information().keys() == {"_id_"}
    assert server.log == []
