"""What is no MongoDB is refused in one sentence, before anything is created in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from linky_tui.config import MongoSettings
from linky_tui.errors import ServerRefused
from linky_tui.storage.connection import connect
from linky_tui.storage.store import Store
from linky_tui.storage.vendors import refuse_answers, refuse_hosts
from tests.tools.real import REAL
from tests.tools.servers import LookAlike, command_error

UNKNOWN_PARAMETER = command_error(72, "no option found to get")
POSTGRES = command_error(
    1, "function documentdb_api.get_parameter(boolean, boolean, text[]) does not exist"
)


def refused(server: LookAlike, folder: Path) -> ServerRefused:
    settings = MongoSettings(uri=server.uri)
    with pytest.raises(ServerRefused) as caught:
        Store.open(connect(settings, folder, folder), settings, folder).close()
    assert caught.value.exit_code == 2
    assert "Nothing was created" in caught.value.next_step
    return caught.value


@pytest.mark.parametrize(
    ("said", "vendor"),
    [
        ({"build": {"ferretdb": {"version": "v2.x"}}}, "FerretDB"),
        ({"build": {"ferretdbVersion": "v1.24.0"}}, "FerretDB"),
        ({"build": {"dataLake": {"version": "v2026"}}}, "Atlas Data Federation"),
        ({"hello": {"setName": "globaldb"}}, "Azure Cosmos DB"),
        ({"hello": {"me": "a.mongo.cosmos.azure.com:10255"}}, "Azure Cosmos DB"),
        ({"hello": {"hosts": ["b.docdb.amazonaws.com:27017"]}}, "Amazon DocumentDB"),
        ({"getParameter": POSTGRES}, "DocumentDB on PostgreSQL"),
    ],
)
def test_a_vendor_is_known_by_its_answers(said: Any, vendor: str, tmp_path: Path) -> None:
    # The driver itself would follow the name of a set to its hosts.
    with LookAlike(**said) as server:
        server.uri += "/?directConnection=true"
        error = refused(server, tmp_path)
    assert vendor in error.cause
    assert server.written == []


@pytest.mark.parametrize("code", [59, 115, 238, 303, 40415])
def test_who_refuses_a_time_series_collection_is_left_as_it_was(code: int, tmp_path: Path) -> None:
    with LookAlike(getParameter=UNKNOWN_PARAMETER, create=command_error(code)) as server:
        error = refused(server, tmp_path)
    assert "no such thing here" in error.cause
    (only,) = server.written
    assert only["create"] == "consumptionTS"
    assert only["timeseries"]["granularity"] == "hours"


def test_who_makes_a_regular_collection_instead_gets_it_back(tmp_path: Path) -> None:
    found = [{"name": "consumptionTS", "type": "collection", "options": {}}]
    listed = {"cursor": {"id": 0, "ns": "a.b", "firstBatch": found}, "ok": 1.0}
    with LookAlike() as server:
        nothing = server.answers["listCollections"]
        server.answers["listCollections"] = lambda: listed if len(server.written) == 1 else nothing
        error = refused(server, tmp_path)
    assert "regular collection" in error.cause
    assert [next(iter(each)) for each in server.written] == ["create", "drop"]
    assert server.written[1]["drop"] == "consumptionTS"


@pytest.mark.parametrize(
    ("host", "vendor"),
    [
        ("docdb-1.cluster-abc.eu-west-3.docdb.amazonaws.com:27017", "Amazon DocumentDB"),
        ("a.docdb.cn-north-1.amazonaws.com.cn", "Amazon DocumentDB"),
        ("a.eu-west-1.docdb-elastic.amazonaws.com", "Amazon DocumentDB"),
        ("home.mongo.cosmos.azure.com:10255", "Azure Cosmos DB"),
        ("HOME.mongocluster.Cosmos.Azure.com.", "Azure Cosmos DB"),
        ("home.documents.azure.com", "Azure DocumentDB"),
        ("f-abc.a.query.mongodb.net", "Atlas Data Federation"),
        ("a.europe-west1.firestore.goog:443", "Google Firestore"),
        ("a.adb.eu-paris-1.oraclecloudapps.com:27017", "an Oracle database"),
        ("cluster0.abc.mongodb.net", None),
        ("ec2-1-2-3-4.compute.amazonaws.com:27017", None),
        ("docdb.amazonaws.com.example.org", None),
        ("mycosmos.azure.com", None),
        ("%2Ftmp%2Fdocdb.amazonaws.com.sock", None),
        ("127.0.0.1:27017", None),
    ],
)
def test_a_vendor_is_known_by_its_host_before_it_is_called(
    host: str, vendor: str | None, tmp_path: Path
) -> None:
    if vendor is None:
        refuse_hosts([host])
        return
    with pytest.raises(ServerRefused, match=vendor):
        connect(MongoSettings(uri=f"mongodb+srv://me:x@{host}/?w=1"), tmp_path, tmp_path)


@pytest.mark.parametrize(("version", "told"), [("5.0.31", True), ("5.1.0", True), ("5.2.0", False)])
def test_a_server_that_compresses_nothing_is_taken_and_told(
    version: str, told: bool, tmp_path: Path
) -> None:
    numbers = [*map(int, version.split(".")), 0]
    build = {"version": version, "versionArray": numbers}
    with (
        LookAlike(build=build) as server,
        connect(MongoSettings(uri=server.uri), tmp_path, tmp_path) as opened,
    ):
        assert [f"MongoDB {version} does not compress" in each for each in opened.server.notes] == (
            [True] if told else []
        )


def test_every_stored_answer_of_a_vendor_is_refused() -> None:
    file = REAL / "mongodb-answers" / "buildinfo_vendors.json"
    if not file.exists():
        pytest.skip("needs the stored answers of MongoDB")
    answers = json.loads(file.read_text())["answer"]
    for build in (answers["ferretdb"], answers["atlas_data_federation"]):
        with pytest.raises(ServerRefused):
            refuse_answers({}, build)
