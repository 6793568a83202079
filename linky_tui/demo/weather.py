"""Outside temperature of the simulated home: seasons, slow weather, day and night."""

from __future__ import annotations

import math
from datetime import date
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
    """Mean outside temperature of a day in °C; the same for the same key, whatever else is asked.

    Args:
        key: names the place (seed and meter).
        day: the day.
    """
    number = day.toordinal()
    angle = 2 * math.pi * (day.timetuple().tm_yday - _COLDEST_DAY_OF_YEAR) / 365.25
    spell, within = divmod(number, _SPELL_DAYS)
    share = within / _SPELL_DAYS
    share = share * share * (3 - 2 * share)
    slow = (1 - share) * _gauss(f"{key}|spell", spell) + share * _gauss(f"{key}|spell", spell + 1)
    quick = _gauss(f"{key}|weather", number)
    return _MEAN_C - _SEASON_C * math.cos(angle) + _SPELL_C * slow + _DAY_C * quick
