"""Arguments, configuration, --since: what is refused before anything is done."""

from __future__ import annotations

import re

import pytest

from linky_tui import __version__
from tests.tools.terminal import Terminal
from tests.whole.cli.conftest import ERROR_KEYS, A, Serve


@pytest.mark.parametrize(
    "arguments",
    [
        ["--bogus"],
        ["backfill"],
        ["--sync", "--stats"],
        ["--since", "2026-01-01"],
        ["--sync", "--since", "2026-01-01"],
        ["--backfill", "--since", "tomorrow"],
        ["--backfill", "--since", "2026-02-30"],
        ["--backfill", "--since", "20260101"],
        ["--backfill", "--since"],
        ["--sync", "--repair"],
        ["--sync", "--queries"],
        ["--sync", "--quiet", "--verbose"],
        ["--sync", "--config"],
        ["--syn"],
    ],
)
def test_wrong_arguments_end_with_2_and_say_why(terminal: Terminal, arguments: list[str]) -> None:
    done = terminal.bare(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("linky-tui: ")
    assert "--help" in done.err
    as_json = terminal.bare(*arguments, "--json")
    assert as_json.code == 2
    assert as_json.err == ""
    assert as_json.document["status"] == "failed"
    assert as_json.document["error"].keys() >= ERROR_KEYS
    assert as_json.document["problems"] == []


@pytest.mark.parametrize(
    ("argument", "meant"),
    [
        ("backfill", "backfill"),
        ("--bakcfill", "backfill"),
        ("--Stat=x", "stats"),
        ("-sync", "sync"),
        ("shard_commands", "shard-commands"),
        ("--bogus", None),
        ("--", None),
    ],
)
def test_a_misspelt_option_is_guessed(terminal: Terminal, argument: str, meant: str | None) -> None:
    done = terminal.bare(argument, "x")
    assert done.code == 2
    assert re.findall(r"Did you mean --([a-z-]+)\?", done.err) == [meant] * bool(meant)


def test_json_without_a_command_is_an_error_in_json(terminal: Terminal) -> None:
    done = terminal.bare("--json")
    assert done.code == 2
    assert done.document["error"]["title"]


def test_an_argument_is_not_repeated_with_its_secrets_or_control_characters(
    terminal: Terminal,
) -> None:
    done = terminal.bare("--sync", "--bogus=mongodb://ann:geheim@host/", "\x1b[31mred")
    assert done.code == 2
    assert "geheim" not in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize(("argument", "said"), [("--version", __version__), ("--help", "--sync")])
def test_version_and_help_end_with_0(terminal: Terminal, argument: str, said: str) -> None:
    done = terminal.bare(argument)
    assert done.code == 0
    assert said in done.out
    assert done.err == ""


def test_every_problem_of_the_configuration_is_listed_in_json(terminal: Terminal) -> None:
    terminal.file.write_text('[mongodb]\ncolection = "x"\n[[meters]]\nprm = "12"\n')
    for command in ("--sync", "--backfill", "--stats", "--verify", "--check"):
        done = terminal.run(command, "--json")
        assert done.code == 2, command
        assert done.document["command"] == command.removeprefix("--")
        assert len(done.document["problems"]) == 2, command
        assert done.document["error"].keys() >= ERROR_KEYS
        assert done.err == ""
    done = terminal.run("--sync")
    assert (done.code, done.out) == (2, "")
    assert "colection" in done.err
    assert "14 digits" in done.err


def test_a_named_file_that_does_not_exist_is_an_error(terminal: Terminal) -> None:
    done = terminal.run("--sync", "--json")
    assert done.code == 2
    assert done.document["problems"]


def test_without_a_meter_there_is_nothing_to_fetch(terminal: Terminal) -> None:
    terminal.configure()
    for command in ("--sync", "--backfill", "--check"):
        done = terminal.run(command, "--json")
        assert done.code == 2
        assert "[[meters]]" in done.document["error"]["next_step"]


@pytest.mark.parametrize("since", ["2026-11-20", "20 Nov", "Fri 20 Nov 2026", "20/11"])
def test_since_limits_how_far_back_is_asked(terminal: Terminal, serve: Serve, since: str) -> None:
    server = serve()
    terminal.configure(server, A)
    assert terminal.run("--backfill", "--since", since, "--json").code == 0
    asked = {entry.start for entry in server.log if "courbe" in entry.type}
    assert asked == {"2026-11-20"}


@pytest.mark.parametrize("since", ["2026-11-22", "2027-01-01"])
def test_since_has_to_lie_in_the_past(terminal: Terminal, serve: Serve, since: str) -> None:
    server = serve()
    terminal.configure(server, A)
    done = terminal.run("--backfill", "--since", since, "--json")
    assert done.code == 2
    assert since in done.document["error"]["cause"]
    assert server.log == []
