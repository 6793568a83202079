"""Where both collections say something else of the same time, and no correction explains it.

Somebody changed a reading by hand: its power, its step or its start. The regular collection wins
as a rule (design.md §3), but the ledger is a witness that neither of them can influence: Enedis'
own total of the day, or at least what the day had when it was stored. Where the day only agrees
with it once readings of the time series collection are in it, it is the regular one that was
changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from linky_tui.domain.coverage import DayRecord, DayStatus, day_coverage
from linky_tui.domain.models import Reading
from linky_tui.storage.collections.window_diff import overlaps_any

_FEW = 10
"""Of so many contradictions in a day each choice is tried; of more, all of them or none."""


def overruled(
    conflicts: Sequence[Reading], held: Sequence[Reading], record: DayRecord
) -> list[Reading]:
    """The readings of the time series collection that are right, by the ledger.

    Args:
        conflicts: readings of the time series collection of one day, sorted, that some of
            ``held`` contradict.
        held: what the regular collection holds of that day, and an hour around it, sorted.
        record: the record of the day.
    """
    for known in (record.enedis_wh, record.energy_wh):
        if known is None:
            continue
        for chosen in ([], *_choices(conflicts)):
            kept = [reading for reading in held if not overlaps_any(reading, chosen)]
            day = sorted([*kept, *chosen], key=lambda reading: reading.start)
            if _agrees(day, record, known):
                return chosen
    return []


def _choices(conflicts: Sequence[Reading]) -> Iterator[list[Reading]]:
    """What may be right of them together, the most first."""
    least = 0 if len(conflicts) <= _FEW else len(conflicts) - 1
    for number in range(len(conflicts), least, -1):
        for chosen in combinations(conflicts, number):
            if all(one.end <= two.start for one, two in pairwise(chosen)):
                yield list(chosen)


def _agrees(day: Sequence[Reading], record: DayRecord, energy_wh: int) -> bool:
    measured = day_coverage(record.day, day)
    return (
        measured.energy_wh == energy_wh
        and measured.minutes_covered >= record.minutes_covered
        and (measured.complete or record.status is not DayStatus.COMPLETE)
    )
