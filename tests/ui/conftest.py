"""Fixtures of the application's tests. ``tests.tools.app`` says what the stored home is.

* ``stored_home`` (session): the database, filled once; never write to it.
* ``own_home``: a copy of it that the test may write to, dropped afterwards (about a second).
* ``small_home``: only its last 8 weeks (from ``SMALL_FIRST_DAY``), made for the test (0.2 s).
* ``make_app(...)``: a :class:`~linky_tui.ui.app.LinkyApp` on the stored home, with a configuration
  file of its own under ``tmp_path``. Arguments: ``home=own_home`` for another database,
  ``empty=True`` for a new, empty one, ``server=`` for a simulated gateway and its token (and a new
  database, unless a home is given; by default nobody listens), ``api_url=``, ``token=``,
  ``meters=("14 digits", …)`` (``()`` for none), ``more=`` further TOML.
  Its backend is closed at the end of the test.
* ``running(...)``: such an application, running and connected.

Typical use::

    async def test_something(running: Running) -> None:
        async with running((80, 24)) as (app, pilot):
            await pilot.press("o")
            await wait_until(pilot, lambda: "identical" in screen_text(app))
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pymongo
import pytest
import time_machine
from textual.pilot import Pilot

from linky_tui.demo.household import DEMO_PRM
from linky_tui.demo.server import ApiServer
from linky_tui.storage.collections.documents import Document
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.shell import comparison_state, store_app
from linky_tui.ui.storage import growth
from tests.tools.app import (
    CLOSED_API,
    HOME,
    NOW,
    SERIES,
    SMALL_FIRST_DAY,
    YESTERDAY,
    StoredHome,
    copy_database,
    fill,
    insert_readings,
    wait_until,
    write_config,
)
from tests.tools.stored import open_store

MakeApp = Callable[..., LinkyApp]
Running = Callable[..., AbstractAsyncContextManager[tuple[LinkyApp, Pilot[None]]]]


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """The clock starts at NOW and goes on."""
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture(autouse=True)
def _no_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    """No history is replayed but where a test says so."""
    monkeypatch.setattr(growth, "REPLAY_AFTER_S", 3600.0)


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both collections are compared at once, and a lost MongoDB is tried again soon."""
    monkeypatch.setattr(comparison_state, "PROOF_AFTER_S", 0.0)
    monkeypatch.setattr(store_app, "RETRY_S", 0.3)


@pytest.fixture(scope="session")
def stored_home(mongod_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredHome]:
    """The database that holds the home."""
    home = StoredHome(mongod_uri, f"test_home_{uuid.uuid4().hex}")
    with open_store(home.uri, home.database, tmp_path_factory.mktemp("home")) as store:
        fill(store)
    yield home
    _drop(mongod_uri, home.database)


@pytest.fixture
def own_home(stored_home: StoredHome, new_database: Callable[[], str]) -> StoredHome:
    """A copy of the stored home, for a test that writes."""
    return copy_database(stored_home, new_database())


@pytest.fixture
def small_home(mongod_uri: str, new_database: Callable[[], str], tmp_path: Path) -> StoredHome:
    """The last 8 weeks of the same home alone, for a test that writes or compares a lot."""
    home = StoredHome(mongod_uri, new_database())
    with open_store(home.uri, home.database, tmp_path / "small") as store:
        insert_readings(store, SERIES, HOME.readings(SMALL_FIRST_DAY, YESTERDAY))
        store.connection.client.admin.command("fsync")
    return home


@pytest.fixture
def new_database(mongod_uri: str) -> Iterator[Callable[[], str]]:
    """Gives names of databases that are dropped afterwards."""
    names: list[str] = []

    def name() -> str:
        names.append(f"test_ui_{uuid.uuid4().hex}")
        return names[-1]

    yield name
    for each in names:
        _drop(mongod_uri, each)


@pytest.fixture
def make_app(
    mongod_uri: str, request: pytest.FixtureRequest, new_database: Callable[[], str], tmp_path: Path
) -> Iterator[MakeApp]:
    """Makes applications."""
    made: list[LinkyApp] = []

    def make(
        *,
        home: StoredHome | None = None,
        empty: bool = False,
        server: ApiServer | None = None,
        api_url: str = CLOSED_API,
        token: str | None = None,
        meters: Sequence[str] = (DEMO_PRM,),
        mongod: str = "",
        more: str = "",
    ) -> LinkyApp:
        if server is not None:
            api_url, token = server.url, server.token
        if empty or (server and home is None):
            database = new_database()
        else:
            shown: StoredHome = home or request.getfixturevalue("stored_home")
            database = shown.database
        file = write_config(
            tmp_path / f"config-{len(made)}.toml",
            uri=mongod_uri,
            database=database,
            api_url=api_url,
            token=token,
            meters=meters,
            mongod=mongod,
            more=more,
        )
        made.append(LinkyApp(file))
        made[-1].animation_level = "none"  # nobody looks at what glides
        return made[-1]

    yield make
    for app in made:
        app.close_lab()
        app.backend.close()


@pytest.fixture
def running(make_app: MakeApp) -> Running:
    """Runs an application that has found its MongoDB."""

    @asynccontextmanager
    async def run(
        size: tuple[int, int] = (120, 40), *, notifications: bool = False, **options: Any
    ) -> AsyncIterator[tuple[LinkyApp, Pilot[None]]]:
        app = make_app(**options)
        async with app.run_test(size=size, notifications=notifications) as pilot:
            await wait_until(pilot, lambda: app.store_ready)
            yield app, pilot

    return run


@pytest.fixture
def empty_app(make_app: MakeApp) -> LinkyApp:
    """An application on an empty database."""
    return make_app(empty=True)


def _drop(uri: str, database: str) -> None:
    with pymongo.MongoClient[Document](uri) as client:
        client.drop_database(database)
