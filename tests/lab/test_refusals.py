"""A server that refuses ``fsync`` and ``serverStatus``: dashes, and sizes that have settled."""

from __future__ import annotations

from pathlib import Path

from linky_tui.config import MongoSettings
from linky_tui.lab.events import Unmeasured
from linky_tui.lab.grounds import GroundsHere
from linky_tui.lab.report.shown import shown
from linky_tui.lab.run import run_experiments
from linky_tui.storage.connection import connect
from linky_tui.storage.lab.here import PREFIX
from tests.tools.laboratory import left_behind, results_of, small_task
from tests.tools.mongod import PrivateMongod, short_folder

WRITE, DROP = "readWriteAnyDatabase", "dbAdminAnyDatabase"


def test_what_a_user_may_not_ask_is_a_dash(tmp_path: Path) -> None:
    with short_folder() as folder, PrivateMongod(folder, "--syncdelay", "1", auth=True) as server:
        addresses = {}
        for name, roles in (("ann", (WRITE, DROP)), ("bob", (WRITE,))):
            server.create_user(name, "geheim", *roles)
            address = server.uri.replace("mongodb://", f"mongodb://{name}:geheim@")
            addresses[name] = f"{address}/?authSource=admin"
        with connect(MongoSettings(uri=addresses["bob"]), tmp_path, tmp_path) as connection:
            grounds = GroundsHere(connection, addresses["bob"], tmp_path)
            (event,) = run_experiments(["formats"], small_task(tmp_path, grounds=grounds))
            assert isinstance(event, Unmeasured)
            assert "dbAdminAnyDatabase" in event.error.next_step
        with connect(MongoSettings(uri=addresses["ann"]), tmp_path, tmp_path) as connection:
            grounds = GroundsHere(connection, addresses["ann"], tmp_path)
            results = results_of(
                ["formats", "fleet"], small_task(tmp_path, grounds=grounds, homes=2)
            )
            left = connection.client.list_database_names()
    assert [name for name in left if name.startswith(PREFIX)] == []
    assert left_behind(tmp_path) == []
    for result in results.values():
        told = dict(shown(result).conditions)
        assert told["engine"] == "–, cache –"
        assert told["checkpoint"] == "the server's own"
        assert "geheim" not in str(result)
    for side in results["formats"].sides:
        assert side.storage_bytes
        assert side.storage_bytes > 4096
    (run, *_) = results["fleet"].fleets
    assert run.open_buckets is None
    assert results["fleet"].oplog is None
