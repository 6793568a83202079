"""Answers day by day: daily totals, highest powers, and what spoils a day of any of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from linky_tui.domain.models import DailyTotal
from linky_tui.enedis.answers import parse
from linky_tui.enedis.request import DataKind
from tests.tools.answers import (
    DAY,
    TWO,
    body,
    legacy_curve,
    legacy_point,
    new_curve,
    new_point,
    refused,
    request,
    utc,
)

AT_ONE = f"at '{DAY} 01:00:00'"
THREE_DAYS = request("2026-11-15", "2026-11-18")
BEFORE = [new_point("2026-11-15 12:00:00", "3"), new_point("2026-11-15 12:30:00", "4")]
AFTER = [new_point("2026-11-17 12:00:00", "5"), new_point("2026-11-18 00:00:00", "6")]
"""Of the day before, and of the day after."""


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
    assert not answer.problems


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


def spoilt_day(points: list[Any]) -> str:
    """The reason for which nothing is read of DAY, while the days around it are read."""
    answer = parse(THREE_DAYS, body(new_curve([*BEFORE, *points, *AFTER])))
    assert [reading.power_w for reading in answer.readings] == [3, 4, 5, 6]
    assert list(answer.problems) == list(answer.spoilt) == [date.fromisoformat(DAY)]
    return answer.spoilt[date.fromisoformat(DAY)]


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([new_point(f"{DAY} 00:30:01")], f"the date '{DAY} 00:30:01' is not on a minute"),
        (
            [new_point(f"{DAY} 01:00:00", step=[])],
            f"the step list {AT_ONE}: not a step that divides the hour",
        ),
        ([new_point(f"{DAY} 01:00:00", 2.5)], f"the value 2.5 {AT_ONE}: not a whole number"),
        (
            [new_point(f"{DAY} 01:00:00", 10**7)],
            f"the value 10000000 {AT_ONE}: not between 0 and 1,000,000",
        ),
        (
            [new_point(f"{DAY} 01:00:00", v) for v in (1, 2)],
            "two readings claim Mon 16 Nov 00:30",
        ),
    ],
)
def test_a_spoilt_day_says_what_is_wrong_and_where(points: list[Any], why: str) -> None:
    assert spoilt_day(points) == why


@pytest.mark.parametrize(
    "value",
    [
        "-1", -1, "1.5", 1.5, 12.0, "12.0", 1e308, True, False, "+5", "1_000", "1e3", " 5", "5 ",
        "١٢", "１２", "0x10", "NaN", "null", "1000001", 1_000_001, 10**30, "9" * 5000, [], {},
    ],
)  # fmt: skip
def test_a_value_that_is_no_power_spoils_its_day(value: object) -> None:
    text = spoilt_day([TWO[0], new_point(f"{DAY} 01:00:00", value)])
    assert "value" in text
    assert len(text) <= 200
    answer = parse(request(), body(legacy_curve([legacy_point(f"{DAY} 01:00:00", value)])))
    assert answer.readings == ()
    assert list(answer.spoilt) == [date.fromisoformat(DAY)]


@pytest.mark.parametrize(
    "step", [None, "", "PT0M", "PT7M", "PT45M", "PT90M", "PT2H", "P1D", "30", 30, "pt30m", "PT３0M"]
)
def test_a_step_that_is_none_is_never_guessed(step: object) -> None:
    assert "step" in spoilt_day([new_point(f"{DAY} 01:00:00", step=step)])
    legacy = legacy_curve([legacy_point(f"{DAY} 01:00:00", step=step)])
    assert "step" in parse(request(), body(legacy)).spoilt[date.fromisoformat(DAY)]


def test_points_none_of_which_has_a_date_cannot_be_taken_apart() -> None:
    assert "date" in refused(request(), new_curve([new_point(None), new_point("x")]))
    assert refused(request(), new_curve([new_point(None), new_point(None, None)]))


def test_without_a_step_the_hour_after_midnight_may_be_of_either_day() -> None:
    points = [*BEFORE, new_point(f"{DAY} 00:30:00", step="PT0M"), *AFTER]
    answer = parse(THREE_DAYS, body(new_curve(points)))
    assert [str(day) for day in sorted(answer.spoilt)] == ["2026-11-15", "2026-11-16"]
    assert [reading.power_w for reading in answer.readings] == [5, 6]


@pytest.mark.parametrize(
    "point",
    [
        *map(new_point, (None, 5, "", f"{DAY} 00:30:01", f"{DAY}T00:30:00Z", DAY)),
        {**TWO[1], "value": "120"},
        *("text", 5, [], None),
    ],
)
def test_a_point_without_a_date_spoils_the_day_of_the_points_around_it(point: object) -> None:
    assert spoilt_day([TWO[0], point, TWO[1]])


def test_a_point_without_a_date_between_two_days_spoils_both() -> None:
    for points, days in (
        ([*BEFORE, new_point(None), *TWO, *AFTER], ["2026-11-15", DAY]),
        ([new_point("x"), new_point(None), *BEFORE, *TWO, *AFTER], ["2026-11-15"]),
        ([*BEFORE, *TWO, *AFTER, new_point(None), new_point("x")], ["2026-11-17"]),
        ([*BEFORE, new_point("x"), *AFTER], ["2026-11-15", "2026-11-17"]),
    ):
        answer = parse(THREE_DAYS, body(new_curve(points)))
        assert [str(day) for day in sorted(answer.spoilt)] == days
        left = {"2026-11-15": [3, 4], DAY: [250, 120], "2026-11-17": [5, 6]}
        if TWO[0] not in points:
            del left[DAY]
        kept = [power for day, powers in left.items() if day not in days for power in powers]
        assert [reading.power_w for reading in answer.readings] == kept


def test_a_time_that_march_skips_spoils_that_day() -> None:
    march = request("2026-03-28", "2026-03-30")
    points = [new_point("2026-03-28 12:00:00", "7"), new_point("2026-03-29 02:30:00")]
    answer = parse(march, body(new_curve(points)))
    assert "skip" in answer.spoilt[date(2026, 3, 29)]
    assert [reading.power_w for reading in answer.readings] == [7]


@pytest.mark.parametrize("at", range(4))
def test_an_unsorted_answer_spoils_the_day_of_the_repeated_hour_and_no_other(at: int) -> None:
    labels = ["25 02:00", "25 02:30", "25 03:00"]
    labels.insert(at, "24 23:00" if at else "26 01:00")
    points = [new_point(f"2026-10-{label}:00") for label in labels]
    answer = parse(request("2026-10-24", "2026-10-27"), body(new_curve(points)))
    assert "October" in answer.spoilt[date(2026, 10, 25)]
    assert [reading.end for reading in answer.readings] == [
        utc("2026-10-24 21:00" if at else "2026-10-26 00:00")
    ]


@pytest.mark.parametrize(
    "second",
    [
        new_point(f"{DAY} 01:00:00", "121"),
        new_point(f"{DAY} 01:00:00", "120", step="PT15M"),
        new_point(f"{DAY} 01:00:00", "120", step="PT60M"),
        new_point(f"{DAY} 01:30:00", "120", step="PT60M"),
    ],
)
def test_two_readings_of_the_same_minute_spoil_their_day(second: object) -> None:
    assert "two readings" in spoilt_day([*TWO, second])
    assert "two readings" in spoilt_day([second, *TWO])


@pytest.mark.parametrize("power", ["8", "250"])
@pytest.mark.parametrize("inside", [[], [new_point("2026-11-15 23:50:00", "9", "PT10M")]])
def test_two_readings_that_meet_at_midnight_spoil_both_days(power: str, inside: list[Any]) -> None:
    longer = new_point(f"{DAY} 00:30:00", power, "PT60M")
    points = [*BEFORE, *inside, *TWO, longer, *AFTER]
    answer = parse(THREE_DAYS, body(new_curve(points)))
    assert [str(day) for day in sorted(answer.spoilt)] == ["2026-11-15", DAY]
    assert [reading.power_w for reading in answer.readings] == [5, 6]
