"""Measures both collections for a page, again and again while it is shown.

Often while readings are being written, rarely when nothing happens, never while the page is hidden
(or under a dialog), while the last measurement runs, or while MongoDB is away. What is expensive
is done only when it can have changed something: a checkpoint once after a run, on our own server;
the proof that both are identical when the data differs from that it was made for, or it is old,
and not in the moment in which a page opens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from linky_tui.storage.compare.buckets import ideal_buckets
from linky_tui.storage.compare.stats import compare_sizes
from linky_tui.storage.store import Store
from linky_tui.ui.shell.measurements import Measured, Measurements
from linky_tui.ui.shell.page import Page
from linky_tui.words.comparison import SETTLING

BUSY_EVERY_S = 2.0
IDLE_EVERY_S = 30.0
PROOF_AFTER_S = 1.0
"""A proof takes a second of work, so it waits until the page has been drawn and looked at."""
SETTLING_S = 65.0
"""So long after the last write sizes on disk may still follow, where nobody forces it."""

_TICK_S = 0.25
_NEVER = float("inf")


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
        self._settling = False
        self._due_s = 0.0
        self._proof_due_s = _NEVER
        self._leaving = threading.Event()

    def start(self) -> None:
        """Begin; the page is mounted."""
        self._page.set_interval(_TICK_S, self._tick)
        if self.measured is not None:
            self._show(self.measured)

    def end(self) -> None:
        """End a proof under way; the page is being removed."""
        self._leaving.set()

    def soon(self) -> None:
        """Measure at once: what is stored changed, or the page is shown again."""
        self._due_s = 0.0
        self._tick()

    def wrote(self) -> None:
        """Something was written outside the engine, such as a rebuild: settle and prove anew."""
        self._shared.note_write()
        self.soon()

    @property
    def measured(self) -> Measured | None:
        """What was measured last, by this page or another one."""
        return self._shared.last

    @property
    def state_text(self) -> str:
        """How current the table is, in a word or two."""
        if self.measured is None:
            return ""
        if not self._page.app.store_ready:
            return "MongoDB is away"
        if self._busy or self.measured.in_use:
            return "● live"
        return SETTLING if self.measured.lagging else "live"

    @property
    def _shared(self) -> Measurements:
        return self._page.app.measurements

    @property
    def _busy(self) -> bool:
        return self._page.app.ingest.state.busy

    def _tick(self) -> None:
        now_s, busy = time.monotonic(), self._busy
        if busy:
            self._due_s = min(self._due_s, now_s + BUSY_EVERY_S)
            self._proof_due_s = _NEVER
        if self._asking or not self._page.is_current or not self._page.app.store_ready:
            return
        if now_s >= self._due_s:
            settle = self._settling = self._shared.written and not busy
            self._ask(lambda store: _measure(store, busy=busy, settle=settle), self._arrived)
        elif now_s >= self._proof_due_s:
            self._proof_due_s = _NEVER
            self._ask(lambda store: _prove(store, self._leaving), self._proof_arrived)

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
        shared, quiet = self._shared, not measured.in_use and not self._busy
        if shared.written or self._busy:
            shared.history.add(measured.comparison, self._page.app.ingest.state.job)
        if quiet and self._settling:
            shared.written = False
        proof = shared.proof_for(measured.comparison) if quiet else None
        if proof is not None:
            comparison = replace(measured.comparison, identical=proof.identical)
            measured = replace(measured, comparison=comparison)
        elif quiet:
            self._proof_due_s = time.monotonic() + PROOF_AFTER_S
        self._publish(measured)

    def _proof_arrived(self, measured: Measured) -> None:
        before = self.measured
        if not measured.in_use and not self._busy:
            self._shared.note_proof(measured.comparison)
        if before is not None and before.settled:
            # The same sizes, a second later; only the one before was settled.
            measured = replace(measured, comparison=replace(measured.comparison, settling=False))
        self._publish(measured)

    def _publish(self, measured: Measured) -> None:
        self._asking = False
        now_s = time.monotonic()
        measured = replace(measured, recent=now_s - self._shared.written_s < SETTLING_S)
        every_s = BUSY_EVERY_S if self._busy or measured.in_use else IDLE_EVERY_S
        self._due_s = now_s + every_s
        self._shared.last = measured
        self._show(measured)


def _measure(store: Store, *, busy: bool, settle: bool) -> Measured:
    """Measure, in a worker thread; never a checkpoint while anybody writes."""
    in_use = busy or bool(store.leases.in_use())
    comparison = compare_sizes(store, checkpoint=settle and not in_use)
    return Measured(comparison, ideal_buckets(store.readings.counts()[1]), in_use)


def _prove(store: Store, stop: threading.Event) -> Measured:
    """Measure and prove that both are identical, in a worker thread."""
    comparison = compare_sizes(store, compare=True, stop=stop)
    in_use = bool(store.leases.in_use())
    if in_use:
        comparison = replace(comparison, identical=None)
    return Measured(comparison, ideal_buckets(store.readings.counts()[1]), in_use)
