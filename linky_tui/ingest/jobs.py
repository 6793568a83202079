"""What a run is to do and how it may end; light, for whoever only names it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from linky_tui.domain.models import Series
from linky_tui.errors import LinkyError

if TYPE_CHECKING:
    from linky_tui.ingest.events import Window


class JobKind(StrEnum):
    """What a run is for."""

    BACKFILL = "backfill"
    SYNC = "sync"
    REFETCH = "refetch"


@dataclass(frozen=True, slots=True)
class Job:
    """What to do for one series."""

    kind: JobKind  # backfill, sync, or one range again by hand
    series: Series  # the series
    token: str = field(repr=False)  # the gateway's token for it
    since: date | None = None  # backfill only: nothing older than this day
    days: Window | None = None  # re-fetch only: the days to ask again, at most 7
    totals_now: bool = False  # ask the daily totals even if they were asked within the week
    problem: LinkyError | None = None  # why nothing can be asked for it, where that is known


class Status(StrEnum):
    """How a run of one series ended."""

    COMPLETE = "complete"
    PAUSED = "paused"
    NOTHING_TO_DO = "nothing_to_do"
    NOT_PUBLISHED_YET = "not_published_yet"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
