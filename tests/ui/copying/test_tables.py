"""The data of every chart as CSV: all of it, exact, as MongoDB holds it."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from linky_tui.domain.models import Reading
from linky_tui.domain.paris import ONE_DAY, PARIS
from linky_tui.storage.store import Store
from linky_tui.ui.charts.page import LOADERS
from linky_tui.ui.charts.request import Against, ChartRequest, View
from linky_tui.ui.copying.tables import plot_text
from linky_tui.ui.plots.periods import Period, Span
from linky_tui.words.copied import Form
from tests.tools.app import FIRST_DAY, FIRST_TOTAL, SERIES, YESTERDAY, StoredHome

MONTH = date(2026, 11, 1)
LONG_DAY = date(2026, 10, 25)


@pytest.fixture
def store(stored_home: StoredHome, tmp_path: Path) -> Iterator[Store]:
    with stored_home.open(tmp_path) as opened:
        yield opened


def copied(
    store: Store, view: View, span: Span, day: date = YESTERDAY, against: Against = Against.NOTHING
) -> list[dict[str, str]]:
    period = Period(span, day, FIRST_TOTAL, YESTERDAY)
    asked = ChartRequest(SERIES, view, period, against, YESTERDAY, FIRST_DAY)
    plot = LOADERS[view](store, asked).plot
    assert plot is not None
    return list(csv.DictReader(io.StringIO(plot_text(plot, "A title", Form.CSV))))


def days_of(home: StoredHome, first: date) -> dict[date, list[Reading]]:
    found: dict[date, list[Reading]] = defaultdict(list)
    for each in home.readings(first):
        found[each.start.astimezone(PARIS).date()].append(each)
    return found


def wh(readings: list[Reading]) -> float:
    return sum(each.power_w * each.interval_min for each in readings) / 60


def test_a_day_of_25_hours_has_all_its_times(store: Store, stored_home: StoredHome) -> None:
    stored = days_of(stored_home, LONG_DAY)[LONG_DAY]
    times = [each.start.astimezone(PARIS).isoformat(timespec="minutes") for each in stored]
    found = copied(store, View.CURVE, Span.DAY, LONG_DAY)
    assert [(row["when"], int(row["power (W)"])) for row in found] == [
        (time, each.power_w) for time, each in zip(times, stored, strict=True)
    ]
    assert len({row["when"] for row in found}) == 50
    hours = copied(store, View.ENERGY, Span.DAY, LONG_DAY)
    assert [row["when"] for row in hours] == times[::2]
    assert sum(float(row["energy (Wh)"]) for row in hours) == pytest.approx(wh(stored))


def test_the_days_of_a_month(store: Store, stored_home: StoredHome) -> None:
    days = days_of(stored_home, MONTH)
    energies = copied(store, View.ENERGY, Span.MONTH)
    assert {row["when"]: float(row["energy (Wh)"]) for row in energies} == pytest.approx(
        {day.isoformat(): wh(readings) for day, readings in days.items()}
    )
    curve = copied(store, View.CURVE, Span.MONTH)
    powers = {day: [each.power_w for each in readings] for day, readings in days.items()}
    assert [(row["when"], row["lowest (W)"], row["highest (W)"]) for row in curve] == [
        (day.isoformat(), str(min(each)), str(max(each))) for day, each in powers.items()
    ]


def test_a_map_has_every_half_hour(store: Store, stored_home: StoredHome) -> None:
    first = YESTERDAY - timedelta(days=YESTERDAY.weekday())
    stored = {
        f"{each.start.astimezone(PARIS):%Y-%m-%dT%H:%M}": each.power_w
        for each in stored_home.readings(first)
    }
    found = copied(store, View.HEAT, Span.WEEK)
    assert {row["when"]: float(row["power (W)"]) for row in found} == stored


def test_what_is_compared_has_a_column_of_its_own(store: Store, stored_home: StoredHome) -> None:
    days = days_of(stored_home, YESTERDAY - ONE_DAY)
    found = copied(store, View.CURVE, Span.DAY, against=Against.BEFORE)
    one, other = [name for name in found[0] if name.startswith("power")]
    for name, day in ((one, YESTERDAY), (other, YESTERDAY - ONE_DAY)):
        assert [int(row[name]) for row in found] == [each.power_w for each in days[day]]
    both = copied(store, View.AVERAGE, Span.MONTH)
    half = [row for row in both if row["when"].startswith("10:00")]
    at_ten: dict[bool, list[int]] = {True: [], False: []}
    for day, readings in days_of(stored_home, MONTH).items():
        at_ten[day.weekday() >= 5].append(readings[20].power_w)
    working, weekend = [name for name in both[0] if name.startswith("power")]
    assert float(half[0][working]) == pytest.approx(sum(at_ten[False]) / len(at_ten[False]))
    assert float(half[0][weekend]) == pytest.approx(sum(at_ten[True]) / len(at_ten[True]))


def test_years_and_duration(store: Store, stored_home: StoredHome) -> None:
    november = wh(stored_home.readings(MONTH))
    years = copied(store, View.YEARS, Span.YEAR)
    assert {row["when"]: row for row in years}["2026-11"]["energy (Wh)"] == f"{november:.10g}"
    most = max(each.power_w for each in stored_home.readings(MONTH))
    duration = copied(store, View.DURATION, Span.MONTH)
    assert len(duration) == 101
    assert float(duration[0]["power (W)"]) == most
