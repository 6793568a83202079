"""Dates as they are typed: every form that a screen writes is one that a field takes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from linky_tui.domain.paris import days_between
from linky_tui.text.dates import DAY_EXAMPLES, Precision, read_date, read_day, short_date_text
from linky_tui.text.formatting import day_text, range_text, short_day_text

TODAY = date(2026, 11, 22)
DAY, MONTH, YEAR = Precision


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("2026-11-21", (DAY, date(2026, 11, 21))),
        (" 21/11/2026 ", (DAY, date(2026, 11, 21))),
        ("1.2.2026", (DAY, date(2026, 2, 1))),
        ("29/03/26", (DAY, date(2026, 3, 29))),
        ("29/3", (DAY, date(2026, 3, 29))),
        ("29/12", (DAY, date(2025, 12, 29))),
        ("22/11", (DAY, TODAY)),
        ("29/2", (DAY, date(2024, 2, 29))),
        ("3 nov", (DAY, date(2026, 11, 3))),
        ("26 Nov", (DAY, date(2025, 11, 26))),
        ("26 Nov 2026", (DAY, date(2026, 11, 26))),
        ("Thu 26 Nov 2026", (DAY, date(2026, 11, 26))),
        ("Friday, 26 november", (DAY, date(2021, 11, 26))),
        ("Wed 26 Nov 2026", None),
        ("yesterday", (DAY, date(2026, 11, 21))),
        ("TODAY", (DAY, TODAY)),
        ("11/2026", (MONTH, date(2026, 11, 1))),
        ("2026-11", (MONTH, date(2026, 11, 1))),
        ("November 2026", (MONTH, date(2026, 11, 1))),
        ("dec", (MONTH, date(2025, 12, 1))),
        ("2026", (YEAR, date(2026, 1, 1))),
        ("２０２６", (YEAR, date(2026, 1, 1))),
        ("31/02/2026", None),
        ("31/2", None),
        ("13/2026", None),
        ("0000", None),
        ("2026-00-10", None),
        ("5 nix", None),
        ("tomorrow", None),
        ("26", None),
        ("", None),
    ],
)
def test_what_is_typed_is_read(typed: str, found: tuple[Precision, date] | None) -> None:
    assert read_date(typed, TODAY) == found
    assert read_day(typed, TODAY) == (found[1] if found and found[0] is DAY else None)


def test_whatever_the_screens_write_is_read_again() -> None:
    for day in days_between(TODAY - timedelta(days=364), TODAY):
        written = (day_text(day), day_text(day)[:-5], short_date_text(day), short_day_text(day))
        for text in (*written, str(day), range_text(day, day), f"{day:%d/%m/%Y}", f"{day:%d/%m}"):
            assert read_day(text, TODAY) == day, text


def test_every_example_is_a_day() -> None:
    for example in DAY_EXAMPLES.replace(" or ", ", ").split(", "):
        assert read_day(example, TODAY), example
