"""What one collection takes, from the server's answers of many versions and kinds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from linky_tui.storage.compare.sizes import foreign_indexes, statistics_of
from tests.tools.real import REAL

ANSWERS = sorted((REAL / "mongodb-answers").glob("collstats_*.json"))
CREATED = "access_pattern_hint=none,block_compressor=%s,checksum=on,log=(enabled=true)"


def file(free: int = 0, dirty: int | None = None) -> dict[str, Any]:
    """What WiredTiger says of a file."""
    cache = {} if dirty is None else {"cache": {"tracked dirty bytes in the cache": dirty}}
    return {"block-manager": {"file bytes available for reuse": free}, **cache}


def shard(storage: int, free: int, indexes: dict[str, tuple[int, int]], **more: Any) -> Any:
    """An answer of one shard; of each index its file and what is free in it."""
    dirty, compressor = more.pop("dirty", None), more.pop("compressor", "snappy")
    created = {"creationString": CREATED % compressor}
    return {
        "storageStats": {
            "size": 100_000,
            "storageSize": storage,
            "freeStorageSize": free,
            "wiredTiger": {**created, **file(free, dirty)},
            "indexSizes": {name: size for name, (size, _) in indexes.items()},
            "indexDetails": {name: file(unused, dirty) for name, (_, unused) in indexes.items()},
            "totalIndexSize": sum(size for size, _ in indexes.values()),
            **more,
        }
    }


def test_used_bytes_of_all_shards_without_what_their_files_can_use_again() -> None:
    found = statistics_of(
        [
            shard(50_000, 10_000, {"_id_": (9_000, 1_000), "a": (5_000, 0)}, count=7),
            shard(40_000, 0, {"_id_": (8_000, 500)}, count=3, numOrphanDocs=2),
        ]
    )
    assert (found.storage_bytes, found.index_bytes) == (80_000, 20_500)
    assert found.indexes == {"_id_": 15_500, "a": 5_000}
    assert found.reusable_bytes == 11_500
    assert (found.data_bytes, found.documents, found.orphans) == (200_000, 10, 2)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["snappy"], "snappy"),
        (["zstd", "zstd"], "zstd"),
        (["zstd", "snappy"], "snappy and zstd"),
        (["none"], "none"),
        ([""], "none"),
    ],
)
def test_the_compressor_is_the_one_the_server_names(names: list[str], expected: str) -> None:
    assert statistics_of(shard(1, 0, {}, compressor=each) for each in names).compressor == expected


def test_a_compressor_that_is_not_named_is_not_known() -> None:
    silent = shard(1, 0, {})
    del silent["storageStats"]["wiredTiger"]
    assert statistics_of([silent]).compressor is None
    assert statistics_of([silent, shard(1, 0, {})]).compressor is None


@pytest.mark.parametrize(
    ("storage", "index", "dirty", "written"),
    [
        (20_480, 20_480, 0, True),
        (20_480, 20_480, 17, False),
        (4096, 20_480, 0, False),
        (20_480, 4096, 0, True),  # an index that holds nothing
        (20_480, 20_480, None, None),
        (20_480, 4096, None, False),
        (4096, 4096, None, False),
    ],
)
def test_whether_all_is_written_is_what_the_files_and_the_cache_show(
    storage: int, index: int, dirty: int | None, written: bool | None
) -> None:
    answer = shard(storage, 0, {"a": (index, 0)}, dirty=dirty)
    assert statistics_of([answer]).written is written
    assert statistics_of([answer, shard(20_480, 0, {}, dirty=5)]).written is False


@pytest.mark.parametrize(
    ("dirty", "checkpoint", "written"),
    [(3_000, 383_616, True), (5_000, 383_616, False), (3_000, 370_000, False), (3_000, 0, False)],
)
def test_a_page_that_was_only_split_by_reading_is_no_change(
    dirty: int, checkpoint: int, written: bool
) -> None:
    answer = shard(400_000, 0, {}, dirty=dirty)
    block = answer["storageStats"]["wiredTiger"]["block-manager"]
    block["checkpoint size"] = checkpoint
    assert statistics_of([answer]).written is written


def test_an_empty_collection_has_nothing_to_write() -> None:
    assert statistics_of([shard(4096, 0, {"a": (4096, 0)}, size=0)]).written


def test_the_index_that_mongodb_makes_is_not_another_hands() -> None:
    keys = {
        "_id_": [("_id", 1)],
        "mine": [("power_w", 1)],
        "meter_1_timestamp_1": [("meter", 1), ("timestamp", 1)],
        "meter_prm_flow_timestamp": [("meter.prm", 1), ("meter.flow", 1), ("timestamp", 1)],
        "turned": [("timestamp", 1), ("meter", 1)],
    }
    assert foreign_indexes(keys) == (("meter_1_timestamp_1",), ("mine", "turned"))


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_every_recorded_answer_gives_what_is_expected(path: Any) -> None:
    recorded = json.loads(path.read_text())
    found, expected = statistics_of(recorded["answer"]), recorded["_expect"]
    if expected == "not settled":
        assert found.written is False
    else:
        assert found.buckets == expected
    stats = [each["storageStats"] for each in recorded["answer"]]
    whole = sum(each["storageSize"] + each["totalIndexSize"] for each in stats)
    assert found.storage_bytes + found.index_bytes + found.reusable_bytes == whole


@pytest.mark.skipif(not ANSWERS, reason="no recorded answers here")
def test_the_index_of_newer_servers_is_theirs() -> None:
    recorded = json.loads((ANSWERS[0].parent / "listindexes_6.3_and_newer.json").read_text())
    keys = {each["name"]: list(each["key"].items()) for each in recorded["answer"]}
    assert foreign_indexes(keys) == (("meter_1_timestamp_1",), ())
