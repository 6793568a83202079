"""A server that refuses ``fsync`` and ``serverStatus``: dashes, and sizes that have settled."""

from __future__ import annotations

from pathlib import Path

from linky_tui.config import MongoSettings
from linky_tui.lab.grounds import GroundsHere
from linky_tui.lab.report.shown import shown
from linky_tui.storage.connection import connect
from tests.tools.laboratory import results_of, small_task
from tests.tools.mongod import PrivateMongod, short_folder


def test_what_a_user_may_not_ask_is_a_dash(tmp_path: Path) -> None:
    with short_folder() as folder, PrivateMongod(folder, "--syncdelay", "1", auth=True) as server:
        server.create_user("ann", "geheim", "readWriteAnyDatabase")
        uri = server.uri.replace("mongodb://", "mongodb://ann:geheim@") + "/?authSource=admin"
        with connect(MongoSettings(uri=uri), tmp_path, tmp_path) as connection:
            task = small_task(tmp_path, grounds=GroundsHere(connection, uri, tmp_path), homes=2)
            results = results_of(["formats", "fleet"], task)
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
