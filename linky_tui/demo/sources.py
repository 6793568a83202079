"""Where the simulated gateway takes a meter's data from."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from linky_tui.domain.models import DailyTotal, Reading, whole_wh
from linky_tui.domain.paris import ONE_DAY, day_bounds, day_minutes, day_of


class Source(Protocol):
    """One meter in one direction.

    No request may start before ``activated``; a load curve from before ``curve_from`` is answered
    as the gateway's ``floor_answer`` says. ``None``: no limit.
    """

    @property
    def activated(self) -> date | None:
        """First day of the meter."""
        ...

    @property
    def curve_from(self) -> date | None:
        """First day of the hourly collection."""
        ...

    def curve(self, first: date, end: date) -> list[Reading]:
        """The readings that start in the Paris days from ``first`` to before ``end``, sorted."""
        ...

    def daily(self, first: date, end: date) -> list[DailyTotal]:
        """The daily totals of those days, oldest first; days without one are left out."""
        ...


class RecordedSource:
    """A source that serves given readings, so that a test can serve whatever it likes.

    Args:
        readings: the load curve, in any order.
        totals: daily totals; left out, they are the sums of the days that the readings cover
            completely (Enedis' totals equal the curve to the Wh).
        activated: see :class:`Source`.
        curve_from: see :class:`Source`.
    """

    def __init__(
        self,
        readings: Iterable[Reading],
        totals: Iterable[DailyTotal] | None = None,
        *,
        activated: date | None = None,
        curve_from: date | None = None,
    ) -> None:
        self.activated = activated
        self.curve_from = curve_from
        self._lock = threading.Lock()
        self._given_totals = None if totals is None else tuple(totals)
        self._readings: dict[datetime, Reading] = {}
        self._totals: dict[date, DailyTotal] = {}
        self.put(readings)

    def put(self, readings: Iterable[Reading]) -> None:
        """Add readings, or replace those with the same start (Enedis corrects recent days)."""
        with self._lock:
            self._readings.update((reading.start, reading) for reading in readings)
            self._readings = dict(sorted(self._readings.items()))
            totals = self._given_totals
            if totals is None:
                totals = tuple(_complete_totals(self._readings.values()))
            self._totals = {total.day: total for total in sorted(totals, key=lambda t: t.day)}

    def correct(self, start: datetime, power_w: int) -> None:
        """Give the reading that starts at ``start`` another power, as a late correction does."""
        self.put([replace(self._readings[start], power_w=power_w)])

    def remove(self, first: date, last: date) -> None:
        """Forget the readings of the Paris days ``first`` to ``last``, both included."""
        start, end = day_bounds(first, last)
        with self._lock:
            self._readings = {
                at: reading for at, reading in self._readings.items() if not start <= at < end
            }
        self.put(())

    def curve(self, first: date, end: date) -> list[Reading]:
        """See :meth:`Source.curve`."""
        start, stop = day_bounds(first, end - ONE_DAY)
        with self._lock:
            return [r for r in self._readings.values() if start <= r.start < stop]

    def daily(self, first: date, end: date) -> list[DailyTotal]:
        """See :meth:`Source.daily`."""
        with self._lock:
            return [total for total in self._totals.values() if first <= total.day < end]


def _complete_totals(readings: Iterable[Reading]) -> Iterable[DailyTotal]:
    minutes: dict[date, int] = {}
    energy: dict[date, int] = {}
    for reading in readings:
        day = day_of(reading.start)
        minutes[day] = minutes.get(day, 0) + reading.interval_min
        energy[day] = energy.get(day, 0) + reading.watt_minutes
    for day, covered in minutes.items():
        if covered == day_minutes(day):
            yield DailyTotal(day, whole_wh(energy[day]))
