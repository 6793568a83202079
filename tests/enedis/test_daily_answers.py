"""Daily totals and highest powers: both shapes, and what spoils a day of them."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from linky_tui.domain.models import DailyTotal
from linky_tui.enedis.answers import parse
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataKind, DataRequest
from tests.enedis.build import (
    body,
    legacy_curve,
    new_curve,
    request,
)

DAY = "2026-11-16"


def refused(asked: DataRequest, data: object) -> str:
    """The reason for which an answer is refused."""
    with pytest.raises(ApiFault) as caught:
        parse(asked, data if isinstance(data, bytes) else body(data))
    assert caught.value.kind is ApiFaultKind.BAD_ANSWER
    assert caught.value.text
    return caught.value.text


def daily(points: object, **more: Any) -> dict[str, Any]:
    return new_curve(points, **{"quantity": "EA", "unite": "Wh", "pas": "P1D", **more})


TOTALS = request("2026-11-14", "2026-11-17", kind=DataKind.DAILY_TOTALS)


def test_daily_totals_of_both_shapes_are_the_same() -> None:
    new = daily([{"v": "11776", "d": "2026-11-14 00:00:00"}, {"v": "14401", "d": "2026-11-15"}])
    points = [
        {"value": "11776", "date": "2026-11-14"},
        {"value": 14401, "date": "2026-11-15", "interval_length": "P1D", "measure_type": "B"},
        {"value": None, "date": "2026-11-16"},
    ]
    legacy = legacy_curve(points, unit="Wh")
    legacy["reading_type"]["measuring_period"] = "P1D"
    expected = (DailyTotal(date(2026, 11, 14), 11776), DailyTotal(date(2026, 11, 15), 14401))
    assert parse(TOTALS, body(new)).totals == expected
    assert parse(TOTALS, body(legacy)).totals == expected
    assert parse(TOTALS, body(legacy)).ignored_points == 1
    assert parse(TOTALS, body(new)).readings == ()


@pytest.mark.parametrize(
    ("point", "why"),
    [
        ({"v": "1", "d": "2026-11-15 00:30:00"}, "not for a day"),
        ({"v": "8", "d": "2026-11-15"}, "two different totals"),
        ({"v": "-1", "d": "2026-11-15"}, "value"),
        ({"v": "25000001", "d": "2026-11-15"}, "value"),
        ({"v": "1", "d": "2026-11-15", "p": "P1M"}, "not by day"),
    ],
)
def test_a_wrong_daily_total_spoils_that_of_its_day(point: object, why: str) -> None:
    points = [{"v": str(day), "d": f"2026-11-{day}"} for day in (14, 15, 15, 16)]
    points[2] = point  # type: ignore[call-overload]
    answer = parse(TOTALS, body(daily(points)))
    assert why in answer.spoilt[date(2026, 11, 15)]
    assert answer.totals == tuple(DailyTotal(date(2026, 11, day), day) for day in (14, 16))
    assert len(answer.problems) == 1


@pytest.mark.parametrize(
    ("label", "why"),
    [("2026-02-30", "no such date"), ("14/11/2026", "not a date"), (None, "no date")],
)
def test_a_total_without_a_date_may_be_that_of_either_day_beside_it(
    label: object, why: str
) -> None:
    points = [{"v": "7", "d": f"2026-11-{day}"} for day in (14, 15, 16)]
    answer = parse(TOTALS, body(daily([*points[:2], {"v": "1", "d": label}, points[2]])))
    assert answer.totals == (DailyTotal(date(2026, 11, 14), 7),)
    assert sorted(answer.spoilt) == [date(2026, 11, 15), date(2026, 11, 16)]
    assert all(why in each for each in answer.spoilt.values())


@pytest.mark.parametrize("label", ["2026-11-13", "2026-11-17 00:00:00"])
def test_a_total_that_was_not_asked_for_is_left_out(label: str) -> None:
    answer = parse(TOTALS, body(daily([{"v": "7", "d": "2026-11-14"}, {"v": "1", "d": label}])))
    assert answer.totals == (DailyTotal(date(2026, 11, 14), 7),)
    assert answer.spoilt == {}
    assert "not asked for" in str(answer.problems)


def test_daily_totals_are_sorted_and_repeats_dropped() -> None:
    days = ["2026-11-15", "2026-11-14", "2026-11-15"]
    answer = parse(TOTALS, body(daily([{"v": "7", "d": day} for day in days])))
    assert answer.totals == (DailyTotal(date(2026, 11, 14), 7), DailyTotal(date(2026, 11, 15), 7))


def test_the_most_energy_of_a_day_is_taken() -> None:
    points = [{"v": "25000000", "d": "2026-11-14"}, {"v": "", "d": "nonsense"}]
    answer = parse(TOTALS, body(daily(points)))
    assert answer.totals == (DailyTotal(date(2026, 11, 14), 25_000_000),)
    assert answer.ignored_points == 1


@pytest.mark.parametrize(
    "wrong", [{"unite": "kWh"}, {"unite": "W"}, {"pas": "P1M"}, {"quantity": "PA"}]
)
def test_daily_totals_in_other_units_are_refused(wrong: dict[str, str]) -> None:
    refused(TOTALS, daily([{"v": "7", "d": "2026-11-14"}], **wrong))


def test_a_step_may_stand_beside_the_quantities_too() -> None:
    answer = daily([{"v": "7", "d": "2026-11-14"}])
    assert parse(TOTALS, body({**answer, "pas": "P1D"})).totals
    assert "by 'P1M'" in refused(TOTALS, {**answer, "pas": "P1M"})
    assert parse(request(), body({**new_curve([]), "pas": "PT30M"})).readings == ()


@pytest.mark.parametrize("legacy", [False, True])
def test_highest_powers_keep_their_moment(legacy: bool) -> None:
    asked = request("2026-11-14", "2026-11-17", kind=DataKind.MAX_POWER)
    points = [("4638", "2026-11-14 12:06:20"), ("3570", "2026-11-16 21:42:12")]
    if legacy:
        data = legacy_curve([{"value": v, "date": d} for v, d in points], unit="VA")
    else:
        data = daily([{"v": v, "d": d} for v, d in points], quantity="PMA", unite="VA")
    peaks = parse(asked, body(data)).peaks
    assert [(f"{peak.moment:%d %H:%M:%S}", peak.power_va) for peak in peaks] == [
        ("14 11:06:20", 4638),
        ("16 20:42:12", 3570),
    ]
    for other, days in (("2026-11-13", []), ("2026-11-x4", [date(2026, 11, 16)])):
        answer = parse(asked, json.dumps(data).replace("2026-11-14", other).encode())
        assert [peak.moment.day for peak in answer.peaks] == ([] if days else [16])
        assert list(answer.spoilt) == days
    twice = json.loads(json.dumps(data).replace("2026-11-14 12:06:20", "2026-11-16 21:42:12"))
    answer = parse(asked, body(twice))
    assert answer.peaks == ()
    assert "two peaks" in answer.spoilt[date(2026, 11, 16)]
    twice = json.loads(json.dumps(twice).replace("4638", "3570"))
    assert len(parse(asked, body(twice)).peaks) == 1
