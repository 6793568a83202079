"""``--lab`` from outside: arguments, JSON, reports, and what ``--here`` leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from linky_tui.lab.kept import load
from linky_tui.storage.lab.here import PREFIX
from linky_tui.system.paths import state_dir
from tests.tools.laboratory import small_home
from tests.tools.stored import open_store, put_regular
from tests.tools.terminal import Terminal
from tests.whole.cli.conftest import A, Serve, database

HOME = small_home()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lab", "nonsense"],
        ["--lab", "--homes", "0"],
        ["--lab", "--homes", "many"],
        ["--lab", "--homes", "1000000"],
        ["--lab", "--seed", "-1"],
        ["--lab", "--report", "lab.pdf"],
        ["--lab", "--sync"],
        ["--here"],
        ["--stats", "--seed", "7"],
        ["--sync", "--report", "lab.md"],
        ["--lab", "order", "--demo", "--report", "/nowhere/lab.md"],
    ],
)
def test_wrong_arguments(terminal: Terminal, arguments: list[str]) -> None:
    done = terminal.bare(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("linky-tui: ")


def test_here_works_in_a_database_that_is_named_and_dropped(
    terminal: Terminal, serve: Serve, tmp_path: Path
) -> None:
    terminal.configure(serve(), A)
    report = tmp_path / "lab.html"
    empty = terminal.run("--lab", "formats", "--here", "--json")
    assert empty.code == 1
    assert "--backfill" in empty.document["error"]["next_step"]
    homes = terminal.run("--lab", "cardinality", "--here", "--json")  # needs no readings of ours
    assert [each["experiment"] for each in homes.document["errors"]] == ["cardinality"]
    series = HOME.series.__class__(A)
    with open_store(terminal.uri, terminal.database, tmp_path) as store:
        put_regular(store, series, HOME.readings)
    done = terminal.run(
        *("--lab", "formats", "cardinality", "--here", "--json", "--report", str(report))
    )
    assert done.code == 2  # the other one needs a server of its own
    document = done.document
    assert (document["command"], document["status"]) == ("lab", "failed")
    assert [each["experiment"] for each in document["errors"]] == ["cardinality"]
    (found,) = document["results"]
    assert found["conditions"]["where"] == document["places"][0]
    assert found["conditions"]["where"].startswith(PREFIX)
    assert found["conditions"]["readings"] == len(HOME.readings)
    assert found["sentence"]
    with database(terminal) as client:
        assert [name for name in client.list_database_names() if name.startswith(PREFIX)] == []
        assert client[terminal.database]["consumption"].count_documents({}) == len(HOME.readings)
    assert "<svg" in report.read_text()
    assert list(load(state_dir())) == ["formats"]


def test_stored_readings_are_measured_in_a_scratch_server(
    terminal: Terminal, serve: Serve, tmp_path: Path
) -> None:
    terminal.configure(serve(), A)
    report = tmp_path / "lab.md"
    with open_store(terminal.uri, terminal.database, tmp_path) as store:
        put_regular(store, HOME.series.__class__(A), HOME.readings)
    done = terminal.run("--lab", "compressors", "--report", str(report))
    assert done.code == 0, done.err
    assert "Third bars" in done.out
    assert "the stored readings of a meter" in done.out
    assert str(report) in done.err
    assert A not in done.out + done.err + report.read_text()
    assert report.read_text().startswith("# The storage laboratory")
