"""What is known of both collections, and what to ask of them next; all pages share it.

It asks nothing itself. A checkpoint is due once after a run; a proof that both are identical when
the data differs from that of the last one, or that one is old.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from linky_tui.storage.compare.size_watch import SizeWatch
from linky_tui.ui.shell.size_history import SizeHistory

if TYPE_CHECKING:
    from linky_tui.storage.compare.stats import Comparison

BUSY_EVERY_S = 2.0
IDLE_EVERY_S = 30.0
PROOF_AFTER_S = 1.0
"""A proof takes a second of work, so it waits until the page has been drawn and looked at."""
PROOF_VALID_S = 600.0
"""A proof older than this is made again even though no size changed."""
SETTLING_EVERY_S = 10.0
"""While sizes on disk have still to follow."""

_NEVER = float("-inf")


class Step(Enum):
    """What to ask of both collections; the sizes come with each."""

    SIZES = auto()
    CHECKPOINT = auto()  # on our own server, so that sizes on disk are current
    PROOF = auto()  # whether both are identical, reading by reading


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Both collections at one moment."""

    comparison: Comparison
    in_use: bool  # whether somebody writes: we, or another process


class ComparisonState:
    """The last snapshot, what was proved, and when readings were written.

    Attributes:
        snapshot: the last one, whichever page asked for it.
        history: sizes during the run under way, or the last one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.snapshot: Snapshot | None = None
        self.history = SizeHistory()
        self._clock = clock
        self._wanted = True
        self._asked: Step | None = None
        self._proof: Comparison | None = None
        self._watch = SizeWatch(clock)
        # A checkpoint and a proof are as old as their question: what is written later, they lack.
        self._asked_s = self._checkpoint_s = self._proof_s = _NEVER
        self._answered_s = self._wrote_s = _NEVER

    def want(self) -> None:
        """The next snapshot is wanted at once."""
        self._wanted = True

    def note_write(self) -> None:
        """Readings were written: sizes on disk will follow, and nothing is proved any more."""
        self._wrote_s = self._clock()

    @property
    def awaiting(self) -> bool:
        """Whether an answer is awaited."""
        return self._asked is not None

    def next_step(self, *, busy: bool) -> tuple[Step, float]:
        """What to ask next and in how many seconds; ``busy`` says whether a run is under way."""
        last = self.snapshot
        often = busy or (last is not None and last.in_use)
        unproved = last is not None and self._proof_for(last.comparison) is None
        passed_s = self._clock() - self._answered_s
        if unproved and not (self._wanted or often or self._unforced):
            return Step.PROOF, PROOF_AFTER_S - passed_s
        step = Step.CHECKPOINT if self._unforced and not busy else Step.SIZES
        settling = last is not None and not last.comparison.settled
        every_s = BUSY_EVERY_S if often else SETTLING_EVERY_S if settling else IDLE_EVERY_S
        return step, 0.0 if self._wanted else every_s - passed_s

    def asked(self, step: Step) -> None:
        """A step is being taken; :meth:`answered` or :meth:`failed` follows."""
        self._asked, self._asked_s, self._wanted = step, self._clock(), False

    def failed(self) -> None:
        """There was no answer; unless one is wanted, asking again has time."""
        self._asked, self._answered_s = None, self._clock() + IDLE_EVERY_S

    def answered(self, found: Snapshot, *, busy: bool, run: object) -> None:
        """An answer is there; ``run`` is the run under way, or the last one."""
        step, self._asked, self._answered_s = self._asked, None, self._clock()
        if busy or self._unforced:
            self.history.add(found.comparison, run)
        quiet = not busy and not found.in_use
        if quiet and step is Step.CHECKPOINT:
            self._checkpoint_s = self._asked_s
        if quiet and step is Step.PROOF:
            self._proof, self._proof_s = found.comparison, self._asked_s
        proof = self._proof_for(found.comparison) if quiet else None
        identical = None if proof is None else proof.identical
        settled = self._watch.settled(_sizes(found.comparison), found.comparison.settled)
        comparison = replace(found.comparison, identical=identical, settled=settled)
        self.snapshot = replace(found, comparison=comparison)

    @property
    def _unforced(self) -> bool:
        """Whether no checkpoint was asked for since the last write."""
        return self._wrote_s > self._checkpoint_s

    def _proof_for(self, comparison: Comparison) -> Comparison | None:
        """The last proof, if it is young and no data has changed since."""
        young = self._clock() - self._proof_s <= PROOF_VALID_S
        if self._proof is None or not young or self._wrote_s > self._proof_s:
            return None
        return self._proof if _data(self._proof) == _data(comparison) else None


def _data(comparison: Comparison) -> list[tuple[int, int | None]]:
    sizes = (comparison.regular, comparison.timeseries)
    return [(each.readings, each.data_bytes) for each in sizes]


def _sizes(comparison: Comparison) -> Hashable:
    both = (comparison.regular, comparison.timeseries)
    return tuple((each.data_bytes, each.storage_bytes, each.index_bytes) for each in both)
