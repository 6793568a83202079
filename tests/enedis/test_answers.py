"""Answers of both shapes: each day read exactly or not at all."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linky_tui.domain.models import Flags, Flow
from linky_tui.enedis.answers import Answer, parse
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataKind, Shape
from tests.tools.answers import (
    DAY,
    PRM,
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


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        (new_curve(TWO), Shape.NEW),
        (
            legacy_curve(
                [legacy_point(f"{DAY}T00:30:00", 250), legacy_point(f"{DAY} 01:00", "120")]
            ),
            Shape.LEGACY,
        ),
        ({"meter_reading": legacy_curve([])}, Shape.LEGACY),
    ],
)
def test_the_shape_is_recognised_by_its_keys(data: dict[str, Any], shape: Shape) -> None:
    answer = parse(request(), body(data))
    assert answer.shape is shape
    found = [(reading.start, reading.power_w) for reading in answer.readings]
    both = [(utc("2026-11-15 23:00"), 250), (utc("2026-11-15 23:30"), 120)]
    assert found == ([] if "meter_reading" in data else both)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert len(parse(request(), b"\xef\xbb\xbf" + body(new_curve(TWO))).readings) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"grandeur"',
        b"{}",
        b'{"status":200,"message":"ok"}',
        b"<!DOCTYPE html><title>Just a moment...</title>",
        b'{"grandeur": [',
        b'{"grandeur": [], "grandeur": []}',
        b'{"grandeur": [], "contexte": NaN}',
        b'{"grandeur": [], "contexte": -Infinity}',
        b"\xff\xfe{\x00}\x00",
        b'{"grandeur": "\xff"}',
        b'{"grandeur": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"grandeur": ' + b"9" * 5000 + b"}",
        b'{"grandeur": null}',
        b'{"grandeur": {}}',
        b'{"grandeur": [null]}',
        b'{"grandeur": [], "interval_reading": []}',
        b'{"meter_reading": null}',
        b'{"meter_reading": {}}',
        b'{"interval_reading": null}',
        b'{"interval_reading": ["a"]}',
        b'{"interval_reading": [], "usage_point_id": "\\ud800"}',
    ],
)
def test_what_is_no_answer_is_refused(content: bytes) -> None:
    assert "\ud800" not in refused(request(), content)


NO_DATA = "the answer holds no data under a known key"
AT_ONE = f"at '{DAY} 01:00:00'"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"  <html>", "the answer is a web page, not data"),
        (b"{", "the answer is not JSON, or not readable JSON"),
        (b"[]", "the answer is not a JSON object"),
        ({"grandeur": [], "interval_reading": []}, "the answer holds its data under several keys"),
        ({"status": 200, "message": "ok"}, f"{NO_DATA}: ok"),
        ({"message": 1, "error": "no"}, f"{NO_DATA}: no"),
        (dict.fromkeys("abcdef"), f"{NO_DATA}: a, b, c, d, e"),
        ({"grandeur": {}}, "the answer's grandeur is not a list of objects"),
        (new_curve([{}, []]), "a point is not an object"),
        (legacy_curve({}), "the answer's interval_reading is not a list of objects"),
        ({"meter_reading": {}}, "the answer's meter_reading holds no interval_reading"),
        ({**legacy_curve([]), "reading_type": "W"}, "the answer's reading_type is not an object"),
        (new_curve([], unite="kW"), "the answer is in 'kW', not in W"),
        (new_curve([new_point(None)]), "a point has no date"),
        (new_curve([new_point("x")]), "the date 'x': not a date and time of this century"),
        (
            new_curve([new_point(f"{DAY}T00:30:00Z")]),
            f"the date '{DAY}T00:30:00Z': an offset that Paris does not have then",
        ),
    ],
)
def test_a_refusal_says_what_is_wrong_and_where(data: object, why: str) -> None:
    assert refused(request(), data).startswith(why)


@settings(derandomize=True)
@given(st.binary(max_size=200))
def test_any_bytes_give_an_answer_or_a_fault(content: bytes) -> None:
    with pytest.raises(ApiFault):
        parse(request(), content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(list(DataKind)),
    field=st.sampled_from(["v", "d", "p", "n", "iv", "ec", "value", "date", "interval_length"]),
    where=st.sampled_from(["point", "entry", "answer"]),
    key=st.sampled_from(
        ["idPrm", "grandeur", "grandeurMetier", "unite", "pas", "points", "reading_type"]
    ),
    value=JSON,
    legacy=st.booleans(),
)
def test_any_json_gives_an_answer_or_a_fault(
    kind: DataKind, field: str, where: str, key: str, value: object, legacy: bool
) -> None:
    point = legacy_point(f"{DAY} 00:30:00") if legacy else new_point(f"{DAY} 00:30:00")
    if where == "point":
        point[field] = value
    data = legacy_curve([point]) if legacy else new_curve([point])
    if where == "entry" and not legacy:
        data["grandeur"][0][key] = value
    if where == "answer":
        data[key] = value
    outcome: Answer | ApiFault
    try:
        outcome = parse(request(kind=kind), body(data))
    except ApiFault as fault:
        outcome = fault
    assert isinstance(outcome, Answer) or outcome.kind is ApiFaultKind.BAD_ANSWER
    str(outcome).encode()


def test_an_answer_for_another_meter_is_refused() -> None:
    other = "99999999999999"
    for data in (new_curve(TWO, prm=other), legacy_curve([], prm=other), new_curve(TWO, prm=[])):
        assert "another meter" in refused(request(), data)
    assert other not in refused(request(), new_curve(TWO, prm=other))


@pytest.mark.parametrize("prm", [None, int(PRM)])
def test_an_answer_that_names_no_meter_or_names_it_as_a_number_is_taken(prm: object) -> None:
    assert len(parse(request(), body(new_curve(TWO, prm=prm))).readings) == 2
    short = request(prm="01234567890123")
    assert len(parse(short, body(new_curve(TWO, prm=1234567890123))).readings) == 2


def test_the_asked_quantity_is_picked_wherever_it_stands() -> None:
    production = new_curve([new_point(f"{DAY} 00:30:00", "7")], measure="PROD")
    reactive = new_curve([new_point(f"{DAY} 00:30:00", "9")], quantity="PRI", unite="VAr")
    data = new_curve(TWO)
    data["grandeur"] = production["grandeur"] + reactive["grandeur"] + data["grandeur"]
    assert [r.power_w for r in parse(request(), body(data)).readings] == [250, 120]
    asked = request(flow=Flow.PRODUCTION)
    assert [r.power_w for r in parse(asked, body(data)).readings] == [7]


def test_several_entries_of_the_asked_quantity_are_one_curve() -> None:
    data = new_curve(TWO[:1])
    data["grandeur"] += new_curve(TWO[1:])["grandeur"]
    assert [r.power_w for r in parse(request(), body(data)).readings] == [250, 120]


def test_only_another_quantity_is_no_answer_but_none_at_all_is_an_empty_one() -> None:
    assert "CONS" in refused(request(), new_curve(TWO, measure="PROD"))
    assert "PA" in refused(request(), new_curve(TWO, quantity="EA"))
    assert parse(request(), body({"idPrm": PRM, "grandeur": []})).readings == ()


@pytest.mark.parametrize("unit", ["kW", "Wh", "", 1, "w"])
def test_another_unit_is_refused(unit: Any) -> None:
    assert "W" in refused(request(), new_curve(TWO, unite=unit))
    assert "W" in refused(request(), legacy_curve([], unit=unit))


def test_a_legacy_answer_may_lack_its_reading_type() -> None:
    data = legacy_curve([legacy_point(f"{DAY} 00:30:00")])
    del data["reading_type"]
    assert len(parse(request(), body(data)).readings) == 1


def test_a_point_that_is_of_both_generations_is_refused() -> None:
    label = f"{DAY} 00:30:00"
    for field in ("value", "date", "interval_length"):
        point = {**new_point(label), field: legacy_point(label)[field]}
        assert "both generations" in refused(request(), new_curve([point]))
    for field in "vdp":
        point = {**legacy_point(label), field: new_point(label)[field]}
        assert "both generations" in refused(request(), legacy_curve([point]))


@pytest.mark.parametrize("value", [None, "", "missing"])
def test_an_empty_value_is_no_point(value: object) -> None:
    point = new_point(f"{DAY} 01:00:00", value)
    if value == "missing":
        del point["v"]
    answer = parse(request(), body(new_curve([TWO[0], point])))
    assert [reading.power_w for reading in answer.readings] == [250]
    assert not answer.problems


def test_nothing_else_of_an_empty_point_matters() -> None:
    """A curve of nulls may well name an hour that March does not have."""
    points = [
        new_point("2026-03-29 02:30:00", None),
        new_point("2026-03-29 03:00:00", "10"),
        new_point("nonsense", None, step=None),
        new_point(None, None),
    ]
    answer = parse(request("2026-03-29", "2026-03-30"), body(new_curve(points)))
    assert [reading.power_w for reading in answer.readings] == [10]
    assert not answer.problems


def test_empty_points_still_tell_the_two_october_hours_apart() -> None:
    october = request("2026-10-25", "2026-10-26")
    labels = ["02:00", "02:30", "02:00", "02:30"]
    points = [
        new_point(f"2026-10-25 {label}:00", value)
        for label, value in zip(labels, [None, "", "5", "6"], strict=True)
    ]
    answer = parse(october, body(new_curve(points)))
    assert [(r.start, r.power_w) for r in answer.readings] == [
        (utc("2026-10-25 00:30"), 5),
        (utc("2026-10-25 01:00"), 6),
    ]


@pytest.mark.parametrize("value", [0, "0", "007", 1_000_000, "1000000"])
def test_a_value_that_is_a_power(value: object) -> None:
    answer = parse(request(), body(new_curve([new_point(f"{DAY} 00:30:00", value)])))
    assert [reading.power_w for reading in answer.readings] == [int(str(value))]


@pytest.mark.parametrize(
    ("step", "minutes"),
    [
        ("PT5M", 5),
        ("PT10M", 10),
        ("PT15M", 15),
        ("PT20M", 20),
        ("PT30M", 30),
        ("PT60M", 60),
        ("PT1H", 60),
    ],
)
def test_steps(step: str, minutes: int) -> None:
    answer = parse(request(), body(new_curve([new_point(f"{DAY} 01:00:00", step=step)])))
    assert answer.readings[0].interval_min == minutes
    assert answer.readings[0].end == utc(f"{DAY} 00:00")


@pytest.mark.parametrize("label", [f"{DAY} 00:00:00", "2026-11-17 00:30:00", "2027-11-16 00:30:00"])
def test_a_reading_outside_the_window_is_left_out(label: str) -> None:
    for value in ("100", "-1"):
        answer = parse(request(), body(new_curve([*TWO, new_point(label, value)])))
        assert [reading.power_w for reading in answer.readings] == [250, 120]
        assert answer.spoilt == {}
        assert len(answer.problems) == 1
    assert "not asked for" in str(parse(request(), body(new_curve([new_point(label)]))).problems)


def test_the_last_reading_of_the_window_is_labelled_with_the_day_after() -> None:
    answer = parse(request(), body(new_curve([new_point("2026-11-17 00:00:00", step="PT60M")])))
    assert answer.readings[0].start == utc(f"{DAY} 22:00")


def test_an_unsorted_answer_is_sorted() -> None:
    answer = parse(request(), body(new_curve(TWO[::-1])))
    assert [reading.power_w for reading in answer.readings] == [250, 120]


def test_a_repeated_label_with_the_same_value_is_dropped() -> None:
    answer = parse(request(), body(new_curve(TWO + TWO)))
    assert [reading.power_w for reading in answer.readings] == [250, 120]


@pytest.mark.parametrize(
    ("marks", "flags"),
    [
        ({}, None),
        ({"n": None, "iv": None, "ec": None}, None),
        ({"iv": "2", "ec": "11"}, Flags(iv=2, ec=11)),
        ({"iv": 2, "ec": -1}, Flags(iv=2, ec=-1)),
        ({"iv": 2**31 - 1, "ec": -(2**31)}, Flags(iv=2**31 - 1, ec=-(2**31))),
        ({"iv": 2**31, "ec": str(-(2**31) - 1)}, None),
        ({"n": "E"}, Flags(nature="E")),
        ({"n": "a word or two"}, Flags(nature="a word or two")),
        ({"n": "x" * 17, "iv": "two", "ec": 2**31}, None),
        ({"n": "\x1b[31m", "iv": True, "ec": 1.5}, None),
        ({"n": "é", "iv": [], "ec": "2", "more": 1}, Flags(ec=2)),
    ],
)
def test_flags_are_kept_where_they_are_unusual_and_readable(
    marks: dict[str, object], flags: Flags | None
) -> None:
    answer = parse(request(), body(new_curve([new_point(f"{DAY} 00:30:00", **marks)])))
    assert answer.readings[0].flags == flags


def test_the_legacy_nature_is_a_flag_too() -> None:
    point = {**legacy_point(f"{DAY} 00:30:00"), "measure_type": "E"}
    assert parse(request(), body(legacy_curve([point]))).readings[0].flags == Flags(nature="E")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_any_order_of_any_points_gives_a_curve_without_overlap(data: st.DataObject) -> None:
    """Whatever is read is sorted, inside the window and claims no minute twice."""
    label = st.builds(
        "2026-11-16 {:02d}:{:02d}:00".format, st.integers(0, 23), st.sampled_from([0, 15, 30])
    )
    point = st.builds(
        new_point, label, st.sampled_from(["1", "2"]), st.sampled_from(["PT15M", "PT30M"])
    )
    points = data.draw(st.lists(point, max_size=6))
    answer = parse(request(), body(new_curve(points)))
    assert all(a.end <= b.start for a, b in pairwise(answer.readings))
    assert {r.start for r in answer.readings} <= {
        utc("2026-11-15 23:00") + timedelta(minutes=15 * n) for n in range(96)
    }
