"""The rules and the two shapes of the simulated gateway, without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from linky_tui.demo import payloads, rules
from linky_tui.demo.faults import Fault, FaultKind, FaultQueue
from linky_tui.demo.rules import AnswerShape, FloorAnswer, GatewayRequest, Query, Refusal
from linky_tui.demo.server import ApiServer
from linky_tui.demo.sources import RecordedSource
from linky_tui.domain.models import DailyTotal, Flags, Reading
from tests.tools.real import REAL, needs_real

PRM = "11111111111111"
TODAY = date(2026, 11, 22)
BOTH = tuple(AnswerShape)
NEW, OLD = "courbe_de_charge_consommation", "consumption_load_curve"
NEW_DAILY, OLD_DAILY = "consommation_quotidienne", "daily_consumption"


def request(
    type_name: str = NEW,
    prm: str | None = PRM,
    start: str | None = "2026-11-01",
    end: str | None = "2026-11-08",
    method: str = "GET",
) -> GatewayRequest:
    return GatewayRequest(method, type_name, prm, start, end)


def query(type_name: str = NEW, start: str = "2026-11-01", end: str = "2026-11-08") -> Query:
    return Query(rules.TYPES[type_name], PRM, start, end)


def issue_paths(refusal: Query | Refusal) -> list[Any]:
    assert isinstance(refusal, Refusal)
    assert refusal.status == 400
    body: Any = refusal.body
    assert body["message"] == "Paramètres invalides"
    assert body["error"]["name"] == "ZodError"
    return [issue["path"] for issue in body["error"]["issues"]]


class TestParameters:
    def test_options_is_answered_empty(self) -> None:
        assert rules.check_parameters(request(method="OPTIONS"), BOTH) == Refusal(200, None)

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
    def test_other_methods_get_405_before_anything_else(self, method: str) -> None:
        found = rules.check_parameters(request("x", None, None, None, method), BOTH)
        assert isinstance(found, Refusal)
        assert found.status == 405

    @pytest.mark.parametrize(
        ("asked", "paths"),
        [
            (request("nothing_known"), [["type"]]),
            (request(prm="1234567890123"), [["pointId"]]),
            (request(prm=None), [["pointId"]]),
            (request(start="01/11/2026"), [["dateDebut"]]),
            (request(end="1999-01-01"), [["dateFin"]]),
            (request("x", None, None, ""), [["type"], ["pointId"], ["dateDebut"], ["dateFin"]]),
            (request(OLD, prm="1"), [["pointId"]]),
        ],
    )
    def test_zod_error_names_what_is_wrong(
        self, asked: GatewayRequest, paths: list[list[str]]
    ) -> None:
        assert issue_paths(rules.check_parameters(asked, BOTH)) == paths

    def test_dates_are_not_anchored_and_prm_digits_not_checked(self) -> None:
        asked = request(prm="abcdefghijklmn", start="x2026-13-99", end="2026-11-01T00:00")
        assert isinstance(rules.check_parameters(asked, BOTH), Query)

    @pytest.mark.parametrize(
        ("shape", "known", "unknown"), [("new", NEW, OLD), ("legacy", OLD, NEW)]
    )
    def test_types_of_a_shape_that_the_host_lacks_are_unknown(
        self, shape: str, known: str, unknown: str
    ) -> None:
        assert isinstance(rules.check_parameters(request(known), {shape}), Query)
        assert issue_paths(rules.check_parameters(request(unknown), {shape})) == [["type"]]

    @pytest.mark.parametrize(
        ("header", "token"),
        [(None, None), ("", None), ("Bearer", None), ("Bearer ", None), ("Bearer abc", "abc")],
    )
    def test_bearer(self, header: str | None, token: str | None) -> None:
        assert rules.bearer(header) == token


def check(
    asked: Query,
    *,
    activated: date | None = None,
    curve_from: date | None = None,
    floor_answer: FloorAnswer = FloorAnswer.ERROR,
) -> tuple[int, str] | tuple[date, date]:
    found = rules.check_window(
        asked, today=TODAY, activated=activated, curve_from=curve_from, floor_answer=floor_answer
    )
    return (found.status, found.code) if isinstance(found, Refusal) else found


def test_a_day_begins_for_the_gateway_when_it_begins_in_utc() -> None:
    """Half past midnight in Paris is the evening before."""
    for clock, status in (("21T23:30", 400), ("22T00:00", 404)):
        now = datetime.fromisoformat(f"2026-11-{clock}+00:00")
        with ApiServer({PRM: RecordedSource([])}, clock=lambda: now) as server:  # noqa: B023
            asked = request(start="2026-11-21", end="2026-11-22")
            token = f"Bearer {server.token}"
            reply, _ = server.gateway.answer(replace(asked, authorization=token))
        assert reply is not None
        assert reply.status == status


class TestWindow:
    @pytest.mark.parametrize(
        ("type_name", "start", "end", "expected"),
        [
            (NEW, "2026-11-01", "2026-11-01", (400, "ADAM-ERR0002")),
            (OLD, "2026-11-02", "2026-11-01", (400, "Invalid_request")),
            (NEW, "x2026-11-01", "2026-11-02", (400, "ADAM-ERR0002")),
            (OLD, "2026-13-99", "2026-11-02", (400, "Invalid_request")),
            (NEW, "2026-11-20", "2026-11-23", (400, "invalid_request")),
            (NEW, "2026-11-15", "2026-11-22", (date(2026, 11, 15), date(2026, 11, 22))),
            (NEW, "2026-11-14", "2026-11-22", (400, "ADAM-ERR0126")),
            (NEW, "2024-11-07", "2024-11-14", (date(2024, 11, 7), date(2024, 11, 14))),
            (OLD, "2024-11-06", "2024-11-13", (400, "ADAM-ERR0125")),
            (NEW_DAILY, "2023-11-07", "2026-11-22", (date(2023, 11, 7), TODAY)),
            (OLD_DAILY, "2023-11-06", "2026-11-22", (400, "ADAM-ERR0125")),
            (OLD_DAILY, "2026-11-20", "2026-11-23", (400, "invalid_request")),
        ],
    )
    def test_span_depth_and_order(
        self, type_name: str, start: str, end: str, expected: tuple[Any, Any]
    ) -> None:
        assert check(query(type_name, start, end)) == expected

    @pytest.mark.parametrize("type_name", [NEW, OLD, NEW_DAILY, OLD_DAILY])
    def test_before_activation_fails_the_whole_window(self, type_name: str) -> None:
        asked = query(type_name, "2026-11-01", "2026-11-08")
        assert check(asked, activated=date(2026, 11, 2)) == (400, "ADAM-ERR0123")
        assert check(asked, activated=date(2026, 11, 1)) == (date(2026, 11, 1), date(2026, 11, 8))

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (FloorAnswer.ERROR, (400, "ADAM-ERR0123")),
            (FloorAnswer.CONSENT, (403, "ADAM-DC-0009")),
            (FloorAnswer.EMPTY, (date(2026, 11, 1), date(2026, 11, 8))),
        ],
    )
    def test_before_hourly_collection(self, answer: FloorAnswer, expected: tuple[Any, Any]) -> None:
        floor = date(2026, 11, 3)
        assert check(query(), curve_from=floor, floor_answer=answer) == expected
        days = check(query(NEW_DAILY), curve_from=floor, floor_answer=answer)
        assert days == (date(2026, 11, 1), date(2026, 11, 8)), "daily totals reach further back"


@pytest.mark.parametrize(
    ("now", "late", "day"),
    [
        (datetime(2026, 11, 22, 6, 59, tzinfo=UTC), 0, date(2026, 11, 20)),  # 07:59 in Paris
        (datetime(2026, 11, 22, 7, 0, tzinfo=UTC), 0, date(2026, 11, 21)),
        (datetime(2026, 7, 22, 6, 0, tzinfo=UTC), 0, date(2026, 7, 21)),  # 08:00 in summer
        (datetime(2026, 11, 22, 7, 0, tzinfo=UTC), 1, date(2026, 11, 20)),
    ],
)
def test_yesterday_is_published_at_eight_in_paris(now: datetime, late: int, day: date) -> None:
    assert rules.last_published(now, late) == day


def recorded(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    new = json.loads((REAL / f"v2-{name}.json").read_text(encoding="utf-8"))
    legacy = json.loads((REAL / f"v5-{name}.json").read_text(encoding="utf-8"))
    return new, legacy


def readings_of(expected: dict[str, Any], points: list[dict[str, str]]) -> Iterator[Reading]:
    """Starts rebuilt without looking at a label: from the known first instant, step by step."""
    at = datetime.fromisoformat(expected["first_utc"])
    for point in points:
        minutes = int(point["p"][2:-1])
        yield Reading(at, minutes, int(point["v"]))
        at += timedelta(minutes=minutes)


@needs_real
@pytest.mark.parametrize(
    "name",
    [
        "ordinary-week",
        "march-2024-clock-change",
        "october-2022-clock-change",
        "october-2023-clock-change",
        "step-30-to-60",
    ],
)
def test_both_shapes_are_those_of_real_weeks_to_the_letter(name: str) -> None:
    """Labels, order, strings and keys: the simulator writes what the real files hold."""
    new, legacy = recorded(name)
    expected = json.loads((REAL / "expected.json").read_text(encoding="utf-8"))[name]
    readings = list(readings_of(expected, new["grandeur"][0]["points"]))
    start, end = legacy["start"], legacy["end"]
    assert payloads.load_curve(query(NEW, start, end), readings) == new
    assert payloads.load_curve(query(OLD, start, end), readings) == legacy


def test_october_writes_the_repeated_hour_twice_and_march_skips_one() -> None:
    def labels(first: datetime, count: int) -> list[str]:
        readings = [Reading(first + timedelta(minutes=30 * n), 30, 200) for n in range(count)]
        points = payloads.points_of(payloads.load_curve(query(), readings))
        return [(point["d"] or "")[11:16] for point in points]

    october = labels(datetime(2026, 10, 24, 22, tzinfo=UTC), 50)
    assert october[2:9] == ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30"]
    assert october[-1] == "00:00"
    march = labels(datetime(2026, 3, 28, 23, tzinfo=UTC), 46)
    assert march[1:4] == ["01:00", "01:30", "03:00"]


def test_flags_show_in_the_new_shape_only() -> None:
    reading = Reading(datetime(2026, 11, 1, tzinfo=UTC), 30, 200, Flags(iv=2, ec=11))
    new = payloads.points_of(payloads.load_curve(query(NEW), [reading]))[0]
    legacy = payloads.points_of(payloads.load_curve(query(OLD), [reading]))[0]
    assert (new["n"], new["iv"], new["ec"]) == ("B", "2", "11")
    assert set(legacy) == {"value", "date", "interval_length", "measure_type"}


def test_daily_totals_in_both_shapes() -> None:
    totals = [DailyTotal(date(2026, 11, 1), 11776), DailyTotal(date(2026, 11, 2), 14401)]
    new = payloads.daily_totals(query(NEW_DAILY), totals)
    assert payloads.points_of(new) == [
        {"v": "11776", "d": "2026-11-01"},
        {"v": "14401", "d": "2026-11-02"},
    ]
    assert (new["modeCalcul"], new["typeValeur"], new["pas"]) == ("DIFF.INDEX", "GLOBALE", "P1D")
    grandeur: Any = new["grandeur"]
    assert (grandeur[0]["grandeurPhysique"], grandeur[0]["unite"]) == ("EA", "Wh")
    legacy = payloads.daily_totals(query(OLD_DAILY), totals)
    assert payloads.points_of(legacy)[0] == {"value": "11776", "date": "2026-11-01"}
    reading_type: Any = legacy["reading_type"]
    assert reading_type["unit"] == "Wh"


def day_of_readings(power_w: int = 400) -> list[Reading]:
    first = datetime(2026, 11, 9, 23, tzinfo=UTC)
    return [Reading(first + timedelta(minutes=30 * n), 30, power_w) for n in range(48)]


class TestRecordedSource:
    def test_totals_only_for_complete_days(self) -> None:
        readings = day_of_readings()
        window = date(2026, 11, 1), date(2026, 11, 20)
        assert RecordedSource(readings).daily(*window) == [DailyTotal(date(2026, 11, 10), 9600)]
        assert RecordedSource(readings[:-1]).daily(*window) == []
        given = [DailyTotal(date(2026, 11, 10), 1)]
        assert RecordedSource(readings, given).daily(*window) == given

    def test_curve_is_sorted_and_cut_to_paris_days(self) -> None:
        source = RecordedSource(reversed(day_of_readings()))
        assert source.curve(date(2026, 11, 10), date(2026, 11, 11)) == day_of_readings()
        assert source.curve(date(2026, 11, 9), date(2026, 11, 10)) == []

    def test_corrections_and_removals(self) -> None:
        source = RecordedSource(day_of_readings())
        source.correct(day_of_readings()[0].start, 1000)
        assert source.daily(date(2026, 11, 10), date(2026, 11, 11))[0].energy_wh == 9900
        source.remove(date(2026, 11, 10), date(2026, 11, 10))
        assert source.curve(date(2026, 11, 1), date(2026, 11, 20)) == []
        assert source.daily(date(2026, 11, 1), date(2026, 11, 20)) == []


class TestFaultQueue:
    def test_after_times_and_order(self) -> None:
        queue = FaultQueue()
        queue.add(Fault("reset", after=1, times=2))
        queue.add(Fault("silent", times=None))
        met = [queue.take(request(), good_answer=True) for _ in range(5)]
        kinds = [fault.kind if fault else None for fault in met]
        assert kinds == ["silent", "reset", "reset", "silent", "silent"]
        queue.clear()
        assert queue.take(request(), good_answer=True) is None

    def test_types_predicate_and_good_answers_only(self) -> None:
        queue = FaultQueue()
        queue.add(Fault(FaultKind.NULLS, types=(NEW,), when=lambda r: r.start == "2026-11-01"))
        assert queue.take(request(OLD), good_answer=True) is None
        assert queue.take(request(start="2026-10-01"), good_answer=True) is None
        assert queue.take(request(), good_answer=False) is None
        assert queue.take(request(), good_answer=True) is not None
        assert queue.take(request(), good_answer=True) is None
