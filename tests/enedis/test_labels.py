"""Labels to instants: nothing lost, nothing doubled, nothing guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linky_tui.domain.paris import PARIS, day_start
from linky_tui.enedis.labels import ClockError, interval_starts, is_repeated, read_label
from tests.tools.answers import utc
from tests.tools.real import home_b, needs_real

HOUR = timedelta(hours=1)


def shown(start: datetime, minutes: int) -> tuple[datetime, int]:
    """The label that Enedis gives an interval: its end on a Paris wall clock, no offset."""
    end = start + timedelta(minutes=minutes)
    return end.astimezone(PARIS).replace(tzinfo=None, fold=0), minutes


def starts(*labels: str, minutes: int = 30) -> list[str]:
    read = [(read_label(label), minutes) for label in labels]
    return [f"{start:%Y-%m-%d %H:%M}" for start in map(sound, interval_starts(read))]


def sound(start: datetime | ClockError) -> datetime:
    if isinstance(start, ClockError):
        raise start
    return start


CLOCK_CHANGES = [date(year, 3, 25) for year in range(2020, 2031)]
CLOCK_CHANGES += [date(year, 10, 24) for year in range(2020, 2031)]


@given(
    first=st.one_of(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.sampled_from(CLOCK_CHANGES)),
    hours=st.integers(1, 24 * 9),
    steps=st.lists(st.sampled_from([10, 15, 30, 60]), min_size=1, max_size=12),
    holes=st.sets(st.integers(0, 24 * 9)),
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_every_instant_comes_back_from_its_label(
    first: date, hours: int, steps: list[int], holes: set[int]
) -> None:
    """Whatever the steps, their changes and the holes, as windows start at a Paris midnight."""
    expected: list[tuple[datetime, int]] = []
    for hour in range(hours):
        start = day_start(first) + hour * HOUR
        step = steps[hour * len(steps) // hours]
        within = [(start + timedelta(minutes=m), step) for m in range(0, 60, step)]
        # A hole in the repeated hour itself cannot be told from the other one: see below.
        if hour not in holes or any(is_repeated(shown(*interval)[0]) for interval in within):
            expected += within
    labels = [shown(*interval) for interval in expected]
    assert interval_starts(labels) == [start for start, _ in expected]


def test_october_has_its_hour_twice() -> None:
    labels = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    assert starts(*(f"2026-10-25 {label}:00" for label in labels)) == [
        "2026-10-24 23:00",
        "2026-10-24 23:30",
        "2026-10-25 00:00",
        "2026-10-25 00:30",
        "2026-10-25 01:00",
        "2026-10-25 01:30",
    ]


def test_october_by_the_hour() -> None:
    labels = ["01:00", "02:00", "02:00", "03:00"]
    assert starts(*(f"2026-10-25 {label}:00" for label in labels), minutes=60) == [
        "2026-10-24 22:00",
        "2026-10-24 23:00",
        "2026-10-25 00:00",
        "2026-10-25 01:00",
    ]


def test_an_october_day_of_48_points_lacks_an_hour_and_doubles_none() -> None:
    labels = ["01:30", "02:00", "02:30", "03:00"]
    assert starts(*(f"2026-10-25 {label}:00" for label in labels)) == [
        "2026-10-24 23:00",
        "2026-10-24 23:30",
        "2026-10-25 00:00",
        "2026-10-25 01:30",
    ]


def test_after_a_hole_the_later_offset_starts_where_time_would_not_advance() -> None:
    labels = ["02:30", "02:00", "03:00"]
    assert starts(*(f"2026-10-25 {label}:00" for label in labels)) == [
        "2026-10-25 00:00",
        "2026-10-25 00:30",
        "2026-10-25 01:30",
    ]


def test_march_skips_an_hour() -> None:
    labels = ["01:30", "03:00", "03:30"]
    assert starts(*(f"2026-03-29 {label}:00" for label in labels)) == [
        "2026-03-29 00:00",
        "2026-03-29 00:30",
        "2026-03-29 01:00",
    ]


def test_in_march_0200_alone_can_only_be_0300() -> None:
    assert starts("2026-03-29 01:30", "2026-03-29 02:00", "2026-03-29 03:30") == [
        "2026-03-29 00:00",
        "2026-03-29 00:30",
        "2026-03-29 01:00",
    ]
    with pytest.raises(ClockError, match="skip"):
        starts("2026-03-29 02:00", "2026-03-29 03:00")


@pytest.mark.parametrize("label", ["02:30", "02:00:30", "02:59"])
def test_a_time_that_march_does_not_have_is_refused(label: str) -> None:
    with pytest.raises(ClockError, match="skip"):
        starts(f"2026-03-29 {label}")


@pytest.mark.parametrize(
    "labels",
    [
        ["02:00", "02:00", "02:30", "02:30", "03:00"],  # sorted by label
        ["03:00", "02:30", "02:00"],
        ["02:00", "02:00", "02:00"],
        ["02:00", "02:30", "02:00", "02:30", "02:30"],
        ["02:00", "03:30", "03:00"],
    ],
)
def test_the_repeated_hour_out_of_order_is_refused(labels: list[str]) -> None:
    with pytest.raises(ClockError, match="order"):
        starts(*(f"2026-10-25 {label}:00" for label in labels))


def test_only_the_label_that_march_skips_is_an_error() -> None:
    labels = ["2026-03-29 02:30", "2026-03-28 12:00", "2026-03-29 03:30"]
    found = interval_starts([(read_label(label), 30) for label in labels])
    assert isinstance(found[0], ClockError)
    assert found[1:] == [utc("2026-03-28 10:30"), utc("2026-03-29 01:00")]


def test_only_the_labels_of_the_repeated_hour_suffer_from_disorder() -> None:
    labels = ["2026-10-25 02:00", "2026-10-25 03:00", "2026-10-26 03:00", "2026-10-24 03:00"]
    found = interval_starts([(read_label(label), 60) for label in labels])
    assert isinstance(found[0], ClockError)
    assert found[1:] == [
        utc("2026-10-25 01:00"), utc("2026-10-26 01:00"), utc("2026-10-24 00:00"),
    ]  # fmt: skip


def test_elsewhere_order_and_repeats_are_the_business_of_the_caller() -> None:
    assert starts("2026-11-16 01:00", "2026-11-16 00:30", "2026-11-16 00:30") == [
        "2026-11-15 23:30",
        "2026-11-15 23:00",
        "2026-11-15 23:00",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-16 00:30:00",
        "2026-11-16T00:30:00",
        "2026-11-16 00:30",
        "2026-11-16T00:30",
        "2026-11-16T00:30:00+01:00",
        "2026-11-16 00:30:00+0100",
    ],
)
def test_spellings_of_a_label(text: str) -> None:
    assert starts(text) == ["2026-11-15 23:00"]


def test_an_offset_settles_the_repeated_hour_in_any_order() -> None:
    assert starts("2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00+02:00") == [
        "2026-10-25 01:00",
        "2026-10-25 00:00",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-16",
        "2026-11-16 24:00:00",
        "2026-11-31 00:30:00",
        "2026-11-16 00:60:00",
        "2026-11-16  00:30:00",
        " 2026-11-16 00:30:00",
        "2026-11-16 00:30:00\n",
        "2026-11-16 0:30:00",
        "2026-11-16 00:30:00.5",
        "2026-11-16T00:30:00Z",
        "2026-11-16T00:30:00+00:00",
        "2026-07-16T00:30:00+01:00",
        "2026-11-16T00:30:00+02:00",
        "2026-11-16T00:30:00+99:99",
        "0001-01-01 00:00:00",
        "1999-11-16 00:30:00",
        "16/11/2026 00:30:00",
        "٢٠٢٦-11-16 00:30:00",
        "2026-11-1٦ 00:30:00",
    ],
)
def test_what_is_no_label(text: str) -> None:
    with pytest.raises(ClockError):
        read_label(text)


@needs_real
def test_a_whole_real_series_comes_back_from_its_labels() -> None:
    expected = [(each.start, each.interval_min) for each in home_b()]
    assert len(expected) == 27_665
    labels = [shown(*interval) for interval in expected]
    assert interval_starts(labels) == [start for start, _ in expected]
    assert all(sound(start).tzinfo is UTC for start in interval_starts(labels))
