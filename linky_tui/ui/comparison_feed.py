"""Measures both collections for a page, again and again while it is shown.

Often while readings are being written, rarely when nothing happens, never while the page is hidden
(or under a dialog), while the last measurement runs, or while MongoDB is away. What is expensive
is done only when it can have changed: a checkpoint once after a run, on our own server; the proof
that both are identical when the data differs from that it was made for, or it is old.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from linky_tui.storage.buckets import ideal_buckets
from linky_tui.storage.stats import Comparison, measure
from linky_tui.storage.store import Store
from linky_tui.ui.comparison_rows import SETTLING
from linky_tui.ui.page import Page

BUSY_EVERY_S = 2.0
IDLE_EVERY_S = 30.0
PROOF_VALID_S = 600.0
"""A proof older than this is made again even though no size changed."""
SETTLING_S = 65.0
"""So long after the last write sizes on disk may still follow, where nobody forces it."""

_TICK_S = 0.5
_EMPTY_FILE = 4096


@dataclass(frozen=True, slots=True)
class Measured:
    """What one poll found.

    Attributes:
        comparison: of both collections.
        ideal_buckets: how few buckets could hold the readings.
        in_use: whether somebody writes: we, or another process.
        recent: whether we wrote within the time that a server may take to write it to disk.
    """

    comparison: Comparison
    ideal_buckets: int
    in_use: bool
    recent: bool = False

    @property
    def lagging(self) -> bool:
        """Whether sizes on disk are so much older than the readings that they say nothing."""
        sizes = (self.comparison.regular, self.comparison.timeseries)
        unwritten = any(
            each.storage_bytes <= _EMPTY_FILE and each.data_bytes > 4 * _EMPTY_FILE
            for each in sizes
        )
        return not self.settled and (unwritten or (self.recent and not self.in_use))

    @property
    def settled(self) -> bool:
        """Whether a checkpoint was forced, so that sizes on disk are current."""
        return not self.comparison.settling


class ComparisonFeed:
    """The polls of one page. Every method runs on the interface's thread.

    Args:
        page: whose polls; nothing is asked while it is hidden.
        show: called with each measurement.
    """

    def __init__(self, page: Page, show: Callable[[Measured], None]) -> None:
        self._page = page
        self._show = show
        self._asking = False
        self._due_s = 0.0
        self._written = False
        self._settling = False
        self._written_s = float("-inf")
        self._proof: Comparison | None = None
        self._proof_s = float("-inf")
        self._leaving = threading.Event()
        self.measured: Measured | None = None

    def start(self) -> None:
        """Begin; the page is mounted."""
        self._page.set_interval(_TICK_S, self._tick)

    def end(self) -> None:
        """End a proof under way; the page is being removed."""
        self._leaving.set()

    def soon(self) -> None:
        """Measure at once: what is stored changed, or the page is shown again."""
        self._due_s = 0.0
        self._tick()

    def wrote(self) -> None:
        """Something was written outside the engine, such as a rebuild: settle and prove anew."""
        self._written, self._written_s = True, time.monotonic()
        self._proof = None
        self.soon()

    @property
    def state_text(self) -> str:
        """How current the table is, in a word or two."""
        if self.measured is None:
            return ""
        if not self._page.linky.store_ready:
            return "MongoDB is away"
        if self._busy or self.measured.in_use:
            return "● live"
        return SETTLING if self.measured.lagging else "live"

    @property
    def _busy(self) -> bool:
        return self._page.linky.ingest.state.busy

    def _tick(self) -> None:
        if self._busy:
            self._written, self._written_s = True, time.monotonic()
            self._proof = None
            self._due_s = min(self._due_s, time.monotonic() + BUSY_EVERY_S)
        waiting = self._asking or time.monotonic() < self._due_s
        if waiting or not self._page.is_current or not self._page.linky.store_ready:
            return
        busy = self._busy
        settle = self._settling = self._written and not busy
        self._ask(lambda store: _measure(store, busy=busy, settle=settle), self._arrived)

    def _ask(self, ask: Callable[[Store], Measured], arrived: Callable[[Measured], None]) -> None:
        self._asking = True

        def watched(store: Store) -> Measured:
            try:
                return ask(store)
            except BaseException:
                self._asking = False
                self._due_s = time.monotonic() + BUSY_EVERY_S
                raise

        self._page.query_store(watched, arrived, group="comparison")

    def _arrived(self, measured: Measured) -> None:
        quiet = not measured.in_use and not self._busy
        if self._written:
            linky = self._page.linky
            linky.size_history.add(measured.comparison, linky.ingest.state.job)
        if quiet and self._settling:
            self._written = False
        proof = self._valid_proof(measured.comparison) if quiet else None
        if proof is not None:
            comparison = replace(measured.comparison, identical=proof.identical)
            measured = replace(measured, comparison=comparison)
        self._publish(measured)
        if quiet and proof is None:
            self._ask(lambda store: _prove(store, self._leaving), self._proof_arrived)

    def _proof_arrived(self, measured: Measured) -> None:
        before = self.measured
        if not measured.in_use and not self._busy:
            self._proof, self._proof_s = measured.comparison, time.monotonic()
        if before is not None and before.settled:
            # The same sizes, a second later; only the one before was settled.
            measured = replace(measured, comparison=replace(measured.comparison, settling=False))
        self._publish(measured)

    def _publish(self, measured: Measured) -> None:
        self._asking = False
        recent = time.monotonic() - self._written_s < SETTLING_S
        measured = replace(measured, recent=recent)
        every_s = BUSY_EVERY_S if self._busy or measured.in_use else IDLE_EVERY_S
        self._due_s = time.monotonic() + every_s
        self.measured = measured
        self._show(measured)

    def _valid_proof(self, comparison: Comparison) -> Comparison | None:
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


def _measure(store: Store, *, busy: bool, settle: bool) -> Measured:
    """Measure, in a worker thread; never a checkpoint while anybody writes."""
    in_use = busy or bool(store.leases.in_use())
    comparison = measure(store, settle=settle and not in_use)
    return Measured(comparison, ideal_buckets(store.readings.counts()[1]), in_use)


def _prove(store: Store, stop: threading.Event) -> Measured:
    """Measure and prove that both are identical, in a worker thread."""
    comparison = measure(store, compare=True, stop=stop)
    in_use = bool(store.leases.in_use())
    if in_use:
        comparison = replace(comparison, identical=None)
    return Measured(comparison, ideal_buckets(store.readings.counts()[1]), in_use)
