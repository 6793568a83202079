"""A bench for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from linky_tui.demo.server import ApiServer, RecordedSource
from tests.tools.bench import Bench
from tests.tools.gateway import PRM
from tests.tools.stored import open_store

MakeBench = Callable[..., Bench]


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
