"""The windows of a backfill that remain, and when to stop asking week after week of nothing.

People who switched hourly collection on last month have three weeks of data; asking 105 weeks got
one of them banned. So two empty windows in a row at the old end turn the rest
into at most four probes; only when all of them are empty is the rest concluded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import date

from linky_tui.domain.coverage import MAX_ATTEMPTS, DayRecord
from linky_tui.domain.paris import ONE_DAY, days_between
from linky_tui.ingest.events import Window
from linky_tui.ingest.plan import WINDOW_DAYS

EMPTY_IN_A_ROW = 2
MAX_PROBES = 4


class Backlog:
    """What is left to ask, newest first.

    Attributes:
        windows: the remaining windows, newest first; probes stay among them until they are asked.
        exhausted: whether the old end was concluded to hold nothing.
        unread: days asked in vain, of which no conclusion is drawn until they are asked again.
    """

    def __init__(self, windows: Sequence[Window], records: Mapping[date, DayRecord]) -> None:
        self.windows = list(windows)
        self.exhausted = False
        self.unread = {
            day for day, r in records.items() if r.problem is not None and r.attempts < MAX_ATTEMPTS
        }
        self._probes: deque[Window] = deque()
        self._oldest_data = min((day for day, r in records.items() if r.readings), default=None)
        self._empty_in_a_row = self._empty_before(records)
        self._consider_probing()

    @property
    def oldest_data(self) -> date | None:
        """The oldest day known to have a reading, or ``None``."""
        return self._oldest_data

    @property
    def upcoming(self) -> Window | None:
        """The window to ask now, or ``None`` when nothing is left."""
        return self._probes[0] if self._probes else (self.windows[0] if self.windows else None)

    def next(self) -> Window | None:
        """The :attr:`upcoming` window, taken off the list."""
        window = self.upcoming
        if window is not None:
            self.windows.remove(window)
        return window

    def answered(self, window: Window, oldest_day: date | None) -> None:
        """Note what the answer to ``window`` held.

        Args:
            window: the window that :meth:`next` gave.
            oldest_day: the oldest day of which it held something, or ``None`` where it was empty.
        """
        probing = bool(self._probes) and self._probes[0] == window
        if oldest_day is not None:
            self._oldest_data = min(self._oldest_data or oldest_day, oldest_day)
            self._empty_in_a_row = 0
            # There is something further down: every week counts again, newest first.
            self._probes.clear()
        elif probing:
            self._probes.popleft()
            if not self._probes:
                self.exhausted = True
                self.windows.clear()
        elif self._at_the_old_end(window):
            self._empty_in_a_row += 1
            self._consider_probing()

    def cut_below(self, floor: date) -> None:
        """Drop whatever is older than ``floor``: the gateway refuses to answer for it."""
        self._probes.clear()
        kept = [w for w in self.windows if w.last >= floor]
        self.windows = [Window(max(w.first, floor), w.last) for w in kept]

    def unanswered(self, window: Window) -> None:
        """Note that ``window`` was asked and could not be answered: it says nothing of its days."""
        self.unread |= set(days_between(window.first, window.last))
        if self._probes and self._probes[0] == window:
            # An unread probe proves nothing: ask week after week again.
            self._probes.clear()
            self._empty_in_a_row = 0

    def _at_the_old_end(self, window: Window) -> bool:
        return self._oldest_data is None or window.last < self._oldest_data

    def _consider_probing(self) -> None:
        if self._empty_in_a_row < EMPTY_IN_A_ROW or self._probes or self.exhausted:
            return
        if not self.windows:
            self.exhausted = True
            return
        if not self._at_the_old_end(self.windows[0]):
            return
        last = len(self.windows) - 1
        places = sorted({round(last * part / MAX_PROBES) for part in range(1, MAX_PROBES + 1)})
        self._probes.extend(self.windows[place] for place in places)

    def _empty_before(self, records: Mapping[date, DayRecord]) -> int:
        """Empty windows that an earlier run asked just above what is left."""
        if not self.windows:
            return 0
        day = self.windows[0].last + ONE_DAY
        asked_empty = 0
        while (record := records.get(day)) and record.attempts:
            if record.readings or record.problem:
                break
            asked_empty += 1
            day += ONE_DAY
        return asked_empty // WINDOW_DAYS
