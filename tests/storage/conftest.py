"""A store of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from linky_tui.storage.leases.lease import Lease
from linky_tui.storage.store import Store
from tests.tools.stored import SERIES, open_store


@pytest.fixture
def store(mongod_uri: str, mongo_database_name: str, tmp_path: Path) -> Iterator[Store]:
    """An open store in a new database."""
    with open_store(mongod_uri, mongo_database_name, tmp_path) as opened:
        yield opened


@pytest.fixture
def lease(store: Store) -> Iterator[Lease]:
    """The lease of the series that most tests write."""
    with store.leases.acquire(SERIES) as held:
        yield held
