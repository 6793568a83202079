"""How a run of the engine, or an experiment, ended, in one sentence for a toast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from textual.notifications import SeverityLevel

from linky_tui.domain.coverage import DayRecord
from linky_tui.domain.paris import day_of, today
from linky_tui.errors import AddressBlocked
from linky_tui.ingest.jobs import JobKind, Status
from linky_tui.lab.catalogue import BY_KEY
from linky_tui.text.formatting import (
    half_hours_text,
    kwh_text,
    local_time_text,
    short_day_text,
)
from linky_tui.words.events import EventText, Tone, brought_text

if TYPE_CHECKING:
    from linky_tui.ingest.events import Finished
    from linky_tui.lab.runner import LabState


def toast_text(
    kind: JobKind, finished: Finished, yesterday: date, *, paused: bool = False
) -> tuple[str, SeverityLevel]:
    """A sentence and its severity.

    ``paused``: the run was interrupted to be continued.
    """
    status = Status(finished.status)
    if status is Status.FAILED:
        title = finished.error.title if finished.error else "The run failed"
        return f"{title}.", "error"
    if status is Status.INTERRUPTED:
        return f"{'Paused' if paused else 'Stopped'}. {brought_text(finished)}.", "information"
    if status is Status.PAUSED:
        blocked = isinstance(finished.error, AddressBlocked)
        until = None if blocked else getattr(finished.error, "retry_at", None)
        when = f" It goes on by itself at {local_time_text(until)}." if until else ""
        title = finished.error.title if finished.error else "Paused"
        return f"{title}.{when}", "warning"
    day = short_day_text(yesterday)
    record = next((each for each in finished.recent if each.day == yesterday), None)
    if status is Status.NOT_PUBLISHED_YET and record is not None and record.problem is not None:
        return f"What Enedis gives for {day} cannot be read; nothing of it is stored.", "warning"
    if status is Status.NOT_PUBLISHED_YET:
        return (
            f"Enedis has not published {day} yet (usually after 8:00). "
            "Next try with your next sync, or from cron.",
            "warning",
        )
    if kind is JobKind.SYNC and record is not None:
        there = f"{day}: {kwh_text(record.energy_wh)}, " + half_hours_text(
            record.minutes_covered, record.minutes_expected
        )
        if status is Status.NOTHING_TO_DO:
            return f"All is there already, no request was made. {there}.", "information"
        return f"{there}.", "information"
    if kind is JobKind.REFETCH:
        return f"Asked again. {brought_text(finished)}.", "information"
    brought = f" {brought_text(finished)}." if finished.inserted or finished.requests else ""
    return f"Everything that Enedis has is stored.{brought}", "information"


def synced_text(records: Iterable[DayRecord]) -> str:
    """When the last days were asked for, for the header: ``synced today 08:12``."""
    asked = max((each.last_attempt for each in records if each.last_attempt), default=None)
    if asked is None:
        return ""
    day = "today" if day_of(asked) == today() else short_day_text(day_of(asked))
    return f"synced {day} {local_time_text(asked)}"


def lab_endings(
    before: LabState | None, now: LabState
) -> Iterator[tuple[EventText, SeverityLevel]]:
    """What ended in the laboratory since ``before``; what was kept from earlier is no news."""
    if before is None:
        return
    for key, known in BY_KEY.items():
        error = now.failed.get(key)
        if error is not None and error is not before.failed.get(key):
            yield EventText(f"{known.title}: {error.title}.", Tone.ERROR), "error"
        elif before.busy and now.results.get(key) is not before.results.get(key):
            yield EventText(f"{known.title}: measured.", Tone.GOOD), "information"
