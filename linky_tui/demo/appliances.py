"""The loads of the simulated home, half-hour by half-hour.

Each load adds its mean watts to the slots of one day. A slot is a half-hour of the Paris clock
(0 is 00:00 to 00:30); a day has 46, 48 or 50 of them in order of time, so that on the two days
of clock change nothing special has to be done here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

_OFF_PEAK_NIGHT_ENDS = 12  # 06:00
_OFF_PEAK_NIGHT_STARTS = 44  # 22:00
_HEATING_BASE_C = 10.5
_STORAGE_W_PER_C = 300.0
_ROOM_W_PER_C = 66.0
# How storage heaters fill up over the night, from 22:00 and from midnight.
_STORAGE_EVENING = (0.36, 0.40, 0.36, 0.34)
_STORAGE_NIGHT = (0.42, 0.52, 0.66, 0.74, 0.95, 1.0, 1.0, 1.0, 0.97, 0.9, 0.82, 0.7)
_QUIET_DAYS = 0.45
_TANK_AT_NIGHT = 0.6
# Small things that people switch on, in watts per hour of the day.
_PRESENCE_W = (
    40, 20, 15, 10, 10, 15, 40, 110, 130, 110, 100, 110,
    130, 130, 110, 100, 95, 100, 120, 130, 140, 130, 110, 70,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayConditions:
    """What a day is like."""

    slots: Sequence[int]  # its half-hours in order of time, as numbers of the Paris clock
    temperature_c: float  # mean outside temperature
    away: bool  # whether nobody is at home
    free: bool  # whether it is a weekend or a holiday
    darkness: float  # 0 in June, 1 in December: more light is burnt


def day_load(rng: Random, day: DayConditions) -> list[float]:
    """Mean watts of each half-hour of a day, drawn from ``rng`` in a fixed order."""
    load = _background(rng, day)
    _heating(rng, day, load)
    if day.away:
        return load
    _presence(rng, day, load)
    _water_tank(rng, day, load)
    _kitchen(rng, day, load)
    _machines(rng, day, load)
    return load


def _background(rng: Random, day: DayConditions) -> list[float]:
    """Standby, a fridge and a freezer: compressors that run 40 to 55 % of about 90 minutes."""
    standby = rng.gauss(190.0, 7.0)
    load = [standby + rng.gauss(0.0, 2.0) for _ in day.slots]
    warmth = max(0.0, day.temperature_c - 15.0) * 0.008
    for power, duty in ((98.0, 0.44), (62.0, 0.48)):
        period = rng.uniform(68.0, 104.0)
        running = period * min(0.9, duty + warmth + rng.uniform(-0.03, 0.03))
        offset = rng.uniform(0.0, period)
        before = _running_until(offset, period, running)
        for index in range(len(load)):
            after = _running_until(offset + 30.0 * (index + 1), period, running)
            load[index] += power * (after - before) / 30.0
            before = after
    return load


def _running_until(minute: float, period: float, running: float) -> float:
    """Minutes that a compressor has run by ``minute``."""
    cycles, rest = divmod(minute, period)
    return cycles * running + min(rest, running)


def _heating(rng: Random, day: DayConditions, load: list[float]) -> None:
    """Storage heaters at night, convectors by day when somebody is there."""
    cold = max(0.0, _HEATING_BASE_C - day.temperature_c)
    if day.away:
        cold *= 0.25
    if cold == 0.0:
        return
    level = rng.uniform(0.85, 1.15)
    room = rng.uniform(0.0, 2.0)
    for index, slot in enumerate(day.slots):
        if slot < _OFF_PEAK_NIGHT_ENDS:
            share = _STORAGE_NIGHT[slot]
        elif slot >= _OFF_PEAK_NIGHT_STARTS:
            share = _STORAGE_EVENING[slot - _OFF_PEAK_NIGHT_STARTS]
        else:
            if rng.random() < 0.25:
                room = rng.uniform(0.0, 2.0)
            load[index] += _ROOM_W_PER_C * cold * room * rng.uniform(0.85, 1.15)
            continue
        jitter = rng.gauss(1.0, 0.05) - (0.45 if rng.random() < 0.06 else 0.0)
        load[index] += _STORAGE_W_PER_C * cold * share * level * max(0.0, jitter)


def _presence(rng: Random, day: DayConditions, load: list[float]) -> None:
    """Light, screens, computers; more of it on free days and in the dark months."""
    # A good part of the days passes with hardly anybody around.
    scale = rng.uniform(0.05, 0.3) if rng.random() < _QUIET_DAYS else rng.uniform(0.5, 1.5)
    if day.free:
        scale *= 1.15
    lamp = 0.85 + 0.5 * day.darkness
    for index, slot in enumerate(day.slots):
        watts = _PRESENCE_W[slot // 2] * scale * (lamp if slot >= 34 else 1.0)
        load[index] += watts * rng.gammavariate(4.0, 0.25)


def _water_tank(rng: Random, day: DayConditions, load: list[float]) -> None:
    """A 2 kW tank that the meter switches on in the off-peak hours, at night or at midday."""
    need_wh = max(400.0, rng.gauss(1500.0, 400.0)) * (1.0 + 0.15 * day.darkness)
    if rng.random() < _TANK_AT_NIGHT:
        slot = rng.choice((44, 45, 46, 47, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
    else:
        slot = rng.choice((18, 20, 22, 23, 23, 25, 28, 30))
    _run(day, load, slot, need_wh, rng.uniform(1880.0, 2020.0), rng.uniform(0.0, 0.8))


def _kitchen(rng: Random, day: DayConditions, load: list[float]) -> None:
    """Breakfast, lunch and dinner: hobs, oven, kettle."""
    late = 2 if day.free else 0
    if rng.random() < 0.75:
        _run(day, load, 14 + late + rng.randrange(4), rng.uniform(60, 330), 700.0, rng.random())
    if rng.random() < (0.92 if day.free else 0.72):
        need = rng.uniform(200, 1000)
        _run(day, load, 20 + rng.randrange(5), need, rng.uniform(800, 1900), rng.random())
    if rng.random() < 0.85:
        need = rng.uniform(100, 520)
        _run(day, load, 34 + rng.randrange(6), need, rng.uniform(600, 1500), rng.random())


def _machines(rng: Random, day: DayConditions, load: list[float]) -> None:
    """Washing machine by day, dishwasher after 22:00, an iron or a vacuum cleaner at times."""
    if rng.random() < (0.65 if day.free else 0.38):
        slot = rng.randrange(17, 33)
        _run(day, load, slot, rng.uniform(550, 1100), 1900.0, rng.random(), fade=0.25)
    if rng.random() < 0.22:
        _run(day, load, 44, rng.uniform(700, 1050), 1500.0, rng.random() * 0.5, fade=0.5)
    for _ in range(rng.randrange(3)):
        _run(day, load, rng.randrange(16, 42), rng.uniform(40, 420), 1100.0, rng.random())


def _run(
    day: DayConditions,
    load: list[float],
    slot: int,
    need_wh: float,
    power_w: float,
    late: float,
    fade: float = 1.0,
) -> None:
    """Take ``need_wh`` from a slot on, at ``power_w``.

    Args:
        day: the day.
        load: what to add to.
        slot: where it starts; a slot that the day lacks (March) means the next one.
        need_wh: energy to take; what does not fit before midnight is dropped.
        power_w: the most it draws.
        late: part of the first slot that passes before it starts.
        fade: the power changes by this factor from slot to slot.
    """
    index = next((i for i, found in enumerate(day.slots) if found >= slot), len(load))
    free = 1.0 - late
    while need_wh > 0.5 and index < len(load):
        taken = min(need_wh, power_w * free / 2)
        load[index] += taken * 2
        need_wh -= taken
        power_w = max(power_w * fade, 120.0)
        free = 1.0
        index += 1


def darkness(day_of_year: int) -> float:
    """0 at midsummer, 1 at midwinter."""
    return 0.5 + 0.5 * math.cos(2 * math.pi * (day_of_year + 10) / 365.25)
