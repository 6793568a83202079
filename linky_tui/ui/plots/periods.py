"""A length of time and a place in it: what the charts page shows, and how one moves in it."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import IntEnum

from linky_tui.domain.paris import ONE_DAY, months_before, today
from linky_tui.text.dates import Precision, read_date
from linky_tui.text.formatting import (
    DAY_NAMES,
    MONTH_NAMES,
    day_text,
    range_text,
    short_day_text,
)

MONTH_FULL_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


class Span(IntEnum):
    """The lengths, shortest first."""

    DAY = 0
    WEEK = 1
    MONTH = 2
    YEAR = 3
    ALL = 4


@dataclass(frozen=True, slots=True)
class Period:
    """A span of Paris days around an anchor, within the days that hold data."""

    span: Span  # how long
    anchor: date  # a day in it; it stays when one zooms out, so that zooming in leads back
    oldest: date  # the first day of data
    newest: date  # the last day of data

    @property
    def first(self) -> date:
        """Its first day."""
        match self.span:
            case Span.DAY:
                return self.anchor
            case Span.WEEK:
                return self.anchor - timedelta(days=self.anchor.weekday())
            case Span.MONTH:
                return self.anchor.replace(day=1)
            case Span.YEAR:
                return self.anchor.replace(month=1, day=1)
            case Span.ALL:
                return self.oldest

    @property
    def last(self) -> date:
        """Its last day, included; it may lie in the future."""
        match self.span:
            case Span.DAY:
                return self.anchor
            case Span.WEEK:
                return self.first + timedelta(days=6)
            case Span.MONTH:
                return _month_end(self.anchor)
            case Span.YEAR:
                return self.anchor.replace(month=12, day=31)
            case Span.ALL:
                return self.newest

    @property
    def text(self) -> str:
        """The period in words: ``Sat 21 Nov 2026``, ``16 to 22 Nov 2026``, ``November 2026``."""
        match self.span:
            case Span.DAY:
                return day_text(self.anchor)
            case Span.WEEK:
                return range_text(self.first, self.last)
            case Span.MONTH:
                return f"{MONTH_FULL_NAMES[self.anchor.month - 1]} {self.anchor.year}"
            case Span.YEAR:
                return str(self.anchor.year)
            case Span.ALL:
                return f"all since {short_day_text(self.oldest)} {self.oldest.year}"

    @property
    def has_earlier(self) -> bool:
        """Whether there is data before it."""
        return self.first > self.oldest

    @property
    def has_later(self) -> bool:
        """Whether there is data after it."""
        return self.last < self.newest

    def moved(self, steps: int) -> Period:
        """The period so many steps later, or as near to that as there is data."""
        match self.span:
            case Span.DAY:
                anchor = self.anchor + timedelta(days=steps)
            case Span.WEEK:
                anchor = self.anchor + timedelta(days=7 * steps)
            case Span.MONTH:
                anchor = months_before(self.anchor, -steps)
            case Span.YEAR:
                anchor = months_before(self.anchor, -12 * steps)
            case Span.ALL:
                return self
        return self.at(anchor)

    def before(self) -> Period | None:
        """The period just before, whether or not there is data; ``None`` for everything."""
        if self.span is Span.ALL:
            return None
        return replace(self, anchor=self.first - ONE_DAY)

    def at(self, day: date) -> Period:
        """The same span around another day, held within the data."""
        return replace(self, anchor=min(max(day, self.oldest), self.newest))

    def zoomed(self, steps: int) -> Period:
        """So many spans longer, or shorter where negative."""
        return replace(self, span=Span(min(max(self.span + steps, Span.DAY), Span.ALL)))

    def at_least(self, span: Span) -> Period:
        """Not shorter than a span."""
        return replace(self, span=max(self.span, span))

    def within(self, oldest: date, newest: date) -> Period:
        """The same for other days of data."""
        return replace(self, oldest=oldest, newest=newest).at(self.anchor)


def weekday_text(day: date) -> str:
    """A day for a narrow axis: ``Sat 21``."""
    return f"{DAY_NAMES[day.weekday()]} {day.day}"


def parse_place(text: str) -> tuple[Span, date] | None:
    """A typed date: the span that it names and its first day, ``None`` where it is none."""
    found = read_date(text, today())
    return None if found is None else (_SPANS[found[0]], found[1])


_SPANS = {Precision.DAY: Span.DAY, Precision.MONTH: Span.MONTH, Precision.YEAR: Span.YEAR}


def month_text(year: int, month: int) -> str:
    """A month for an axis: ``Nov 2026``."""
    return f"{MONTH_NAMES[month - 1]} {year}"


def axis_month(year: int, month: int, *, first: bool) -> str:
    """A month of several on an axis: ``Nov``; the first one and each January with the year."""
    name = MONTH_NAMES[month - 1]
    return f"{name} {year % 100:02d}" if first or month == 1 else name


def is_monday(day: date) -> bool:
    """Whether a week begins with it."""
    return day.weekday() == 0


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
