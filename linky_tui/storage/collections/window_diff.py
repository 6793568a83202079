"""What a new answer changes in what is stored: pure functions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from linky_tui.domain.models import Reading

LONGEST_INTERVAL = timedelta(minutes=60)
"""The longest step of a load curve: how far outside a window an overlap can start."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to do to the stored readings, each part sorted by start."""

    insert: tuple[Reading, ...] = ()  # new readings
    # new readings that take the place of the stored one with the same start
    replace: tuple[Reading, ...] = ()
    delete: tuple[Reading, ...] = ()  # stored readings that a new one overlaps

    @property
    def corrections(self) -> bool:
        """Whether something stored is changed, which a time series collection cannot follow."""
        return bool(self.replace or self.delete)

    def __bool__(self) -> bool:
        return bool(self.insert or self.replace or self.delete)


def compare(stored: Sequence[Reading], incoming: Sequence[Reading]) -> Changes:
    """What an answer changes.

    Same start, other power or step: replaced. A stored reading that a new one with another start
    overlaps: deleted. A stored reading that the answer lacks stays. A difference in flags alone
    is no correction. Applying the changes and comparing again gives no change. ``stored`` holds
    those that start up to an hour outside the answer, too; the answer comes in any order.

    Raises:
        ValueError: the answer holds two different readings with one start.
    """
    new: dict[datetime, Reading] = {}
    for reading in sorted(incoming, key=lambda reading: reading.start):
        if not new.setdefault(reading.start, reading).same_measure(reading):
            raise ValueError("two different readings start at the same time")
    old = {reading.start: reading for reading in stored}
    insert = tuple(reading for start, reading in new.items() if start not in old)
    replace = tuple(
        reading
        for start, reading in new.items()
        if start in old and not reading.same_measure(old[start])
    )
    ordered = list(new.values())
    delete = tuple(
        old[start]
        for start in sorted(old)
        if start not in new and overlaps_any(old[start], ordered)
    )
    return Changes(insert, replace, delete)


def overlaps_any(reading: Reading, others: Sequence[Reading]) -> bool:
    """Whether a reading shares a minute with one of ``others``, which are sorted by start."""
    after = bisect_left(others, reading.end, key=lambda other: other.start)
    for other in reversed(others[:after]):
        if other.end > reading.start:
            return True
        if other.start + LONGEST_INTERVAL <= reading.start:
            return False
    return False
