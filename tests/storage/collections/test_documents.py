"""A document is one of ours to the last field and limit, or it is named by its shape alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linky_tui.domain.models import Flags, Flow, Reading, Series
from linky_tui.domain.paris import PARIS
from linky_tui.storage.collections.documents import (
    ForeignDocument,
    canonical,
    foreign_document,
    shape,
    to_document,
    to_reading,
    well_formed,
    without_id,
)
from tests.tools.stored import SERIES

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
INT32 = st.integers(-(2**31), 2**31 - 1)
PLAIN = to_document(SERIES, Reading(START, 30, 100))
FLAGGED = to_document(SERIES, Reading(START, 30, 100, Flags("C", 1, 2)))


def changed(**change: Any) -> dict[str, Any]:
    """A document of ours with other fields; those of the meter by their own names."""
    meter = {name: change.pop(name) for name in ("prm", "flow", "interval_min") if name in change}
    return {**PLAIN, "meter": {**PLAIN["meter"], **meter}, **change}


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)),
    st.integers(1, 60),
    INT32,
    st.none() | st.builds(Flags, st.none() | st.text(min_size=1), INT32, st.none() | INT32),
    st.sampled_from(Flow),
)
def test_a_reading_comes_back_as_it_was(
    at: datetime, step: int, power_w: int, flags: Flags | None, flow: Flow
) -> None:
    at = at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
    reading = Reading(at, step, power_w, flags)
    document = to_document(Series(SERIES.prm, flow), replace(reading, start=at.astimezone(PARIS)))
    assert to_reading(document) == reading
    assert to_reading({**document, "timestamp": at.replace(tzinfo=None)}) == reading
    elsewhere = to_reading({**document, "timestamp": at.astimezone(PARIS)})
    assert (elsewhere, elsewhere.start.tzinfo) == (reading, UTC)


def test_the_ends_of_int32_are_written() -> None:
    for number in (-(2**31), 2**31 - 1):
        assert to_document(SERIES, Reading(START, 30, number))["power_w"] == number


@pytest.mark.parametrize("number", [-(2**31) - 1, 2**31, 1.0, True])
def test_no_other_number_is_written(number: Any) -> None:
    for reading in (
        Reading(START, number, 1),
        Reading(START, 30, number),
        Reading(START, 30, 1, Flags(iv=number)),
        Reading(START, 30, 1, Flags(ec=number)),
    ):
        with pytest.raises(ValueError, match="Int32"):
            to_document(SERIES, reading)


@pytest.mark.parametrize(
    ("document", "ours"),
    [
        (PLAIN, True),
        (FLAGGED, True),
        ({**PLAIN, "_id": 1}, True),
        ({**PLAIN, "note": 1}, False),
        (changed(meter=None), False),
        (changed(meter={"prm": SERIES.prm, "flow": "consumption"}), False),
        (changed(meter={**PLAIN["meter"], "x": 1}), False),
        (changed(prm=1), False),
        (changed(flow="production"), True),
        (changed(flow="other"), False),
        (changed(interval_min=1), True),
        (changed(interval_min=60), True),
        (changed(interval_min=0), False),
        (changed(interval_min=61), False),
        (changed(interval_min=30.0), False),
        (changed(interval_min=bson.Int64(30)), False),
        (changed(power_w=-1), True),
        (changed(power_w=1.0), False),
        (changed(power_w=bson.Int64(1)), False),
        (changed(timestamp=datetime(1900, 1, 1)), True),
        (changed(timestamp=datetime(8999, 12, 31)), True),
        (changed(timestamp=datetime(1899, 12, 31)), False),
        (changed(timestamp=datetime(9000, 1, 1)), False),
        (changed(timestamp=date(2026, 11, 20)), False),
        (changed(flags=None), True),
        (changed(flags={"iv": 1}), True),
        (changed(flags={"iv": True}), False),
        (changed(flags={"iv": "1"}), False),
        (changed(flags={"nature": 1}), False),
        (changed(flags={"ec": 1, "x": 1}), False),
        (changed(flags=[]), False),
    ],
)
def test_a_document_of_ours(document: dict[str, Any], ours: bool) -> None:
    assert well_formed(document) is ours
    if not ours:
        with pytest.raises(ForeignDocument) as caught:
            to_reading(document)
        assert shape(document) in caught.value.cause


def test_a_foreign_document_is_told_by_its_shape_and_its_collection() -> None:
    assert foreign_document({"a": 1}).cause == "A document has the shape {a: int}."
    assert foreign_document({"a": 1}, "mine").cause == (
        "A document of the collection 'mine' has the shape {a: int}."
    )


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (
            {"_id": 1, "a": "secret", "b": {"c": [1], "d": None}},
            "{a: str, b: {c: list, d: NoneType}}",
        ),
        ({"meter": {"interval_min": 0}}, "{meter: {interval_min: int out of range}}"),
        ({"meter": {"interval_min": 60}}, "{meter: {interval_min: int}}"),
        ({"timestamp": datetime(9000, 1, 1)}, "{timestamp: datetime out of range}"),
        ({"timestamp": datetime(2026, 1, 1)}, "{timestamp: datetime}"),
        ({"a b": 1, "é": 1, "x" * 30: 1}, f"{{'a b': int, é: int, {'x' * 30}: int}}"),
        ({"x" * 31: 1}, f"{{'{'x' * 30}': int}}"),
    ],
)
def test_a_shape_tells_names_and_types_alone(document: dict[str, Any], text: str) -> None:
    assert shape(document) == text


def test_a_long_shape_is_cut() -> None:
    whole, longer = (
        shape({**{name * 30: True for name in "abc"}, "d" * last: 1}) for last in (29, 30)
    )
    assert (len(whole), whole[-1]) == (150, "}")
    assert (len(longer), longer[-1]) == (150, "…")


def test_the_canonical_form_knows_no_order_of_keys_and_no_id() -> None:
    meter = dict(reversed(PLAIN["meter"].items()))
    same = {"_id": 7, "power_w": 100, "meter": meter, "timestamp": START}
    ordered = {name: PLAIN["meter"][name] for name in ("flow", "interval_min", "prm")}
    expected = bson.encode({"meter": ordered, "power_w": 100, "timestamp": START})
    assert canonical(PLAIN) == canonical(same) == expected
    one, other = {"a": [{"b": 1, "c": 2}], "x": 1}, {"x": 1, "a": [{"c": 2, "b": 1}]}
    assert canonical(one) == canonical(other) != canonical({"a": [{"b": 2, "c": 1}], "x": 1})
    assert canonical(PLAIN) != canonical(changed(timestamp=START + timedelta(milliseconds=1)))


def test_without_id_the_order_of_fields_stays() -> None:
    assert without_id({"_id": 1, **FLAGGED}).raw == bson.encode(FLAGGED)
