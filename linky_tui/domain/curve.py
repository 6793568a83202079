"""A load curve as columns, and what can be calculated from it: means by hour, by time of day.

Everything is weighted by time, never by points: the step of a curve changes, also inside a day.
Wall-clock times are those of Europe/Paris; a day of 23 or 25 hours has a wall-clock hour that
does not exist or that holds two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from linky_tui.domain.models import Reading
from linky_tui.domain.paris import PARIS, day_bounds, days_between

HALF_HOUR_S = 1800
HALF_HOURS_A_DAY = 48


@dataclass(frozen=True, slots=True)
class Curve:
    """The readings of some days, sorted by start, as columns of equal length."""

    first: date  # first Paris day
    last: date  # last Paris day, included
    starts_s: Sequence[int]  # starts of the intervals, in seconds since 1970 (UTC)
    intervals_min: Sequence[int]  # their lengths in minutes
    powers_w: Sequence[int]  # mean power over each, in watts

    @classmethod
    def of(cls, readings: Iterable[Reading], first: date, last: date) -> Curve:
        """The curve of sorted readings."""
        known = list(readings)
        return cls(
            first,
            last,
            [int(each.start.timestamp()) for each in known],
            [each.interval_min for each in known],
            [each.power_w for each in known],
        )

    def __len__(self) -> int:
        return len(self.starts_s)

    @property
    def minutes(self) -> int:
        """Minutes covered."""
        return sum(self.intervals_min)

    @property
    def watt_minutes(self) -> int:
        """Energy in watt-minutes; 60 of them are one Wh."""
        return sum(
            power * interval
            for power, interval in zip(self.powers_w, self.intervals_min, strict=True)
        )

    def rows(self) -> Iterator[tuple[int, int, int]]:
        """Start in seconds since 1970, interval in minutes and power in watts of each reading."""
        return zip(self.starts_s, self.intervals_min, self.powers_w, strict=True)

    def peak(self) -> tuple[datetime, int] | None:
        """Start (UTC) and power in watts of the highest reading, ``None`` without readings."""
        if not self.starts_s:
            return None
        index = max(range(len(self)), key=self.powers_w.__getitem__)
        return datetime.fromtimestamp(self.starts_s[index], UTC), self.powers_w[index]


@dataclass(frozen=True, slots=True)
class HalfHours:
    """Energy and coverage of each half-hour of some days in a row."""

    first: date  # first Paris day
    last: date  # last Paris day, included
    # energy of each half-hour in watt-minutes; a longer reading is spread evenly
    watt_minutes: Sequence[int]
    minutes: Sequence[int]  # how many of its 30 minutes are covered

    def of_day(self, day: date) -> range:
        """The half-hours of a Paris day, in order of time: 46, 48 or 50."""
        origin = day_bounds(self.first)[0]
        start, end = day_bounds(day)
        step = timedelta(seconds=HALF_HOUR_S)
        return range((start - origin) // step, (end - origin) // step)


def half_hours(curve: Curve) -> HalfHours:
    """Spread a curve over half-hours."""
    start, end = (int(bound.timestamp()) for bound in day_bounds(curve.first, curve.last))
    count = (end - start) // HALF_HOUR_S
    watt_minutes = [0] * count
    minutes = [0] * count
    for at, interval, power in curve.rows():
        offset = at - start
        index, inside = divmod(offset, HALF_HOUR_S)
        if interval <= 30 and inside // 60 + interval <= 30:
            if 0 <= index < count:
                watt_minutes[index] += power * interval
                minutes[index] += interval
            continue
        left = interval
        room = 30 - inside // 60
        while left > 0:
            part = min(left, room)
            if 0 <= index < count:
                watt_minutes[index] += power * part
                minutes[index] += part
            left -= part
            index, room = index + 1, 30
    return HalfHours(curve.first, curve.last, watt_minutes, minutes)


@dataclass(frozen=True, slots=True)
class Hour:
    """The energy of one hour."""

    start: datetime  # its start, aware, in UTC
    energy_wh: float | None  # its energy in Wh, `None` where no minute of it is known
    minutes: int  # how many of its 60 minutes are known

    @property
    def complete(self) -> bool:
        """Whether all of it is known."""
        return self.minutes == 60


def hours(curve: Curve) -> tuple[Hour, ...]:
    """Each hour of the curve's days in order of time: a day has 23, 24 or 25."""
    spread = half_hours(curve)
    start = day_bounds(curve.first)[0]
    found = []
    for index in range(0, len(spread.minutes), 2):
        minutes = sum(spread.minutes[index : index + 2])
        energy = sum(spread.watt_minutes[index : index + 2]) / 60
        at = start + timedelta(seconds=index * HALF_HOUR_S)
        found.append(Hour(at, energy if minutes else None, minutes))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Mean power and energy by day and half-hour of the day."""

    days: tuple[date, ...]  # the Paris days, oldest first
    # one a day: its 48 wall-clock half-hours' mean power in watts, `None` where nothing is known
    # (or where the half-hour does not exist, in March)
    mean_w: tuple[tuple[float | None, ...], ...]
    energy_wh: tuple[tuple[float, ...], ...]  # the energy of the same


def heat_map(curve: Curve) -> HeatMap:
    """Mean power and energy by day and wall-clock half-hour."""
    spread = half_hours(curve)
    days = tuple(days_between(curve.first, curve.last))
    means, energies = [], []
    for day in days:
        energy = [0] * HALF_HOURS_A_DAY
        covered = [0] * HALF_HOURS_A_DAY
        for index, slot in zip(spread.of_day(day), wall_clock_half_hours(day), strict=True):
            energy[slot] += spread.watt_minutes[index]
            covered[slot] += spread.minutes[index]
        means.append(tuple(_means(energy, covered)))
        energies.append(tuple(watt_minutes / 60 for watt_minutes in energy))
    return HeatMap(days, tuple(means), tuple(energies))


@dataclass(frozen=True, slots=True)
class AverageDay:
    """Mean power by wall-clock half-hour."""

    # 48 means in watts over Monday to Friday, `None` where nothing is known
    working_w: tuple[float | None, ...]
    weekend_w: tuple[float | None, ...]  # the same over Saturday and Sunday
    working_days: int  # how many such days have at least one reading
    weekend_days: int  # the same for weekends


def average_day(curve: Curve) -> AverageDay:
    """The mean day, apart for working days and weekends (public holidays count by weekday)."""
    spread = half_hours(curve)
    energy = ([0] * HALF_HOURS_A_DAY, [0] * HALF_HOURS_A_DAY)
    covered = ([0] * HALF_HOURS_A_DAY, [0] * HALF_HOURS_A_DAY)
    known = [0, 0]
    for day in days_between(curve.first, curve.last):
        kind = int(day.weekday() >= 5)
        indexes = spread.of_day(day)
        if not any(spread.minutes[indexes.start : indexes.stop]):
            continue
        known[kind] += 1
        for index, slot in zip(indexes, wall_clock_half_hours(day), strict=True):
            energy[kind][slot] += spread.watt_minutes[index]
            covered[kind][slot] += spread.minutes[index]
    working, weekend = (tuple(_means(*each)) for each in zip(energy, covered, strict=True))
    return AverageDay(working, weekend, known[0], known[1])


@lru_cache(maxsize=2048)
def wall_clock_half_hours(day: date) -> tuple[int, ...]:
    """The half-hours of a Paris day in order of time, as numbers 0 to 47 of its wall clock."""
    start, end = day_bounds(day)
    count = (end - start) // timedelta(seconds=HALF_HOUR_S)
    if count == HALF_HOURS_A_DAY:
        return tuple(range(HALF_HOURS_A_DAY))
    local = (
        (start + timedelta(seconds=index * HALF_HOUR_S)).astimezone(PARIS) for index in range(count)
    )
    return tuple(moment.hour * 2 + moment.minute // 30 for moment in local)


def _means(energy: Sequence[int], minutes: Sequence[int]) -> Iterator[float | None]:
    return (
        watt_minutes / covered if covered else None
        for watt_minutes, covered in zip(energy, minutes, strict=True)
    )
