"""MongoDB's own files, damaged or of another version: told, and never repaired or deleted by us."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tools.local_server import script
from tests.torture.conftest import Scale
from tests.torture.disk.disks import lost, snapshot
from tests.torture.ground import Ground, ground, told
from tests.torture.report import Tally

Spoil = Callable[[Path], object]


def garbled(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * (path.stat().st_size // 256))


def halved(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


AT_START: list[tuple[str, Spoil]] = [
    ("WiredTiger.wt", halved),
    ("_mdb_catalog.wt", garbled),
    ("storage.bson", emptied),
    ("WiredTiger.turtle", garbled),
    ("WiredTiger.wt", garbled),
    ("WiredTiger.wt", Path.unlink),
    ("WiredTiger.turtle", emptied),
    ("_mdb_catalog.wt", Path.unlink),
    ("sizeStorer.wt", Path.unlink),
    ("journal/WiredTigerLog.*", garbled),
    ("WiredTiger", Path.unlink),
]
LATER: list[tuple[str, Spoil]] = [
    ("collection", garbled),
    ("collection", halved),
    ("collection", Path.unlink),
]
"""MongoDB notices only when it reads them, and ends itself."""


@pytest.fixture
def home(short_tmp_path: Path) -> Iterator[Ground]:
    """A home with readings in its own local server."""
    with ground(short_tmp_path) as made:
        made.settle()
        assert made.run("--sync", "--json").code == 0
        yield made


def data_of(home: Ground) -> Path:
    return home.data_dir / "mongodb" / "data"


def damage(home: Ground, name: str, spoil: Spoil) -> str:
    """Spoil a file of MongoDB; which one it was."""
    data = data_of(home)
    if name == "collection":  # that of the readings is the largest
        path = max(data.glob("collection-*"), key=lambda each: each.stat().st_size)
    else:
        path = next(data.glob(name))
    spoil(path)
    return str(path)


def test_damaged_data_are_told_and_left_as_they_are(
    home: Ground, scale: Scale, tally: Tally
) -> None:
    row = tally("damaged MongoDB data")
    data, copy = data_of(home), home.folder / "copy"
    shutil.copytree(data, copy)
    for name, spoil in [*AT_START[: scale.times(2, 99)], *LATER[: scale.times(1, 99)]]:
        damaged = damage(home, name, spoil)
        before = snapshot(data)
        with row.one_try():
            done = home.run("--verify", "--json")
            text = told(done, "damaged", str(data), "mongod.log", codes=(1,))
            assert "Nothing was deleted or repaired" in text
            after = snapshot(data)
            # MongoDB goes on with its journal until it notices; else nothing may be gone or mended.
            spoilt = [path for path in before if path not in after and "/journal/" not in path]
            if before.get(damaged) != after.get(damaged):
                spoilt.append(damaged)
            row.lost += len(spoilt)
            assert not spoilt, (name, spoilt)
            assert home.servers() == []
            # The next step that the error names.
            shutil.rmtree(data)
            shutil.copytree(copy, data)
    row.tried += 1
    home.complete(row, fetch=False)


def test_data_of_a_newer_mongodb_are_told_and_left_as_they_are(
    home: Ground, short_tmp_path: Path, tally: Tally
) -> None:
    row = tally("data of a newer MongoDB")
    data = data_of(home)
    turtle = data / "WiredTiger.turtle"
    text = turtle.read_text()
    turtle.write_text(
        re.sub(r"version=\(major=\d+,minor=\d+\)", "version=(major=99,minor=0)", text)
    )
    before = snapshot(data)
    with row.one_try():
        told(home.run("--sync", "--json"), "newer MongoDB", "mongodb.mongod", codes=(2,))
        row.lost += len(lost(before, snapshot(data)))
        assert not row.lost
        turtle.write_text(text)

    row.tried += 1
    program = script(short_tmp_path, f"echo '{NEWER_FEATURES}'; exit 62")
    home.settle(mongod=program)
    before = snapshot(data)
    told(home.run("--sync", "--json"), "newer MongoDB", codes=(2,))
    row.lost += len(lost(before, snapshot(data)))
    assert not row.lost
    home.settle()
    home.complete(row, fetch=False)


NEWER_FEATURES = (
    '{"t":{"$date":"2026-11-22T09:00:00.000+00:00"},"s":"F","c":"CONTROL","id":20573,'
    '"ctx":"initandlisten","msg":"Wrong mongod version","attr":{"error":"UPGRADE PROBLEM: Found an '
    "invalid featureCompatibilityVersion document (ERROR: Location4926900: Invalid feature "
    'compatibility version value 8.0). If the current featureCompatibilityVersion is below 5.0"}}'
)
"""The last words of MongoDB 6.0 on data that 8.0 has written."""
