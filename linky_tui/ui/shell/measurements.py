"""What is known of both collections, for all pages: they share it and none measures twice."""

from __future__ import annotations

import time
from dataclasses import dataclass

from linky_tui.storage.compare.stats import Comparison
from linky_tui.ui.shell.size_history import SizeHistory

PROOF_VALID_S = 600.0
"""A proof older than this is made again even though no size changed."""

_EMPTY_FILE = 4096


@dataclass(frozen=True, slots=True)
class Measured:
    """What one poll found."""

    comparison: Comparison  # of both collections
    ideal_buckets: int  # how few buckets could hold the readings
    in_use: bool  # whether somebody writes: we, or another process
    # whether we wrote within the time that a server may take to write it to disk
    recent: bool = False

    @property
    def settled(self) -> bool:
        """Whether a checkpoint was forced, so that sizes on disk are current."""
        return not self.comparison.settling

    @property
    def lagging(self) -> bool:
        """Whether sizes on disk are so much older than the readings that they say nothing."""
        sizes = (self.comparison.regular, self.comparison.timeseries)
        unwritten = any(
            each.storage_bytes <= _EMPTY_FILE and each.data_bytes > 4 * _EMPTY_FILE
            for each in sizes
        )
        return not self.settled and (unwritten or (self.recent and not self.in_use))


class Measurements:
    """The last measurement, the last proof that both are identical, and how they grew.

    Attributes:
        last: what was measured last, on whichever page.
        history: sizes during the run under way, or the last one.
        written: whether something was written since the last checkpoint that we forced.
        written_s: when last, by the monotonic clock.
    """

    def __init__(self) -> None:
        self.last: Measured | None = None
        self.history = SizeHistory()
        self.written = False
        self.written_s = float("-inf")
        self._proof: Comparison | None = None
        self._proof_s = float("-inf")

    def note_write(self) -> None:
        """Something is being written: sizes on disk will follow, and nothing is proved any more."""
        self.written, self.written_s = True, time.monotonic()
        self._proof = None

    def note_proof(self, comparison: Comparison) -> None:
        """Both were compared, reading by reading; ``comparison`` says how that ended."""
        self._proof, self._proof_s = comparison, time.monotonic()

    def proof_for(self, comparison: Comparison) -> Comparison | None:
        """The last proof, if it is young and no data has changed since."""
        proof = self._proof
        if proof is None or time.monotonic() - self._proof_s > PROOF_VALID_S:
            return None
        same = all(
            (each.readings, each.data_bytes) == (other.readings, other.data_bytes)
            for each, other in (
                (proof.regular, comparison.regular),
                (proof.timeseries, comparison.timeseries),
            )
        )
        return proof if same else None
