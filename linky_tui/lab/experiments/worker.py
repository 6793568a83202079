"""A process that draws homes of a fleet and inserts them; it ends with the one that started it.

It reads a line of JSON that says where, then a job a line, and answers each with a line.
"""

from __future__ import annotations

import json
import sys
import time
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from linky_tui.domain.models import Reading
from linky_tui.domain.paris import ONE_DAY, day_of
from linky_tui.errors import LinkyError
from linky_tui.lab.homes import WattsFile, fleet_household, fleet_prm
from linky_tui.storage.lab.fleet import Encoded, Inserter, Templates

_MONTH = timedelta(days=30)


class Fleet:
    """The documents of a fleet whose watts are in a file.

    Args:
        path: of the file.
        seed: of the homes.
        first: their first day.
        last: their last day.
    """

    def __init__(self, path: Path, seed: int, first: date, last: date) -> None:
        self._seed, self._span = seed, (first, last)
        counts: Counter[date] = Counter()

        def counted() -> Iterator[Reading]:
            for each in self._drawn(0):
                counts[day_of(each.start)] += 1
                yield each

        self.templates = Templates(counted())
        self._watts = WattsFile(path, len(self.templates))
        # Where each day begins and ends.
        self._days = list(pairwise([0, *accumulate(counts.values())]))

    @property
    def places(self) -> int:
        """Readings of a home."""
        return len(self.templates)

    @property
    def days(self) -> int:
        """Days with readings."""
        return len(self._days)

    def draw(self, number: int) -> int:
        """Draw a home and write it into the file; how many readings it has."""
        self._watts.write(number, array("H", (each.power_w for each in self._drawn(number))))
        return self.places

    def of_home(self, number: int) -> Iterator[Encoded]:
        """All documents of a home."""
        for first in range(0, self.places, 5000):
            end = min(first + 5000, self.places)
            powers = self._watts.read(number, first, end)
            yield from self.templates.documents(fleet_prm(number), powers, first)

    def of_day(self, numbers: range, day: int) -> Iterator[Encoded]:
        """The documents of one day of some homes, one home after the other."""
        first, end = self._days[day]
        for number in numbers:
            powers = self._watts.read(number, first, end)
            yield from self.templates.documents(fleet_prm(number), powers, first)

    def close(self) -> None:
        """Close the file."""
        self._watts.close()

    def _drawn(self, number: int) -> Iterator[Reading]:
        """The readings of a home, a month in memory at a time."""
        home, (day, last) = fleet_household(number, self._seed), self._span
        while day <= last:
            end = min(day + _MONTH, last)
            yield from home.readings(day, end)
            day = end + ONE_DAY


def main() -> None:
    """Work until there are no more jobs."""
    ground = json.loads(sys.stdin.readline())
    fleet = Fleet(
        Path(ground["file"]),
        ground["seed"],
        date.fromisoformat(ground["first"]),
        date.fromisoformat(ground["last"]),
    )
    inserter = Inserter(ground["uri"], ground["database"], scratch=ground["scratch"])
    for line in sys.stdin:
        try:
            answer: dict[str, Any] = _done(fleet, inserter, json.loads(line))
        except LinkyError as error:
            answer = {"error": error.to_json()}
        except (OSError, OverflowError) as error:
            words = {"title": "A process of the laboratory failed", "cause": f"{error}."}
            answer = {"error": words | {"next_step": "Look whether the disk is full."}}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _done(fleet: Fleet, inserter: Inserter, job: Mapping[str, Any]) -> dict[str, Any]:
    numbers = range(*job["homes"])
    begun = time.perf_counter()
    if "collection" not in job:
        count = sum(fleet.draw(number) for number in numbers)
        return {"readings": count, "seconds": time.perf_counter() - begun}
    if "day" in job:
        documents = fleet.of_day(numbers, job["day"])
    else:
        documents = (each for number in numbers for each in fleet.of_home(number))
    count, seconds = inserter.insert(job["collection"], documents)
    return {"readings": count, "seconds": seconds}


if __name__ == "__main__":
    main()
