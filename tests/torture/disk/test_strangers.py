"""Folders, files and sockets of somebody else where ours belong: not used, and not touched."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.mongod import PrivateMongod
from tests.torture.conftest import Scale
from tests.torture.disk.disks import lost, snapshot
from tests.torture.ground import Ground, ground, told
from tests.torture.report import Tally

STRANGER = 65_534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")


def give_away(path: Path, mode: int) -> None:
    path.mkdir(parents=True, exist_ok=True)
    (path / "theirs").write_text("theirs")
    for each in [path, *path.rglob("*")]:
        os.chown(each, STRANGER, STRANGER)
    path.chmod(mode)


PLACES: dict[str, Callable[[Ground], Path]] = {
    "configuration": lambda home: home.config.parent,
    "state": lambda home: home.state_dir,
    "locks": lambda home: home.state_dir / "leases",
    "server": lambda home: home.data_dir / "mongodb",
    "data": lambda home: home.data_dir / "mongodb" / "data",
}


@pytest.mark.parametrize("name", PLACES)
def test_a_folder_of_another_user_is_refused_and_left_alone(
    name: str, short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    row = tally("another user's folders and sockets")
    commands = ("--sync", "--check", "--stats")[: scale.times(1, 3)]
    with ground(short_tmp_path) as home:
        home.settle()
        home.as_user = True
        place = PLACES[name](home)
        # A configuration that may be read is read, with a warning.
        for mode in (0o700,) if name == "configuration" else (0o755, 0o700)[: scale.times(1, 2)]:
            give_away(place, mode)
            before = snapshot(place)
            for command in commands:
                with row.one_try():
                    told(home.run(command, "--json"), str(place))
                    row.lost += len(lost(before, snapshot(place)))
                    assert not row.lost
        assert home.requests() == 0


def test_a_socket_folder_of_another_user_is_refused(short_tmp_path: Path, tally: Tally) -> None:
    row = tally("another user's folders and sockets")
    long_path = short_tmp_path / ("x" * 110)
    with ground(short_tmp_path) as home:
        home.settle()
        home.as_user = True
        done = home.run("--check", "--json", XDG_DATA_HOME=str(long_path))
        assert done.code == 0, done
        (log,) = long_path.rglob("mongod.log")
        used = log.read_text().partition('"bindIp":"')[2].partition('"')[0]
        place = Path(used).parent
        assert home.runtime_dir in place.parents
        give_away(place, 0o700)
        before = snapshot(place)
        with row.one_try():
            told(
                home.run("--check", "--json", XDG_DATA_HOME=str(long_path)), str(place), codes=(2,)
            )
            row.lost += len(lost(before, snapshot(place)))
            assert not row.lost
            shutil.rmtree(place)
            assert home.run("--check", "--json", XDG_DATA_HOME=str(long_path)).code == 0


@pytest.mark.parametrize("owner", [0, STRANGER])
def test_a_socket_that_something_else_listens_on_is_left_to_it(
    owner: int, short_tmp_path: Path, tally: Tally
) -> None:
    row = tally("another server in our place")
    with ground(short_tmp_path) as home, socket.socket(socket.AF_UNIX) as listener:
        home.settle()
        folder = home.data_dir / "mongodb"
        folder.mkdir(mode=0o700, parents=True)
        listener.bind(str(folder / "mongod.sock"))
        listener.listen()
        os.chown(folder / "mongod.sock", owner, owner)
        before = snapshot(folder / "mongod.sock")
        with row.one_try():
            told(home.run("--check", "--json"), "mongod.sock", "another", codes=(1,))
            assert not lost(before, snapshot(folder / "mongod.sock"))
            assert home.servers() == []


@pytest.mark.fault("another server in our place")
def test_a_mongod_of_other_data_on_our_socket_gets_none_of_ours(short_tmp_path: Path) -> None:
    with ground(short_tmp_path) as home:
        home.settle()
        folder = home.data_dir / "mongodb"
        folder.mkdir(mode=0o700, parents=True)
        path = folder / "mongod.sock"
        with PrivateMongod(short_tmp_path / "theirs", socket=path) as theirs:
            told(home.run("--backfill", "--json"), "mongod.sock", "another program", codes=(1,))
            assert home.requests() == 0
            theirs.wait_until_ready()
        assert home.run("--check", "--json").code == 0
