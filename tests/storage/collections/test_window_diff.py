"""What a new answer changes: pure, checked against generated load curves."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linky_tui.domain.models import Flags, Reading
from linky_tui.storage.collections.window_diff import Changes, compare, overlaps_any

START = datetime(2026, 3, 28, tzinfo=UTC)


@st.composite
def curves(draw: st.DrawFn) -> list[Reading]:
    """Readings in a row without overlap: steps of 15, 30 or 60 minutes, holes, few powers."""
    found = []
    at = START + timedelta(minutes=15 * draw(st.integers(0, 4)))
    for _ in range(draw(st.integers(0, 12))):
        step = draw(st.sampled_from([15, 30, 60]))
        if draw(st.integers(0, 4)):
            flags = draw(st.sampled_from([None, Flags(iv=1)]))
            found.append(Reading(at, step, draw(st.integers(0, 2)), flags))
        at += timedelta(minutes=step)
    return found


def apply(stored: list[Reading], changes: Changes) -> list[Reading]:
    by_start = {each.start: each for each in stored}
    for each in changes.delete:
        del by_start[each.start]
    for each in (*changes.replace, *changes.insert):
        by_start[each.start] = each
    return [by_start[start] for start in sorted(by_start)]


def measures(found: list[Reading]) -> list[tuple[datetime, int, int]]:
    return [(each.start, each.interval_min, each.power_w) for each in found]


@given(curves(), curves())
def test_the_answer_is_stored_whole_and_nothing_overlaps_it(
    stored: list[Reading], incoming: list[Reading]
) -> None:
    result = apply(stored, compare(stored, incoming))
    assert set(measures(incoming)) <= set(measures(result))
    assert all(a.end <= b.start for a, b in itertools.pairwise(result))


@given(curves(), curves())
def test_what_the_answer_lacks_stays(stored: list[Reading], incoming: list[Reading]) -> None:
    result = apply(stored, compare(stored, incoming))
    for each in stored:
        touched = any(each.start < new.end and new.start < each.end for new in incoming)
        assert touched or each in result


@given(curves(), curves())
def test_the_same_answer_again_changes_nothing(
    stored: list[Reading], incoming: list[Reading]
) -> None:
    assert not compare(apply(stored, compare(stored, incoming)), incoming)


@given(curves(), st.randoms())
def test_the_order_of_an_answer_does_not_matter(curve: list[Reading], random: object) -> None:
    shuffled = sorted(curve, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert compare([], shuffled) == Changes(insert=tuple(curve))


READINGS = st.builds(
    lambda at, step: Reading(START + timedelta(minutes=at), step, 5),
    st.integers(0, 180),
    st.sampled_from([5, 15, 30, 60]),
)


@given(READINGS, st.lists(READINGS, max_size=6))
def test_overlap_by_search_equals_overlap_by_definition(
    one: Reading, others: list[Reading]
) -> None:
    """Also among readings that overlap each other, as somebody may have put them there."""
    others.sort(key=lambda each: each.start)
    expected = any(one.start < other.end and other.start < one.end for other in others)
    assert overlaps_any(one, others) == expected


def test_only_what_changes_something_stored_is_a_correction() -> None:
    some = (Reading(START, 30, 5),)
    assert Changes(insert=some)
    assert not Changes(insert=some).corrections
    assert Changes(replace=some).corrections
    assert Changes(delete=some).corrections


def test_flags_alone_are_no_correction() -> None:
    stored = [Reading(START, 30, 5)]
    assert not compare(stored, [Reading(START, 30, 5, Flags(nature="C"))])


def test_two_readings_with_one_start_are_refused_unless_they_say_the_same() -> None:
    twice = [Reading(START, 30, 5), Reading(START, 30, 5)]
    assert compare([], twice).insert == (twice[0],)
    with pytest.raises(ValueError, match="two different readings"):
        compare([], [Reading(START, 30, 5), Reading(START, 30, 6)])


def test_overlapping_readings_of_one_answer_are_kept_and_stay() -> None:
    answer = [Reading(START, 60, 5), Reading(START + timedelta(minutes=30), 30, 6)]
    assert compare([], answer).insert == tuple(answer)
    assert not compare(answer, answer)
