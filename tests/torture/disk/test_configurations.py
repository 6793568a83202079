"""A configuration that is damaged, absurd or somebody else's: told at once, and left as it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from linky_tui.config import load
from linky_tui.config.read import MAX_PROBLEMS
from linky_tui.config.save import save
from linky_tui.errors import ConfigError
from tests.tools.homes import Home
from tests.torture.disk.disks import fill as fill_disk
from tests.torture.disk.disks import immutable, lost, read_only, small_disk, snapshot
from tests.torture.ground import remove, told
from tests.torture.report import Tally

Spoil = Callable[[Path], object]
STRANGER = 65_534


def holds(content: bytes | str) -> Spoil:
    data = content.encode() if isinstance(content, str) else content

    def write(path: Path) -> None:
        path.write_bytes(data)
        path.chmod(0o600)

    return write


def enormous(path: Path) -> None:
    path.touch()
    os.truncate(path, 100_000_000)


UNUSABLE: dict[str, tuple[Spoil, str]] = {
    "random bytes": (holds(bytes(range(256)) * 40), "UTF-8"),
    "invalid UTF-8": (holds(b'[display]\ntheme = "\xff\xfe"\n'), "UTF-8"),
    "UTF-16": (holds("[display]\n".encode("utf-16")), "UTF-8"),
    "NUL bytes": (holds("[display]\n\0\0\0"), "binary"),
    "100 MB": (enormous, "larger than"),
    "no TOML": (holds("database: electricity\n"), "line 1"),
    "cut off": (holds('[mongodb]\ndatabase = "elec'), "line 2"),
    "the same key twice": (holds("[enedis]\nrequests_per_day = 1\nrequests_per_day = 2"), "line 3"),
    "the same section twice": (holds("[display]\n[display]\n"), "line 2"),
    "nested too deeply": (holds("x = " + "[" * 50_000), "deeply"),
    "deep tables": (holds("x = " + "{a = " * 5_000), "deeply"),
    "a long dotted key": (holds("a." * 400_000 + "a = 1"), "deeply"),
    "a number without an end": (holds("[enedis]\nrequests_per_day = " + "9" * 5_000), "digits"),
    "an impossible date": (holds("[enedis]\nrequests_per_day = 2026-13-45"), "line 2"),
    "not a number": (holds("[enedis]\nseconds_between_requests = nan"), "not a number"),
    "an infinite number": (holds("[enedis]\nseconds_between_requests = inf"), "too large"),
    "wrong types everywhere": (
        holds(
            "meters = 5\nkeys = []\ndisplay = true\n[mongodb]\nuri = 1\ndatabase = []\n"
            "collection = {}\nmongod = false\n[enedis]\napi_url = 1.5\nrequests_per_day = 'x'\n"
        ),
        "not a list of sections",
    ),
    "everything unknown": (
        holds("".join(f"unknown{number} = {number}\n" for number in range(40_000))),
        "unknown39",
    ),
    "a folder": (lambda path: path.mkdir(), "folder"),
    "a pipe": (lambda path: os.mkfifo(path), "no regular file"),
    "a device without an end": (lambda path: path.symlink_to("/dev/zero"), "no regular file"),
    "a link in a circle": (lambda path: path.symlink_to(path.name), "cannot be read"),
}


def test_an_unusable_configuration_is_told_and_left_as_it_is(
    short_tmp_path: Path, tally: Tally
) -> None:
    row = tally("damaged configuration")
    with Home(short_tmp_path) as home:
        home.config.parent.mkdir(mode=0o700, parents=True)
        for number, (name, (spoil, words)) in enumerate(UNUSABLE.items()):
            spoil(home.config)
            before = snapshot(home.config.parent)
            with row.one_try():
                command = ("--check", "--sync", "--backfill", "--stats", "--verify")[number % 5]
                done = home.run(command, "--json")
                text = told(done, str(home.config), words, codes=(2,))
                assert len(text) < MAX_PROBLEMS * 400, name
                assert "Traceback" not in done.err, name
                row.lost += len(lost(before, snapshot(home.config.parent)))
                assert not row.lost, name
                remove(home.config)
        assert not home.state_dir.exists()


def test_a_usable_configuration_may_look_strange(short_tmp_path: Path, tally: Tally) -> None:
    row = tally("damaged configuration")
    with Home(short_tmp_path) as home:
        home.config.parent.mkdir(mode=0o700, parents=True)
        nowhere = '[mongodb]\nmongod = "/none"\n'
        for text in (f"\ufeff{nowhere}", nowhere.replace("\n", "\r\n"), f"# é 日本 🔌\n{nowhere}"):
            with row.one_try():
                home.config.write_bytes(text.encode())
                home.config.chmod(0o600)
                done = home.run("--check", "--json")
                # Understood, so it is its mongod that is missed.
                assert "mongod not found" in "".join(done.document["problems"]), done
        for arguments in (["--config", "~nobody-of-this-name/x"], ["--config", "a\nb"]):
            with row.one_try():
                told(home.run("--check", "--json", *arguments), "no such file", codes=(2,))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.fault("another user's files")
def test_a_configuration_of_another_user_is_warned_about(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    os.chown(path, STRANGER, STRANGER)
    assert any("another user" in warning for warning in load(path, {}).warnings)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A configuration in a folder of its own."""
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir(mode=0o700)
    path.write_text('# mine\n[display]\ntheme = "nord"\n')
    path.chmod(0o600)
    return path


