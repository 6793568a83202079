"""Folders: the demo apart from the real thing, private ones really private."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from linky_tui.cli import main
from linky_tui.errors import ConfigError
from linky_tui.system import paths

PLACES: list[Callable[..., Path]] = [
    paths.config_file,
    paths.data_dir,
    paths.state_dir,
    paths.runtime_dir,
]


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "places"))
    for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "RUNTIME_DIR"):
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path / "places" / name))


@pytest.mark.parametrize("place", PLACES[:3])
def test_without_a_home_folder_the_variables_are_named(
    place: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name)
    with pytest.raises(ConfigError, match="Set HOME, or all of XDG_"):
        place()
    assert main(["--check"]) == main(["--demo", "--sync"]) == 2


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("place", PLACES)
def test_the_demo_has_a_place_of_its_own(place: Callable[..., Path], tmp_path: Path) -> None:
    assert place().is_relative_to(tmp_path)
    assert "linky-tui" in place().parts
    assert place() != place(demo=True)
    assert "demo" in place(demo=True).parts


def test_asking_for_places_creates_nothing(tmp_path: Path) -> None:
    for place in PLACES:
        place()
        place(demo=True)
    assert not (tmp_path / "places").exists()


def test_a_private_folder_and_its_missing_parents_are_0700(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    folder = tmp_path / "a" / "b"
    assert paths.private_dir(folder) == folder
    assert (_mode(folder), _mode(folder.parent), _mode(tmp_path)) == (0o700, 0o700, 0o755)


def test_a_folder_of_ours_that_others_can_read_is_tightened(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    paths.private_dir(folder)
    assert _mode(folder) == 0o700


@pytest.mark.parametrize("target_exists", [True, False])
def test_a_symbolic_link_is_refused(tmp_path: Path, target_exists: bool) -> None:
    target = tmp_path / "target"
    if target_exists:
        target.mkdir(mode=0o755)
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(ConfigError, match="symbolic link"):
        paths.private_dir(link)
    assert target.exists() == target_exists


def test_a_linked_parent_is_fine(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    paths.private_dir(tmp_path / "link" / "data")
    assert _mode(tmp_path / "disk" / "data") == 0o700


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file: Not a directory"):
        paths.private_dir(tmp_path / "file")
    with pytest.raises(ConfigError, match="Not a directory"):
        paths.private_dir(tmp_path / "file" / "below")


def test_a_foreign_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(ConfigError, match="another user"):
        paths.private_dir(folder)
    assert _mode(folder) == 0o755
