"""How far a backfill is, and what it is doing, from its events. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from linky_tui.ingest.engine import JobKind
from linky_tui.ingest.events import Event, Planned, Surveyed, Window, WindowAsked, WindowStored
from linky_tui.text.formatting import count_text, moment_text, percent_text, things
from linky_tui.ui.backfill.plan import Plan
from linky_tui.ui.shell.ingest_control import IngestState, Phase
from linky_tui.words.events import span_text


@dataclass(frozen=True, slots=True)
class Track:
    """Progress over the whole range, whatever an earlier run has done of it."""

    whole: int = 0  # weeks of the range
    weeks_left: int = 0  # weeks still to ask
    daily: int = 0  # daily requests that belong to it
    daily_left: int = 0  # of these, still to ask
    asking: Window | None = None  # the window being asked for, or `None`

    @property
    def total(self) -> int:
        return self.whole + self.daily

    @property
    def done(self) -> int:
        return max(self.total - self.weeks_left - self.daily_left, 0)

    @property
    def weeks_done(self) -> int:
        return max(self.whole - self.weeks_left, 0)

    def after(self, event: Event, *, backfilling: bool) -> Track:
        """The track after an event; what a job asks that is no backfill is no part of the whole."""
        match event:
            case WindowAsked(window=window):
                return replace(self, asking=window)
            case WindowStored(windows_left=left):
                weeks_left = left if backfilling else self.weeks_left
                # The next window follows at once; until it does, the words stay.
                return replace(self, weeks_left=weeks_left, asking=self.asking if left else None)
            case Surveyed() if backfilling:
                return replace(self, daily_left=max(self.daily_left - 1, 0))
            case Planned(windows=windows) if backfilling:
                left = len(windows)
                whole = max(self.whole, left)
                return replace(self, weeks_left=left, daily_left=0, whole=whole, asking=None)
            case _:
                return self


def track_of(plan: Plan, state: IngestState) -> Track:
    """Where a backfill stands, seen for the first time; while it runs, the engine knows best."""
    running = state.busy and state.job is not None and state.job.kind is JobKind.BACKFILL
    if running and state.windows_done + state.windows_left:
        return Track(max(plan.whole, state.windows_left), state.windows_left)
    return Track(plan.whole, plan.weeks, plan.least, plan.least)


def running_text(state: IngestState, asking: Window | None) -> str:
    """What the engine is doing, or waiting for."""
    kind = None if state.job is None else state.job.kind
    if state.phase is Phase.STOPPING:
        return "Stopping. What was fetched is stored."
    if state.rebuilding is not None:
        return f"Rebuilding the time series collection: {percent_text(state.rebuilding)}."
    if state.waiting:
        return f"Waiting: {state.waiting}."
    if asking is not None:
        return f"Fetching {span_text(asking)}."
    if kind is JobKind.BACKFILL and not state.windows_done:
        return "Asking Enedis' own daily totals first."
    return "Working."


def paused_text(state: IngestState, weeks_left: int) -> str:
    """Why nothing runs, and how it goes on."""
    left = f"{things(weeks_left, 'week')} left" if weeks_left else "nearly done"
    if state.until is None:
        return f"Paused, {left}. r goes on where it ended."
    error = state.finished.error if state.finished is not None else None
    why = error.title if error is not None else "Paused"
    return f"{why}, {left}. It goes on by itself on {moment_text(state.until)}."


def counts_text(
    track: Track, *, readings: int, certified: int, requests: int | None, left_today: int | None
) -> str:
    """The counts below the bar; ``left_today`` is ``None`` without a limit."""
    parts = [f"{count_text(track.weeks_done)} of {things(track.whole, 'week')}"]
    parts.append(things(readings, "reading"))
    parts.append(f"{count_text(certified)} certified")
    if requests is not None:
        left = "" if left_today is None else f", {count_text(left_today)} left"
        parts.append(f"{things(requests, 'request')}{left}")
    elif left_today is not None:
        parts.append(f"{things(left_today, 'request')} left today")
    return " · ".join(parts)
