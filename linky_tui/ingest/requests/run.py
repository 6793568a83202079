"""The requests of one run, one at a time: retried with restraint, in the right generation."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import time

from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, PARIS, day_of, utc_now
from linky_tui.enedis.answers import Answer
from linky_tui.enedis.budget import Budget
from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataRequest, Shape
from linky_tui.enedis.timing import Timing
from linky_tui.ingest.events import Event
from linky_tui.ingest.requests.manners import Manners, PausedUntil, SharedCount
from linky_tui.ingest.requests.negotiation import ABOUT_THE_GENERATION, Negotiation

NIGHT_ENDS = time(3)
"""The gateway's date follows at 1 or 2 o'clock in Paris, by its own clock."""

Fetching = Generator[Event, None, Answer]


class RequestRun:
    """Sends the requests of one run.

    From top to bottom: :meth:`fetch` bears with the night, :meth:`_twice` tries again, :meth:`_ask`
    finds the generation of the API, :meth:`_send` waits for the request's turn.

    Attributes:
        made_for: requests sent so far, by series.
        stop: ends every wait.
        guards: called before each request of a series; what it raises keeps the request back.
    """

    def __init__(
        self,
        client: ConsoClient,
        budget: Budget,
        shared: SharedCount | None,
        stop: threading.Event,
        *,
        backoff_s: float = Timing.backoff_s,
    ) -> None:
        self.made_for: Counter[Series] = Counter()
        self.stop = stop
        self.guards: dict[Series, Callable[[], None]] = {}
        self.manners = Manners(client.host, budget, shared, stop)
        self._client = client
        self._negotiation = Negotiation(budget)
        self._backoff_s = backoff_s

    @property
    def made(self) -> int:
        """Requests sent so far."""
        return self.made_for.total()

    def fetch(self, request: DataRequest, token: str) -> Fetching:
        """Send ``request``, with at most one retry; the generator's return value is the answer.

        No data is an answer without content. Where at night the gateway's date is still behind,
        and it refuses the request for its end, it is asked without the newest day.

        Raises:
            ApiFault: the gateway or Enedis says no, in a way that the caller has to judge.
            RunEnds: stopped, paused, or the third failed request in a row.
        """
        try:
            return (yield from self._twice(request, token))
        except ApiFault as fault:
            if fault.kind is ApiFaultKind.NO_DATA:
                return Answer(request)
            if fault.kind is not ApiFaultKind.BAD_REQUEST or not _ends_in_the_night(request):
                raise
        without_newest = request.end - ONE_DAY
        if without_newest == request.first:
            return Answer(request)
        return (yield from self.fetch(replace(request, end=without_newest), token))

    def _twice(self, request: DataRequest, token: str) -> Fetching:
        series = request.series
        try:
            return (yield from self._ask(request, token))
        except ApiFault as fault:
            pause = _named_pause(fault, series)
            if pause is not None and pause.is_long:
                raise pause from None
            if pause is None and not fault.retryable:
                raise
            delay_s = pause.inline_s() if pause else self._backoff_s * random.uniform(0.7, 1.3)
            reason = f"{fault.to_error(series).title}; one more try"
        yield from self.manners.wait(delay_s, reason, series)
        try:
            return (yield from self._ask(request, token))
        except ApiFault as fault:
            # There is no second retry: where the gateway names a time, the run pauses.
            pause = _named_pause(fault, series)
            if pause is not None and (pause.is_long or fault.kind is ApiFaultKind.QUOTA):
                raise pause from None
            raise

    def _ask(self, request: DataRequest, token: str) -> Fetching:
        """Ask in the generation known to do, or in the likely one and perhaps in the other."""
        shapes = self._negotiation.shapes(request.kind)
        for shape in shapes:
            try:
                self._negotiation.check(request, shape)
                answer = yield from self._send(request, token, shape)
            except ApiFault as fault:
                final = shape is shapes[-1] or fault.kind not in ABOUT_THE_GENERATION
                self._negotiation.refused(request, shape, fault, final=final)
                if final:
                    raise
            else:
                self._negotiation.answered(request.kind, shape)
                return answer
        raise AssertionError("the last generation answers, or its fault is final")

    def _send(self, request: DataRequest, token: str, shape: Shape) -> Fetching:
        """One HTTP request, in its turn and counted before it is sent."""
        manners, series = self.manners, request.series
        while True:
            slot = yield from manners.reserve(series)
            try:
                yield from manners.wait_for_turn(slot, series)
                if series in self.guards:
                    self.guards[series]()
                if not manners.is_still_our_turn(slot):
                    continue
                self.made_for[series] += 1
                answer = self._client.attempt(request, token, shape, self.stop)
            except ApiFault as fault:
                manners.failed(fault, series)
                raise
            finally:
                manners.release()
            manners.answered(series)
            return answer


def _ends_in_the_night(request: DataRequest) -> bool:
    """Whether a request ends with the day that the gateway may not have begun yet."""
    now = utc_now()
    return request.end == day_of(now) and now.astimezone(PARIS).time() < NIGHT_ENDS


def _named_pause(fault: ApiFault, series: Series) -> PausedUntil | None:
    """The pause until the time that the gateway names for this request, where it names one."""
    if fault.retry_at is None or not (fault.retryable or fault.kind is ApiFaultKind.QUOTA):
        return None
    return PausedUntil(fault.retry_at, fault.to_error(series))
