"""A terminal and gateways for the tests of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pymongo
import pytest
import time_machine

from linky_tui.demo.server import ApiServer, RecordedSource
from tests.tools.gateway import half_hours
from tests.tools.terminal import Terminal

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
YESTERDAY = date(2026, 11, 21)
SUMMARY_KEYS = {"command", "status", "meters", "requests", "error"}
METER_KEYS = {
    *("prm", "flow", "days_complete", "days_certified", "days_missing", "days_no_data"),
    *("readings_inserted", "first", "last"),
}
ERROR_KEYS = {"title", "cause", "next_step", "sides"}
A, B, C, D = "10000000000001", "20000000000002", "30000000000003", "40000000000004"


class Serve(Protocol):
    def __call__(self, *prms: str, **options: Any) -> ApiServer: ...


@pytest.fixture(autouse=True)
def _in_autumn_2026() -> Iterator[None]:
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, mongod_uri: str, mongo_database_name: str
) -> Terminal:
    return Terminal(capsys, tmp_path, mongod_uri, mongo_database_name)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts gateways with two weeks of readings behind each meter."""
    with ExitStack() as stack:

        def start(*prms: str, **options: Any) -> ApiServer:
            readings = half_hours(YESTERDAY - timedelta(days=13), YESTERDAY)
            homes = {prm: RecordedSource(readings) for prm in prms or (A,)}
            return stack.enter_context(ApiServer(homes, **options))

        yield start


def database(terminal: Terminal) -> pymongo.MongoClient[dict[str, Any]]:
    return pymongo.MongoClient(terminal.uri)
