"""One run over one series: ask a window, search a floor, store what came, keep the ledger."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from linky_tui.domain.coverage import DayRecord, askable_until, first_askable
from linky_tui.domain.models import DailyTotal, Series
from linky_tui.domain.paris import ONE_DAY, day_bounds, day_of, days_between, utc_now
from linky_tui.domain.paris import today as paris_today
from linky_tui.enedis.answers import Answer
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataKind, DataRequest
from linky_tui.errors import ApiError, LinkyError, Side
from linky_tui.ingest.events import (
    Event,
    Noted,
    Turn,
    Window,
    WindowAsked,
    WindowFetched,
    WindowStored,
)
from linky_tui.ingest.floor import FloorSearch
from linky_tui.ingest.plan import days_below
from linky_tui.ingest.requests.manners import RunEnds, StopWanted
from linky_tui.ingest.requests.run import Fetching, RequestRun
from linky_tui.storage.leases.leases import Lease, SeriesState
from linky_tui.storage.repair.extent import EVERYTHING, Trail
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

    # the oldest day of which the answer holds something, `None` where it was empty
    oldest_day: date | None = None
    # the first day that the gateway accepts, where the window reached below it
    floor: date | None = None
    unreadable: bool = False  # whether the answer, if any, says nothing of these days


class SeriesRun:
    """What the jobs of one series share.

    Attributes:
        lease: ours, held for the whole run.
        held: the leases that the whole run holds, ours among them.
        several: whether it is about more than one series.
        trail: what the server's counters tell of another hand.
        compared: what was compared before anything was asked.
        postponed: whether both collections are known to differ, and could not be made equal.
        inserted: readings that this run added to the regular collection.
        trouble: what went wrong first without ending the run, as a user reads it.
        unread: the first answer of which nothing could be read. It is in the ledger, too.
        history_done: whether this run asked the last window of the history.
    """

    def __init__(
        self,
        store: Store,
        requests: RequestRun,
        lease: Lease,
        series: Series,
        token: str,
        held: Sequence[Lease],
        several: bool,
        trail: Trail,
    ) -> None:
        self.store = store
        self.requests = requests
        self.lease = lease
        self.series = series
        self.held = held
        self.several = several
        self.trail = trail
        self.compared = EVERYTHING
        self.postponed = False
        self.inserted = 0
        self.trouble: LinkyError | None = None
        self.unread: LinkyError | None = None
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

    def give_way(self, newest: date) -> Generator[Event, None, None]:
        """Let the series of the run that have newer days than ``newest`` go first."""
        yield Turn(self.series, newest)
        self.check_stop()

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
            answer = yield from self._curve(window)
        except ApiFault as fault:
            if fault.kind is ApiFaultKind.FLOOR:
                return (yield from self._search_floor(window, fault, windows_left))
            return (yield from self._unreadable(window, fault, windows_left))
        return (yield from self._store(window, answer, windows_left))

    def apply_totals(self, totals: Iterable[DailyTotal]) -> None:
        """Note Enedis' own daily totals in the ledger."""
        totals = list(totals)
        if totals:
            self.store.days.set_totals(self.series, totals, self.today, self.lease)

    def conclude_below(
        self, limit: date, since: date | None = None, unread: Collection[date] = ()
    ) -> int:
        """Note that there is no load curve below ``limit``; returns for how many days.

        Of ``unread`` days nobody knows.
        """
        days = days_below(self.ledger(), limit, today=self.today, since=since)
        days = [day for day in days if day not in unread]
        if days:
            self.store.days.conclude(self.series, days, self.today, self.lease)
        return len(days)

    def _curve(self, window: Window) -> Fetching:
        return self.requests.fetch(self._request(window), self.token)

    def _request(self, window: Window) -> DataRequest:
        end = window.last + ONE_DAY
        return DataRequest(DataKind.LOAD_CURVE, self.series, window.first, end)

    def _store(
        self, window: Window, answer: Answer, windows_left: int
    ) -> Generator[Event, None, Asked]:
        readings, spoilt = answer.readings, answer.spoilt
        yield WindowFetched(self.series, window, len(readings))
        now, today = utc_now(), self.today
        corrected = inserted = 0
        if readings:
            start, end = day_bounds(window.first, window.last)
            stored = self.store.readings.store_window(self.series, start, end, readings, self.lease)
            inserted, corrected = stored.inserted, stored.replaced + stored.deleted
            self.inserted += inserted
        records = self.store.days.recompute(
            self.series,
            # A correction can remove a reading of the evening before.
            window.first - ONE_DAY if corrected else window.first,
            window.last,
            today=today,
            asked_at=now,
            asked_first=window.first,
            asked_last=window.last,
            problems=spoilt,
            lease=self.lease,
        )
        self._days |= records
        days = tuple(record for day, record in sorted(records.items()) if day >= window.first)
        yield WindowStored(self.series, window, inserted, corrected, days, windows_left)
        known = [*spoilt, *(day_of(each.start) for each in readings[:1])]
        # Days that nobody asked for say nothing of those that were.
        return Asked(min(known, default=None), unreadable=bool(answer.problems and not known))

    def _unreadable(
        self, window: Window, fault: ApiFault, windows_left: int
    ) -> Generator[Event, None, Asked]:
        error = fault.to_error(self.series)
        if fault.kind in _ENDS_THE_SERIES:
            raise error from None
        where = f"{day_text(window.first)} to {day_text(window.last)}"
        yield Noted(self.series, f"{where} could not be read: {error.title}. {error.cause}")
        if fault.lasting:
            # It counts as an attempt, or the days would be asked for ever.
            self.unread = self.unread or error
            why = f"HTTP {fault.status} {fault.text}".strip() if fault.is_4xx else fault.text
            days = days_between(window.first, window.last)
            nothing = Answer(self._request(window), problems=dict.fromkeys(days, why))
            yield from self._store(window, nothing, windows_left)
        else:
            self.trouble = self.trouble or error
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
            if isinstance(cut_short, ApiFault) and days is not None:
                unknown = Window(days.first, search.floor - ONE_DAY)
                return (yield from self._unreadable(unknown, cut_short, windows_left))
            raise
        if search.answer is None and window.last == askable_until(utc_now()) - ONE_DAY:
            # Not even yesterday is accepted: no floor, but something wrong with the meter.
            raise _nothing_accepted(refusal, self.series)
        if search.floor == window.first or self._holds_older(window.first):
            # No floor, but a refusal in passing, or a hole like any other.
            answer = search.answer or Answer(self._request(window))
            return (yield from self._store(window, answer, windows_left))
        # A known floor stays where it is when days below it are asked once more by hand.
        if self._raise_floor(search.floor):
            yield Noted(self.series, f"The load curve starts on {day_text(search.floor)}.")
        asked = Asked()
        if search.answer is not None:
            asked = yield from self._store(search.accepted, search.answer, windows_left)
        self.conclude_below(search.floor)
        return replace(asked, floor=search.floor)

    def _accepted(self, days: Window) -> Generator[Event, None, Answer | None]:
        """The answer for some days, ``None`` where their start is refused."""
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
        if search.answer is not None:
            yield from self._store(search.accepted, search.answer, windows_left)
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


class NothingAccepted(ApiError):
    """Enedis gives no load curve at all, not even of yesterday."""


def _nothing_accepted(refusal: ApiFault, series: Series) -> LinkyError:
    error = refusal.to_error(series)
    return NothingAccepted(
        "No load curve for this meter yet",
        f"Even yesterday is refused: {error.cause}",
        "Check in your Enedis account that hourly collection is on and recorded; "
        "the first day arrives the morning after.",
        sides=(Side.YOURS, Side.ENEDIS),
    )
