"""A backfill's progress on stderr: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import time
from typing import TextIO

from linky_tui.ingest.events import (
    Event,
    Failed,
    Finished,
    Paused,
    Planned,
    Rebuilding,
    WindowStored,
)
from linky_tui.text.formatting import count_text, duration_text, printable, things
from linky_tui.words.events import event_text, span_text

BAR_CELLS = 20
RECENT_WINDOWS = 20
"""The ETA follows the pace of so many windows."""


class Progress:
    """Draws events; knows nothing of what they do."""

    def __init__(self, out: TextIO, *, live: bool, verbose: bool = False) -> None:
        self._out = out
        self._live = live and not verbose
        self._verbose = verbose
        self._done = self._total = self._readings = 0
        self._ticks: list[float] = []
        self._drawn = False

    def show(self, event: Event) -> None:
        """Draw one event."""
        count = ""
        match event:
            case Planned(windows=windows):
                self._total = self._done + len(windows)
                self._ticks.append(time.monotonic())
                if not windows or (self._done and not self._verbose):
                    return
            case WindowStored():
                self._stored(event)
                if self._live:
                    return
                count = f"{self._count()}  "
            case Rebuilding(done=done, total=total) if self._live:
                self._draw(
                    f"{_bar(done, total)} {count_text(done)}/{count_text(total)}",
                    "rebuilding the time series collection",
                )
                return
            case Paused() | Failed() | Finished():
                return  # the summary says how it ended
        if said := event_text(event, name_meter=not count):
            self._say(count + said.text)

    def close(self) -> None:
        """Leave the live line behind."""
        if self._drawn:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._drawn = False

    def _stored(self, event: WindowStored) -> None:
        self._done += 1
        self._total = self._done + event.windows_left
        self._readings += event.inserted
        self._ticks = [*self._ticks[-RECENT_WINDOWS:], time.monotonic()]
        if self._live:
            self._draw(
                f"{_bar(self._done, self._total)} {self._count()}",
                self._eta(),
                span_text(event.window),
                things(self._readings, "reading"),
            )

    def _count(self) -> str:
        total = count_text(self._total)
        return f"{count_text(self._done).rjust(len(total))}/{total}"

    def _eta(self) -> str:
        left = self._total - self._done
        if len(self._ticks) < 2 or not left:
            return ""
        pace_s = (self._ticks[-1] - self._ticks[0]) / (len(self._ticks) - 1)
        return f"{duration_text(pace_s * left)} left"

    def _say(self, text: str) -> None:
        self.close()
        self._out.write(printable(text) + "\n")
        self._out.flush()

    def _draw(self, *parts: str) -> None:
        """Redraw the live line with as many parts as have room, the first ones first."""
        columns = max(shutil.get_terminal_size().columns - 1, 10)
        shown = ""
        for part in filter(None, parts):
            longer = f"{shown} · {part}" if shown else part[:columns]
            if len(longer) > columns:
                break
            shown = longer
        self._out.write(f"\r\x1b[K{shown}")
        self._out.flush()
        self._drawn = True


def _bar(done: int, total: int) -> str:
    filled = BAR_CELLS * done // total if total else BAR_CELLS
    return "━" * filled + "─" * (BAR_CELLS - filled)
