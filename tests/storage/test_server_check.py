"""A look at a MongoDB: what it is, what we may do there, and nothing changed by looking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pymongo
import pytest

from linky_tui.config import MongoSettings
from linky_tui.storage.server_check import NEEDED, check_server, missing_rights

PASSWORD = "hunter2"


@pytest.fixture
def reader_uri(mongod_uri: str, mongo_settings: MongoSettings) -> Iterator[str]:
    """The address of a user who may only read our database."""
    with pymongo.MongoClient[dict[str, object]](mongod_uri) as client:
        roles = [{"role": "read", "db": mongo_settings.database}]
        client.admin.command("createUser", "probe_reader", pwd=PASSWORD, roles=roles)
        yield mongod_uri.replace("://", f"://probe_reader:{PASSWORD}@") + "/?authSource=admin"
        client.admin.command("dropUser", "probe_reader")


def test_it_says_what_is_there_and_creates_nothing(
    mongo_settings: MongoSettings, tmp_path: Path
) -> None:
    found = check_server(mongo_settings, tmp_path, tmp_path)
    assert found.server.kind == "remote"
    assert 0 < found.latency_s < 60
    assert found.missing_rights == ()
    assert found.existing == ()
    with pymongo.MongoClient[dict[str, object]](mongo_settings.uri) as client:
        assert found.server.version == client.server_info()["version"]
        assert mongo_settings.database not in client.list_database_names()
        client[mongo_settings.database].create_collection("consumption")
    assert check_server(mongo_settings, tmp_path, tmp_path).existing == ("consumption",)


def test_a_user_who_may_only_read_is_told_apart(
    mongo_settings: MongoSettings, reader_uri: str, tmp_path: Path
) -> None:
    found = check_server(replace(mongo_settings, uri=reader_uri), tmp_path, tmp_path)
    assert {"insert", "update", "remove", "createCollection"} <= set(found.missing_rights)
    assert "find" not in found.missing_rights


@pytest.mark.parametrize(
    ("resource", "enough"),
    [
        ({"db": "home", "collection": ""}, True),
        ({"db": "", "collection": ""}, True),
        ({"anyResource": True}, True),
        ({"db": "other", "collection": ""}, False),
        ({"db": "home", "collection": "a"}, False),
        ({"cluster": True}, False),
    ],
)
def test_rights_count_where_they_reach_all_collections(
    resource: dict[str, object], enough: bool
) -> None:
    auth = {
        "authenticatedUsers": [{"user": "me"}],
        "authenticatedUserPrivileges": [{"resource": resource, "actions": list(NEEDED)}],
    }
    needed = dict.fromkeys(("a", "b"), NEEDED)
    assert missing_rights(auth, "home", needed) == (() if enough else NEEDED)
