"""Full disks: the run says so itself, nothing is lost, and it goes on when there is space again."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from linky_tui.enedis.budget import Budget
from linky_tui.errors import BudgetSpent, StorageError
from tests.tools.gateway import Turnstile
from tests.tools.homes import Home
from tests.tools.program import finished, start
from tests.tools.waiting import wait_until
from tests.torture.disk.disks import fill, lost, small_disk, snapshot
from tests.torture.ground import PER_DAY, SOON_S, Ground, ground, told
from tests.torture.report import Tally

WINDOWS_FIRST = 2
"""Weeks that are stored before the disk fills up."""


def counted(home: Ground) -> int:
    """Requests that the budget file holds, whatever the host."""
    connection = sqlite3.connect(home.budget_file)
    try:
        return int(connection.execute("SELECT sum(used) FROM days").fetchone()[0] or 0)
    finally:
        connection.close()


def test_the_disk_of_the_local_server_fills_up_in_the_middle_of_a_backfill(
    short_tmp_path: Path, tally: Tally
) -> None:
    row = tally("full disk under the local server")
    with (
        ground(short_tmp_path, days=150, step_min=10, kind=Turnstile) as home,
        small_disk(home.data_dir, "13m") as disk,
    ):
        weeks = home.source
        assert isinstance(weeks, Turnstile)
        home.settle()
        home.started()
        weeks.let(WINDOWS_FIRST)
        running = home.start("--backfill", "--json")
        # The next one waits until the disk is full.
        wait_until(lambda: weeks.asked > WINDOWS_FIRST or running.poll() is not None, "a window")
        row.tried += 1
        ballast = fill(disk)
        weeks.let()
        done = finished(running, 60)  # it used to take 72 s, and named no reason
        assert "disk is full" in told(done, str(disk), "Free some space", codes=(1,))
        assert done.document["requests"]["made"] == home.requests()
        # One that the full disk kept from being sent may be counted, never the other way round.
        assert home.requests() <= counted(home) <= home.requests() + 1

        again = home.run("--sync", "--json")
        told(again, "disk is full", codes=(1,))
        seen = home.run("--check")
        assert (seen.code, "disk is full" in seen.out) == (1, True), seen
        assert "Free some space" in seen.out

        ballast.unlink()
        home.complete(row)
        assert home.requests() <= counted(home) <= home.requests() + 2 <= PER_DAY


def test_a_full_state_folder_means_no_count_and_no_request(
    short_tmp_path: Path, where: dict[str, str], tally: Tally
) -> None:
    row = tally("full state folder")
    with ground(short_tmp_path) as home, small_disk(home.state_dir, "256k") as disk:
        home.settle(**where)
        row.tried += 1
        ballast = fill(disk)  # before the very first run
        told(home.run("--sync", "--json"), str(disk), "No space left")
        assert home.requests() == 0
        files = [path for path in disk.rglob("*") if path.is_file()]
        assert [path for path in files if path.stat().st_size] == [ballast], files
        ballast.unlink()
        assert home.run("--sync", "--json").code == 0

        before, sent = snapshot(home.budget_file), home.requests()
        ballast = fill(disk)
        told(home.run("--backfill", "--json"), "counted", codes=(1,))
        told(home.run("--check", "--json"), "disk is full", str(disk), codes=(1,))
        assert home.requests() == sent == counted(home)
        row.lost += len(lost(before, snapshot(home.budget_file)))
        ballast.unlink()
        log_row = tally("full log folder")
        with log_row.one_try(), small_disk(home.log_dir, "64k") as logs:
            fill(logs)
            logs.chmod(0)
            home.complete(row)
        assert counted(home) == home.requests()


def test_a_damaged_count_on_a_full_disk_never_starts_again_at_zero(
    short_tmp_path: Path, tally: Tally
) -> None:
    row = tally("full state folder")
    with small_disk(short_tmp_path / "state", "256k") as disk:
        path = disk / "requests.sqlite"
        budget = Budget(path, "127.0.0.1:1", per_day=PER_DAY, min_seconds=0)
        budget.reserve()
        with row.one_try():
            path.write_bytes(b"\xa5" * path.stat().st_size)
            damaged = path.read_bytes()
            ballast = fill(disk)
            with pytest.raises(StorageError, match="cannot be counted"):
                budget.reserve()
            ballast.unlink()
            with pytest.raises(BudgetSpent, match="could not be read"):
                budget.reserve()
            # Set aside by a run that had no time to put anything in its place.
            path.unlink()
            with pytest.raises(BudgetSpent, match="could not be read"):
                budget.reserve()
            kept = [each.read_bytes() for each in disk.glob("requests.sqlite.corrupt-*")]
            row.lost += kept != [damaged]
            assert not row.lost


@pytest.mark.parametrize("arguments", [["--version"], ["--check"], ["--sync", "--json"]])
def test_standard_output_on_a_full_disk_is_told(
    arguments: list[str], short_tmp_path: Path, tally: Tally
) -> None:
    row = tally("output to a full disk")
    with Home(short_tmp_path) as home, row.one_try():
        home.config.parent.mkdir(parents=True)
        home.config.write_text('[mongodb]\nmongod = "/none"\n')
        with Path("/dev/full").open("w") as full:
            run = start(home.command(*arguments), home.environment, stdout=full)
        done = finished(run, SOON_S)
        assert done.code == 1
        assert done.err == ("linky-tui: the output could not be written: No space left on device\n")
