"""The homes that are stored: that of the meter, the simulated one, and fleets of simulated ones."""

from __future__ import annotations

import os
from array import array
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from linky_tui.demo.household import DEMO_PRM, Household
from linky_tui.domain.models import Reading, Series
from linky_tui.domain.paris import day_of
from linky_tui.errors import Side, StorageError
from linky_tui.storage.store import Store

FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)
"""The two years of simulated homes: fixed, so that a measurement can be repeated on any day."""
_FIRST_PRM = 30_000_000_000_000
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Home:
    """One home."""

    series: Series
    readings: tuple[Reading, ...]  # sorted by start, at least one
    name: str  # what it is, for people

    @property
    def first(self) -> date:
        """Day of its first reading."""
        return day_of(self.readings[0].start)

    @property
    def last(self) -> date:
        """Day of its last reading."""
        return day_of(self.readings[-1].start)


def simulated_home(seed: int, first: date = FIRST, last: date = LAST) -> Home:
    """The demo's home; each seed is another one."""
    readings = tuple(Household(DEMO_PRM, seed).readings(first, last))
    return Home(Series(DEMO_PRM), readings, f"the simulated home, seed {seed}")


def stored_home(store: Store, series: Series) -> Home:
    """The stored readings of a meter.

    Raises:
        StorageError: there are none.
        StorageUnavailable: MongoDB cannot be reached.
    """
    readings = tuple(store.readings.window(series, *_ALWAYS))
    if not readings:
        raise StorageError(
            "There is nothing to measure",
            "No reading of the meter is stored yet.",
            "Fetch its history first (Backfill, or linky-tui --backfill), or measure a simulated "
            "home with linky-tui --demo --lab.",
            sides=(Side.YOURS,),
        )
    return Home(series, readings, "the stored readings of a meter")


def fleet_prm(number: int) -> str:
    """The meter of a home of a fleet; no real one counts like that."""
    return str(_FIRST_PRM + number)


def fleet_household(number: int, seed: int) -> Household:
    """A home of a fleet, drawn on its own: no two have a day in common."""
    return Household(fleet_prm(number), seed)


class WattsFile:
    """The watts of many homes, drawn once and read in any order: 2 bytes a reading.

    Args:
        path: made where it does not exist.
        places: readings of a home.
    """

    def __init__(self, path: Path, places: int) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._places = places

    def write(self, number: int, powers_w: array[int]) -> None:
        """All readings of a home, as unsigned shorts."""
        os.pwrite(self._file, powers_w.tobytes(), 2 * self._places * number)

    def read(self, number: int, first: int = 0, end: int | None = None) -> array[int]:
        """The readings of a home from place ``first`` to before ``end``."""
        count = (self._places if end is None else end) - first
        found = array("H")
        found.frombytes(os.pread(self._file, 2 * count, 2 * (self._places * number + first)))
        return found

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
