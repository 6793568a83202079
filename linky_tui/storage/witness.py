"""Where both collections hold another power for one interval, and no correction explains it.

Somebody changed a value by hand. The regular collection wins as a rule (design.md §3), but the
ledger is a witness that neither of them can influence: Enedis' own total of the day, or at least
the energy that the day had when it was stored. Where the time series collection agrees with it
and the regular one does not, it is the regular one that was changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date

from linky_tui.coverage import DayRecord
from linky_tui.models import Reading, whole_wh
from linky_tui.paris import day_of


def overruled(
    conflicts: Iterable[tuple[Reading, Reading]],
    day_readings: Mapping[date, list[Reading]],
    ledger: Mapping[date, DayRecord],
) -> list[Reading]:
    """The readings of the time series collection that are right, by the ledger.

    Args:
        conflicts: readings of both collections, regular first, with one start and interval.
        day_readings: what the regular collection holds of the days they are in.
        ledger: the records of those days.
    """
    by_day: dict[date, list[tuple[Reading, Reading]]] = defaultdict(list)
    for regular, timeseries in conflicts:
        by_day[day_of(regular.start.astimezone(UTC))].append((regular, timeseries))
    right = []
    for day, pairs in by_day.items():
        record = ledger.get(day)
        if record is None:
            continue
        watt_minutes = sum(reading.watt_minutes for reading in day_readings.get(day, ()))
        other = watt_minutes + sum(
            timeseries.watt_minutes - regular.watt_minutes for regular, timeseries in pairs
        )
        for known in (record.enedis_wh, record.energy_wh):
            if known == whole_wh(watt_minutes):
                break
            if known == whole_wh(other):
                right += [timeseries for _, timeseries in pairs]
                break
    return sorted(right, key=lambda reading: reading.start)
