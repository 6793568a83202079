"""A year of ``--sync`` at 8:37: late days, outages, a machine that is off; all is stored."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine

from linky_tui.demo.server import ApiServer, Fault, RecordedSource
from linky_tui.domain.coverage import DayStatus
from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, PARIS
from tests.tools.gateway import PRM, half_hours, wh
from tests.tools.stored import held, open_store
from tests.tools.terminal import Terminal
from tests.torture.conftest import Scale
from tests.torture.report import Tally

FIRST = date(2025, 11, 1)
SERIES = Series(PRM)
MOST_A_DAY, MEAN_A_DAY = 4, 1.3


def morning(day: date) -> datetime:
    return datetime.combine(day, time(8, 37), PARIS).astimezone(UTC)


def test_a_year_of_cron(
    capsys: pytest.CaptureFixture[str],
    short_tmp_path: Path,
    mongod_uri: str,
    mongo_database_name: str,
    monkeypatch: pytest.MonkeyPatch,
    scale: Scale,
    tally: Tally,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(short_tmp_path))
    row = tally("a year of cron, runs")
    days = scale.times(45, 365)
    chance = scale.random("a year of cron")
    began = FIRST + timedelta(days=20)
    readings = half_hours(FIRST, began + timedelta(days=days + 1))
    terminal = Terminal(capsys, short_tmp_path, mongod_uri, mongo_database_name)
    with ApiServer({PRM: RecordedSource(readings, activated=FIRST)}) as server:
        terminal.configure(server, PRM)
        with time_machine.travel(morning(began), tick=True):
            assert terminal.run("--backfill").code == 0
        codes: Counter[int] = Counter()
        asked = []
        for number in range(1, days + 3):
            last = number > days  # whatever was late has come by then
            off, late, down = (not last and chance.random() < part for part in (0.08, 0.07, 0.03))
            if off:
                continue
            with time_machine.travel(morning(began + number * ONE_DAY), tick=True):
                server.clear_log()
                server.gateway.late_yesterday = late
                if down:
                    server.inject(Fault("unavailable", times=None))
                done = terminal.run("--sync")
                server.clear_faults()
            with row.one_try():
                codes[done.code] += 1
                asked.append(len(server.log))
                assert (done.code == 0 and not done.err) or late or down, done
        assert sum(asked) / len(asked) <= MEAN_A_DAY, asked
        assert max(asked) <= MOST_A_DAY, asked
        assert set(codes) <= {0, 3}, codes
    end = began + (days + 1) * ONE_DAY
    with (
        time_machine.travel(morning(began + (days + 2) * ONE_DAY), tick=True),
        open_store(mongod_uri, mongo_database_name, short_tmp_path) as store,
    ):
        ledger = store.days.load(SERIES, FIRST, end)
        assert held(store, SERIES) == readings
        assert {record.status for record in ledger.values()} == {DayStatus.COMPLETE}
        assert sum(record.energy_wh for record in ledger.values()) == wh(readings)
        open_days = [day for day, record in ledger.items() if not record.certified]
        # Totals are asked once a week: the newest days wait for the next time.
        assert all(day > end - timedelta(days=8) for day in open_days)
