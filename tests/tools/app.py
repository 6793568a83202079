"""What the tests of the application share: a stored home, applications on it, and waiting.

The clock of every test under ``tests/ui`` starts at :data:`NOW` (Sunday 22 November 2026, 09:30 in
Paris) and goes on from there, so that figures, charts and pictures are the same on every day.

The stored home (:class:`StoredHome`) is filled once per session: :data:`HOME`, two years of
readings up to :data:`YESTERDAY` in both collections, Enedis' own totals of three years, the ledger
of days. Take its truth from :meth:`StoredHome.readings`, never from the database that is tested.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pymongo
from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget

from linky_tui.demo.household import DEMO_PRM, Household
from linky_tui.domain.coverage import first_askable
from linky_tui.domain.models import Reading, Series
from linky_tui.domain.paris import ONE_DAY, day_bounds, day_of, days_between, months_before
from linky_tui.ingest.events import Finished
from linky_tui.storage.collections.days import Days
from linky_tui.storage.collections.documents import Document, without_id
from linky_tui.storage.store import Store
from linky_tui.ui.app import LinkyApp
from tests.tools.config import configuration, meter, write
from tests.tools.stored import open_store, put_regular, put_timeseries
from tests.tools.tokens import token

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
TODAY = day_of(NOW)
YESTERDAY = TODAY - ONE_DAY
FIRST_DAY = first_askable(TODAY)
SMALL_FIRST_DAY = TODAY - timedelta(days=56)
FIRST_TOTAL = months_before(TODAY, 36)
SERIES = Series(DEMO_PRM)
HOME = Household(DEMO_PRM)
"""The stored home; deterministic, so it is also what the stored readings are compared with."""
CLOSED_API = "http://127.0.0.1:9/api"
"""A gateway that refuses every connection: nothing reaches a real one by accident."""

_TIMEOUT_S = 90.0
"""For a loaded machine."""
_TIMED_OUT = 50
_CHUNK = timedelta(days=90)


@dataclass(frozen=True)
class StoredHome:
    """A database that holds the home."""

    uri: str  # of the mongod
    database: str  # its name

    def readings(self, first: date = FIRST_DAY, last: date = YESTERDAY) -> list[Reading]:
        """The readings of the Paris days from ``first`` to ``last``, straight from the home."""
        return HOME.readings(max(first, FIRST_DAY), min(last, YESTERDAY))

    def energy_wh(self, first: date, last: date | None = None) -> int:
        return sum(each.watt_minutes for each in self.readings(first, last or first)) // 60

    @contextmanager
    def open(self, folder: Path) -> Iterator[Store]:
        with open_store(self.uri, self.database, folder) as store:
            yield store


def fill(store: Store) -> None:
    """Store the whole home: readings oldest first, totals, the ledger, what has no data."""
    asked_at = NOW - timedelta(days=1)
    with store.leases.acquire(SERIES) as lease:
        first = FIRST_DAY
        while first <= YESTERDAY:
            last = min(first + _CHUNK, YESTERDAY)
            start, end = day_bounds(first, last)
            store.readings.store_window(SERIES, start, end, HOME.readings(first, last), lease)
            store.days.recompute(SERIES, first, last, today=TODAY, asked_at=asked_at)
            first = last + ONE_DAY
        store.days.set_totals(SERIES, HOME.daily(FIRST_TOTAL, TODAY), TODAY)
        present = {day_of(each.start) for each in HOME.readings(FIRST_DAY, YESTERDAY)}
        absent = set(days_between(FIRST_DAY, YESTERDAY)) - present
        store.days.conclude(SERIES, absent, TODAY)
        lease.set_state(
            surveyed_at=asked_at,
            totals_at=asked_at,
            daily_from=FIRST_TOTAL,
            backfill_since=FIRST_DAY,
        )
    # Sizes on disk are those of the last checkpoint.
    store.connection.client.admin.command("fsync")


def copy_database(home: StoredHome, name: str) -> StoredHome:
    """A copy of a stored home, for a test that writes; the caller drops it."""
    with pymongo.MongoClient[Document](home.uri) as client:
        source = client[home.database]
        for each in ("consumption", "consumption_days", "consumption_leases"):
            source[each].aggregate([{"$out": {"db": name, "coll": each}}])
        copied = client[name]
        copied.create_collection(
            "consumptionTS",
            timeseries={"timeField": "timestamp", "metaField": "meter", "granularity": "hours"},
        )
        copied["consumptionTS"].insert_many(
            [without_id(each) for each in copied["consumption"].find(sort=[("timestamp", 1)])],
            ordered=False,
        )
        client.admin.command("fsync")
    return StoredHome(home.uri, name)


def token_for(*prms: str, days: int = 365) -> str:
    """A token as the gateway makes them, for some meters."""
    return token(sub=list(prms or [DEMO_PRM]), exp=NOW + timedelta(days=days))


def write_config(
    path: Path,
    *,
    uri: str,
    database: str,
    api_url: str = CLOSED_API,
    token: str | None = None,
    meters: Sequence[str] = (DEMO_PRM,),
    mongod: str = "",
    more: str = "",
) -> Path:
    given = token if token is not None else token_for(*meters)
    text = configuration(
        api_url=api_url,
        uri=uri,
        database=database,
        mongod=mongod,
        meters=[meter(prm, given, name="Maison") for prm in meters],
        per_day=None,
        more=more,
    )
    return write(path, text)


@asynccontextmanager
async def run_app(
    app: LinkyApp, size: tuple[int, int] = (80, 24), *, notifications: bool = False
) -> AsyncIterator[Pilot[None]]:
    try:
        async with app.run_test(size=size, notifications=notifications) as pilot:
            yield pilot
    finally:
        app.backend.close()


async def wait_until(
    pilot: Pilot[None], condition: Callable[[], object], timeout: float = _TIMEOUT_S
) -> None:
    """Let the application work until a condition holds.

    Raises:
        AssertionError: it did not within ``timeout`` seconds; shows the screen as text.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"still waiting at:\n{screen_text(pilot.app)}"
        await pilot.pause(0.02)


