"""Small homes for the torture tests: what their meters hold, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from linky_tui.demo.server import ApiServer, RecordedSource
from linky_tui.domain.models import Flow, Reading, Series
from linky_tui.domain.paris import ONE_DAY, day_start, days_between, utc_now
from linky_tui.domain.paris import today as paris_today
from tests.tools.gateway import PRM, Gate, half_hours

OTHER_PRM = "12345678909876"
NOON = timedelta(hours=12)
LATENCY_S = 0.02


@dataclass
class History:
    sources: dict[Series, RecordedSource]  # what each meter has
    first: date  # the first day of all of them, for `--since`
    now: datetime | None = None  # the present of the home (aware), where it is not the real one
    # when the home was made, by the real clock (aware)
    began: datetime = field(default_factory=utc_now)

    @property
    def today(self) -> date:
        """The Paris date that the program sees (or saw when the home was made)."""
        return paris_today(self.now or self.began)

    @property
    def yesterday(self) -> date:
        return self.today - ONE_DAY

    def truth(self, series: Series) -> list[Reading]:
        return self.sources[series].curve(self.first, self.today)

    def clock(self) -> datetime:
        """The gateway's clock: past 8:00, so that yesterday is out."""
        return self.now or max(utc_now(), day_start(self.today) + NOON)

    def serve(self) -> ApiServer:
        homes: Mapping[Series, RecordedSource] = self.sources
        # A few milliseconds, so that some of the kills meet a request under way.
        return ApiServer(homes, clock=self.clock, block_after=None, latency_s=LATENCY_S)

    def tomorrow(self) -> None:
        """A day goes by, and the meters go on counting."""
        assert self.now is not None
        new = self.today
        self.now += ONE_DAY
        for source in self.sources.values():
            source.put(half_hours(new, new, step_min=60))


def half_hourly(days: int = 35) -> History:
    """One meter with readings of 30 minutes; its load curves can be kept back."""
    first, last = paris_today() - timedelta(days), paris_today() - ONE_DAY
    return History({Series(PRM): Gate(half_hours(first, last), totals=False)}, first)


def with_a_gap(days: int = 56) -> History:
    """Hourly readings; no reading at all on ten days, and on one day only some."""
    first, last = paris_today() - timedelta(days), paris_today() - ONE_DAY
    source = RecordedSource(half_hours(first, last, step_min=60))
    hole = first + timedelta(days // 2)
    source.remove(hole, hole + timedelta(days=9))
    part = hole - timedelta(days=3)
    some = source.curve(part, part + ONE_DAY)[:7]
    source.remove(part, part)
    source.put(some)
    return History({Series(PRM): source}, first)


def clock_change(change: date = date(2025, 10, 26), days: int = 35) -> History:
    """A home in the weeks after a clock change in Paris; its step changed, too."""
    first = change - timedelta(days=4)
    today = first + timedelta(days)
    middle = first + timedelta(days // 2)
    readings = [
        *half_hours(first, middle, step_min=60),
        *half_hours(middle + ONE_DAY, today - ONE_DAY, step_min=30),
    ]
    source = RecordedSource(readings)
    return History({Series(PRM): source}, first, day_start(today) + NOON)


def spring() -> History:
    """A home in the weeks after the clocks went forward."""
    return clock_change(date(2026, 3, 29))


def two_meters(days: int = 21) -> History:
    """A home that consumes and one that produces, in one configuration."""
    first, last = paris_today() - timedelta(days), paris_today() - ONE_DAY
    return History(
        {
            Series(PRM): RecordedSource(half_hours(first, last, step_min=60)),
            Series(OTHER_PRM, Flow.PRODUCTION): RecordedSource(half_hours(first, last)),
        },
        first,
    )


def travelling(days: int = 28, now: date = date(2026, 2, 10)) -> History:
    """One meter with hourly readings, on a day that is chosen: tomorrow can come."""
    first = now - timedelta(days)
    source = RecordedSource(half_hours(first, now - ONE_DAY, step_min=60))
    return History({Series(PRM): source}, first, day_start(now) + NOON)


def days_of(history: History) -> list[date]:
    return list(days_between(history.first, history.yesterday))