def refuses_to_save(path: Path, *words: str) -> None:
    """Saving fails, says why, and leaves everything as it was."""
    before = snapshot(path.parent)
    config = load(path, {})
    with pytest.raises(ConfigError) as caught:
        save(replace(config, display=replace(config.display, theme="dracula")), path)
    text = str(caught.value)
    assert all(word in text for word in (str(path), *words)), text
    assert snapshot(path.parent) == before


def saves(path: Path, theme: str) -> None:
    config = load(path, {})
    save(replace(config, display=replace(config.display, theme=theme)), path)
    assert load(path, {}).display.theme == theme
    assert "# mine" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_the_saved_configuration_whole(saved: Path, tally: Tally) -> None:
    row = tally("full configuration folder")
    text = saved.read_bytes()
    with small_disk(saved.parent, "64k") as disk:
        saved.write_bytes(text)
        saved.chmod(0o600)
        ballast = fill_disk(disk)
        with row.one_try():
            refuses_to_save(saved, "No space left on device", "untouched")
            ballast.unlink()
            saves(saved, "dracula")


def test_a_read_only_configuration_is_read_and_not_saved(saved: Path, tally: Tally) -> None:
    row = tally("read-only folders")
    row.tried += 2
    with read_only(saved.parent):
        refuses_to_save(saved, "Read-only file system", "untouched")
    row.survived += 1
    with immutable(saved):
        refuses_to_save(saved, "write-protected", "untouched")
    saves(saved, "dracula")
    row.survived += 1


def test_a_second_name_of_the_configuration_keeps_what_it_had(saved: Path, tally: Tally) -> None:
    row = tally("links in place of our files")
    victim = saved.parent.parent / "victim"
    os.link(saved, victim)
    before = victim.read_bytes()
    with row.one_try():
        saves(saved, "dracula")
        row.lost += victim.read_bytes() != before
        assert not row.lost


def test_a_link_to_something_else_is_never_written_through(saved: Path, tally: Tally) -> None:
    row = tally("links in place of our files")
    victim = saved.parent.parent / "diary.txt"
    victim.write_text("Dear diary")
    saved.unlink()
    saved.symlink_to(victim)
    with row.one_try():
        before = snapshot(saved.parent, victim)
        with pytest.raises(ConfigError):
            save(load(None, {}), saved)
        row.lost += len(lost(before, snapshot(saved.parent, victim)))
        assert not row.lost
