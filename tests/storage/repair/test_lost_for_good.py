"""Readings that are in neither collection and too old to ask again: a repair says so."""

from __future__ import annotations

from datetime import date

import pytest

from linky_tui.headless.stats import verification_lines
from linky_tui.storage.compare.verify import Verification
from linky_tui.storage.repair.reconcile import reconcile, repair
from linky_tui.storage.store import Store
from linky_tui.ui.storage.actions import repaired
from tests.tools.stored import SERIES, put_regular, put_timeseries, week

TODAY = date(2026, 11, 22)
START, END, OLD = week(date(2023, 9, 4))


@pytest.fixture
def known(store: Store) -> Store:
    """A store whose ledger knows a week that both collections hold."""
    put_regular(store, SERIES, OLD)
    put_timeseries(store, SERIES, OLD)
    with store.leases.acquire(SERIES) as lease:
        reconcile(store, lease, SERIES, TODAY)
    return store


def lost(result: Verification, readings: int) -> None:
    assert result.identical
    assert not result.good
    (error,) = result.lost
    assert error.title == "Readings are gone"
    assert f"{readings} readings of" in error.cause
    assert result.to_json()["error"]["title"] == error.title
    assert "Readings are gone: " in " ".join(" ".join(verification_lines(result)).split())
    assert not repaired(result).good
    assert "a backup of MongoDB" in repaired(result).text


def test_the_whole_series_is_gone(known: Store) -> None:
    """No collection names it any more: only the ledger knows that there was one."""
    for collection in (known.readings.regular, known.readings.timeseries):
        collection.drop()
    result = repair(known, TODAY)
    lost(result, len(OLD))
    assert result.status == "identical"
    assert repair(known, TODAY).good, "said once, as by a sync"


def test_some_are_gone_from_both_and_all_others_from_one(known: Store) -> None:
    known.readings.regular.delete_many({"timestamp": {"$lt": OLD[10].start}})
    known.readings.timeseries.delete_many({"meter.prm": SERIES.prm})
    result = repair(known, TODAY)
    lost(result, 10)
    assert result.status == "repaired"
    assert result.timeseries_readings == len(OLD) - 10
