"""Streams that are no terminal, locales without our characters, readers that have gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from linky_tui.cli import EXIT_BROKEN_PIPE, main
from linky_tui.errors import UsageError
from linky_tui.system.terminal import check_terminal

COMMAND = [sys.executable, "-m", "linky_tui"]
ROOT = Path(__file__).parents[2]


def run(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    return subprocess.run(
        [*COMMAND, *arguments],
        env=kept | {"HOME": str(home)} | environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=200,
    )


def test_without_a_terminal_the_application_ends_with_2_and_names_sync(tmp_path: Path) -> None:
    done = run(home=tmp_path, TERM="xterm")
    assert done.returncode == 2
    assert b"--sync" in done.stderr
    assert b"\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_can_only_write_lines_is_none(
    term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True, raising=False)
    check_terminal({"TERM": "xterm"})
    with pytest.raises(UsageError, match="TERM"):
        check_terminal({"TERM": term})


def test_a_terminal_without_utf_8_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True, raising=False)
    with open(os.devnull, "w", encoding="latin-1") as narrow:
        monkeypatch.setattr(sys, "stderr", narrow)
        monkeypatch.setattr(narrow, "isatty", lambda: True)
        with pytest.raises(UsageError, match="iso8859-1"):
            check_terminal({"TERM": "xterm"})


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("arguments", [["--check"], ["--sync"], ["--stats", "--bogus=漢"]])
def test_what_a_locale_cannot_write_ends_no_command(
    tmp_path: Path, encoding: str, arguments: list[str]
) -> None:
    config = tmp_path / "config-漢.toml"
    config.write_text('[[meters]]\nprm = "é…"\n')
    done = run(
        *arguments, "--config", str(config), home=tmp_path, PYTHONIOENCODING=encoding, LC_ALL="C"
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"?" in done.stderr
    done.stderr.decode(encoding)


def test_a_reader_that_has_gone_ends_a_command_quietly(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [*COMMAND, "--check", "--json"],
        env={**os.environ, "HOME": str(tmp_path)},
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=200,
    )
    os.close(writer)
    assert (process.returncode, process.stderr) == (EXIT_BROKEN_PIPE, b"")
    assert main(["--version"]) == 0
