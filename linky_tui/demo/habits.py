"""Who is at home and when: weekdays, holidays, absences of the simulated family."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from random import Random


@lru_cache(maxsize=64)
def _absences(key: str, year: int) -> frozenset[date]:
    """The days of a year on which nobody is at home: summer holidays and a few long weekends."""
    rng = Random(f"{key}|absences|{year}")
    away: set[date] = set()

    def leave(start: date, days: int) -> None:
        away.update(start + timedelta(days=n) for n in range(days))

    leave(date(year, 7, 27) + timedelta(days=rng.randrange(14)), rng.randint(6, 10))
    leave(date(year, 2, 12) + timedelta(days=rng.randrange(10)), rng.randint(3, 5))
    for month in rng.sample((4, 5, 6, 9, 10, 11), 3):
        day = date(year, month, rng.randint(1, 21))
        leave(day + timedelta(days=(4 - day.weekday()) % 7 + 1), 2)
    return frozenset(away)


def is_away(key: str, day: date) -> bool:
    """Whether nobody is at home on a day."""
    return day in _absences(key, day.year)


def is_free(day: date) -> bool:
    """Saturdays, Sundays and the fixed French public holidays."""
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
    return day.weekday() >= 5 or (day.month, day.day) in fixed
