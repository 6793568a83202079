"""How the data of both collections grew: while readings are fetched, or replayed from the start."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from textual import getters, work
from textual.message import Message

from linky_tui.domain.growth import Growth
from linky_tui.domain.models import Series
from linky_tui.errors import LinkyError
from linky_tui.lab.events import Progressed
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.ui.plots import Chart, LinePlot
from linky_tui.ui.shell.core import AppCore
from linky_tui.ui.shell.size_history import growth_plot

NO_GROWTH = "Fills while readings are fetched: b backfills the history, s syncs the last days."
REPLAY_AFTER_S = 2.0
"""The page is drawn and its figures are measured first."""
_FETCHED = "Growth of the data (MB), by readings fetched"
_REPLAYED = "Growth of the data (MB), the stored readings replayed in a scratch server"
_REPLAYING = "Replaying the stored history."


@dataclass
class ReplayAdvanced(Message):
    """The replay got on; queued ones collapse."""

    text: str

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ReplayAdvanced)


class GrowthChart(Chart):
    """The run under way or the last one, else the stored history, replayed once for each meter."""

    app = getters.app(AppCore)

    def __init__(self) -> None:
        super().__init__(NO_GROWTH, id="growth", classes="panel")
        self._stop = threading.Event()
        self._replayed: dict[Series, LinePlot] = {}
        self._asked: Series | None = None  # which replay was begun, whatever became of it

    def on_mount(self) -> None:
        self.marker = self.app.config.display.marker
        self.border_title = _FETCHED

    def on_unmount(self) -> None:
        self._stop.set()

    def follow(self) -> None:
        """Show what is known, and replay where that is nothing."""
        plot, series = self.app.comparison.history.plot(), self.app.series
        self.border_title = _FETCHED if plot is not None or self._asked is None else _REPLAYED
        if plot is not None:
            self.show(plot)
            return
        replayed = self._replayed.get(series) if series is not None else None
        if replayed is not None:
            self.border_title = _REPLAYED
            if self.plot is not replayed:
                self.show(replayed)
        elif series is not None and self._asked != series and self._may_replay:
            self._asked = series
            self.border_title = _REPLAYED
            self.show_empty(_REPLAYING)
            self.set_timer(REPLAY_AFTER_S, lambda: self._replay(series))

    @property
    def _may_replay(self) -> bool:
        snapshot, app = self.app.comparison.snapshot, self.app
        stored = snapshot is not None and snapshot.comparison.regular.readings > 1
        return stored and app.store_ready and not app.ingest.state.busy

    @work(group="replay", exclusive=True, exit_on_error=False)
    async def _replay(self, series: Series) -> None:
        try:
            found = await asyncio.to_thread(self._replay_now, series)
        except StorageStopped:
            return
        except LinkyError as error:
            self.show_empty(f"{NO_GROWTH} The stored history is not replayed: {error.cause}")
            return
        plot = growth_plot(found)
        if plot is not None:
            self._replayed[series] = plot
        self.follow()

    def _replay_now(self, series: Series) -> Sequence[Growth]:
        """In a thread."""
        from linky_tui.lab.experiments.growth import replay_growth
        from linky_tui.ui.laboratory.task import replay_task

        backend = self.app.backend
        steps = replay_growth(replay_task(backend.store, backend, series, self._stop))
        while True:
            try:
                self._tell(next(steps))
            except StopIteration as end:
                found: Sequence[Growth] = end.value
                return found

    def _tell(self, progress: Progressed) -> None:
        text = f"Replaying the stored history: {progress.share:.0%}."
        self.post_message(ReplayAdvanced(text))

    def on_replay_advanced(self, message: ReplayAdvanced) -> None:
        if self.plot is None:
            self.show_empty(message.text)
