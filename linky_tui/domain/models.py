"""The few things everything else talks about: series, readings, daily totals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class Flow(StrEnum):
    """The direction of the energy, seen from the home."""

    CONSUMPTION = "consumption"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """One meter's load curve: the unit of coverage, leases and ingest."""

    prm: str  # the usage point, 14 digits
    flow: Flow = Flow.CONSUMPTION  # what is measured there


@dataclass(frozen=True, slots=True)
class Flags:
    """What Enedis marks as out of the ordinary on a point; ``None`` means ordinary."""

    nature: str | None = None  # the point's nature where it is not `B` (raw)
    iv: int | None = None  # the likelihood index ("indice de vraisemblance") where it is not 0
    ec: int | None = None  # the extra state ("état complémentaire") where it is not 0


@dataclass(frozen=True, slots=True)
class Reading:
    """Mean power over ``[start, start + interval_min)``."""

    start: datetime  # start of the interval, an aware datetime in UTC
    interval_min: int  # length of the interval in minutes
    power_w: int  # mean power over it in watts
    # only where Enedis marks the point; no part of the measurement, so a difference in flags alone
    # is not a correction.
    flags: Flags | None = None

    @property
    def end(self) -> datetime:
        """End of the interval (excluded), in UTC."""
        return self.start + timedelta(minutes=self.interval_min)

    @property
    def watt_minutes(self) -> int:
        """Energy in watt-minutes, exact whatever the interval; 60 of them are one Wh."""
        return self.power_w * self.interval_min

    @property
    def measure(self) -> tuple[datetime, int, int]:
        """Start, minutes and watts: what two readings that say the same share (flags aside)."""
        return self.start, self.interval_min, self.power_w

    def same_measure(self, other: Reading) -> bool:
        """Whether both say the same of the same interval."""
        return self.measure == other.measure


@dataclass(frozen=True, slots=True)
class DailyTotal:
    """The energy of one Paris day, as Enedis itself reports it (difference of the indexes)."""

    day: date  # the Europe/Paris calendar day
    energy_wh: int  # its energy in Wh


def whole_wh(watt_minutes: int) -> int:
    """Watt-minutes as Wh: exact for Enedis data, else the nearest whole one."""
    return (watt_minutes + 30) // 60
