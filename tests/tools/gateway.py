"""Gateways for tests: meters with made-up readings, some of which keep their answers back."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from linky_tui.demo.server import ApiServer, RecordedSource
from linky_tui.domain.models import DailyTotal, Flow, Reading, Series
from linky_tui.domain.paris import day_bounds, days_between, utc_now
from tests.tools.clock import noon

PATIENCE_S = 200.0
"""None waits for ever, so that a test that failed ends."""
PRM = "98765432101234"
SERIES = Series(PRM, Flow.CONSUMPTION)


def half_hours(first: date, last: date, *, step_min: int = 30) -> list[Reading]:
    """Readings of every day from ``first`` to ``last``, each with another power."""
    readings = []
    for day in days_between(first, last):
        at, end = day_bounds(day)
        while at < end:
            power_w = 100 + 2 * (int(at.timestamp()) // 1800 * 7919 % 1500)
            readings.append(Reading(at, step_min, power_w))
            at += timedelta(minutes=step_min)
    return readings


def wh(readings: Iterable[Reading]) -> int:
    return sum(reading.watt_minutes for reading in readings) // 60


def gateway(source: RecordedSource, *prms: str, **options: Any) -> ApiServer:
    """A gateway where yesterday is out, whatever the time of day, and that blocks nobody."""
    options.setdefault("clock", lambda: max(utc_now(), noon()))
    options.setdefault("block_after", None)
    return ApiServer(dict.fromkeys(prms or (PRM,), source), **options)


class Turnstile(RecordedSource):
    """A source whose load curves wait until the test lets them pass; daily totals do not.

    A client waits ten seconds for an answer, as long as nobody gives it more patience.

    ``asked``: how many load curves were asked for, answered or not.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.asked = 0
        self._answers = threading.Semaphore(0)
        self._counting = threading.Lock()

    def let(self, answers: int = 10_000) -> None:
        """Let so many more answers pass, by default all."""
        self._answers.release(answers)

    def curve(self, first: date, end: date) -> list[Reading]:
        with self._counting:
            self.asked += 1
        self._answers.acquire(timeout=PATIENCE_S)
        return super().curve(first, end)


class Gate(RecordedSource):
    """A meter whose answers wait behind a gate while it is shut, so that whoever asks stays at it.

    ``totals``: whether daily totals wait there, too.

    ``asked``: set when a request has arrived; cleared by :meth:`shut`.
    ``waiting``: how many requests are behind the gate at this moment.
    """

    def __init__(self, *arguments: Any, totals: bool = True, **options: Any) -> None:
        self.asked, self._gate = threading.Event(), threading.Event()
        self._gate.set()
        self._holds_totals = totals
        self.waiting = 0
        self._counting = threading.Lock()
        super().__init__(*arguments, **options)

    def shut(self) -> None:
        self.asked.clear()
        self._gate.clear()

    def open(self) -> None:
        self._gate.set()

    def curve(self, first: date, end: date) -> list[Reading]:
        self._pass()
        return super().curve(first, end)

    def daily(self, first: date, end: date) -> list[DailyTotal]:
        if self._holds_totals:
            self._pass()
        return super().daily(first, end)

    def _pass(self) -> None:
        with self._counting:
            self.waiting += 1
        self.asked.set()
        self._gate.wait(PATIENCE_S)
        with self._counting:
            self.waiting -= 1
