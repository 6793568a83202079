"""From bytes to storage: hostile answers over HTTP, through the engine, into both collections."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from linky_tui.config import MongoSettings
from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, day_of, day_start, days_between
from linky_tui.enedis.budget import Budget
from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault
from linky_tui.enedis.request import DataKind, DataRequest, Shape
from linky_tui.ingest.engine import run_jobs
from linky_tui.ingest.events import Event, Finished, Noted, Window
from linky_tui.ingest.jobs import Job, JobKind
from linky_tui.ingest.requests.run import RequestRun
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.store import Store
from tests.tools.servers import Handler, TinyServer
from tests.tools.stored import held, open_store
from tests.torture.conftest import Scale
from tests.torture.hostile.harmless import assert_harmless
from tests.torture.hostile.honest import some_request
from tests.torture.hostile.mutator import honest_body, hostile_body, hostile_error
from tests.torture.hostile.oracle import Measure, Said, said
from tests.torture.report import Row, Tally

HONEST_EVERY = 3
"""Three failures in a row end a run, so every third answer is honest."""


@dataclass(frozen=True)
class Spoken:
    request: DataRequest  # what had been asked
    body: bytes  # the answer
    honest: bool  # whether nobody had tampered with it
    truth: Said | None  # what it says, as the oracle reads it; `None`: it is no answer

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What of it is to be stored."""
        return self.truth.measures if self.truth else ()

    def is_unclear(self, day: date) -> bool:
        """Whether nothing of a day that was asked for is to be taken."""
        return self.truth is None or day in self.truth.unclear


class Storm:
    """Answers requests; give :meth:`answer` to a ``TinyServer``."""

    def __init__(
        self,
        rng: random.Random,
        spoil: Callable[[DataRequest, random.Random], bytes] = hostile_body,
    ) -> None:
        self._rng = rng
        self._spoil = spoil
        self._lock = threading.Lock()
        self.spoken: list[Spoken] = []

    def answer(self, handler: Handler) -> None:
        with self._lock:
            request = asked(handler.path)
            honest = len(self.spoken) % HONEST_EVERY == HONEST_EVERY - 1
            make = honest_body if honest else self._spoil
            body = make(request, self._rng)
            self.spoken.append(Spoken(request, body, honest, said(request, body)))
        # A name that cannot be in a header would only break this server off.
        handler.send(body, Content_Type=self._rng.choice(["application/json", "text/html", "x/y"]))


def asked(path: str) -> DataRequest:
    parts = urlsplit(path)
    values = {name: found[0] for name, found in parse_qs(parts.query).items()}
    type_name = parts.path.rpartition("/")[2]
    kind = DataKind.LOAD_CURVE
    if "quotidienne" in type_name or "daily" in type_name:
        kind = DataKind.DAILY_TOTALS
    prm = values.get("pointId") or values["prm"]
    first = values.get("dateDebut") or values["start"]
    end = values.get("dateFin") or values["end"]
    return DataRequest(kind, Series(prm), date.fromisoformat(first), date.fromisoformat(end))


STORED = "hostile answer, over HTTP into both collections"
SHORT, METERS, REFETCHES = 400, 2, 10


