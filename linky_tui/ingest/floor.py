"""The search for a meter's floor, the first day that the gateway accepts. Pure, no I/O."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from linky_tui.domain.paris import ONE_DAY
from linky_tui.enedis.answers import Answer
from linky_tui.ingest.events import Window


class FloorSearch:
    """Halves a window whose start was refused, until the earliest accepted start is known.

    The six later days take at most 3 requests, and only two where the first day is asked once more:
    Enedis has once refused days that it had, so a single refusal does not yet speak for a floor.

    Attributes:
        refused: the latest start that was refused.
        floor: the earliest start that was accepted, the day after the window where none was.
        answer: what there is from the floor on, ``None`` where nothing was accepted.
    """

    def __init__(self, window: Window) -> None:
        self.refused = window.first
        self.floor = window.last + ONE_DAY
        self.answer: Answer | None = None
        self._window = window
        self._refusals = 1

    @property
    def accepted(self) -> Window:
        """The days that :attr:`answer` is of."""
        return Window(self.floor, self._window.last)

    def next(self) -> Window | None:
        """The days to ask for now, ``None`` when the floor is known."""
        apart = (self.floor - self.refused).days
        if apart > 1:
            return Window(self.refused + timedelta(apart // 2), self._window.last)
        if apart == 1 and self._refusals == 1 and self.answer is not None:
            return Window(self.refused, self.refused)
        return None

    def answered(self, start: date, answer: Answer | None) -> None:
        """Note the answer to what :meth:`next` gave, ``None`` where its start was refused."""
        if answer is None:
            self.refused = start
            self._refusals += 1
            return
        if start == self.refused and self.answer is not None:
            # The first day alone continues what was accepted from the second one on.
            answer = replace(
                answer,
                request=replace(answer.request, end=self.answer.request.end),
                readings=(*answer.readings, *self.answer.readings),
                problems=answer.spoilt | self.answer.spoilt,
            )
        self.floor, self.answer = start, answer
