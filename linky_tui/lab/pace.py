"""How far an experiment is, how fast it goes and when it ends; pauses do not count."""

from __future__ import annotations

import time
from collections import deque

from linky_tui.lab.events import Progressed

_WINDOW_S = 15.0
"""The rate is that of so many seconds."""


class Pace:
    """Counts the work of one experiment.

    Args:
        experiment: its key.
        total: how many units there are.
        unit: what is counted, such as ``readings``.
        cost: what all of them cost, in any measure; a unit each where it is not given.
    """

    def __init__(self, experiment: str, total: int, unit: str, cost: float = 0.0) -> None:
        self.experiment, self._total, self._unit = experiment, total, unit
        self._whole = cost or float(total)
        self._done, self._spent, self._paused_s = 0, 0.0, 0.0
        self._seen: deque[tuple[float, int, float]] = deque([(self.clock(), 0, 0.0)])

    def clock(self) -> float:
        """Seconds of a clock that stands while nobody asks for the next event."""
        return time.monotonic() - self._paused_s

    def paused(self, seconds: float) -> None:
        """Nobody asked for the next event for so long."""
        self._paused_s += seconds

    def advance(self, step: str, units: int, cost: float | None = None) -> Progressed:
        """Some more units are done."""
        self._done += units
        self._spent += units if cost is None else cost
        now = self.clock()
        self._seen.append((now, self._done, self._spent))
        while len(self._seen) > 2 and now - self._seen[1][0] > _WINDOW_S:
            self._seen.popleft()
        then, done, spent = self._seen[0]
        passed_s = now - then
        per_s = (self._done - done) / passed_s if passed_s > 0 and self._done > done else None
        eta_s = None
        if passed_s > 0 and self._spent > spent:
            eta_s = max(0.0, self._whole - self._spent) * passed_s / (self._spent - spent)
        return Progressed(
            self.experiment,
            step,
            self._done,
            max(self._total, self._done),
            self._unit,
            per_s,
            eta_s,
        )
