"""What the calendar shows of a day: a mark, its symbol, its word. No widget is known here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from linky_tui.domain.coverage import DayRecord, DayStatus, status_now
from linky_tui.text.formatting import count_text

LEGEND_GAP = "  "
"""Between two entries of the legend."""


class Mark(StrEnum):
    """The state of a day in the calendar, best first."""

    CERTIFIED = "certified"
    COMPLETE = "complete"
    PARTIAL = "partial"
    LATE = "late"
    MISSING = "missing"
    NO_DATA = "no-data"
    DAILY_ONLY = "daily-only"
    TO_ASK = "to-ask"
    ASKING = "asking"

    @property
    def symbol(self) -> str:
        """One cell wide, from the set that practically every terminal font has (WGL4)."""
        return _SYMBOLS[self]

    @property
    def word(self) -> str:
        return _WORDS[self]


_SYMBOLS = {
    Mark.CERTIFIED: "■",
    Mark.COMPLETE: "□",
    Mark.PARTIAL: "▄",
    Mark.LATE: "○",
    Mark.MISSING: "×",
    Mark.NO_DATA: "-",
    Mark.DAILY_ONLY: "▫",
    Mark.TO_ASK: "·",
    Mark.ASKING: "●",
}
_WORDS = {
    Mark.CERTIFIED: "certified",
    Mark.COMPLETE: "complete",
    Mark.PARTIAL: "partial",
    Mark.LATE: "late",
    Mark.MISSING: "missing",
    Mark.NO_DATA: "no data",
    Mark.DAILY_ONLY: "daily only",
    Mark.TO_ASK: "not asked",
    Mark.ASKING: "being asked",
}
_ONLY_WHERE_ANY = (Mark.DAILY_ONLY, Mark.ASKING)
_OF_STATUS = {
    DayStatus.COMPLETE: Mark.COMPLETE,
    DayStatus.LATE: Mark.LATE,
    DayStatus.PARTIAL: Mark.PARTIAL,
    DayStatus.MISSING: Mark.MISSING,
    DayStatus.NO_DATA: Mark.NO_DATA,
    DayStatus.DAILY_ONLY: Mark.DAILY_ONLY,
}


def mark_of(record: DayRecord | None, today: date) -> Mark:
    """The mark of a day as of ``today``."""
    if record is None:
        return Mark.TO_ASK
    if record.certified:
        return Mark.CERTIFIED
    status = status_now(record, today)
    if status in (DayStatus.MISSING, DayStatus.LATE) and not record.attempts:
        # The survey makes a record for each day that has a total.
        return Mark.TO_ASK
    return _OF_STATUS[status]


def legend_lines(counts: Mapping[Mark, int], width: int) -> list[list[tuple[Mark, str]]]:
    """The legend in as many lines as the width asks for: marks, each with its word and count."""
    lines: list[list[tuple[Mark, str]]] = [[]]
    used = 0
    for mark in Mark:
        count = counts.get(mark, 0)
        if not count and mark in _ONLY_WHERE_ANY:
            continue
        text = f"{mark.word} {count_text(count)}"
        needed = len(text) + 2 + len(LEGEND_GAP)
        if lines[-1] and used + needed - len(LEGEND_GAP) > width:
            lines.append([])
            used = 0
        used += needed
        lines[-1].append((mark, text))
    return lines
