"""Dates as people type them and as the screens write them, in English or in digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from enum import StrEnum

from linky_tui.domain.paris import ONE_DAY
from linky_tui.text.formatting import DAY_NAMES, MONTH_NAMES, day_text

DAY_EXAMPLES = "26 Nov, 26 Nov 2026, 29/3, 2026-11-26 or yesterday"
"""For a text that says how a day can be written."""
NO_DAY = f"No day. Write it as {DAY_EXAMPLES}."

_LEAP_YEARS = 9
"""A day without a year is looked for so many years back: 29 Feb may take eight."""
_FULL_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTHS = {
    **{name.lower(): number for number, name in enumerate(MONTH_NAMES, 1)},
    **{name: number for number, name in enumerate(_FULL_MONTHS, 1)},
}
_FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAYS = {
    **{name.lower(): number for number, name in enumerate(DAY_NAMES)},
    **{name: number for number, name in enumerate(_FULL_DAYS)},
}
_YEAR, _SHORT_YEAR = r"(?P<year>\d{4})", r"(?P<short>\d{2})"
_NAMED_MONTH = r"(?P<name>[a-z]{3,9})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{_YEAR}(?:-(?P<month>\d{{1,2}})(?:-(?P<day>\d{{1,2}}))?)?",
        rf"(?P<day>\d{{1,2}})[/.](?P<month>\d{{1,2}})(?:[/.](?:{_YEAR}|{_SHORT_YEAR}))?",
        rf"(?P<month>\d{{1,2}})[/.]{_YEAR}",
        rf"(?:(?P<weekday>[a-z]{{3,9}}),? )?(?P<day>\d{{1,2}}) {_NAMED_MONTH}(?: {_YEAR})?",
        rf"{_NAMED_MONTH}(?: {_YEAR})?",
    )
)


class Precision(StrEnum):
    """What a typed date names."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


def read_date(typed: str, today: date) -> tuple[Precision, date] | None:
    """What a typed text names, and its first day; ``None`` where it is no date.

    Without a year it is the latest such day or month that has begun.
    """
    text = " ".join(typed.lower().split())
    if text in ("today", "yesterday"):
        return Precision.DAY, today if text == "today" else today - ONE_DAY
    for form in _FORMS:
        if found := form.fullmatch(text):
            return _named(found.groupdict(), today)
    return None


def read_day(typed: str, today: date) -> date | None:
    """The day that a typed text names; ``None`` where it names none, or a month or a year."""
    found = read_date(typed, today)
    return found[1] if found is not None and found[0] is Precision.DAY else None


def short_date_text(day: date) -> str:
    """A day as the screens write it, for a field: ``26 Nov 2026``."""
    return day_text(day)[4:]


def _named(parts: dict[str, str | None], today: date) -> tuple[Precision, date] | None:
    name, weekday = parts.get("name"), parts.get("weekday")
    if (name and name not in _MONTHS) or (weekday and weekday not in _WEEKDAYS):
        return None
    month = _MONTHS[name] if name else int(parts.get("month") or 0)
    day = int(parts.get("day") or 0)
    precision = Precision.DAY if parts.get("day") else Precision.MONTH
    if not name and not parts.get("month"):
        precision, month = Precision.YEAR, 1
    if precision is not Precision.DAY:
        day = 1
    short = parts.get("short")
    year = parts.get("year") or (f"20{short}" if short else None)
    years = [int(year)] if year else range(today.year, today.year - _LEAP_YEARS, -1)
    for each in _dates(years, month, day):
        begun = year is not None or each <= today
        if begun and (not weekday or each.weekday() == _WEEKDAYS[weekday]):
            return precision, each
    return None


def _dates(years: list[int] | range, month: int, day: int) -> Iterator[date]:
    for year in years:
        try:
            yield date(year, month, day)
        except ValueError:
            continue
