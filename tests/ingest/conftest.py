"""A bench for each test, and a Sunday in autumn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine

from linky_tui.demo.server import ApiServer, RecordedSource
from tests.tools.bench import Bench
from tests.tools.gateway import PRM
from tests.tools.stored import open_store

MakeBench = Callable[..., Bench]
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TODAY, YESTERDAY = date(2026, 11, 22), date(2026, 11, 21)


@pytest.fixture
def autumn() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW) as traveller:
        yield traveller


@pytest.fixture
def make_bench(mongod_uri: str, mongo_database_name: str, tmp_path: Path) -> Iterator[MakeBench]:
    """Makes a bench from a source and the options of the simulated gateway."""
    with ExitStack() as stack:

        def make(
            source: RecordedSource,
            *,
            per_day: int | None = None,
            min_seconds: float = 0.0,
            **options: object,
        ) -> Bench:
            (tmp_path / "state").mkdir(exist_ok=True)
            store = stack.enter_context(open_store(mongod_uri, mongo_database_name, tmp_path))
            options.setdefault("block_after", None)
            server = stack.enter_context(ApiServer({PRM: source}, **options))  # type: ignore[arg-type]
            return Bench(store, source, server, tmp_path / "state", per_day, min_seconds)

        yield make
