"""One run over one series: ask a window, search a floor, store what came, keep the ledger."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from linky_tui.domain.coverage import DayRecord, first_askable
from linky_tui.domain.models import DailyTotal, Reading, Series
from linky_tui.domain.paris import ONE_DAY, day_bounds, day_of, days_between, utc_now
from linky_tui.domain.paris import today as paris_today
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataKind, DataRequest
from linky_tui.errors import ApiError, LinkyError
from linky_tui.ingest.events import (
    Event,
    Noted,
    Window,
    WindowAsked,
    WindowFetched,
    WindowStored,
)
from linky_tui.ingest.floor import FloorSearch
from linky_tui.ingest.manners import RunEnds, StopWanted
from linky_tui.ingest.plan import days_below
from linky_tui.ingest.request_run import RequestRun
from linky_tui.storage.leases.leases import Lease, SeriesState
from linky_tui.storage.store import Store
from linky_tui.text.formatting import day_text

FATAL = frozenset(
    {
        ApiFaultKind.TOKEN,
        ApiFaultKind.CONSENT,
        ApiFaultKind.NOT_OWNER,
        ApiFaultKind.WRONG_DIRECTION,
        ApiFaultKind.NOT_SUBSCRIBED,
        ApiFaultKind.QUOTA,
        ApiFaultKind.BANNED,
    }
)
"""Faults that say something of the meter or of the gateway, not of the one request."""

_ENDS_THE_SERIES = FATAL | {ApiFaultKind.BAD_REQUEST, ApiFaultKind.UNKNOWN_TYPE}


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a window."""

    # the oldest day with a reading in the answer, `None` where it was empty
    oldest_reading: date | None = None
    # the first day that the gateway accepts, where the window reached below it
    floor: date | None = None
    unreadable: bool = False  # whether there was no usable answer at all


