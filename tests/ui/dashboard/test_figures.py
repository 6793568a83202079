"""The dashboard's figures, against values computed directly from the readings."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from linky_tui.demo.household import Household
from linky_tui.domain.coverage import DayRecord, DayStatus, day_coverage, status_of
from linky_tui.domain.models import Reading, Series
from linky_tui.domain.paris import PARIS, days_between
from linky_tui.storage.queries import readings_of_hours
from linky_tui.text.formatting import NOTHING, kwh_text
from linky_tui.ui.dashboard.figures import (
    HomeFacts,
    RequestsToday,
    base_load,
    change_text,
    coverage,
    dashboard_figures,
    last_seven_days,
    percentile_w,
    requests_today,
    this_month,
    yesterday,
)
from tests.tools.stored import open_store, put_regular

TODAY = date(2026, 11, 22)
YESTERDAY = date(2026, 11, 21)
FIRST = date(2024, 11, 22)
HOME = Household("12345678901234")
READINGS = HOME.readings(FIRST, YESTERDAY)
RESETS = datetime(2026, 11, 23, tzinfo=UTC)


def energies(readings: Iterable[Reading]) -> dict[date, float]:
    """By Paris day in kWh, the plain way."""
    found: dict[date, float] = defaultdict(float)
    for each in readings:
        found[each.start.astimezone(PARIS).date()] += each.power_w * each.interval_min / 60_000
    return found


def ledger(readings: list[Reading], *, totals: bool = True) -> dict[date, DayRecord]:
    """The ledger of the last 24 months, as the store makes it."""
    by_day: dict[date, list[Reading]] = defaultdict(list)
    for each in readings:
        by_day[each.start.astimezone(PARIS).date()].append(each)
    records = {}
    for day in days_between(FIRST, YESTERDAY):
        found = day_coverage(day, by_day[day])
        total = HOME.daily_total(day) if totals else None
        status = status_of(day, found, today=TODAY, attempts=2, concluded=False, enedis_wh=total)
        records[day] = DayRecord(
            day,
            found.minutes_expected,
            found.minutes_covered,
            found.readings,
            found.energy_wh,
            total,
            status,
            2,
            None,
        )
    return records


RECORDS = ledger(READINGS)
KWH = energies(READINGS)
NIGHTS = [
    each
    for each in READINGS
    if 1 <= each.start.astimezone(PARIS).hour < 5
    and each.start.astimezone(PARIS).date() >= TODAY - timedelta(days=30)
]


def facts(
    records: Mapping[date, DayRecord] = RECORDS,
    *,
    today: date = TODAY,
    nights: list[Reading] = NIGHTS,
) -> HomeFacts:
    return HomeFacts(today, records, nights, RequestsToday(3, 80, RESETS))


def percent(value: float, reference: float) -> str:
    return f"{round((value / reference - 1) * 100):+d} %"


def without(*days: date) -> dict[date, DayRecord]:
    return {day: record for day, record in RECORDS.items() if day not in days}


def test_yesterday_against_the_median_of_the_weekends_of_eight_weeks() -> None:
    assert YESTERDAY.weekday() == 5
    usual = statistics.median(
        KWH[day]
        for day in days_between(date(2026, 9, 26), date(2026, 11, 20))
        if day.weekday() in (5, 6)
    )
    figure = yesterday(facts())
    assert figure.value_text == kwh_text(KWH[YESTERDAY] * 1000)
    assert figure.comparison_text == f"{percent(KWH[YESTERDAY], usual)} vs usual"
    assert (figure.reason, figure.span_text) == ("", "Sat 21 Nov")


def test_yesterday_on_a_working_day_is_compared_with_working_days() -> None:
    friday = date(2026, 11, 20)
    usual = statistics.median(
        KWH[day]
        for day in days_between(friday - timedelta(days=56), friday - timedelta(days=1))
        if day.weekday() < 5
    )
    figure = yesterday(facts(today=YESTERDAY))
    assert figure.comparison_text == f"{percent(KWH[friday], usual)} vs usual"


def test_yesterday_is_a_dash_while_it_is_missing_or_partial() -> None:
    assert yesterday(facts(without(YESTERDAY))).reason == "not fetched yet"
    half = ledger(
        [each for each in READINGS if each.start < datetime(2026, 11, 21, 11, tzinfo=UTC)]
    )
    half[YESTERDAY] = replace(half[YESTERDAY], enedis_wh=None)
    figure = yesterday(facts(half))
    assert (figure.value_text, figure.reason) == (NOTHING, "12 of 24 h so far")


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_partial_day_on_which_the_clock_changes_is_told_with_its_own_hours(
    day: date, hours: int
) -> None:
    partial = replace(RECORDS[day], minutes_covered=660, status=DayStatus.PARTIAL, enedis_wh=None)
    figure = yesterday(facts({day: partial}, today=day + timedelta(days=1)))
    assert figure.reason == f"11 of {hours} h so far"


def test_yesterday_without_history_has_no_usual() -> None:
    days = list(days_between(date(2026, 11, 15), YESTERDAY))
    figure = yesterday(facts({day: RECORDS[day] for day in days}))
    assert figure.value_text == kwh_text(KWH[YESTERDAY] * 1000)
    assert (figure.comparison_text, figure.reason) == ("", "too new for usual")


def test_last_seven_days_against_the_seven_before() -> None:
    now = sum(KWH[day] for day in days_between(date(2026, 11, 15), YESTERDAY))
    before = sum(KWH[day] for day in days_between(date(2026, 11, 8), date(2026, 11, 14)))
    figure = last_seven_days(facts())
    assert figure.value_text == kwh_text(now * 1000)
    assert figure.comparison_text == f"{percent(now, before)} vs before"
    assert figure.span_text == "15 to 21 Nov"
    assert last_seven_days(facts(today=date(2026, 11, 4))).span_text == "28 Oct to 3 Nov"


def test_a_missing_day_is_left_out_of_both_sides_and_said() -> None:
    gone = date(2026, 11, 18)
    days = [day for day in days_between(date(2026, 11, 15), YESTERDAY) if day != gone]
    now = sum(KWH[day] for day in days)
    before = sum(KWH[day - timedelta(days=7)] for day in days)
    figure = last_seven_days(facts(without(gone)))
    assert figure.value_text == kwh_text(now * 1000)
    assert figure.comparison_text == f"{percent(now, before)} vs before"
    assert figure.span_text == "6 of 7 days"


def test_this_month_against_the_same_days_a_year_ago() -> None:
    days = list(days_between(date(2026, 11, 1), YESTERDAY))
    now = sum(KWH[day] for day in days)
    year_ago = sum(KWH[day.replace(year=2025)] for day in days)
    figure = this_month(facts())
    assert figure.value_text == kwh_text(now * 1000)
    assert figure.comparison_text == f"{percent(now, year_ago)} vs 2025"
    assert figure.span_text == "1 to 21 Nov"


def test_this_month_compares_only_days_that_are_known_in_both_years() -> None:
    gone = [date(2025, 11, day) for day in range(1, 8)]
    days = list(days_between(date(2026, 11, 8), YESTERDAY))
    year_ago = sum(KWH[day.replace(year=2025)] for day in days)
    figure = this_month(facts(without(*gone)))
    assert figure.comparison_text == f"{percent(sum(KWH[d] for d in days), year_ago)} vs 2025"


def test_this_month_without_last_year_has_no_comparison() -> None:
    gone = [date(2025, 11, day) for day in range(1, 31)]
    assert this_month(facts(without(*gone))).reason == "no data 2025"


def test_this_month_on_its_first_days_and_in_a_leap_year() -> None:
    assert this_month(facts(today=date(2026, 11, 1))).reason == "starts today"
    assert this_month(facts(today=date(2026, 11, 2))).span_text == "1 Nov"
    days = list(days_between(date(2024, 2, 1), date(2024, 2, 29)))
    one = replace(RECORDS[YESTERDAY], energy_wh=1000, enedis_wh=1000)
    records = {day: replace(one, day=day) for day in days}
    records |= {day.replace(year=2023): one for day in days[:-1]}
    figure = this_month(facts(records, today=date(2024, 3, 1) - timedelta(days=1)))
    assert figure.comparison_text == "same as 2023"


def test_days_whose_curve_has_a_hole_count_with_the_total_of_enedis() -> None:
    hole = date(2026, 3, 9)
    assert RECORDS[hole].status is DayStatus.PARTIAL
    assert facts().energy_wh(hole) == HOME.daily_total(hole) > RECORDS[hole].energy_wh
    assert HomeFacts(TODAY, ledger(READINGS, totals=False), (), None).energy_wh(hole) is None


def test_base_load_is_the_tenth_percentile_of_the_nights_and_its_share() -> None:
    watts = sorted(each.power_w for each in NIGHTS)
    assert len(watts) == 242, "8 a night, and 2 more in the night of 25 October"
    expected = watts[math.ceil(len(watts) / 10) - 1]
    hours = 24 * 30 + 1
    kwh = sum(KWH[day] for day in days_between(TODAY - timedelta(days=30), YESTERDAY))
    figure = base_load(facts())
    assert figure.value_text == f"{expected} W"
    assert figure.comparison_text == f"{expected * hours / kwh / 10:.0f} % of all use"


def test_base_load_needs_some_nights() -> None:
    assert base_load(facts(nights=NIGHTS[-48:])).reason == "needs 7 nights"
    assert base_load(facts(nights=NIGHTS[-56:])).reason == ""


def test_percentiles_weigh_hourly_readings_twice() -> None:
    at = datetime(2026, 4, 3, tzinfo=UTC)
    readings = [Reading(at, 60, 100), Reading(at, 30, 200), Reading(at, 30, 300)]
    assert [percentile_w(readings, each) for each in (1, 50, 51, 75, 76, 100)] == [
        100, 100, 200, 200, 300, 300,
    ]  # fmt: skip


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 21)])
def test_the_database_finds_the_readings_of_the_night(
    day: date, mongod_uri: str, mongo_database_name: str, tmp_path: Path
) -> None:
    days = (day - timedelta(days=1), day + timedelta(days=1))
    readings = HOME.readings(*days)
    series = Series(HOME.prm)
    with open_store(mongod_uri, mongo_database_name, tmp_path) as store:
        put_regular(store, series, readings)
        found = readings_of_hours(store, series, *days, range(1, 5))
    assert found == [each for each in readings if each.start.astimezone(PARIS).hour in range(1, 5)]
    hours = {3: 22, 10: 26}.get(day.month, 24)
    assert len(found) == hours


def test_coverage_counts_complete_and_certified_days_of_24_months() -> None:
    minutes: dict[date, int] = defaultdict(int)
    for each in READINGS:
        minutes[each.start.astimezone(PARIS).date()] += each.interval_min
    complete = sum(covered >= 1380 for covered in minutes.values())
    figure = coverage(facts())
    assert figure.value_text == f"{complete} / 730 days"
    assert figure.comparison_text == f"{complete} certified"


def test_coverage_does_not_expect_days_from_before_the_hourly_collection() -> None:
    start = date(2026, 11, 1)
    records = {
        day: record
        if day >= start
        else replace(record, readings=0, status=DayStatus.NO_DATA, energy_wh=0)
        for day, record in RECORDS.items()
    }
    assert coverage(facts(records)).value_text == "21 / 21 days"
    while_fetching = {day: record for day, record in records.items() if day >= start}
    assert coverage(facts(while_fetching)).value_text == "21 / 730 days"


def test_requests_left_and_when_the_next_ones_come() -> None:
    figure = requests_today(RequestsToday(3, 80, RESETS))
    assert (figure.value_text, figure.comparison_text) == ("77 of 80 left", "resets at 01:00")
    blocked = requests_today(RequestsToday(80, 80, RESETS, blocked=True))
    assert (blocked.value_text, blocked.comparison_text) == ("0 of 80 left", "address blocked")
    summer = RequestsToday(95, 90, datetime(2026, 7, 2, tzinfo=UTC))
    figure = requests_today(summer)
    assert (figure.value_text, figure.comparison_text) == ("0 of 90 left", "resets at 02:00")
    assert requests_today(RequestsToday(12, None, RESETS)).value_text == "no limit"
    assert requests_today(None).value_text == NOTHING


def test_with_nothing_stored_every_figure_is_a_dash_with_a_reason() -> None:
    figures = dashboard_figures(HomeFacts(TODAY, {}, (), None))
    assert [figure.value_text for figure in figures] == [NOTHING] * 6
    assert all(figure.reason and not figure.comparison_text for figure in figures)


@pytest.mark.parametrize(
    ("value", "reference", "text"),
    [
        (94, 100, "-6 % vs usual"),
        (100.4, 100, "same as usual"),
        (5000, 10, ">+999 % vs usual"),
        (5, 0, ""),
        (0, 5, "-100 % vs usual"),
    ],
)
def test_changes_in_words(value: float, reference: float, text: str) -> None:
    assert change_text(value, reference, "usual") == text
