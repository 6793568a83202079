"""Folders that cannot be written, because of the disk or of a mode: what can work works."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.program import calling, finished, start
from tests.torture.conftest import Scale
from tests.torture.disk.disks import immutable, lost, read_only, snapshot
from tests.torture.ground import REFUSED, Ground, become_ordinary, ground, told
from tests.torture.report import Tally


@pytest.fixture
def home(short_tmp_path: Path, where: dict[str, str]) -> Iterator[Ground]:
    """A home with something stored, whose folders all exist."""
    with ground(short_tmp_path) as made:
        made.settle(**where)
        assert made.run("--sync", "--json").code == 0
        made.log_dir.mkdir(mode=0o700)
        yield made


@contextlib.contextmanager
def closed_by_mode(home: Ground, folder: Path) -> Iterator[None]:
    """A folder, and all in it, that its owner may only read."""
    if finished(start(calling(become_ordinary, "true"))).code == REFUSED:
        pytest.skip("root cannot give up its capabilities here")
    places = [folder, *folder.rglob("*")]
    modes = [(path, path.stat().st_mode & 0o777) for path in places]
    try:
        home.as_user = True
        for path, mode in modes:
            path.chmod(mode & 0o555)
        yield
    finally:
        home.as_user = False
        for path, mode in modes:
            path.chmod(mode)


def only_with(short: str, how: str, scale: Scale) -> None:
    """In CI one way is enough; which one differs from folder to folder."""
    if how != short and not scale.long:
        pytest.skip("only with --long")


def closed(how: str, home: Ground, folder: Path) -> contextlib.AbstractContextManager[None]:
    return read_only(folder) if how == "disk" else closed_by_mode(home, folder)


@pytest.mark.parametrize("how", ["disk", "mode"])
def test_a_closed_state_folder_means_no_request_and_closed_others_no_harm(
    how: str, home: Ground, scale: Scale, tally: Tally
) -> None:
    only_with("mode", how, scale)
    row = tally("read-only folders")
    sent, before = home.requests(), snapshot(home.folder)
    with row.one_try():
        with closed(how, home, home.state_dir):
            told(home.run("--backfill", "--json"), str(home.state_dir), codes=(1,))
            seen = home.run("--check", "--json")
            told(seen, str(home.budget_file), codes=(1,))
            assert home.requests() == sent
        row.lost += len(lost(before, snapshot(home.folder)))
        assert not row.lost

    row.tried += 1
    with contextlib.ExitStack() as stack:
        for folder in (home.config.parent, home.log_dir, home.runtime_dir):
            stack.enter_context(closed(how, home, folder))
        home.complete(row)


@pytest.mark.fault("read-only folders")
def test_a_closed_home_where_nothing_exists_yet_is_told(home: Ground) -> None:
    shutil.rmtree(home.state_dir)
    with closed_by_mode(home, home.folder / ".local"):
        sent = home.requests()
        told(home.run("--backfill", "--json"), str(home.state_dir), "Permission denied")
        assert home.requests() == sent


@pytest.mark.fault("read-only folders")
def test_a_count_that_may_not_change_means_no_request(home: Ground) -> None:
    sent, before = home.requests(), snapshot(home.budget_file)
    with immutable(home.budget_file):
        told(home.run("--backfill", "--json"), str(home.budget_file), "cannot", codes=(1, 3))
    assert home.requests() == sent
    assert not lost(before, snapshot(home.budget_file))


@pytest.mark.parametrize("how", ["disk", "mode"])
def test_a_closed_data_folder_is_told(
    how: str, short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    only_with("disk", how, scale)
    row = tally("read-only folders")
    with ground(short_tmp_path) as home:
        home.settle()
        assert home.run("--sync", "--json").code == 0
        sent, before = home.requests(), snapshot(home.data_dir)
        with row.one_try():
            with closed(how, home, home.data_dir):
                told(home.run("--backfill", "--json"), str(home.data_dir / "mongodb"), codes=(1,))
            row.lost += len(lost(before, snapshot(home.data_dir)))
            assert not row.lost
            assert home.requests() == sent

        row.tried += 1
        with closed(how, home, home.data_dir / "mongodb" / "data"):
            told(home.run("--stats", "--json"), str(home.data_dir / "mongodb"), codes=(1,))
        home.complete(row, fetch=False)
