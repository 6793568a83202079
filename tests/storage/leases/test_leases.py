"""One process a series, whatever happens to the others."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from linky_tui.domain.models import Reading, Series
from linky_tui.errors import SeriesBusy, StorageError
from linky_tui.storage.leases import lease as lease_module
from linky_tui.storage.leases.leases import Leases, SeriesState
from linky_tui.storage.store import Store
from tests.tools.clock import SINCE
from tests.tools.program import calling, killed, line_of, start
from tests.tools.stored import OTHER, SERIES, open_store
from tests.tools.waiting import wait_until


def hold(uri: str, database: str, folder: str) -> None:
    with open_store(uri, database, Path(folder)) as store, store.leases.acquire(SERIES):
        print("held", flush=True)
        time.sleep(600)


def elsewhere(store: Store, folder: Path) -> Leases:
    """The leases as another machine sees them: same database, other state folder."""
    return Leases(store.leases._collection, folder)


def test_a_second_owner_is_told_who_is_at_work(store: Store, tmp_path: Path) -> None:
    with store.leases.acquire(SERIES), pytest.raises(SeriesBusy) as caught:
        elsewhere(store, tmp_path / "other").acquire(SERIES)
    assert str(os.getpid()) in caught.value.cause
    assert SINCE.search(caught.value.cause)
    assert SERIES.prm not in str(caught.value)
    assert caught.value.exit_code == 3


def test_the_same_process_cannot_take_it_twice(store: Store) -> None:
    with store.leases.acquire(SERIES), pytest.raises(SeriesBusy):
        store.leases.acquire(SERIES)


def test_other_series_are_free_and_a_released_one_is(store: Store, tmp_path: Path) -> None:
    lease = store.leases.acquire(SERIES)
    store.leases.acquire(OTHER).release()
    assert store.leases.in_use() == {SERIES}
    lease.release()
    lease.release()
    elsewhere(store, tmp_path / "other").acquire(SERIES).release()
    with pytest.raises(SeriesBusy):
        lease.check()


def test_a_killed_owner_of_this_machine_is_replaced_at_once(
    store: Store, mongod_uri: str, mongo_database_name: str, tmp_path: Path
) -> None:
    owner = start(calling(hold, mongod_uri, mongo_database_name, tmp_path))
    try:
        assert line_of(owner) == "held"
        with pytest.raises(SeriesBusy, match=f"Process {owner.pid} "):
            store.leases.acquire(SERIES)
    finally:
        killed(owner)
    with pytest.raises(SeriesBusy):
        elsewhere(store, tmp_path / "other").acquire(SERIES)
    store.leases.acquire(SERIES).release()


def test_a_lease_that_ran_out_by_the_servers_clock_is_taken_over(
    store: Store, tmp_path: Path
) -> None:
    slept = store.leases.acquire(SERIES)
    other = elsewhere(store, tmp_path / "other")
    with pytest.raises(SeriesBusy):
        other.acquire(SERIES)
    # As if more than a minute had passed on the server.
    past = [{"$set": {"expires": {"$subtract": ["$expires", 61_000]}}}]
    store.leases._collection.update_one({}, past)
    with other.acquire(SERIES):
        with pytest.raises(SeriesBusy):
            slept.set_state(surveyed_at=datetime(2026, 1, 1, tzinfo=UTC))
        with pytest.raises(SeriesBusy):
            slept.renew()
        slept.release()
        assert store.leases.in_use() == {SERIES}
    assert store.leases.state(SERIES).surveyed_at is None


def test_it_is_renewed_in_the_background(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linky_tui.storage.leases.lease.RENEW_EVERY_S", 0.05)
    with store.leases.acquire(SERIES):
        expires = store.leases._collection.find_one()["expires"]  # type: ignore[index]
        wait_until(
            lambda: store.leases._collection.find_one({"expires": {"$gt": expires}}), "a renewal"
        )


def test_a_write_renews_a_lease_that_is_no_longer_fresh(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.leases.acquire(SERIES) as lease:
        before = store.leases._collection.find_one() or {}
        lease.check()
        assert store.leases._collection.find_one() == before
        monkeypatch.setattr(lease_module, "FRESH_S", 0.0)
        lease.check()
        assert (store.leases._collection.find_one() or {})["expires"] > before["expires"]


def test_what_is_remembered_passes_from_one_owner_to_the_next(store: Store, tmp_path: Path) -> None:
    assert store.leases.state(SERIES) == SeriesState()
    at = datetime(2026, 11, 22, 8, tzinfo=UTC)
    with store.leases.acquire(SERIES) as lease:
        lease.set_state(surveyed_at=at, curve_from=date(2025, 1, 2), daily_from=None)
        lease.note_rebuild_pending([Reading(at, 30, 100)])
        lease.note_rebuild_pending()
        with pytest.raises(ValueError, match="owner"):
            lease.set_state(owner=at)
    with elsewhere(store, tmp_path / "other").acquire(SERIES) as lease:
        state = store.leases.state(SERIES)
        assert (state.surveyed_at, state.curve_from) == (at, date(2025, 1, 2))
        assert state.rebuild_pending is not None
        assert store.leases.leftovers(SERIES) == {(at, 30, 100)}
        lease.note_rebuilt()
    state = store.leases.state(SERIES)
    assert (state.rebuild_pending, store.leases.leftovers(SERIES)) == (None, set())
    assert state.last_rebuild is not None
    now = store.connection.client.admin.command("hello")["localTime"].replace(tzinfo=UTC)
    assert abs(state.last_rebuild - now) < timedelta(minutes=1)


def test_nobody_starts_on_any_series_while_a_rebuild_runs(store: Store, tmp_path: Path) -> None:
    other = elsewhere(store, tmp_path / "other")
    with store.leases.acquire(SERIES) as lease:
        lease.note_rebuilding(True)
        with pytest.raises(SeriesBusy):
            other.acquire(OTHER)
        lease.note_rebuilding(False)
        other.acquire(OTHER).release()
        lease.note_rebuilding(True)
    other.acquire(OTHER).release()


def test_of_many_at_once_exactly_one_gets_it(store: Store, tmp_path: Path) -> None:
    held = []
    start = threading.Barrier(6)

    def run(number: int) -> None:
        leases = elsewhere(store, tmp_path / f"machine-{number % 3}")
        start.wait()
        with contextlib.suppress(SeriesBusy):
            held.append(leases.acquire(SERIES))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == 1
    held[0].release()


def test_a_lease_given_back_at_the_very_moment_is_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = store.leases.acquire(SERIES)
    look = Leases._other

    def look_too_late(leases: Leases, series: Series) -> Mapping[str, Any]:
        held.release()
        return look(leases, series)

    monkeypatch.setattr(Leases, "_other", look_too_late)
    store.leases.acquire(SERIES).release()


def test_more_processes_than_lock_files_are_told_to_wait(store: Store) -> None:
    locks = [store.leases._files.take(SERIES) for _ in range(16)]
    with pytest.raises(SeriesBusy, match="Other processes are at work"):
        store.leases.acquire(SERIES)
    for lock in locks:
        lock.release()


def test_who_lost_a_lease_leaves_a_note_and_writes_nothing_more(
    store: Store, tmp_path: Path
) -> None:
    lost = store.leases.acquire(SERIES)
    collection = store.leases._collection
    collection.update_one({}, {"$set": {"expires": datetime(2026, 1, 1, tzinfo=UTC)}})
    with elsewhere(store, tmp_path / "other").acquire(SERIES):
        assert not lost.lost
        lost.release()
        assert lost.lost
        assert store.leases.in_use() == {SERIES}
        assert store.leases.state(SERIES).rebuild_pending is not None
        with pytest.raises(SeriesBusy), lost.writing():
            raise AssertionError("written")


def test_a_lease_of_a_rebuild_that_ran_out_is_not_to_be_had_back(store: Store) -> None:
    """Others may have started on their series, so that it must not go on."""
    with store.leases.acquire(SERIES) as lease:
        lease.note_rebuilding(True)
        past = {"$set": {"expires": datetime(2026, 1, 1, tzinfo=UTC)}}
        store.leases._collection.update_one({}, past)
        with pytest.raises(SeriesBusy):
            lease.renew()
    with store.leases.acquire(SERIES) as lease:
        store.leases._collection.update_one({}, past)
        lease.renew()


def test_files_are_private_and_the_identity_stays(
    store: Store, mongod_uri: str, mongo_database_name: str, tmp_path: Path
) -> None:
    with store.leases.acquire(SERIES):
        owner = (store.leases._collection.find_one() or {})["owner"]
    identity = tmp_path / "state" / "installation-id"
    assert identity.read_text().strip() == owner["installation"]
    assert stat.S_IMODE(identity.stat().st_mode) == 0o600
    assert SERIES.prm not in "".join(each.name for each in tmp_path.rglob("*"))
    with open_store(mongod_uri, mongo_database_name, tmp_path) as again:
        assert again.leases._files.installation == owner["installation"]


def test_a_copied_identity_on_another_host_does_not_take_over(store: Store, tmp_path: Path) -> None:
    copied = tmp_path / "copy"
    copied.mkdir()
    (copied / "installation-id").write_bytes((tmp_path / "state/installation-id").read_bytes())
    with store.leases.acquire(SERIES):
        store.leases._collection.update_one({}, {"$set": {"owner.host": "another"}})
        with pytest.raises(SeriesBusy, match="on another"):
            elsewhere(store, copied).acquire(SERIES)


def test_an_unusable_state_folder_is_said(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="state folder"):
        elsewhere(store, tmp_path / "file")


@pytest.mark.parametrize(
    "written",
    [
        {"leftovers": "all", "owner": "me", "expires": "never"},
        {"leftovers": [{"timestamp": 1}, None, "x"]},
        {"surveyed_at": "x"},
        {"totals_at": 5, "rebuild_pending": "yes", "last_rebuild": []},
        {"daily_from": 5},
        {"curve_from": "2026-13-01"},
        {"backfill_since": datetime(2026, 1, 1)},
    ],
)
def test_a_lease_that_another_hand_wrote_in_is_named_and_free_again_once_it_is_dropped(
    store: Store, written: dict[str, Any]
) -> None:
    store.leases.acquire(SERIES).release()
    store.leases._collection.update_one({}, {"$set": written})
    with pytest.raises(StorageError) as found, store.leases.acquire(SERIES):
        store.leases.state(SERIES)
    assert "'consumption_leases'" in found.value.title
    assert "consumption" in found.value.cause
    assert SERIES.prm not in found.value.cause
    assert "Drop that document" in found.value.next_step
    store.leases._collection.delete_many({})
    with store.leases.acquire(SERIES):
        assert store.leases.state(SERIES) == SeriesState()


def test_an_owner_that_is_none_and_a_lease_of_no_series_stop_nobody(store: Store) -> None:
    store.leases.acquire(SERIES).release()
    far = datetime(2999, 1, 1)
    for owner in ("me", {"nonce": "x", "since": 3}):
        written = {"$set": {"owner": owner, "expires": far}}
        store.leases._collection.update_one({}, written)
        store.leases.acquire(SERIES).release()
    strange = {"_id": {"prm": 5, "flow": "sideways"}, "owner": {"nonce": "x"}}
    store.leases._collection.insert_one({**strange, "expires": far})
    with store.leases.acquire(SERIES):
        assert store.leases.in_use() == {SERIES}
