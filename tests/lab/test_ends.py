"""Whatever ends the laboratory, nothing of it is left: stop, close, Ctrl-C, kill, a full disk."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import pytest

from linky_tui.errors import OutOfSpace
from linky_tui.lab.events import Progressed, Started
from linky_tui.lab.pace import Pace
from linky_tui.lab.run import run_experiments
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.storage.lab.folders import drop_leftovers
from linky_tui.storage.lab.ground import Needs
from linky_tui.storage.lab.scratch import ScratchServer
from tests.tools.homes import Home
from tests.tools.laboratory import left_behind, small_task
from tests.tools.program import finished
from tests.tools.waiting import wait_until


def processes_of(folder: Path) -> list[str]:
    """Processes that were started with this home folder, or told of it."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            told = (each / "cmdline").read_bytes() + (each / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told:
            found.append((each / "cmdline").read_bytes().decode())
    return found


@pytest.mark.parametrize("key", ["order", "race", "fleet"])
@pytest.mark.parametrize("way", ["stop", "close"])
def test_a_run_ends_at_any_point(short_tmp_path: Path, key: str, way: str) -> None:
    stop = threading.Event()
    events = run_experiments([key], small_task(short_tmp_path, homes=10, stop=stop))
    assert isinstance(next(events), Started)
    for _ in range(4):
        assert isinstance(next(events), Progressed)
    assert len(left_behind(short_tmp_path)) == 1
    if way == "close":
        events.close()  # type: ignore[attr-defined]
    else:
        stop.set()
        with pytest.raises(StorageStopped):
            list(events)
    assert left_behind(short_tmp_path) == []
    assert processes_of(short_tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_program_leaves_nothing(short_tmp_path: Path, number: signal.Signals) -> None:
    with Home(short_tmp_path) as home:
        demo = home.data_dir / "demo"
        process = home.start("--demo", "--lab", "fleet", "--homes", "40")
        wait_until(lambda: left_behind(demo), "the scratch server")
        wait_until(lambda: any("worker" in each for each in processes_of(home.folder)), "a crew")
        process.send_signal(number)
        done = finished(process)
        assert done.code == (130 if number is signal.SIGINT else -signal.SIGKILL)
        wait_until(
            lambda: not any("worker" in each for each in processes_of(home.folder)), "their end"
        )
        if number is signal.SIGKILL:
            assert len(left_behind(demo)) == 1
            assert any("mongod" in each for each in processes_of(home.folder))
            assert drop_leftovers(demo) == 1
        assert left_behind(demo) == []
        assert not any("mongod" in each for each in processes_of(home.folder))


def test_a_server_in_use_is_no_leftover(short_tmp_path: Path) -> None:
    with ScratchServer(short_tmp_path, short_tmp_path / "run", "", Needs(0)) as server:
        assert drop_leftovers(short_tmp_path) == 0
        assert server.client.admin.command("ping")["ok"]
    assert left_behind(short_tmp_path) == []


def test_without_room_nothing_is_started(short_tmp_path: Path) -> None:
    with pytest.raises(OutOfSpace, match="up to 1,000,000 TB"):
        ScratchServer(short_tmp_path, short_tmp_path / "run", "", Needs(10**18))
    assert left_behind(short_tmp_path) == []


def test_a_pause_counts_neither_in_the_rate_nor_in_what_is_left() -> None:
    pace = Pace("order", 1000, "readings")
    time.sleep(0.05)
    before = pace.advance("one", 100)
    pace.paused(1000.0)
    after = pace.advance("two", 0)
    assert before.per_s is not None
    assert before.eta_s is not None
    assert before.eta_s == pytest.approx(900 / before.per_s)
    assert before.per_s < 2000
    assert (after.done, after.total) == (100, 1000)
    assert pace.clock() < time.monotonic() - 999
