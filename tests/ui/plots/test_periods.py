"""Moving in time on the charts page."""

from __future__ import annotations

from datetime import date

import pytest

from linky_tui.text.formatting import range_text
from linky_tui.ui.plots.periods import Period, Span, parse_place

OLDEST, NEWEST = date(2023, 11, 22), date(2026, 11, 21)


def period(span: Span, anchor: date) -> Period:
    return Period(span, anchor, OLDEST, NEWEST)


@pytest.mark.parametrize(
    ("span", "first", "last", "text"),
    [
        (Span.DAY, date(2026, 3, 29), date(2026, 3, 29), "Sun 29 Mar 2026"),
        (Span.WEEK, date(2026, 3, 23), date(2026, 3, 29), "23 to 29 Mar 2026"),
        (Span.MONTH, date(2026, 3, 1), date(2026, 3, 31), "March 2026"),
        (Span.YEAR, date(2026, 1, 1), date(2026, 12, 31), "2026"),
        (Span.ALL, OLDEST, NEWEST, "all since 22 Nov 2023"),
    ],
)
def test_a_period_says_its_days(span: Span, first: date, last: date, text: str) -> None:
    found = period(span, date(2026, 3, 29))
    assert (found.first, found.last, found.text) == (first, last, text)


def test_zooming_out_and_in_leads_back() -> None:
    start = period(Span.DAY, date(2026, 3, 29))
    assert start.zoomed(4).zoomed(-4) == start
    assert start.zoomed(-1) == start
    assert start.zoomed(9).span is Span.ALL


@pytest.mark.parametrize("span", list(Span))
def test_no_move_leaves_the_data(span: Span) -> None:
    newest, oldest = period(span, NEWEST), period(span, OLDEST)
    assert newest.moved(1).anchor == NEWEST
    assert oldest.moved(-1).anchor == OLDEST
    assert not newest.has_later
    assert not oldest.has_earlier


def test_every_week_and_month_is_reached_by_moving() -> None:
    for span in (Span.WEEK, Span.MONTH):
        here = period(span, NEWEST)
        seen = {here.first}
        while here.has_earlier:
            before, here = here, here.moved(-1)
            assert here.last == before.first - (date(2026, 1, 2) - date(2026, 1, 1))
            seen.add(here.first)
        assert here.first <= OLDEST
        assert len(seen) == (157 if span is Span.WEEK else 37)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("21 Nov 2026", (Span.DAY, date(2026, 11, 21))),
        ("11/2026", (Span.MONTH, date(2026, 11, 1))),
        ("2026", (Span.YEAR, date(2026, 1, 1))),
        ("nowhere", None),
    ],
)
def test_typed_dates(text: str, place: tuple[Span, date] | None) -> None:
    assert parse_place(text) == place


def test_ranges_say_nothing_twice() -> None:
    assert range_text(date(2025, 12, 29), date(2026, 1, 4)) == "29 Dec 2025 to 4 Jan 2026"
    assert range_text(date(2026, 9, 28), date(2026, 10, 4)) == "28 Sep to 4 Oct 2026"
