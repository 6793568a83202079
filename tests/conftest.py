"""Fixtures that every test shares: a private mongod and an environment of its own."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pymongo
import pytest

from linky_tui.config import MongoSettings
from linky_tui.storage.connection import Connection, connect
from tests.tools.clock import away_from_midnight, by_day
from tests.tools.mongod import PrivateMongod, short_folder
from tests.tools.replica_set import ReplicaSet
from tests.tools.router import Router, routed
from tests.torture.report import pytest_addoption, pytest_terminal_summary

__all__ = ["pytest_addoption", "pytest_terminal_summary"]

TEST_S, LONG_TEST_S = 180, 20 * 60
"""How much time a test may need until midnight on a loaded machine, also with ``--long``."""


# The same examples in every run, and however long this machine takes for them.
hypothesis.settings.register_profile(
    "tests",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("tests")


LONGEST_TMPDIR = 40
_PYCACHE = "PYTHONPYCACHEPREFIX"


def pytest_configure(config: pytest.Config) -> None:
    """Let the processes that tests start hear Ctrl-C, and find room for their sockets and paths.

    Who is started in the background by a shell (``pytest … &``) is deaf to Ctrl-C, and hands that
    on. Below a long temporary folder no socket can be bound, and screens cut the paths in it.
    """
    if len(os.fsencode(tempfile.gettempdir())) > LONGEST_TMPDIR:
        os.environ["TMPDIR"] = tempfile.tempdir = "/tmp"
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if _PYCACHE not in os.environ and sys.dont_write_bytecode:
        # Else each of several hundred processes would compile the whole program for itself.
        compiled = os.environ[_PYCACHE] = tempfile.mkdtemp(prefix="lt-pycache-")
        config.add_cleanup(lambda: shutil.rmtree(compiled, ignore_errors=True))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and never among all that was imported: a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_xdist_auto_num_workers() -> int:
    """One test more at a time than there are cores: many of them wait."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else 3


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only belongs to ``--long``; begin with whole commands, which take longest.

    At the end of a run one long test would keep all cores but its own waiting.
    """
    items.sort(key=lambda item: "whole" not in item.path.parts)
    left_out = [item for item in items if item.get_closest_marker("long")]
    if left_out and not config.getoption("--long"):
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Start no test at night or shortly before; a wait is not part of its time limit."""
    away_from_midnight(LONG_TEST_S if item.config.getoption("--long") else TEST_S)
    with by_day():
        return (yield)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads or writes the user's configuration, data or state."""
    for name in [name for name in os.environ if name.startswith("LINKY_TUI_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    folders = {
        "HOME": home,
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_DATA_HOME": home / ".local" / "share",
        "XDG_STATE_HOME": home / ".local" / "state",
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_RUNTIME_DIR": home / "run",
    }
    for name, folder in folders.items():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        monkeypatch.setenv(name, str(folder))


@pytest.fixture
def short_tmp_path() -> Iterator[Path]:
    """A temporary folder whose path leaves room for a unix socket (under 108 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="lt-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mongod_uri() -> Iterator[str]:
    """The address of a real mongod (standalone, unix socket) that lives for the session."""
    # A checkpoint a second, so that nobody waits a minute for sizes on disk.
    with short_folder() as folder, PrivateMongod(folder, "--syncdelay", "1") as server:
        yield server.uri


@pytest.fixture(scope="session")
def members() -> Iterator[ReplicaSet]:
    """A replica set of three that lives for the session; each test leaves it whole."""
    with short_folder() as folder, ReplicaSet(folder) as replica_set:
        yield replica_set


@pytest.fixture(scope="session")
def primary_port() -> Iterator[int]:
    """The port of a replica set of one that lives for the session."""
    with short_folder() as folder, ReplicaSet(folder, count=1) as alone:
        yield alone.ports[0]


@pytest.fixture
def router(primary_port: int) -> Iterator[Router]:
    """The router of a cluster on which nothing is sharded yet."""
    with routed(primary_port) as opened:
        yield opened


@pytest.fixture
def mongo_database_name(mongod_uri: str) -> Iterator[str]:
    """A database name that no other test uses; the database is dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    yield name
    with pymongo.MongoClient[dict[str, object]](mongod_uri) as client:
        client.drop_database(name)


@pytest.fixture
def mongo_settings(mongod_uri: str, mongo_database_name: str) -> MongoSettings:
    """Settings for the session's mongod and a database of this test alone."""
    return MongoSettings(uri=mongod_uri, database=mongo_database_name)


@pytest.fixture
def connection(mongo_settings: MongoSettings, tmp_path: Path) -> Iterator[Connection]:
    """An open connection to a database of this test alone."""
    with connect(mongo_settings, tmp_path / "data", tmp_path / "run") as opened:
        yield opened