@pytest.fixture
def no_thread_fails(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No thread ends with an exception."""
    failures: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    yield
    assert not failures


@pytest.mark.usefixtures("no_thread_fails")
def test_nothing_is_stored_that_was_not_said(
    mongo_settings: MongoSettings, tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    """Each backfill is one meter; what it stores is exactly what the oracle makes of its answers.

    That is the days that are clear; of the others the ledger says that they are not. Replayed in
    the order of the answers: a later one replaces what it overlaps.
    Some meters share their collections; more would only be rebuilt together again and again.
    """
    wanted = scale.times(SHORT, 20_000)
    row = tally(STORED)
    number = 0
    while row.tried < wanted:
        names = {"collection": f"c{number}", "timeseries_collection": f"c{number}TS"}
        with open_store(mongo_settings.uri, mongo_settings.database, tmp_path, **names) as store:
            for _ in range(METERS):
                number += 1
                one_meter(store, number, scale, row)
            assert_consistent(store)
    assert (row.lost, row.doubled) == (0, 0)


def one_meter(store: Store, number: int, scale: Scale, row: Row) -> None:
    """One backfill against a storm of its own."""
    series = Series(f"{number:05d}678901234")
    storm = Storm(scale.random(f"storm {number}"))
    with TinyServer(storm.answer) as server:
        events = list(run(store, server.url, Job(JobKind.BACKFILL, series, "a.b.c")))
        requests = [each.request for each in storm.spoken]
        assert len(set(requests)) == len(requests), "asked twice in a run"
        # The same day again and again, each time with other powers, steps and holes.
        day = day_of(datetime.now(UTC)) - timedelta(days=10)
        again = Job(JobKind.REFETCH, series, "a.b.c", days=Window(day, day))
        for _ in range(REFETCHES):
            events += run(store, server.url, again)
    for event in events:
        if isinstance(event, Noted):
            assert_harmless(event.text)
    assert isinstance(events[-1], Finished)
    truth = replayed(storm.spoken)
    found = {
        reading.start: (reading.interval_min, reading.power_w) for reading in held(store, series)
    }
    row.lost += len(truth.keys() - found.keys())
    row.doubled += store.readings.count(series) - len(found)
    assert found == truth
    assert_totals(store, series, storm.spoken)
    assert_reasons(store, series, storm.spoken)
    hostile = sum(not each.honest for each in storm.spoken)
    assert hostile > 20, events[-1]
    row.tried += hostile
    row.survived += hostile


def run(store: Store, url: str, job: Job) -> Iterator[Event]:
    client = ConsoClient(url, timeouts=(30.0, 30.0), deadline_s=60.0)
    budget = Budget(None, client.host, per_day=None, min_seconds=0.0)
    try:
        requests = RequestRun(client, budget, None, threading.Event(), backoff_s=0.01)
        yield from run_jobs(store, requests, [job])
    finally:
        client.close()


def replayed(spoken: Iterable[Spoken]) -> dict[datetime, tuple[int, int]]:
    """What is to be stored after these answers, by start."""
    held: dict[datetime, tuple[int, int]] = {}
    for each in spoken:
        if each.request.kind is not DataKind.LOAD_CURVE:
            continue
        for measure in each.measures:
            for start in overlapped(held, measure):
                del held[start]
        held |= {start: (minutes, power) for start, minutes, power in each.measures}
    return held


def overlapped(held: dict[datetime, tuple[int, int]], measure: Measure) -> list[datetime]:
    """The starts of what a measure takes the place of."""
    start, minutes, _ = measure
    low, high = start - timedelta(minutes=60), start + timedelta(minutes=minutes)
    near = (low + timedelta(minutes=each) for each in range(60 + minutes))
    return [at for at in near if at in held and start < at + timedelta(minutes=held[at][0])
            and at < high]  # fmt: skip


def assert_totals(store: Store, series: Series, spoken: Iterable[Spoken]) -> None:
    """Every daily total in the ledger was said, for that day, by the last answer that named it."""
    said: dict[datetime, int] = {}
    for each in spoken:
        if each.request.kind is DataKind.DAILY_TOTALS:
            said |= {start: wh for start, _, wh in each.measures}
    now = datetime.now(UTC)
    ledger = store.days.load(series, day_of(now - timedelta(days=1200)), day_of(now))
    noted = {
        day_start(day): record.enedis_wh
        for day, record in ledger.items()
        if record.enedis_wh is not None
    }
    assert noted == said


def assert_reasons(store: Store, series: Series, spoken: Iterable[Spoken]) -> None:
    """The ledger has a reason for exactly the days that the last answer for them left unclear."""
    unclear: dict[date, bool] = {}
    for each in spoken:
        if each.request.kind is DataKind.LOAD_CURVE:
            days = days_between(each.request.first, each.request.end - ONE_DAY)
            unclear |= {day: each.is_unclear(day) for day in days}
    ledger = store.days.load(series, min(unclear), max(unclear))
    assert {day for day, record in ledger.items() if record.problem is not None} == {
        day for day, so in unclear.items() if so
    }
    for record in ledger.values():
        assert record.attempts == sum(
            each.request.holds(record.day)
            for each in spoken
            if each.request.kind is DataKind.LOAD_CURVE
        )
        assert_harmless(record.problem or "")


def assert_consistent(store: Store) -> None:
    """Both collections are identical, by digest; the ledger counts what is stored."""
    verification = verify(store)
    assert verification.identical
    assert verification.regular_readings == store.readings.count() > 0
    for group in store.readings.counts()[0]:
        series = Series(group[0])
        today = day_of(datetime.now(UTC))
        ledger = store.days.load(series, day_of(datetime(2000, 1, 1, tzinfo=UTC)), today)
        assert sum(record.readings for record in ledger.values()) == store.readings.count(series)


@pytest.mark.usefixtures("no_thread_fails")
def test_hostile_errors_arrive_as_faults(scale: Scale, tally: Tally) -> None:
    """Status, headers and body over real HTTP; a refusal stays one even if its body is cut off."""
    rng = scale.random("errors over HTTP")
    row = tally("hostile error, over HTTP")
    sent: list[int] = []

    def answer(handler: Handler) -> None:
        status, headers, body = hostile_error(rng)
        while status == 204:  # it may have no body, and what follows would be taken for an answer
            status, headers, body = hostile_error(rng)
        sent.append(status)
        length = len(body) + rng.choice([0, 0, 0, 10])
        handler.head(status, length, **{n.replace("-", "_"): v for n, v in headers.items()})
        handler.wfile.write(body)
        handler.close_connection = length > len(body)

    with TinyServer(answer) as server:
        client = ConsoClient(server.url, timeouts=(30.0, 30.0), deadline_s=60.0)
        for _ in range(scale.times(400, 4_000)):
            with row.one_try():
                asked = some_request(rng)
                with pytest.raises(ApiFault) as caught:
                    client.attempt(asked, "a.b.c", Shape.NEW, threading.Event())
                assert caught.value.status == sent[-1]
                assert_harmless(str(caught.value), allowed="")
                assert_harmless(str(caught.value.to_error(asked.series)), allowed="")
        client.close()
