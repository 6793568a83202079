"""Collections are created as agreed, and others of the same name are refused, never touched."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.database import Database

from linky_tui.errors import CollectionRefused
from linky_tui.storage.collections.documents import INDEX_KEYS, to_document
from tests.tools.stored import SERIES, open_store, readings, week

START, END, WEEK = week(date(2026, 9, 7))
TIMESERIES = {"timeField": "timestamp", "metaField": "meter", "granularity": "hours"}


@pytest.fixture
def database(mongod_uri: str, mongo_database_name: str) -> Any:
    with pymongo.MongoClient[dict[str, Any]](mongod_uri) as client:
        yield client[mongo_database_name]


@pytest.fixture
def refused(mongod_uri: str, database: Database[dict[str, Any]], tmp_path: Path) -> Any:
    """Opens the store, which must be refused without a change; gives the text."""

    def try_it(setting: str) -> str:
        name = "consumption" if setting == "collection" else "consumptionTS"

        def content() -> list[Any]:
            options = list(database.list_collections(filter={"name": name}))
            return [options, list(database[name].find())]

        before = content()
        with pytest.raises(CollectionRefused) as caught:
            open_store(mongod_uri, database.name, tmp_path)
        assert content() == before
        assert caught.value.exit_code == 2
        text = str(caught.value)
        assert f"`{setting}` in [mongodb]" in text
        return text

    return try_it


def test_both_are_created_with_the_same_index(
    mongod_uri: str, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    for _ in range(2):
        open_store(mongod_uri, database.name, tmp_path).close()
    options = database["consumptionTS"].options()["timeseries"]
    assert {name: options[name] for name in TIMESERIES} == TIMESERIES
    regular = database["consumption"].index_information()
    timeseries = database["consumptionTS"].index_information()
    (name,) = (each for each in regular if each != "_id_")
    assert regular[name]["key"] == list(INDEX_KEYS)
    assert regular[name]["unique"] is True
    assert timeseries[name]["key"] == list(INDEX_KEYS)


def test_a_missing_index_is_added_to_existing_collections(
    mongod_uri: str, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    database.create_collection("consumptionTS", timeseries=TIMESERIES)
    database["consumption"].insert_many([to_document(SERIES, each) for each in WEEK])
    open_store(mongod_uri, database.name, tmp_path).close()
    assert len(database["consumptionTS"].index_information()) == 1
    assert len(database["consumption"].index_information()) == 2
    assert database["consumption"].count_documents({}) == len(WEEK)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"granularity": "minutes"}, "granularity is minutes instead of hours"),
        ({"timeField": "ts"}, "timeField is ts instead of timestamp"),
        ({"metaField": "m"}, "metaField is m instead of meter"),
    ],
)
def test_a_time_series_collection_with_other_options_is_refused(
    database: Database[dict[str, Any]], refused: Any, options: dict[str, str], said: str
) -> None:
    database.create_collection("consumptionTS", timeseries={**TIMESERIES, **options})
    assert said in refused("timeseries_collection")


def test_a_time_series_collection_that_forgets_is_refused(
    database: Database[dict[str, Any]], refused: Any
) -> None:
    database.create_collection("consumptionTS", timeseries=TIMESERIES, expireAfterSeconds=86400)
    assert "expireAfterSeconds" in refused("timeseries_collection")


def test_a_regular_collection_that_forgets_is_refused(
    database: Database[dict[str, Any]], refused: Any
) -> None:
    database["consumption"].create_index("timestamp", expireAfterSeconds=10**9)
    assert "expireAfterSeconds" in refused("collection")


@pytest.mark.parametrize("name", ["consumption_days", "consumption_leases", "consumption_requests"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"viewOn": "other", "pipeline": []}, "a view"),
        ({"timeseries": TIMESERIES}, "a time series collection"),
        ({"capped": True, "size": 8192}, "capped"),
    ],
)
def test_a_helper_of_another_kind_is_refused(
    database: Database[dict[str, Any]], refused: Any, name: str, options: Any, said: str
) -> None:
    database.create_collection(name, **options)
    text = refused("collection")
    assert f"{name!r} cannot be used" in text
    assert f"it is {said}, not a regular collection" in text


def test_a_regular_collection_in_the_place_of_the_time_series_one_is_refused(
    database: Database[dict[str, Any]], refused: Any
) -> None:
    database["consumptionTS"].insert_one({"mine": 1})
    assert "it is a regular collection" in refused("timeseries_collection")


def test_a_time_series_collection_in_the_place_of_the_regular_one_is_refused(
    database: Database[dict[str, Any]], refused: Any
) -> None:
    database.create_collection("consumption", timeseries=TIMESERIES)
    assert "it is a time series collection" in refused("collection")


def test_views_are_refused(database: Database[dict[str, Any]], refused: Any) -> None:
    database.create_collection("consumption", viewOn="other", pipeline=[])
    assert "it is a view" in refused("collection")


@pytest.mark.parametrize(
    "change",
    [
        {"power_w": 1.5},
        {"meter": {"prm": "1", "flow": "sideways", "interval_min": 30}},
        {"meter": {"prm": 12345678901234, "flow": "consumption", "interval_min": 30}},
        {"timestamp": "2026-01-01"},
    ],
)
def test_documents_of_another_shape_are_refused_without_their_values(
    database: Database[dict[str, Any]], refused: Any, change: dict[str, Any]
) -> None:
    good = [to_document(SERIES, each) for each in WEEK]
    database["consumption"].insert_many([*good, {**good[0], **change, "note": "hunter2"}])
    text = refused("collection")
    assert "note: str" in text
    assert "hunter2" not in text


def test_an_index_that_is_not_unique_is_refused(
    database: Database[dict[str, Any]], refused: Any
) -> None:
    database["consumption"].create_index(list(INDEX_KEYS), name="mine")
    text = refused("collection")
    assert "'mine'" in text
    assert "not unique" in text


def test_doubled_readings_are_refused(database: Database[dict[str, Any]], refused: Any) -> None:
    for _ in range(2):
        database["consumption"].insert_many([to_document(SERIES, each) for each in WEEK[:2]])
    assert "twice" in refused("collection")


def test_other_names_are_used_as_configured(
    mongod_uri: str, mongo_database_name: str, tmp_path: Path
) -> None:
    with open_store(
        mongod_uri, mongo_database_name, tmp_path, collection="a", timeseries_collection="b"
    ) as store:
        with store.leases.acquire(SERIES) as lease:
            store.readings.store_window(SERIES, START, END, readings(START, 3), lease)
        names = store.readings.regular.database.list_collection_names()
    assert {each for each in names if not each.startswith("system.")} == {"a", "b", "a_leases"}
