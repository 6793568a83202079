"""Which mongod serves: the same one in a shell and in cron, and another where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from linky_tui.errors import ConfigError, LinkyError
from linky_tui.storage.server import binary
from linky_tui.storage.server.binary import find_mongods
from linky_tui.storage.server.local_server import LocalServer
from tests.tools.local_server import servers_of
from tests.tools.mongod import find_binary
from tests.tools.terminal import Terminal

REAL = f'exec {find_binary()} "$@"'
MISSING = 'echo "$0: error while loading shared libraries: libssl.so.3: cannot open" >&2; exit 127'
NEWER_DATA = 'echo "Wrong mongod version" >&2; exit 62'
OLD = 'echo "db version v4.4.29"; [ "$1" = --version ] || touch "$(dirname "$0")/was-started"'


@pytest.fixture
def on_path(short_tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The mongod of a PATH that holds another one."""
    return put(short_tmp_path / "bin", monkeypatch, REAL)


def put(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Path:
    path = program(folder / "mongod", text)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return path


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def extra(monkeypatch: pytest.MonkeyPatch, path: Path | None) -> None:
    monkeypatch.setattr(binary, "_from_extra", lambda: path)


def refused(folder: Path) -> LinkyError:
    with pytest.raises(LinkyError) as caught:
        LocalServer.acquire(folder, folder / "run")
    assert servers_of(folder) == []
    return caught.value


def test_mongod_is_the_configured_one_else_the_extras_else_the_one_on_path(
    on_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = program(tmp_path / "own" / "mongod", REAL)
    assert find_mongods(str(own)).paths == (own,)
    assert find_mongods().paths == (find_binary(), on_path)
    extra(monkeypatch, on_path)
    assert find_mongods().paths == (on_path,)
    extra(monkeypatch, None)
    assert find_mongods().paths == (on_path,)
    with pytest.raises(ConfigError, match=r"mongodb\.mongod"):
        find_mongods(str(tmp_path / "none"))


@pytest.mark.parametrize("text", [MISSING, NEWER_DATA, "exit 1", None])
def test_where_the_extras_does_not_run_here_the_one_on_path_does_and_it_is_said(
    on_path: Path, short_tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    broken = program(short_tmp_path / "extra" / "mongod", text or "")
    if text is None:
        broken.write_bytes(b"\x00\x01 no program of this machine")
    extra(monkeypatch, broken)
    with LocalServer.acquire(short_tmp_path / "data", short_tmp_path / "run") as server:
        (note,) = server.notes
    assert str(broken) in note
    assert f"So {on_path} is used" in note
    assert "mongodb.mongod" in note


def test_what_is_passed_over_is_told_by_check(
    on_path: Path,
    short_tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    extra(monkeypatch, program(short_tmp_path / "extra" / "mongod", MISSING))
    terminal = Terminal(capsys, short_tmp_path, "", "electricity")
    terminal.configure()
    out = terminal.run("--check").out
    assert f"So {on_path} is used" in " ".join(out.split()), out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OLD, "this is MongoDB 4.4.29. It is"),
        ("echo a tool of another trade", "does not say a version"),
        ("exec sleep 60", "does not say a version"),
        (MISSING, "does not say a version"),
    ],
)
def test_a_mongod_on_path_is_looked_at_before_it_touches_the_data(
    short_tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setattr(binary, "_VERSION_TIMEOUT_S", 1.0)
    found = put(short_tmp_path / "bin", monkeypatch, text)
    extra(monkeypatch, None)
    error = refused(short_tmp_path / "data")
    assert said in error.cause
    assert str(found) in error.cause
    assert "mongodb.mongod" in error.next_step
    assert not (short_tmp_path / "bin" / "was-started").exists()


def test_a_mongod_on_path_for_other_processors_is_told_as_that(
    short_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(short_tmp_path / "bin", monkeypatch, "kill -ILL $$")
    extra(monkeypatch, None)
    error = refused(short_tmp_path / "data")
    assert error.title == "MongoDB does not run on this processor"


def test_where_none_can_serve_the_first_one_says_why(
    short_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(short_tmp_path / "bin", monkeypatch, OLD)
    extra(monkeypatch, program(short_tmp_path / "extra" / "mongod", MISSING))
    error = refused(short_tmp_path / "data")
    assert error.title == "A system library is missing"
    assert "libssl3" in error.next_step
