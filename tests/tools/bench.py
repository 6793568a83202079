"""A simulated gateway, a real MongoDB and the engine between them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from linky_tui.demo.server import ApiServer, RecordedSource
from linky_tui.domain.coverage import DayRecord, DayStatus, first_askable
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import today as paris_today
from linky_tui.enedis.budget import Budget
from linky_tui.enedis.client import ConsoClient
from linky_tui.ingest.engine import run_jobs
from linky_tui.ingest.events import Event, Finished, Window
from linky_tui.ingest.jobs import Job, JobKind
from linky_tui.ingest.requests.run import RequestRun
from linky_tui.storage.store import Store
from tests.tools.gateway import SERIES
from tests.tools.stored import held


@dataclass
class Bench:
    """One meter behind a gateway."""

    store: Store  # a database of its own
    source: RecordedSource  # what the meter has
    server: ApiServer  # the gateway
    state_dir: Path  # where the budget is kept
    per_day: int | None = None  # requests a UTC day; `None` for no budget
    min_seconds: float = 0.0  # seconds between two requests, where there is a budget
    # how long an answer is waited for; only a gateway that falls silent needs less, since a busy
    # machine answers late, too
    patience_s: float = 30.0
    stop: threading.Event = field(default_factory=threading.Event)

    def events(self, kind: JobKind = JobKind.BACKFILL, **more: object) -> Iterator[Event]:
        patience = (self.patience_s, self.patience_s)
        client = ConsoClient(self.server.url, timeouts=patience, deadline_s=2 * self.patience_s)
        requests = RequestRun(
            client, self.budget(client.host), self.store.requests, self.stop, backoff_s=0.01
        )
        job = Job(kind, SERIES, self.server.token, **more)  # type: ignore[arg-type]
        try:
            yield from run_jobs(self.store, requests, [job])
        finally:
            client.close()

    def budget(self, host: str) -> Budget:
        file = None if self.per_day is None else self.state_dir / "requests.sqlite"
        return Budget(file, host, per_day=self.per_day, min_seconds=self.min_seconds)

    def run(self, kind: JobKind = JobKind.BACKFILL, **more: object) -> Finished:
        last = list(self.events(kind, **more))[-1]
        assert isinstance(last, Finished)
        return last

    def ledger(self) -> dict[date, DayRecord]:
        today = paris_today()
        return self.store.days.load(SERIES, first_askable(today), today)

    def statuses(self) -> Counter[DayStatus]:
        """Days of the last 24 months by status."""
        return Counter(record.status for record in self.ledger().values())

    def stored(self) -> list[Reading]:
        return held(self.store, SERIES)

    def windows_asked(self) -> list[Window]:
        return [
            Window(_day(e.start), _day(e.end) - timedelta(days=1))
            for e in self.server.log
            if "courbe" in e.type or "load_curve" in e.type
        ]

    def assert_nothing_to_ask(self, kind: JobKind = JobKind.BACKFILL, **more: object) -> None:
        self.server.clear_log()
        nothing = "nothing_to_do" if kind is JobKind.SYNC else "complete"
        assert self.run(kind, **more).status == nothing
        assert self.server.log == []

    def assert_asked_once(self) -> None:
        asked = [(entry.type, entry.start, entry.end) for entry in self.server.log]
        assert len(asked) == len(set(asked))

    def forget(self) -> None:
        database = self.store.readings.regular.database
        database.client.drop_database(database.name)

    def assert_identical(self) -> None:
        regular, timeseries = self.store.readings.counts()
        assert regular == timeseries


def _day(text: str | None) -> date:
    assert text is not None
    return date.fromisoformat(text)
