"""The budget keeps the gateway from blocking us: counted first, paced, across processes."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine

from linky_tui.enedis.budget import Budget
from linky_tui.enedis.request import Shape
from linky_tui.errors import AddressBlocked, BudgetSpent, StorageError, TemporaryError
from tests.enedis.conftest import NOON
from tests.tools.program import calling, finished, line_of, start

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
HOST = "conso.boris.sh"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "requests.sqlite"


def budget(path: Path, *, per_day: int = 80, min_seconds: float = 0.0, host: str = HOST) -> Budget:
    return Budget(path, host, per_day=per_day, min_seconds=min_seconds)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_every_request_counts_until_none_is_left(path: Path, noon: object) -> None:
    ours = budget(path, per_day=3)
    assert ours.used_today() == 0
    slots = [ours.reserve() for _ in range(3)]
    assert [(slot.used, slot.left) for slot in slots] == [(1, 2), (2, 1), (3, 0)]
    assert {slot.wait_seconds for slot in slots} == {0}
    with pytest.raises(BudgetSpent) as caught:
        ours.reserve()
    assert caught.value.retry_at == MIDNIGHT
    assert "01:00" in caught.value.next_step
    assert "blocks addresses at 100 requests" in caught.value.cause
    assert ours.used_today() == 3


def test_the_day_is_the_utc_day(path: Path, noon: time_machine.Traveller) -> None:
    ours = budget(path, per_day=1)
    ours.reserve()
    noon.move_to(MIDNIGHT - timedelta(seconds=1))
    with pytest.raises(BudgetSpent):
        ours.reserve()
    noon.move_to(MIDNIGHT)
    assert ours.reserve().used == 1
    assert ours.used_today(NOON) == 1


def test_a_slot_after_midnight_counts_for_the_next_day(
    path: Path, noon: time_machine.Traveller
) -> None:
    noon.move_to(MIDNIGHT - timedelta(milliseconds=500))
    ours = budget(path, per_day=1, min_seconds=60)
    assert ours.reserve().wait_seconds == 0
    late = ours.reserve()
    assert 30 < late.wait_seconds <= 60
    assert late.used == 1
    assert ours.used_today(MIDNIGHT) == 1
    assert ours.used_today() == 1


def test_hosts_are_counted_apart(path: Path, noon: object) -> None:
    budget(path, per_day=1).reserve()
    assert budget(path, per_day=1, host="127.0.0.1:8000").reserve().used == 1


def test_the_higher_of_two_counts_applies(path: Path, noon: object) -> None:
    """Two machines share one address: the count in MongoDB may be ahead of ours."""
    ours = budget(path, per_day=5)
    assert ours.reserve(floor_used=3).used == 4
    assert ours.reserve(floor_used=1).used == 5
    with pytest.raises(BudgetSpent):
        ours.reserve()
    with pytest.raises(BudgetSpent):
        budget(path, per_day=10).reserve(floor_used=10)
    assert ours.used_today() == 5


def test_the_pace_is_kept_by_waiting(path: Path) -> None:
    ours = budget(path, min_seconds=60)
    waits = [ours.reserve().wait_seconds for _ in range(4)]
    assert waits[0] == 0
    for number, wait in enumerate(waits[1:], start=1):
        assert 60 * number - 30 < wait <= 60 * number


def test_another_process_queues_behind_us(path: Path, noon: object) -> None:
    first = budget(path, min_seconds=1)
    first.reserve()
    first.reserve()
    assert first.last_request is not None
    assert first.last_request - NOON <= timedelta(seconds=1)
    assert 1.5 < budget(path, min_seconds=1).reserve().wait_seconds <= 2


def test_on_a_frozen_clock_no_wait_grows(path: Path, noon: object) -> None:
    """Each request waits for the pace, not for a clock that never gets there."""
    ours = budget(path, min_seconds=0.05)
    for _ in range(6):
        slot = ours.reserve()
        assert slot.wait_seconds <= 0.05
        threading.Event().wait(slot.wait_seconds)


@pytest.mark.parametrize("back", [timedelta(minutes=30), timedelta(hours=5), timedelta(days=400)])
@pytest.mark.parametrize("same_process", [True, False])
def test_a_clock_that_was_set_back_holds_nothing_up(
    path: Path, noon: time_machine.Traveller, back: timedelta, same_process: bool
) -> None:
    ours = budget(path, min_seconds=1)
    ours.reserve()
    noon.move_to(NOON - back)
    if not same_process:
        ours = budget(path, min_seconds=1)
    assert 0 < ours.reserve().wait_seconds <= 1
    assert ours.reserve().wait_seconds <= 2


def test_after_a_ban_nothing_is_sent_that_day(path: Path, noon: time_machine.Traveller) -> None:
    ours = budget(path)
    ours.reserve()
    ours.still_allowed()
    ours.mark_spent("the gateway blocks this address")
    with pytest.raises(BudgetSpent) as caught:
        ours.still_allowed()
    assert caught.value.cause == "No more requests today: the gateway blocks this address."
    assert isinstance(caught.value, AddressBlocked)
    assert "01:00" not in caught.value.next_step
    assert ours.blocked
    assert ours.used_today() == 80
    with pytest.raises(BudgetSpent, match="the gateway blocks this address"):
        budget(path, per_day=90).reserve()
    noon.move_to(MIDNIGHT)
    assert not ours.blocked
    assert ours.reserve().used == 1


def test_the_file_and_its_folder_are_private(path: Path) -> None:
    budget(path).reserve()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_days_of_long_ago_are_forgotten(path: Path, noon: time_machine.Traveller) -> None:
    ours = budget(path)
    for days in (0, 39, 41):
        noon.move_to(NOON + timedelta(days=days))
        ours.reserve()
    assert rows(path, "SELECT day FROM days ORDER BY day") == [("2026-12-31",), ("2027-01-02",)]


def test_a_damaged_file_is_set_aside_and_today_is_spent(
    path: Path, noon: time_machine.Traveller
) -> None:
    """Whatever the damage: the torture tests have many kinds."""
    ours = budget(path)
    ours.reserve()
    damaged = b"no database at all, but a text of some length"
    path.write_bytes(damaged)
    with pytest.raises(BudgetSpent, match="could not be read"):
        ours.reserve()

    assert ours.used_today() == 80
    assert path.with_name(f"{path.name}.corrupt-20261122T120000Z").read_bytes() == damaged
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(BudgetSpent):
        budget(path, host="another").reserve()
    noon.move_to(MIDNIGHT)
    assert ours.reserve().used == 1


def test_a_damaged_file_is_set_aside_once_by_many(path: Path, noon: object) -> None:
    budget(path).reserve()
    path.write_bytes(b"damaged" * 1000)

    def outcome(_: int) -> str:
        try:
            budget(path).reserve()
        except BudgetSpent:
            return "spent"
        return "sent"

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(outcome, range(16))) == {"spent"}
    assert len(list(path.parent.glob("*.corrupt-*"))) == 1


def test_a_journal_left_behind_is_not_applied_to_the_new_file(path: Path, noon: object) -> None:
    budget(path).reserve()
    path.write_bytes(b"damaged" * 1000)
    path.with_name(f"{path.name}-journal").write_bytes(b"x" * 100)
    with pytest.raises(BudgetSpent):
        budget(path).reserve()
    assert not path.with_name(f"{path.name}-journal").exists()


def test_without_a_writable_place_there_is_no_request(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError):
        budget(tmp_path / "file" / "requests.sqlite").reserve()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_means_no_request(path: Path) -> None:
    budget(path).reserve()
    path.chmod(0o400)
    with pytest.raises(StorageError, match="cannot be written"):
        budget(path).reserve()


def test_a_file_that_fills_its_disk_means_no_request(path: Path) -> None:
    """Whatever SQLite cannot write, nothing counts as counted."""
    ours = budget(path)
    ours.reserve()
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON days BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    connection.close()
    with pytest.raises(StorageError, match="disk full"):
        ours.reserve()
    assert ours.used_today() == 1


def test_a_lock_that_is_never_released_ends_the_wait(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linky_tui.enedis.budget_file.BUSY_TIMEOUT_S", 0.2)
    ours = budget(path)
    ours.reserve()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with pytest.raises(TemporaryError, match="locked"):
        ours.reserve()
    assert time.monotonic() - started < 30
    other.close()
    assert ours.used_today() == 1


def hammer(path: Path, per_day: int, min_seconds: float, attempts: int) -> subprocess.Popen[str]:
    return start(calling(take_slots, path, per_day, min_seconds, attempts))


def take_slots(path: str, per_day: str, min_seconds: str, attempts: str) -> None:
    """Print a line a slot: "sent", or "spent" when there are no more."""
    budget = Budget(Path(path), "host", per_day=int(per_day), min_seconds=float(min_seconds))
    for _ in range(int(attempts)):
        try:
            budget.reserve()
        except BudgetSpent:
            print("spent", flush=True)
            return
        print("sent", flush=True)


def run_eight(path: Path, per_day: int, min_seconds: float, attempts: int) -> list[str]:
    """What eight processes at once got, a word a try."""
    processes = [hammer(path, per_day, min_seconds, attempts) for _ in range(8)]
    done = [finished(process) for process in processes]
    assert {each.code for each in done} == {0}
    return [word for each in done for word in each.out.split()]


def test_eight_processes_share_one_limit(path: Path) -> None:
    """From the very first request on, when the file does not exist yet."""
    day = datetime.now(UTC).date()
    words = run_eight(path, 60, 0.0, 20)
    if datetime.now(UTC).date() != day:
        pytest.skip("a new UTC day began meanwhile")
    assert (words.count("sent"), words.count("spent")) == (60, len(words) - 60)
    assert "spent" in words
    assert budget(path, per_day=60, host="host").used_today() == 60
    assert [file.name for file in path.parent.iterdir() if "lock" not in file.name] == [path.name]


def test_eight_processes_share_one_pace(path: Path) -> None:
    """Every place in the queue that was ever given, noted by the database itself."""
    budget(path).used_today()
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE slots (last REAL);"
        "CREATE TRIGGER first AFTER INSERT ON hosts BEGIN INSERT INTO slots VALUES (NEW.last); END;"
        "CREATE TRIGGER next AFTER UPDATE ON hosts BEGIN INSERT INTO slots VALUES (NEW.last); END;"
    )
    connection.close()
    started = time.time()
    run_eight(path, 1000, 0.03, 10)
    slots = [float(str(row[0])) for row in rows(path, "SELECT last FROM slots ORDER BY rowid")]
    assert len(slots) == 80
    assert slots[0] >= started
    assert min(after - before for before, after in pairwise(slots)) >= 0.03 - 1e-6


def test_a_process_killed_before_it_sends_has_counted(path: Path) -> None:
    process = hammer(path, 1000, 0.0, 1000)
    for _ in range(5):
        line_of(process)
    process.kill()
    with process:
        assert process.stdout is not None
        sent = 5 + len(process.stdout.read().split())
    assert sent <= budget(path, host="host").used_today() <= sent + 1


def test_the_shape_is_remembered_a_week(path: Path, noon: time_machine.Traveller) -> None:
    ours = budget(path)
    assert ours.remembered_shape() is None
    ours.remember_shape(Shape.LEGACY)
    assert budget(path).remembered_shape() is Shape.LEGACY
    assert budget(path, host="another").remembered_shape() is None
    noon.move_to(NOON + timedelta(days=6))
    ours.remember_shape(Shape.LEGACY)
    noon.move_to(NOON + timedelta(days=7))
    assert ours.remembered_shape() is None
    ours.remember_shape(Shape.LEGACY)
    assert ours.remembered_shape() is Shape.LEGACY
    ours.remember_shape(Shape.NEW)
    assert ours.remembered_shape() is Shape.NEW
    noon.move_to(NOON)
    assert ours.remembered_shape() is None
    assert ours.reserve().used == 1


def test_without_a_budget_requests_are_only_counted(noon: time_machine.Traveller) -> None:
    free = Budget(None, HOST, per_day=None, min_seconds=0.0)
    assert free.per_day is None
    slots = [free.reserve() for _ in range(200)]
    assert {(slot.wait_seconds, slot.left) for slot in slots} == {(0.0, None)}
    assert slots[-1].used == free.used_today() == 200
    assert free.last_request is not None
    assert free.last_request >= NOON
    assert free.reserve(floor_used=500).used == 501
    assert Budget(None, HOST, per_day=None, min_seconds=0.0).used_today() == 0
    noon.move_to(MIDNIGHT)
    assert free.used_today() == 0
    assert free.remembered_shape() is None
    free.remember_shape(Shape.NEW)
    assert free.remembered_shape() is Shape.NEW
