"""A backfill's progress on stderr: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import time
from typing import TextIO

from linky_tui.domain.coverage import DayStatus
from linky_tui.ingest.events import (
    Event,
    Noted,
    Planned,
    Rebuilding,
    Surveyed,
    Waiting,
    Window,
    WindowStored,
)
from linky_tui.text.formatting import (
    count_text,
    day_text,
    duration_text,
    local_time_text,
    mask_prm,
    printable,
    short_day_text,
)

BAR_CELLS = 20
RECENT_WINDOWS = 20
"""The ETA follows the pace of so many windows."""


class Progress:
    """Draws events; knows nothing of what they do.

    Args:
        out: where to write, normally stderr.
        live: whether to redraw one line (a terminal) instead of adding lines.
        verbose: whether to say every step as a line of its own.
    """

    def __init__(self, out: TextIO, *, live: bool, verbose: bool = False) -> None:
        self._out = out
        self._live = live and not verbose
        self._verbose = verbose
        self._done = self._total = self._readings = 0
        self._ticks: list[float] = []
        self._drawn = False

    def show(self, event: Event) -> None:
        """Draw one event."""
        match event:
            case Planned(windows=windows):
                self._total = self._done + len(windows)
                self._ticks.append(time.monotonic())
                if windows and (self._verbose or not self._done):
                    self._say(f"{_meter(event)}{_windows(len(windows))} to ask, newest first")
            case Surveyed(first=first, last=last, totals=totals) if first and last:
                self._say(
                    f"{_meter(event)}daily totals of {count_text(totals)} days, "
                    f"{day_text(first)} to {day_text(last)}"
                )
            case WindowStored():
                self._stored(event)
            case Rebuilding(done=done, total=total, reason=reason):
                if self._live:
                    self._draw(
                        f"{_bar(done, total)} {count_text(done)}/{count_text(total)}",
                        "rebuilding the time series collection",
                    )
                elif done == 0:
                    self._say(f"Rebuilding the time series collection: {reason}")
            case Waiting(seconds=seconds, until=until, reason=reason):
                self._say(
                    f"Waiting {duration_text(seconds)}, until {local_time_text(until)}: {reason}"
                )
            case Noted(text=text):
                self._say(f"{_meter(event)}{text}")
            case _:
                pass

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
                _span(event.window),
                f"{count_text(self._readings)} readings",
            )
            return
        certified = sum(day.certified for day in event.days)
        complete = sum(day.status is DayStatus.COMPLETE for day in event.days)
        corrected = f", {event.corrected} corrected" if event.corrected else ""
        self._say(
            f"{self._count()}  {_span(event.window):20}  {event.inserted:4} new readings"
            f"{corrected}, {complete} of {event.window.days} days complete, {certified} certified"
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


def _meter(event: Event) -> str:
    return f"{mask_prm(event.series.prm)} {event.series.flow}: "


def _span(window: Window) -> str:
    first, last = window.first, window.last
    if window.days == 1:
        return f"{short_day_text(first)} {first.year}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {short_day_text(last)} {last.year}"
    start = f"{short_day_text(first)} {first.year}" if first.year != last.year else ""
    return f"{start or short_day_text(first)} to {short_day_text(last)} {last.year}"


def _windows(count: int) -> str:
    return f"{count_text(count)} window" + ("" if count == 1 else "s")


def _bar(done: int, total: int) -> str:
    filled = BAR_CELLS * done // total if total else BAR_CELLS
    return "━" * filled + "─" * (BAR_CELLS - filled)
