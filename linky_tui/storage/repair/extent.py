"""What of a series a run compares, so that its cost does not grow with the history.

A run that ends cleanly has compared the days that it wrote, and remembers that, with what the
server then counts of the collections. The next one believes it as long as these counters are the
same: then only a value changed by hand to another of the same size can have escaped. For that it
compares the recent days, and of the rest a slice in turn, so large that within a month all is.

Everything is compared where a run did not end cleanly, where a rebuild is noted, and where the
counters differ. Other series are never read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeAlias

from linky_tui.domain.coverage import RECENT_DAYS
from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, day_of
from linky_tui.storage.leases.lease import Lease
from linky_tui.storage.leases.leases import SeriesState

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

Span: TypeAlias = tuple[date | None, date | None]
"""First and last Paris day; ``None``: however old or new."""

CYCLE_DAYS = 28
"""Within so many days of runs the whole history is compared."""
LEAST_DAYS = 90
"""A slice is no shorter, which costs 15 ms: two years are compared within 9 days of runs."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a run compares."""

    spans: tuple[Span, ...] = ((None, None),)  # everything
    until: date | None = None  # where the next slice begins; `None`: at the oldest day


EVERYTHING = Extent()


class Trail:
    """The server's counters through one run of the program, over however many series.

    Whatever they show at its beginning that no clean end left behind was another hand's doing;
    what they show later is ours.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counters: str | None = None
        self._begun = False

    def extent(self, series: Series, state: SeriesState, today: date) -> Extent:
        """What has to be compared of a series, on the Paris day ``today``, before it is written.

        Raises:
            StorageUnavailable: MongoDB cannot be reached.
        """
        if not self._begun:
            self._counters, self._begun = self._store.counters(), True
        if (
            self._counters is None
            or state.counters != self._counters
            or state.unclean_since is not None
            or state.rebuild_pending is not None
            or state.compared_on is None
        ):
            return EVERYTHING
        recent = today - timedelta(days=RECENT_DAYS)
        bounds = self._store.readings.bounds(series)
        oldest = day_of(bounds[0]) if bounds is not None else recent
        days = abs((today - state.compared_on).days)
        spans, until = slice_in_turn(oldest, recent - ONE_DAY, state.compared_until, days)
        return Extent((*spans, (recent, None)), until)

    def end(self, lease: Lease, today: date, until: date | None) -> None:
        """Note that a run of a series ended cleanly: what it touched was compared.

        Raises:
            SeriesBusy: the lease was lost.
            StorageUnavailable: MongoDB cannot be reached.
        """
        before, self._counters = self._counters, self._store.counters()
        state = self._store.leases.state(lease.series)
        known = state.unclean_since, state.counters, state.compared_on, state.compared_until
        if known != (None, self._counters, today, until):
            lease.note_clean(self._counters, today, until)
        if before is not None and self._counters not in (before, None):
            # All that changed since was written by this run, and noted where it was not ended.
            self._store.leases.keep_up(before, self._counters)


def slice_in_turn(
    oldest: date, newest: date, begin: date | None, days: int
) -> tuple[tuple[Span, ...], date | None]:
    """The slice of the days from ``oldest`` to ``newest`` that is due, and where the next begins.

    It begins at ``begin`` and is as long as it has to be for runs every so many ``days`` to go
    round within :data:`CYCLE_DAYS`, or longer; none is due on the day of the last run.
    """
    if days == 0 or newest < oldest:
        return (), begin
    runs = max(1, CYCLE_DAYS // days)
    # The history grows meanwhile.
    size = max(LEAST_DAYS, -(-((newest - oldest).days + 1 + CYCLE_DAYS) // runs))
    start = begin if begin is not None and oldest < begin <= newest else None
    end = (start or oldest) + timedelta(days=size - 1)
    # What is older than the oldest or too new is part of the outermost slices.
    return (((start, newest),), None) if end >= newest else (((start, end),), end + ONE_DAY)


def spans_of(days: Iterable[date]) -> tuple[Span, ...]:
    """The spans that some days make up."""
    spans: list[tuple[date, date]] = []
    for day in sorted(days):
        if spans and spans[-1][1] + ONE_DAY == day:
            spans[-1] = spans[-1][0], day
        else:
            spans.append((day, day))
    return tuple(spans)
