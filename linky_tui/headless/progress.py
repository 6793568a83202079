"""A backfill's progress on stderr: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import time
from typing import Self, TextIO

from linky_tui.domain.models import Series
from linky_tui.domain.paris import utc_now
from linky_tui.ingest.events import (
    Event,
    Failed,
    Finished,
    Paused,
    Planned,
    Rebuilding,
    WindowStored,
)
from linky_tui.text.formatting import count_text, printable, things
from linky_tui.words.eta import last_request_at, last_request_text
from linky_tui.words.events import event_text, span_text

BAR_CELLS = 20
RECENT_WINDOWS = 20
"""The ETA follows the pace of so many windows."""


class Progress:
    """Draws events; knows nothing of what they do.

    ``several``: the events are of more than one meter. ``whole_budget``: the run may spend all
    requests of a day, of which there are ``per_day`` (``None`` without a limit).
    """

    def __init__(
        self,
        out: TextIO,
        *,
        live: bool,
        verbose: bool,
        several: bool,
        whole_budget: bool,
        per_day: int | None,
    ) -> None:
        self._out = out
        self._live = live and not verbose
        self._verbose = verbose
        self._several = several
        self._whole_budget = whole_budget
        self._per_day = per_day
        self._done = self._readings = self._made = 0
        self._left: dict[Series, int] = {}
        # after how many requests of this run today's budget is spent
        self._spent_after: int | None = None
        self._ticks: list[float] = []
        self._drawn = False

    def show(self, event: Event, made: int) -> None:
        """Draw one event; ``made`` are the requests of the run so far."""
        count, self._made = "", made
        match event:
            case Planned(windows=windows, left_today=left):
                self._left[event.series] = len(windows)
                self._spent_after = None if left is None else made + left
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
        if said := event_text(event, name_meter=self._several or not count):
            self._say(count + said.text)

    def close(self) -> None:
        """Leave the live line behind."""
        if self._drawn:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._drawn = False

    def _stored(self, event: WindowStored) -> None:
        self._done += 1
        self._left[event.series] = event.windows_left
        self._readings += event.inserted
        self._ticks = [*self._ticks[-RECENT_WINDOWS:], time.monotonic()]
        if self._live:
            self._draw(
                f"{_bar(self._done, self._done + sum(self._left.values()))} {self._count()}",
                self._eta(),
                span_text(event.window),
                things(self._readings, "reading"),
            )

    def _count(self) -> str:
        total = count_text(self._done + sum(self._left.values()))
        return f"{count_text(self._done).rjust(len(total))}/{total}"

    def _eta(self) -> str:
        left, now = sum(self._left.values()), utc_now()
        if len(self._ticks) < 2 or not left or not self._whole_budget:
            return ""
        at = last_request_at(
            left,
            left_today=None if self._spent_after is None else self._spent_after - self._made,
            per_day=self._per_day,
            now=now,
            pace_s=(self._ticks[-1] - self._ticks[0]) / (len(self._ticks) - 1),
        )
        return last_request_text(at, now)

    def _say(self, text: str) -> None:
        self.close()
        self._out.write(printable(text) + "\n")
        self._out.flush()

    def _draw(self, *parts: str) -> None:
        _redraw(self._out, *parts)
        self._drawn = True


class Waiting:
    """The line of a wait until MongoDB has written to disk; a context manager that clears it.

    Only on a terminal it is ``live``; elsewhere it is said once.
    """

    def __init__(self, out: TextIO, *, live: bool, quiet: bool) -> None:
        self._out, self._live, self._quiet = out, live, quiet
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown and self._live:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def show(self, waited_s: float) -> None:
        """Tell how long it takes already."""
        if self._quiet or (self._shown and not self._live):
            return
        self._shown = True
        if self._live:
            _redraw(
                self._out,
                f"waiting until MongoDB has written to disk, {waited_s:.0f} s",
                "up to a minute",
                "Ctrl-C: show what is known",
            )
        else:
            self._out.write("Waiting until MongoDB has written to disk, up to a minute.\n")
            self._out.flush()


def _redraw(out: TextIO, *parts: str) -> None:
    """Redraw the live line with as many parts as have room, the first ones first."""
    columns = max(shutil.get_terminal_size().columns - 1, 10)
    shown = ""
    for part in filter(None, parts):
        longer = f"{shown} · {part}" if shown else part[:columns]
        if len(longer) > columns:
            break
        shown = longer
    out.write(f"\r\x1b[K{shown}")
    out.flush()


def _bar(done: int, total: int) -> str:
    filled = BAR_CELLS * done // total if total else BAR_CELLS
    return "━" * filled + "─" * (BAR_CELLS - filled)
