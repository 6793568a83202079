"""The simulated gateway without its wire: a request goes in, what is to be sent comes out."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import jwt

from linky_tui.demo import canned, payloads, rules
from linky_tui.demo.canned import Reply
from linky_tui.demo.faults import Fault, FaultKind, FaultQueue
from linky_tui.demo.rules import AnswerShape, FloorAnswer, GatewayRequest, Kind, Query, Refusal
from linky_tui.demo.sources import Source
from linky_tui.demo.spoilt import spoil
from linky_tui.domain.models import Flow, Series
from linky_tui.domain.paris import ONE_DAY

BLOCK_AFTER = 100
"""Requests of one UTC day after which an address is blocked."""
TOKEN_LIFE = timedelta(days=3 * 365)

_NO_ANSWER = frozenset({FaultKind.SILENT, FaultKind.RESET})


@dataclass(frozen=True, slots=True)
class RequestLogEntry:
    """One request that reached the simulator."""

    at: datetime  # when it arrived, by the gateway's clock (aware, UTC)
    monotonic: float  # when it arrived, in seconds of :func:`time.monotonic` (for pacing).
    method: str  # the HTTP method
    type: str  # the last part of the path
    prm: str | None  # as sent, or `None`
    start: str | None  # as sent, or `None`
    end: str | None  # as sent, or `None`
    status: int | None  # the HTTP status sent, `None` where the connection ends without an answer
    fault: FaultKind | None  # the injected fault that it met, or `None`
    user_agent: str = ""  # the header of that name, or `""`
    # from when a 429 said that requests are welcome again (UTC), or `None`
    next_access: datetime | None = None
    caller: str = ""  # :func:`caller_of` the token that was sent, or `""`: who of several asked


def caller_of(token: str) -> str:
    """A short name for whoever uses a token, from which the token cannot be told."""
    return hashlib.sha256(token.encode()).hexdigest()[:12]


class Gateway:
    """Rules, data, faults and counters of the simulated gateway; safe between threads.

    Args:
        homes: who is behind it: a PRM (consumption) or a series, and its source.
        shapes: the :class:`AnswerShape` values whose types it knows.
        clock: the current instant, aware.
        block_after: requests of a UTC day after which the address is blocked; ``None``: never.
        quota_per_hour: requests of a UTC hour that Enedis answers; ``None``: all.
        floor_answer: how a load curve from before ``curve_from`` is answered.
        late_yesterday: whether yesterday's data are not out yet, whatever the time.
    """

    def __init__(
        self,
        homes: Mapping[str | Series, Source] | Mapping[str, Source] | Mapping[Series, Source],
        *,
        shapes: Collection[str],
        clock: Callable[[], datetime],
        block_after: int | None,
        quota_per_hour: int | None,
        floor_answer: FloorAnswer | str,
        late_yesterday: bool,
    ) -> None:
        self.homes = {
            (Series(key) if isinstance(key, str) else key): source for key, source in homes.items()
        }
        self.shapes = frozenset(AnswerShape(shape) for shape in shapes)
        self.clock = clock
        self.block_after = block_after
        self.quota_per_hour = quota_per_hour
        self.floor_answer = FloorAnswer(floor_answer)
        self.late_yesterday = late_yesterday
        self.faults = FaultQueue()
        self.blocked = False
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._log: list[RequestLogEntry] = []
        self._day: tuple[date, int] = (date.min, 0)
        self._hour: tuple[datetime | None, int] = (None, 0)

    def make_token(
        self, prms: Iterable[str] | None = None, *, expires: datetime | None = None
    ) -> str:
        """A token as the gateway issues them: ``sub`` and ``exp``.

        Args:
            prms: the meters that it covers; all homes where left out.
            expires: an aware datetime; in three years where left out.
        """
        if prms is None:
            prms = dict.fromkeys(series.prm for series in self.homes)
        end = expires or self.clock() + TOKEN_LIFE
        claims = {"sub": list(prms), "exp": int(end.timestamp())}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    @property
    def log(self) -> list[RequestLogEntry]:
        """All requests so far, oldest first (a copy)."""
        with self._lock:
            return list(self._log)

    def clear_log(self) -> None:
        """Forget the requests so far; the counters of block and quota stay."""
        with self._lock:
            self._log.clear()

    def answer(
        self, request: GatewayRequest, user_agent: str = ""
    ) -> tuple[Reply | None, Fault | None]:
        """What to send, and the fault that the wire has to show with it; logged at once.

        The reply is ``None`` where the connection is to end without an answer.
        """
        now, arrived_s = self.clock().astimezone(UTC), time.monotonic()
        reply, fault = self._decide(request, now)
        entry = RequestLogEntry(
            at=now,
            monotonic=arrived_s,
            method=request.method,
            type=request.type,
            prm=request.prm,
            start=request.start,
            end=request.end,
            status=None if reply is None else reply.status,
            fault=None if fault is None else FaultKind(fault.kind),
            user_agent=user_agent,
            next_access=None if reply is None else canned.next_access(reply, now),
            caller=caller_of(rules.bearer(request.authorization) or ""),
        )
        with self._lock:
            self._log.append(entry)
        return reply, fault

    def _decide(self, request: GatewayRequest, now: datetime) -> tuple[Reply | None, Fault | None]:
        if self._count_towards_block(now):
            return canned.blocked_page(), None
        normal = self._normal_answer(request, now)
        fault = self.faults.take(request, good_answer=not isinstance(normal, Refusal))
        if fault is not None:
            kind = FaultKind(fault.kind)
            if kind in _NO_ANSWER:
                return None, fault
            if kind is FaultKind.HUGE_BODY:
                return Reply(200, b""), fault  # the wire invents the body
            own = canned.fault_reply(fault, now)
            if own is not None:
                return own, fault
            if not isinstance(normal, Refusal):
                spoil(kind, normal, fault.day)
        if isinstance(normal, Refusal):
            return canned.refusal_reply(normal), fault
        return Reply(200, json.dumps(normal, ensure_ascii=False).encode()), fault

    def _normal_answer(self, request: GatewayRequest, now: datetime) -> payloads.Payload | Refusal:
        query = rules.check_parameters(request, self.shapes)
        if isinstance(query, Refusal):
            return query
        token = rules.bearer(request.authorization)
        if token is None:
            return rules.missing_bearer()
        if not self._token_covers(token, query.prm, now):
            return rules.token_refused()
        if self._count_towards_quota(now):
            return canned.over_quota(now)
        return self._enedis_answer(query, now)

    def _enedis_answer(self, query: Query, now: datetime) -> payloads.Payload | Refusal:
        source = self.homes.get(query.series)
        if source is None:
            if not any(series.prm == query.prm for series in self.homes):
                return rules.not_owner()
            flow = "production" if query.series.flow is Flow.PRODUCTION else "consumption"
            return rules.enedis_error(400, "ADAM-ERR0069", f"The usage point has no {flow}")
        window = rules.check_window(
            query,
            today=now.date(),
            activated=source.activated,
            curve_from=source.curve_from,
            floor_answer=self.floor_answer,
        )
        if isinstance(window, Refusal):
            return window
        first, end = window
        end = min(end, rules.last_published(now, int(self.late_yesterday)) + ONE_DAY)
        return self._data(query, source, first, end) or rules.no_data()

    @staticmethod
    def _data(query: Query, source: Source, first: date, end: date) -> payloads.Payload | None:
        kind = query.data_type.kind
        if first >= end or kind is Kind.INDEX:
            return None
        if kind is Kind.DAILY:
            totals = source.daily(first, end)
            return payloads.daily_totals(query, totals) if totals else None
        if source.curve_from is not None:
            first = min(max(first, source.curve_from), end)
        readings = source.curve(first, end) if first < end else []
        if not readings:
            return None
        shape = payloads.load_curve if kind is Kind.CURVE else payloads.max_power
        return shape(query, readings)

    def _token_covers(self, token: str, prm: str, now: datetime) -> bool:
        # The signature alone is PyJWT's business: the expiry is judged by the gateway's clock,
        # and a `sub` that is a list is refused by the full check of newer versions.
        try:
            claims = json.loads(jwt.PyJWS().decode(token, self._secret, algorithms=["HS256"]))
        except (jwt.PyJWTError, ValueError):
            return False
        return prm in claims.get("sub", []) and claims.get("exp", 0) > now.timestamp()

    def _count_towards_block(self, now: datetime) -> bool:
        with self._lock:
            day, count = self._day
            count = count + 1 if day == now.date() else 1
            self._day = (now.date(), count)
            if self.block_after is not None and count > self.block_after:
                self.blocked = True
            return self.blocked

    def _count_towards_quota(self, now: datetime) -> bool:
        this_hour = now.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            hour, count = self._hour
            count = count + 1 if hour == this_hour else 1
            self._hour = (this_hour, count)
            return self.quota_per_hour is not None and count > self.quota_per_hour
