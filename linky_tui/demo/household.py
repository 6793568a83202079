"""A simulated French home: a load curve that looks real, the same for the same meter and seed.

Every day is drawn from a generator seeded with its own date, so that a reading does not depend on
the range in which it is asked, nor on the day on which the demo is opened. What real curves have
besides load sits on fixed dates of the calendar, so that any two years hold all of it:

* 46 half-hours in March and 50 in October;
* hourly readings from 3 April 08:00 to 24 April 14:00;
* no curve on 18 July, and none on 9 March from 10:00 to 15:00, while the daily totals know the
  energy of those hours;
* two readings on 12 September that Enedis would flag (``iv`` 2, ``ec`` 11).

Measured against a real electrically heated home (jnghf/guiEDF, October 2022 to July 2024, the
22,514 half-hours that both have; "xz" is the size of the readings as 32-bit integers after xz,
a stand-in for what MongoDB makes of them):

=========================================  ======  =========  ==============
what                                         real  simulated  seeds 1 and 2
=========================================  ======  =========  ==============
mean power, W                                 623        620        667, 603
base load (5th percentile, 1:00-5:00), W      216        218        216, 212
median, W                                     396        406        434, 384
95th percentile, W                           1736       1776      1912, 1778
highest half-hour, W                         6048       4968      5404, 4710
winter mean over summer mean                 1.98       2.09      2.51, 2.18
average day profile, correlation                1       0.87      0.88, 0.80
entropy of the values, bits                  8.92       9.01      9.17, 8.93
entropy of the steps between them, bits      8.84       9.01      9.07, 8.97
xz, bytes per reading                        1.22       1.27      1.27, 1.26
=========================================  ======  =========  ==============
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from linky_tui.demo.appliances import DayConditions, darkness, day_load
from linky_tui.demo.circumstances import day_temperature, is_away, is_free
from linky_tui.demo.sources import Source
from linky_tui.domain.models import DailyTotal, Flags, Reading
from linky_tui.domain.paris import ONE_DAY, PARIS, day_bounds, days_between

DEMO_PRM = "12345678901234"
"""The meter of the demo; no real one counts like that."""
HALF_HOUR = timedelta(minutes=30)
_CACHED_DAYS = 2000


class Household:
    """One home, as a :class:`linky_tui.demo.sources.Source`.

    Args:
        prm: the meter, 14 digits.
        seed: another home for the same meter.
        activated: first day of the meter: nothing exists before it; ``None`` for no limit.
        curve_from: first day of the hourly collection; daily totals reach further back.
    """

    def __init__(
        self,
        prm: str,
        seed: int = 0,
        *,
        activated: date | None = None,
        curve_from: date | None = None,
    ) -> None:
        self.prm = prm
        self.seed = seed
        self.activated = activated
        self.curve_from = curve_from
        self._key = f"{prm}|{seed}"
        self._days: dict[date, tuple[int, ...]] = {}

    def readings(self, first: date, last: date) -> list[Reading]:
        """The load curve of the Paris days ``first`` to ``last``, both included, sorted."""
        found: list[Reading] = []
        for day in days_between(max(first, self.curve_from or first), last):
            found.extend(self._curve_of(day))
        return found

    def daily_total(self, day: date) -> int:
        """Energy of a Paris day in Wh, with the hours that the curve lacks."""
        return sum(self._half_hours_wh(day))

    def curve(self, first: date, end: date) -> list[Reading]:
        """The readings of the days from ``first`` to before ``end``."""
        return self.readings(first, end - ONE_DAY)

    def daily(self, first: date, end: date) -> list[DailyTotal]:
        """The daily totals of the days from ``first`` to before ``end``."""
        start = max(first, self.activated or first)
        return [
            DailyTotal(day, self.daily_total(day)) for day in days_between(start, end - ONE_DAY)
        ]

    def _half_hours_wh(self, day: date) -> tuple[int, ...]:
        known = self._days.get(day)
        if known is None:
            if len(self._days) >= _CACHED_DAYS:
                self._days.clear()
            known = self._days[day] = self._draw(day)
        return known

    def _draw(self, day: date) -> tuple[int, ...]:
        conditions = DayConditions(
            slots=_slots(day),
            temperature_c=0.65 * day_temperature(self._key, day)
            + 0.35 * day_temperature(self._key, day - ONE_DAY),
            away=is_away(self._key, day),
            free=is_free(day),
            darkness=darkness(day.timetuple().tm_yday),
        )
        load = day_load(Random(f"{self._key}|{day.isoformat()}"), conditions)
        return tuple(round(watts / 2) for watts in load)

    def _curve_of(self, day: date) -> list[Reading]:
        if (self.activated and day < self.activated) or (day.month, day.day) == (7, 18):
            return []
        start, _ = day_bounds(day)
        energies = self._half_hours_wh(day)
        hourly = _span(day, (4, 3, 8), (4, 24, 14))
        hole = _span(day, (3, 9, 10), (3, 9, 15))
        flagged = _span(day, (9, 12, 9), (9, 12, 10))
        readings: list[Reading] = []
        index = 0
        while index < len(energies):
            at = start + index * HALF_HOUR
            if _within(at, hourly):
                # One hour's mean watts are its Wh.
                energy = energies[index] + energies[index + 1]
                readings.append(Reading(at, 60, energy))
                index += 2
                continue
            if not _within(at, hole):
                flags = Flags(iv=2, ec=11) if _within(at, flagged) else None
                readings.append(Reading(at, 30, energies[index] * 2, flags))
            index += 1
        return readings


def _slots(day: date) -> list[int]:
    """The half-hours of a Paris day as numbers of its wall clock, in order of time."""
    start, end = day_bounds(day)
    count = (end - start) // HALF_HOUR
    if count == 48:
        return list(range(48))
    local = ((start + index * HALF_HOUR).astimezone(PARIS) for index in range(count))
    return [moment.hour * 2 + moment.minute // 30 for moment in local]


def _span(
    day: date, first: tuple[int, int, int], last: tuple[int, int, int]
) -> tuple[datetime, datetime] | None:
    """``[first, last)`` (month, day, Paris hour) in that day's year, if it touches the day."""
    if not first[:2] <= (day.month, day.day) <= last[:2]:
        return None
    ends = (
        datetime.combine(date(day.year, month, number), time(hour), tzinfo=PARIS)
        for month, number, hour in (first, last)
    )
    start, stop = ends
    return start, stop


def _within(at: datetime, span: tuple[datetime, datetime] | None) -> bool:
    return span is not None and span[0] <= at < span[1]


def demo_homes(*prms: str, seed: int = 0) -> dict[str, Source]:
    """A simulated home for each meter, or for :data:`DEMO_PRM` alone."""
    return {prm: Household(prm, seed) for prm in prms or (DEMO_PRM,)}
