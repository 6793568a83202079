"""The panel of the live table, kept current while its page is shown.

Often while readings are being written, rarely when nothing happens, never while the page is hidden
(or under a dialog), while the last answer is awaited, or while MongoDB is away.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from textual import getters
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.signal import Signal
from textual.timer import Timer
from textual.widgets import Static

from linky_tui.ui.comparison.size_bars import SizeBars, two_bars
from linky_tui.ui.comparison.table import ComparisonTable
from linky_tui.ui.shell.comparison_state import Snapshot, Step
from linky_tui.ui.shell.core import AppCore
from linky_tui.ui.shell.page import Said, nothing_text
from linky_tui.words.comparison import SETTLING, honest_note, lost_note

if TYPE_CHECKING:
    from linky_tui.storage.store import Store
    from linky_tui.words.copied import Copyable

COPIES_BACK = "Repair on the Storage page copies them back, as the next sync does"


class LiveComparison(Vertical):
    """Shows the comparison in whatever way; takes each step of the application's when it is due.

    Subclasses draw a snapshot in :meth:`show`. With ``-nothing`` only ``#nothing`` is seen.
    """

    DEFAULT_CSS = """
    LiveComparison {
        #nothing { display: none; }
        &.-nothing > * { display: none; }
        &.-nothing > #nothing { display: block; }
    }
    """
    app = getters.app(AppCore)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield from self.compose_figures()
        yield Said(nothing_text(self.app, at_all=True), id="nothing", classes="empty", markup=False)

    def compose_figures(self) -> ComposeResult:
        yield from ()

    def on_mount(self) -> None:
        self.border_title = "The same data, stored twice"
        for signal in self._states:
            signal.subscribe(self, lambda _: self._show_state())
        self.app.comparison_changed.subscribe(self, lambda _: self._show())
        self._show()

    def on_unmount(self) -> None:
        for signal in (*self._states, self.app.comparison_changed):
            signal.unsubscribe(self)

    @property
    def _states(self) -> tuple[Signal[Any], ...]:
        return self.app.ingest.state_changed, self.app.status_changed

    def soon(self) -> None:
        """Look at once: what is stored changed, or the page is shown again."""
        self.app.comparison.want()
        self._follow()

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot."""

    def _show(self) -> None:
        snapshot = self.app.comparison.snapshot
        if snapshot is not None:
            if not self.children:
                self.mount_all(self.compose())
            self.show(snapshot)
            comparison = snapshot.comparison
            self.set_class(not comparison.regular.readings, "-nothing")
            lost = lost_note(comparison, COPIES_BACK)
            self.query_one("#nothing", Static).update(lost or nothing_text(self.app, at_all=True))
        self._show_state()

    def _show_state(self) -> None:
        self.border_subtitle = self._state_text()
        self._follow()

    def _state_text(self) -> str:
        snapshot = self.app.comparison.snapshot
        if snapshot is None:
            return ""
        if not self.app.store_ready:
            return "MongoDB is away"
        if self.app.ingest.state.busy or snapshot.in_use:
            return "● live"
        return "live" if snapshot.comparison.settled else SETTLING

    def _follow(self) -> None:
        """Take the next step, or wait for its time; whatever changes it calls this again."""
        if self._timer is not None:
            self._timer.stop()
        state = self.app.comparison
        if state.awaiting or not self.screen.is_current or not self.app.store_ready:
            return
        step, wait_s = state.next_step(busy=self.app.ingest.state.busy)
        if wait_s > 0:
            self._timer = self.set_timer(wait_s, self._follow)
        else:
            self._take(step)

    def _take(self, step: Step) -> None:
        app, state = self.app, self.app.comparison
        state.asked(step)

        def ask(store: Store) -> Snapshot:
            try:
                return _snapshot(store, step, app.leaving)
            except BaseException:
                app.call_later(failed)
                raise

        def failed() -> None:
            state.failed()
            app.comparison_changed.publish(None)

        def answered(found: Snapshot) -> None:
            ingest = app.ingest.state
            state.answered(found, busy=ingest.busy, run=ingest.jobs)
            app.comparison_changed.publish(None)

        # In the name of the page: a dialog may be closed before its answer, which all wait for.
        app.query_store(app.screen_stack[0], ask, answered, group="comparison")


class ComparisonPanel(LiveComparison):
    """The table, its note, and two bars in the rows that are left."""

    DEFAULT_CSS = """
    ComparisonPanel {
        #note { color: $text-muted; height: auto; margin-top: 1; max-width: 84; }
        SizeBars { height: 1fr; max-width: 84; margin-top: 1; }
    }
    """

    def __init__(self, *, detailed: bool = False, bars: bool = False) -> None:
        super().__init__(id="table")
        self.add_class("panel")
        self.table = ComparisonTable(detailed=detailed)
        self._bars = SizeBars() if bars else None

    def compose(self) -> ComposeResult:
        # Before MongoDB has answered there is nothing to see: the first frame does not wait for it.
        if self.app.comparison.snapshot is not None:
            yield from super().compose()

    def compose_figures(self) -> ComposeResult:
        yield self.table
        yield Said("", id="note", markup=False)
        if self._bars is not None:
            yield self._bars

    def show(self, snapshot: Snapshot) -> None:
        self.table.show(snapshot)
        note = honest_note(snapshot.comparison, detailed=self.table.detailed)
        self.query_one("#note", Static).update(note)
        if self._bars is not None:
            self._bars.show(two_bars(snapshot.comparison))

    def copyables(self) -> list[Copyable]:
        """The comparison, where there is one."""
        from linky_tui.words.copied import Copyable, comparison_text

        found = self.app.comparison.snapshot
        if found is None or not found.comparison.regular.readings:
            return []
        shown = found.comparison
        return [Copyable("The comparison", lambda form: comparison_text(shown, form))]


def _snapshot(store: Store, step: Step, stop: threading.Event) -> Snapshot:
    """Take a step, in a worker thread; neither checkpoint nor proof while anybody writes."""
    from linky_tui.storage.compare.stats import compare_sizes

    in_use = bool(store.leases.in_use())
    comparison = compare_sizes(
        store,
        checkpoint=step is Step.CHECKPOINT and not in_use,
        compare=step is Step.PROOF and not in_use,
        stop=stop,
    )
    return Snapshot(comparison, in_use or bool(store.leases.in_use()))
