"""Where each day of the calendar stands: weeks are columns, weekdays are rows. Pure functions.

The weeks go from left to right in one band where they all fit, in two of a year each where they do
not, and so on. ::

    2024 Dec 2025    Feb Mar …
    Mon · · ■ ■ ■
        · · ■ ■ ■
    Wed · · ■ ■ ■
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from linky_tui.domain.paris import ONE_DAY
from linky_tui.text.formatting import DAY_NAMES, MONTH_NAMES

GUTTER = 5
"""Columns left of the weeks, for the weekday's name."""
BAND_LINES = 8
"""The months' names and seven weekdays."""

_BANDS = (1, 2, 4)
_WIDE_CELLS = (3, 2)
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class CalendarLayout:
    """A calendar of the days from ``first`` to ``last``."""

    first: date  # the first day, at the top left
    last: date  # the last day, included
    bands: int = 1  # how many bands stand below each other
    cell: int = 1  # columns of a week: 1, or 2 or 3 with one of them empty

    @property
    def weeks(self) -> int:
        """Calendar weeks, the incomplete ones at both ends included."""
        return (self.last - _monday(self.first)).days // 7 + 1

    @property
    def band_weeks(self) -> int:
        return -(-self.weeks // self.bands)

    @property
    def width(self) -> int:
        return GUTTER + self.band_weeks * self.cell

    @property
    def height(self) -> int:
        return self.bands * BAND_LINES

    def place(self, day: date) -> tuple[int, int]:
        """Column and line of a day's symbol."""
        band, week = divmod((day - _monday(self.first)).days // 7, self.band_weeks)
        line = band * BAND_LINES + 1 + day.weekday()
        return GUTTER + week * self.cell, line

    def day_at(self, column: int, line: int) -> date | None:
        """The day at a place, ``None`` where there is none."""
        week = (column - GUTTER) // self.cell
        days = self.line_days(line)
        return days[week] if 0 <= week < len(days) else None

    def line_days(self, line: int) -> list[date | None]:
        """The days of a line from left to right; ``None`` beyond both ends, empty for no days."""
        band, row = divmod(line, BAND_LINES)
        if not 0 <= band < self.bands or not 1 <= row < BAND_LINES:
            return []
        monday = _monday(self.first) + band * self.band_weeks * _WEEK
        days = [monday + number * _WEEK + (row - 1) * ONE_DAY for number in range(self.band_weeks)]
        return [day if self.first <= day <= self.last else None for day in days]

    def gutter_text(self, line: int) -> str:
        """What stands left of a line: every other weekday, the year beside the months."""
        band, row = divmod(line, BAND_LINES)
        if row == 0 and 0 <= band < self.bands:
            return str(self._band_first(band).year).ljust(GUTTER)
        names = DAY_NAMES[row - 1] if 1 <= row < BAND_LINES and row % 2 else ""
        return names.ljust(GUTTER)

    def months_text(self, line: int) -> str:
        """The months above a band, January as its year; empty for other lines."""
        band, row = divmod(line, BAND_LINES)
        if row != 0 or not 0 <= band < self.bands:
            return ""
        text = ""
        for week in range(self.band_weeks):
            sunday = self._band_first(band) + week * _WEEK + 6 * ONE_DAY
            month_starts = sunday.day <= 7 and sunday - 6 * ONE_DAY <= self.last
            if not month_starts:
                continue
            name = str(sunday.year) if sunday.month == 1 else MONTH_NAMES[sunday.month - 1]
            column = max(week * self.cell, len(text) + 1 if text else 0)
            if column + len(name) <= self.band_weeks * self.cell:
                text = text.ljust(column) + name
        return text.ljust(self.band_weeks * self.cell)

    def _band_first(self, band: int) -> date:
        return _monday(self.first) + band * self.band_weeks * _WEEK


def fit(first: date, last: date, width: int, *, roomy: bool) -> CalendarLayout:
    """The layout that suits a width; the narrowest one where none fits.

    ``roomy``: there are lines enough for two bands with wide cells.
    """
    if roomy:
        for cell in _WIDE_CELLS:
            wide = CalendarLayout(first, last, bands=2, cell=cell)
            if wide.width <= width:
                return wide
    for bands in _BANDS:
        layout = CalendarLayout(first, last, bands=bands)
        if layout.width <= width:
            break
    return layout


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
