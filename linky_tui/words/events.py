"""What an event of the engine says, in plain words. Pure functions, no widget is known here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from linky_tui.domain.coverage import DayRecord, DayStatus
from linky_tui.domain.paris import ONE_DAY
from linky_tui.errors import AddressBlocked, LinkyError
from linky_tui.ingest.events import (
    Event,
    Failed,
    Finished,
    Noted,
    Paused,
    Planned,
    Rebuilding,
    Surveyed,
    Waiting,
    Window,
    WindowStored,
)
from linky_tui.ingest.jobs import Job, JobKind, Status
from linky_tui.text.formatting import (
    count_text,
    day_text,
    duration_text,
    local_time_text,
    mask_prm,
    moment_text,
    plain,
    range_text,
    things,
)


class Tone(StrEnum):
    """How a line is meant; its words say the same."""

    PLAIN = "plain"
    GOOD = "good"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class EventText:
    """A line of the log."""

    text: str  # what happened
    tone: Tone = Tone.PLAIN  # how it is meant
    details: tuple[str, ...] = ()  # further lines: why, and what comes next


def event_text(event: Event, *, name_meter: bool = False) -> EventText | None:
    """What an event says, ``None`` for one that the next makes superfluous."""
    found = _event_text(event)
    if found is None or not name_meter:
        return found
    meter = f"{mask_prm(event.series.prm)} {event.series.flow}: "
    return EventText(meter + found.text, found.tone, found.details)


def _event_text(event: Event) -> EventText | None:
    match event:
        case Noted(text=text):
            return EventText(text)
        case Surveyed(first=first, last=last, totals=totals):
            if first is None or last is None:
                return EventText("No daily totals in that year.")
            return EventText(f"Daily totals of {things(totals, 'day')}, {range_text(first, last)}.")
        case Planned(windows=windows, left_today=left):
            if not windows:
                return EventText("Nothing is left to ask.")
            budget = "" if left is None else f"; {things(left, 'request')} left today"
            return EventText(f"{things(len(windows), 'week')} to ask, newest first{budget}.")
        case WindowStored():
            return _stored(event)
        case Waiting(seconds=seconds, until=until, reason=reason):
            return EventText(
                f"Waiting {duration_text(seconds)}, until {local_time_text(until)}: {reason}.",
                Tone.WARNING,
            )
        case Rebuilding(done=0, reason=reason):
            return EventText(f"Rebuilding the time series collection: {reason}.")
        case Rebuilding(done=done, total=total) if done >= total:
            return EventText(f"The time series collection is rebuilt: {things(done, 'reading')}.")
        case Paused(until=until, error=error):
            blocked = isinstance(error, AddressBlocked)
            until_text = "" if blocked else f" until {moment_text(until)}"
            return EventText(
                f"Paused{until_text}: {error.title}.",
                Tone.WARNING,
                error.details,
            )
        case Failed(error=error):
            return error_text(error)
        case Finished():
            return _finished(event)
        case _:
            return None


def started_text(job: Job) -> str:
    """What begins now."""
    if job.kind is JobKind.REFETCH and job.days is not None:
        return f"Fetching {span_text(job.days)} again."
    if job.kind is JobKind.BACKFILL and job.since is not None:
        return f"Backfill started, back to {day_text(job.since)}."
    return f"{str(job.kind).title()} started."


def error_text(error: LinkyError) -> EventText:
    """An error with its cause and what to do."""
    return EventText(f"Failed: {error.title}.", Tone.ERROR, error.details)


def span_text(window: Window) -> str:
    """The days of a window: ``15 to 21 Nov 2026``; of a single one the day of the week, too."""
    return day_text(window.last) if window.days == 1 else range_text(window.first, window.last)


def unread_lines(days: Iterable[DayRecord]) -> list[str]:
    """Which of some days, oldest first, could not be read, and why: a sentence each stretch."""
    stretches: list[list[DayRecord]] = []
    for record in days:
        before = stretches[-1][-1] if stretches else None
        if before and (before.day + ONE_DAY, before.problem) == (record.day, record.problem):
            stretches[-1].append(record)
        elif record.problem is not None:
            stretches.append([record])
    return [
        f"{span_text(Window(days[0].day, days[-1].day))} could not be read: "
        f"{plain(days[0].problem or '')}."
        for days in stretches
    ]


def _stored(event: WindowStored) -> EventText:
    days = event.days
    complete = sum(day.status is DayStatus.COMPLETE for day in days)
    certified = sum(day.certified for day in days)
    parts = [things(event.inserted, "new reading")]
    if event.corrected:
        parts.append(f"{count_text(event.corrected)} corrected")
    asked = event.window.days
    whole = "" if asked == 1 else "all days "
    if certified == asked:
        parts.append(f"{whole}certified")
    elif complete == asked:
        parts.append(f"{whole}complete" + (f", {certified} certified" if certified else ""))
    else:
        also = " and certified" if complete and certified == complete else ""
        parts.append(f"{complete} of {things(asked, 'day')} complete{also}")
    tone = Tone.PLAIN if complete == asked else Tone.WARNING
    text = f"{span_text(event.window)}: {', '.join(parts)}."
    return EventText(text, tone, tuple(unread_lines(days)))


_ENDINGS = {
    Status.COMPLETE: ("Done", Tone.GOOD),
    Status.NOTHING_TO_DO: ("Nothing to do", Tone.GOOD),
    Status.NOT_PUBLISHED_YET: ("Not published yet", Tone.WARNING),
    Status.PAUSED: ("Ended for now", Tone.WARNING),
    Status.INTERRUPTED: ("Stopped", Tone.PLAIN),
    Status.FAILED: ("Ended", Tone.PLAIN),
}
_GOOD = (Status.COMPLETE, Status.NOTHING_TO_DO)


def _finished(event: Finished) -> EventText:
    status = Status(event.status)
    if status in _GOOD and not (event.inserted or event.requests):
        return EventText("Done: no request was needed.", Tone.GOOD)
    word, tone = _ENDINGS[status]
    details: tuple[str, ...] = ()
    if status is Status.NOT_PUBLISHED_YET and event.error is not None:
        details = event.error.details
    return EventText(f"{word}: {brought_text(event)}.", tone, details)


def brought_text(finished: Finished) -> str:
    """What a run brought: ``336 new readings with 1 request``."""
    readings, requests = finished.inserted, finished.requests
    return f"{things(readings, 'new reading')} with {things(requests, 'request')}"
