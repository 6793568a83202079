"""What a run tells whoever listens: the interface, the command line, the tests.

Every step of the engine yields one of these; none of them holds a token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from linky_tui.domain.coverage import DayRecord
from linky_tui.domain.models import Series
from linky_tui.errors import LinkyError, SeriesBusy, StorageError, StorageUnavailable


@dataclass(frozen=True, slots=True)
class Window:
    """Days to ask in one request."""

    first: date  # the first Paris day
    last: date  # the last Paris day, included; at most six days after `first`

    @property
    def days(self) -> int:
        """How many days it has, 1 to 7."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    series: Series  # the series it is about


@dataclass(frozen=True, slots=True)
class Turn(Event):
    """A moment at which another series of the run may go first; the engine keeps it to itself."""

    newest: date  # the day that comes next here; whoever has the newest goes on


@dataclass(frozen=True, slots=True)
class Noted(Event):
    """Something worth a line in the log: a survey done, a floor found."""

    text: str  # in plain words, without secrets


@dataclass(frozen=True, slots=True)
class Repaired(Noted):
    """Readings were written to make both collections equal before anything was asked."""


@dataclass(frozen=True, slots=True)
class Surveyed(Event):
    """Daily totals arrived."""

    first: date | None  # the first day that has one, or `None` where there is none at all
    last: date | None  # the last day that has one
    totals: int  # how many days


@dataclass(frozen=True, slots=True)
class Planned(Event):
    """What is going to be asked, newest first. Comes again when the plan changes."""

    windows: tuple[Window, ...]  # the windows still to ask
    # requests that today's budget still allows, `None` where there is no limit
    left_today: int | None


@dataclass(frozen=True, slots=True)
class WindowAsked(Event):
    """A window is about to be asked for."""

    window: Window  # its days


@dataclass(frozen=True, slots=True)
class WindowFetched(Event):
    """An answer arrived."""

    window: Window  # what was asked
    readings: int  # how many readings it held


@dataclass(frozen=True, slots=True)
class WindowStored(Event):
    """An answer is in both collections and in the ledger."""

    window: Window  # what was asked
    inserted: int  # readings new to the regular collection
    corrected: int  # readings replaced or removed because the answer says otherwise
    days: tuple[DayRecord, ...]  # the ledger's records of the window after it
    windows_left: int  # windows of the plan that remain


@dataclass(frozen=True, slots=True)
class Waiting(Event):
    """The run waits, because the gateway asked for it or a request failed."""

    seconds: float  # how long from now
    until: datetime  # when it goes on, aware UTC
    reason: str  # in plain words


@dataclass(frozen=True, slots=True)
class Rebuilding(Event):
    """The time series collection is being rebuilt from the regular one."""

    done: int  # readings written so far
    total: int  # readings to write
    reason: str  # why, in plain words


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """The run ends here and can go on later; nothing is wrong."""

    until: datetime  # when it makes sense to go on, aware UTC
    error: LinkyError  # the reason, as a user reads it


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """Something went wrong; the run of this series ends."""

    error: LinkyError  # what, as a user reads it


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The run of this series is over; always the last event of a series."""

    status: str  # as in the JSON of ``--sync``
    inserted: int  # readings that the run inserted
    requests: int  # requests it made
    # why it is not `complete`, where there is a reason
    error: LinkyError | None = field(default=None)
    # the ledger of the 8 days up to yesterday as far as the run has read or written it
    recent: tuple[DayRecord, ...] = ()


def wrote(event: Event) -> bool:
    """Whether readings were written, or may have been, since the event before."""
    match event:
        case WindowStored(inserted=inserted, corrected=corrected):
            return bool(inserted or corrected)
        case Repaired() | Rebuilding():
            return True
        case Finished(status="interrupted"):
            return True  # perhaps in the middle of a write
        case Finished(error=StorageError() | StorageUnavailable() | SeriesBusy()):
            return True
        case _:
            return False
