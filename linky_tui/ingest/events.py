"""What a run tells whoever listens: the interface, the command line, the tests.

Every step of the engine yields one of these; none of them holds a token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from linky_tui.domain.coverage import DayRecord
from linky_tui.domain.models import Series
from linky_tui.errors import LinkyError


@dataclass(frozen=True, slots=True)
class Window:
    """Days to ask in one request.

    Attributes:
        first: the first Paris day.
        last: the last Paris day, included; at most six days after ``first``.
    """

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has, 1 to 7."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events.

    Attributes:
        series: the series it is about.
    """

    series: Series


@dataclass(frozen=True, slots=True)
class Noted(Event):
    """Something worth a line in the log: a survey done, a floor found, a repair.

    Attributes:
        text: in plain words, without secrets.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Surveyed(Event):
    """Daily totals arrived.

    Attributes:
        first: the first day that has one, or ``None`` where there is none at all.
        last: the last day that has one.
        totals: how many days.
    """

    first: date | None
    last: date | None
    totals: int


@dataclass(frozen=True, slots=True)
class Planned(Event):
    """What is going to be asked, newest first. Comes again when the plan changes.

    Attributes:
        windows: the windows still to ask.
        left_today: requests that today's budget still allows, ``None`` where there is no limit.
    """

    windows: tuple[Window, ...]
    left_today: int | None


@dataclass(frozen=True, slots=True)
class WindowAsked(Event):
    """A window is about to be asked for.

    Attributes:
        window: its days.
    """

    window: Window


@dataclass(frozen=True, slots=True)
class WindowFetched(Event):
    """An answer arrived.

    Attributes:
        window: what was asked.
        readings: how many readings it held.
    """

    window: Window
    readings: int


@dataclass(frozen=True, slots=True)
class WindowStored(Event):
    """An answer is in both collections and in the ledger.

    Attributes:
        window: what was asked.
        inserted: readings new to the regular collection.
        corrected: readings replaced or removed because the answer says otherwise.
        days: the ledger's records of the window after it.
        windows_left: windows of the plan that remain.
    """

    window: Window
    inserted: int
    corrected: int
    days: tuple[DayRecord, ...]
    windows_left: int


@dataclass(frozen=True, slots=True)
class Waiting(Event):
    """The run waits, because the gateway asked for it or a request failed.

    Attributes:
        seconds: how long from now.
        until: when it goes on, aware UTC.
        reason: in plain words.
    """

    seconds: float
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Rebuilding(Event):
    """The time series collection is being rebuilt from the regular one.

    Attributes:
        done: readings written so far.
        total: readings to write.
        reason: why, in plain words.
    """

    done: int
    total: int
    reason: str


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """The run ends here and can go on later; nothing is wrong.

    Attributes:
        until: when it makes sense to go on, aware UTC.
        error: the reason, as a user reads it.
    """

    until: datetime
    error: LinkyError


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """Something went wrong; the run of this series ends.

    Attributes:
        error: what, as a user reads it.
    """

    error: LinkyError


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The run of this series is over; always the last event of a series.

    Attributes:
        status: one of the values of design.md §5.
        inserted: readings that the run inserted.
        requests: requests it made.
        error: why it is not ``complete``, where there is a reason.
    """

    status: str
    inserted: int
    requests: int
    error: LinkyError | None = field(default=None)
