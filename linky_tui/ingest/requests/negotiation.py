"""Which generation of the API a run asks, and which of its requests were refused for good.

The same request (type, PRM, dates) is not sent again in a run after a 4xx, and
neither is it put the other way round: only a refusal that is about the generation leads to the
other one, and that one is then still to be asked, also after a retry.
"""

from __future__ import annotations

from linky_tui.enedis.budget import Budget
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataKind, DataRequest, Shape

ABOUT_THE_GENERATION = frozenset({ApiFaultKind.UNKNOWN_TYPE, ApiFaultKind.NOT_SUBSCRIBED})
"""What the other generation of the API may answer instead."""

_ANSWERS = (ApiFaultKind.NO_DATA, ApiFaultKind.FLOOR)
_OTHER = {Shape.NEW: Shape.LEGACY, Shape.LEGACY: Shape.NEW}


class Negotiation:
    """What a run has learnt of its host: which types it knows, not in which shape it answers.

    The budget remembers the generation from run to run.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._known: dict[DataKind, Shape] = {}
        self._refused: dict[tuple[DataRequest, Shape], ApiFault] = {}

    def shapes(self, kind: DataKind) -> tuple[Shape, ...]:
        """The one generation known to do for ``kind``; else both, the likely one first."""
        if kind in self._known:
            return (self._known[kind],)
        likely = next(iter(self._known.values()), None) or self._budget.remembered_shape()
        first = likely or Shape.NEW
        return first, _OTHER[first]

    def check(self, request: DataRequest, shape: Shape) -> None:
        """Raise the fault with which a request was refused before."""
        if (request, shape) in self._refused:
            raise self._refused[request, shape]

    def refused(self, request: DataRequest, shape: Shape, fault: ApiFault, *, final: bool) -> None:
        """Learn from a fault; a ``final`` one holds for both generations."""
        if fault.kind in _ANSWERS:
            self.answered(request.kind, shape)
        if fault.is_4xx and fault.kind is not ApiFaultKind.QUOTA:
            for each in Shape if final else (shape,):
                self._refused[request, each] = fault

    def answered(self, kind: DataKind, shape: Shape) -> None:
        """Learn that a generation does for ``kind``."""
        if kind not in self._known:
            self._known[kind] = shape
            self._budget.remember_shape(shape)
