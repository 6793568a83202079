"""A meter whose readings come week by week, as the test lets them: no run is over too soon."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

from linky_tui.demo.server import RecordedSource
from linky_tui.domain.models import Reading

PATIENCE_S = 200.0
"""So that a test that failed ends."""


class Turnstile(RecordedSource):
    """A source whose load curves wait until the test lets them pass; daily totals do not.

    A client waits ten seconds for an answer, as long as nobody gives it more patience.

    Attributes:
        asked: how many load curves were asked for, answered or not.
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
        """See :meth:`Source.curve`."""
        with self._counting:
            self.asked += 1
        self._answers.acquire(timeout=PATIENCE_S)
        return super().curve(first, end)
