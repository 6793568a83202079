"""What a day is like for a simulated home: the weather, and whether anybody is there."""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import lru_cache
from random import Random

_MEAN_C = 12.0
_SEASON_C = 8.0
_COLDEST_DAY_OF_YEAR = 20
_SPELL_DAYS = 6
"""Length of a spell of weather: one random value each, smoothly joined."""
_SPELL_C = 3.4
_DAY_C = 1.1


@lru_cache(maxsize=4096)
def _gauss(key: str, index: int) -> float:
    return Random(f"{key}|{index}").gauss(0.0, 1.0)


def day_temperature(key: str, day: date) -> float:
    """Mean outside temperature of a day in °C; ``key`` names the place (seed and meter)."""
    number = day.toordinal()
    angle = 2 * math.pi * (day.timetuple().tm_yday - _COLDEST_DAY_OF_YEAR) / 365.25
    spell, within = divmod(number, _SPELL_DAYS)
    share = within / _SPELL_DAYS
    share = share * share * (3 - 2 * share)
    slow = (1 - share) * _gauss(f"{key}|spell", spell) + share * _gauss(f"{key}|spell", spell + 1)
    quick = _gauss(f"{key}|weather", number)
    return _MEAN_C - _SEASON_C * math.cos(angle) + _SPELL_C * slow + _DAY_C * quick


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
