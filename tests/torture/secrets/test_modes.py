"""Nothing of ours can be read or changed by other users, whatever the umask says."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from linky_tui.domain.paris import ONE_DAY, today
from linky_tui.enedis.budget_file import BudgetFile
from tests.tools.altered import Alteration
from tests.tools.config import meter
from tests.tools.gateway import Turnstile, gateway, half_hours
from tests.tools.homes import Home
from tests.tools.program import calling, finished, start
from tests.torture.conftest import Scale
from tests.torture.report import Tally
from tests.torture.secrets.saving import save_open
from tests.torture.secrets.stage import PRM, Stage, configured

FAULT = "secrets, files open to others"


def open_to_others(*folders: Path, but: frozenset[Path] = frozenset()) -> list[str]:
    """What group or others may do something with, with its mode; links are not followed."""
    found = []
    for folder in folders:
        for path in everything(folder):
            try:
                status = path.lstat()
            except FileNotFoundError:  # whoever runs meanwhile removes files, too
                continue
            if path in but or stat.S_ISLNK(status.st_mode):
                continue
            if status.st_mode & 0o077:
                found.append(f"{path} {stat.filemode(status.st_mode)}")
    return found


def everything(folder: Path) -> Iterator[Path]:
    """A folder and all in it, also while things come and go there."""
    yield folder
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))


def start_under(umask: str, home: Home, *arguments: str) -> subprocess.Popen[str]:
    return home.start(*arguments, alteration=Alteration(umask=int(umask, 8)))


@pytest.mark.parametrize("umask", ["000", "022"])
def test_no_file_or_folder_of_ours_is_open_to_others(
    umask: str, stage: Stage, short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    row = tally(FAULT)
    with row.one_try():
        weeks = Turnstile(half_hours(today() - timedelta(days=14), today() - ONE_DAY))
        with (
            gateway(weeks, PRM) as server,
            configured(
                stage,
                short_tmp_path,
                "modes",
                uri="",
                api_url=server.url,
                meters=[meter(PRM, server.token)],
            ) as home,
        ):
            home.config.parent.parent.chmod(0o700)  # the test made it
            # While it runs: the socket, the record of the server, the locks.
            process = start_under(umask, home, "--backfill")
            wanted = {"mongod.sock", "server.json", "turn.lock", "mongod.log"}
            wanted |= {"requests.sqlite", "installation-id", "<a lease>-0.lock"}
            while process.poll() is None:
                names = {path.name for path in everything(home.folder)}
                wanted -= names
                if any(name.endswith("-0.lock") for name in names):
                    wanted.discard("<a lease>-0.lock")
                if not wanted:
                    weeks.let()  # until all was seen it waits for an answer
                found = open_to_others(home.folder)
                assert found == []
                time.sleep(0.01)
            done = finished(process)
            assert done.code == 0, done.err
            assert wanted == set()
            assert open_to_others(home.folder) == []

            if umask != "000" and not scale.long:
                return  # the other mask keeps nothing back
            # A killed one leaves its server and its locks behind.
            process = start_under(umask, home, "--verify", "--repair")
            while not home.servers() and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert open_to_others(home.folder) == []
            assert finished(start_under(umask, home, "--verify")).code == 0

            # A corrupted count is set aside.
            (home.state_dir / "requests.sqlite").write_bytes(b"no database")
            finished(start_under(umask, home, "--sync"))
            assert len([*home.state_dir.glob("requests.sqlite*")]) > 2
            assert open_to_others(home.folder) == []


def test_the_journal_of_the_count_is_as_private_as_the_count(tmp_path: Path) -> None:
    """It is there for a few milliseconds at a time: too few for whoever looks at a running one."""
    file = tmp_path / "state" / "requests.sqlite"
    before = os.umask(0)
    try:
        with BudgetFile(file).transaction() as rows:
            rows.count("host", today(), 1)
            journal = file.with_name(f"{file.name}-journal")
            assert stat.S_IMODE(journal.stat().st_mode) == 0o600
            assert open_to_others(file.parent) == []
    finally:
        os.umask(before)


@pytest.mark.fault(FAULT)
def test_the_demo_keeps_its_files_to_itself(short_tmp_path: Path) -> None:
    with Home(short_tmp_path) as home:
        done = finished(start_under("000", home, "--demo", "--sync"))
        assert done.code in (0, 3), done.err
        assert (home.data_dir / "demo" / "mongodb").is_dir()
        assert open_to_others(home.folder) == []


@pytest.mark.parametrize("mode", [None, 0o644, 0o666])
def test_a_saved_configuration_is_private_whatever_it_was(
    mode: int | None, short_tmp_path: Path
) -> None:
    with Home(short_tmp_path) as home:
        if mode is not None:
            home.config.parent.mkdir(parents=True, mode=0o700)
            home.config.write_text("[display]\n", encoding="utf-8")
            home.config.chmod(mode)
        assert finished(start(calling(save_open), home.environment)).code == 0
        assert "nord" in home.config.read_text(encoding="utf-8")
        assert home.config.stat().st_mode & 0o777 == 0o600
        assert home.config.parent.stat().st_mode & 0o777 == 0o700
        if mode is None:  # then its parent was made, too
            assert not home.config.parent.parent.stat().st_mode & 0o077


def test_open_folders_of_ours_are_closed(stage: Stage, short_tmp_path: Path) -> None:
    home = configured(stage, short_tmp_path, "closing", uri="")
    with home:
        for folder in (home.data_dir / "mongodb", home.state_dir, home.state_dir / "leases"):
            folder.mkdir(parents=True)
            os.chmod(folder, 0o777)
        done = home.run("--sync")
        assert done.code in (0, 3), done.err
        ours = (home.data_dir / "mongodb", home.state_dir)
        found = open_to_others(*ours)
        assert found == []
