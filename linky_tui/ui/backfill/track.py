"""How far a backfill is, and what it is doing, from its events. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from linky_tui.domain.models import Series
from linky_tui.domain.paris import utc_now
from linky_tui.ingest.events import Event, Planned, Surveyed, WindowStored
from linky_tui.ingest.jobs import JobKind
from linky_tui.text.formatting import count_text, moment_text, percent_text, things
from linky_tui.ui.backfill.plan import Plan, all_of
from linky_tui.ui.shell.ingest_control import IngestState, MeterState, Phase
from linky_tui.words.eta import last_request_at, last_request_text
from linky_tui.words.events import span_text


@dataclass(frozen=True, slots=True)
class Track:
    """Progress over the whole range, whatever an earlier run has done of it."""

    whole: int = 0  # weeks of the range
    weeks_left: int = 0  # weeks still to ask
    daily: int = 0  # daily requests that belong to it
    daily_left: int = 0  # of these, still to ask

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
            case WindowStored(windows_left=left) if backfilling:
                return replace(self, weeks_left=left)
            case Surveyed() if backfilling:
                return replace(self, daily_left=max(self.daily_left - 1, 0))
            case Planned(windows=windows) if backfilling:
                left = len(windows)
                # The newest week of several meters comes before their daily totals.
                daily_left = self.daily if self.daily_left == self.daily else 0
                whole = max(self.whole, left)
                return replace(self, weeks_left=left, daily_left=daily_left, whole=whole)
            case _:
                return self


def track_of(plan: Plan, meter: MeterState | None) -> Track:
    """Where a backfill stands, seen for the first time; while it runs, the engine knows best."""
    if meter is None or meter.finished is not None or meter.job.kind is not JobKind.BACKFILL:
        left = None
    else:
        left = meter.windows_left
    if left is not None:
        return Track(max(plan.whole, left), left)
    return Track(plan.whole, plan.weeks, plan.least, plan.least)


def running_text(state: IngestState, meter: MeterState | None, at: str = "") -> str:
    """What the engine is doing, or waiting for, as far as it concerns the meter that is shown.

    ``at`` names the meter that it is at.
    """
    if state.phase is Phase.STOPPING:
        return "Stopping. What was fetched is stored."
    if state.rebuilding is not None:
        return f"Rebuilding the time series collection: {percent_text(state.rebuilding)}."
    elsewhere = meter is None or state.at not in (None, meter.job.series)
    if state.waiting:
        return f"{f'At work on {at}, waiting' if elsewhere else 'Waiting'}: {state.waiting}."
    if meter is None:
        return f"At work on {at}."
    if meter.asked is not None:
        others = sum(each.finished is None for each in state.meters.values()) - 1
        in_turn = f", in turn with {things(others, 'other meter')}" if others else ""
        return f"Fetching {span_text(meter.asked)}{in_turn}."
    if elsewhere:
        return f"At work on {at}; this meter comes in turn."
    if meter.job.kind is JobKind.BACKFILL and meter.windows_left is None:
        return "Asking Enedis' own daily totals first."
    return "Working."


def paused_text(meter: MeterState, weeks_left: int) -> str:
    """Why nothing runs, and how it goes on."""
    left = f"{things(weeks_left, 'week')} left" if weeks_left else "nearly done"
    if meter.until is None:
        return f"Paused, {left}. r goes on where it ended."
    error = meter.finished.error if meter.finished is not None else None
    why = error.title if error is not None else "Paused"
    return f"{why}, {left}. It goes on by itself on {moment_text(meter.until)}."


def counts_text(
    track: Track, *, readings: int, certified: int, left_today: int | None, per_day: int | None
) -> str:
    """The counts below the bar: what there is in all, and today's requests, where they end."""
    text = (
        f"In all: {count_text(track.weeks_done)} of {things(track.whole, 'week')} · "
        f"{things(readings, 'reading')} · {things(certified, 'day')} certified"
    )
    if left_today is None or per_day is None:
        return text
    return f"{text}. Requests left today: {count_text(left_today)} of {count_text(per_day)}"


def eta_text(state: IngestState, plans: Mapping[Series, Plan], left_today: int | None) -> str:
    """When the last request can be sent for all that runs or goes on by itself, or nothing.

    ``plans`` are those of all meters, as of when the ledgers were read.
    """
    going = state.phase is Phase.RUNNING and state.kind is JobKind.BACKFILL
    left = sum(_requests_left(plan, state.meters.get(each)) for each, plan in plans.items())
    if not left or state.pace_s is None or not (going or state.until):
        return ""
    plan, now = next(iter(plans.values())), utc_now()
    begin = max(now, state.until or now) if not going else now
    if begin.date() > now.date():
        left_today = plan.per_day
    at = last_request_at(
        left,
        left_today=left_today,
        per_day=plan.per_day,
        now=begin,
        pace_s=state.pace_s,
    )
    all_meters = f" for {all_of(plans)}" if len(plans) > 1 else ""
    return last_request_text(at, now) + all_meters


def _requests_left(plan: Plan, meter: MeterState | None) -> int:
    if plan.blocked or meter is None or (meter.finished is not None and not meter.paused):
        return 0
    return plan.weeks + plan.least if meter.windows_left is None else meter.windows_left