def has_finished(app: LinkyApp) -> bool:
    """Whether the run has ended for the meter that is shown."""
    return app.series is not None and bool(
        (meter := app.ingest.state.meters.get(app.series)) and meter.finished
    )


def finished(app: LinkyApp) -> Finished:
    """How it did."""
    assert app.series is not None
    found = app.ingest.state.meters[app.series].finished
    assert found is not None
    return found


def screen_text(app: App[None]) -> str:
    """What the terminal shows, as lines of plain text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def flowing(app: App[None], within: Widget | None = None) -> str:
    """What the screen, or a widget ``within`` it, says, as if no line were wrapped."""
    lines = screen_text(app).splitlines()
    if within is not None:
        region = within.region
        lines = [line[region.x : region.right] for line in lines[region.y : region.bottom]]
    return " ".join(" ".join(lines).replace("│", " ").split())


@contextmanager
def mongodb_away(uri: str) -> Iterator[None]:
    """MongoDB answers nothing that the application asks, until the end of the ``with``.

    Other clients of the same server, such as fixtures, are served. It is a time-out on the server,
    which no driver tries again, so that it shows at once.
    """
    commands = [
        *("find", "aggregate", "explain", "count", "getMore", "listCollections", "listIndexes"),
        *("insert", "update", "delete", "findAndModify", "create", "drop", "fsync", "ping"),
        *("hello", "isMaster", "ismaster"),
    ]
    data = {"failCommands": commands, "errorCode": _TIMED_OUT, "appName": "linky-tui"}
    with pymongo.MongoClient[Document](uri) as client:
        client.admin.command("configureFailPoint", "failCommand", mode="alwaysOn", data=data)
        try:
            yield
        finally:
            client.admin.command("configureFailPoint", "failCommand", mode="off")


def insert_readings(store: Store, series: Series, readings: Sequence[Reading]) -> None:
    """Put readings into both collections and the ledger, for a home of a test's own."""
    put_timeseries(store, series, readings)
    put_regular(store, series, readings)
    days = Counter(day_of(each.start) for each in readings)
    ledger: Days = store.days
    ledger.recompute(series, min(days), max(days), today=TODAY)