class SeriesRun:
    """What the jobs of one series share.

    Attributes:
        lease: ours, held for the whole run.
        inserted: readings that this run added to the regular collection.
        needs_rebuild: whether a correction left the time series collection behind.
        trouble: the first window that could not be read, as a user reads it.
        history_done: whether this run asked the last window of the history.
    """

    def __init__(
        self, store: Store, requests: RequestRun, lease: Lease, series: Series, token: str
    ) -> None:
        self.store = store
        self.requests = requests
        self.lease = lease
        self.series = series
        self.inserted = 0
        self.needs_rebuild = False
        self.trouble: LinkyError | None = None
        self.history_done = False
        self.token = token
        self._days: dict[date, DayRecord] = {}

    @property
    def today(self) -> date:
        """The current Paris date."""
        return paris_today()

    @property
    def state(self) -> SeriesState:
        """What earlier runs remembered of the series."""
        return self.store.leases.state(self.series)

    def check_stop(self) -> None:
        """Raise :class:`StopWanted` where the user asked for it."""
        if self.requests.stop.is_set():
            raise StopWanted

    def ledger(self) -> dict[date, DayRecord]:
        """The ledger of the last 24 months."""
        self._days = self.store.days.load(self.series, first_askable(self.today), self.today)
        return self._days

    @property
    def recent(self) -> tuple[DayRecord, ...]:
        """The 8 days up to yesterday, as far as the run knows what the ledger says of them."""
        days = days_between(self.today - timedelta(days=8), self.today - ONE_DAY)
        return tuple(self._days[day] for day in days if day in self._days)

    def ask(self, window: Window, windows_left: int) -> Generator[Event, None, Asked]:
        """Ask for a window and store what comes.

        Raises:
            LinkyError: the series cannot go on (token, consent, block …).
        """
        self.check_stop()
        yield WindowAsked(self.series, window)
        try:
            readings = yield from self._curve(window)
        except ApiFault as fault:
            if fault.kind is ApiFaultKind.FLOOR:
                return (yield from self._search_floor(window, fault, windows_left))
            return (yield from self._unreadable(window, fault))
        return (yield from self._store(window, readings, windows_left))

    def apply_totals(self, totals: Iterable[DailyTotal]) -> None:
        """Note Enedis' own daily totals in the ledger."""
        totals = list(totals)
        if totals:
            self.store.days.set_totals(self.series, totals, self.today, self.lease)

    def conclude_below(self, limit: date, since: date | None = None) -> int:
        """Note that there is no load curve below ``limit``; returns for how many days."""
        days = days_below(self.ledger(), limit, today=self.today, since=since)
        if days:
            self.store.days.conclude(self.series, days, self.today, self.lease)
        return len(days)

    def _curve(self, window: Window) -> Generator[Event, None, tuple[Reading, ...]]:
        """The readings of some days, none where there is no data.

        Raises:
            ApiFault: any fault but "no data".
        """
        end = window.last + ONE_DAY
        request = DataRequest(DataKind.LOAD_CURVE, self.series, window.first, end)
        try:
            answer = yield from self.requests.fetch(request, self.token)
        except ApiFault as fault:
            if fault.kind is ApiFaultKind.NO_DATA:
                return ()
            raise
        return answer.readings

    def _store(
        self, window: Window, readings: tuple[Reading, ...], windows_left: int
    ) -> Generator[Event, None, Asked]:
        yield WindowFetched(self.series, window, len(readings))
        now, today = utc_now(), self.today
        corrected = inserted = 0
        if readings:
            start, end = day_bounds(window.first, window.last)
            stored = self.store.readings.store_window(self.series, start, end, readings, self.lease)
            inserted, corrected = stored.inserted, stored.replaced + stored.deleted
            self.inserted += inserted
            self.needs_rebuild = self.needs_rebuild or stored.needs_rebuild
        records = self.store.days.recompute(
            self.series,
            # A correction can remove a reading of the evening before.
            window.first - ONE_DAY if corrected else window.first,
            window.last,
            today=today,
            asked_at=now,
            asked_first=window.first,
            asked_last=window.last,
            lease=self.lease,
        )
        self._days |= records
        days = tuple(record for day, record in sorted(records.items()) if day >= window.first)
        yield WindowStored(self.series, window, inserted, corrected, days, windows_left)
        return Asked(day_of(readings[0].start) if readings else None)

    def _unreadable(self, window: Window, fault: ApiFault) -> Generator[Event, None, Asked]:
        error = fault.to_error(self.series)
        if fault.kind in _ENDS_THE_SERIES:
            raise error from None
        self.trouble = self.trouble or error
        where = f"{day_text(window.first)} to {day_text(window.last)}"
        yield Noted(self.series, f"{where} could not be read: {error.title}. {error.cause}")
        return Asked(unreadable=True)

    def _search_floor(
        self, window: Window, refusal: ApiFault, windows_left: int
    ) -> Generator[Event, None, Asked]:
        """Find the first day that the gateway accepts: the answer from there holds everything."""
        search = FloorSearch(window)
        try:
            while (days := search.next()) is not None:
                search.answered(days.first, (yield from self._accepted(days)))
        except (ApiFault, RunEnds) as cut_short:
            yield from self._keep(search, window, windows_left)
            if isinstance(cut_short, ApiFault):
                return (yield from self._unreadable(window, cut_short))
            raise
        if search.readings is None and window.last == self.today - ONE_DAY:
            # Not even yesterday is accepted: no floor, but something wrong with the meter.
            raise _nothing_accepted(refusal, self.series)
        if search.floor == window.first or self._holds_older(window.first):
            # No floor, but a refusal in passing, or a hole like any other.
            return (yield from self._store(window, search.readings or (), windows_left))
        # A known floor stays where it is when days below it are asked once more by hand.
        if self._raise_floor(search.floor):
            yield Noted(self.series, f"The load curve starts on {day_text(search.floor)}.")
        asked = Asked()
        if search.readings is not None:
            asked = yield from self._store(search.accepted, search.readings, windows_left)
        self.conclude_below(search.floor)
        return Asked(asked.oldest_reading, search.floor)

    def _accepted(self, days: Window) -> Generator[Event, None, tuple[Reading, ...] | None]:
        """The readings of some days, ``None`` where their start is refused."""
        try:
            return (yield from self._curve(days))
        except ApiFault as fault:
            if fault.kind is ApiFaultKind.FLOOR:
                return None
            raise

    def _keep(
        self, search: FloorSearch, window: Window, windows_left: int
    ) -> Generator[Event, None, None]:
        """Keep what a search found that was cut short: the next run need not ask for it again."""
        if search.readings:
            yield from self._store(search.accepted, search.readings, windows_left)
        if search.refused > window.first:
            # Refused twice: whatever the floor is, it lies above, and the search goes on there.
            self._raise_floor(search.refused + ONE_DAY)

    def _raise_floor(self, floor: date) -> bool:
        """Never ask below ``floor`` again; whether that is news."""
        known = self.state.curve_from
        if known is not None and floor <= known:
            return False
        self.lease.check()
        self.lease.set_state(curve_from=floor)
        return True

    def _holds_older(self, day: date) -> bool:
        stored = self.store.readings.bounds(self.series)
        return stored is not None and day_of(stored[0]) < day


def _nothing_accepted(refusal: ApiFault, series: Series) -> LinkyError:
    error = refusal.to_error(series)
    return ApiError(
        "No load curve for this meter yet",
        f"Enedis refuses even yesterday: {error.cause}",
        "Check in your Enedis account that hourly collection is on and recorded; "
        "the first day arrives the morning after.",
    )
