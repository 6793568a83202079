"""Faults that the simulated gateway can be told to show, and when."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from linky_tui.demo.rules import GatewayRequest


class FaultKind(StrEnum):
    """Everything that can go wrong on the other side of the wire."""

    # Answers with a status of their own (canned.py).
    TECHNICAL_ERROR = "technical_error"  # 500 JSON of Enedis
    INTERNAL_ERROR = "internal_error"  # 500, `error` is plain text
    PROXY_TOKEN = "proxy_token"  # noqa: S105 - 500, the proxy has no Enedis token
    PROXY_UNKNOWN = "proxy_unknown"  # 500 "Erreur inconnue"
    UNAVAILABLE = "unavailable"  # 503, with Retry-After where asked for
    BAD_GATEWAY = "bad_gateway"  # 502 HTML
    GATEWAY_TIMEOUT = "gateway_timeout"  # 504 problem+json
    QUOTA = "quota"  # 429 900804 with nextAccessTime
    QUOTA_FAULT = "quota_fault"  # 429 900807 inside `fault`
    QUOTA_OLD = "quota_old"  # 429 without a code of its own
    BANNED = "banned"  # 403 HTML of Cloudflare
    NOT_OWNER = "not_owner"  # 400 ADAM-DC-0007
    NO_CONSENT = "no_consent"  # 403 ADAM-DC-0008
    BEFORE_CONSENT = "before_consent"  # 403 ADAM-DC-0009
    NOT_SUBSCRIBED = "not_subscribed"  # 403 900908
    BEFORE_ACTIVATION = "before_activation"  # 400 ADAM-ERR0123
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - 401
    NO_DATA = "no_data"  # 404 no_data_found
    UNKNOWN_TYPE = "unknown_type"  # 400 ZodError about the type
    NOT_FOUND = "not_found"  # 404 HTML, no Enedis code
    REDIRECT = "redirect"  # 302 to another host
    HTML_200 = "html_200"  # 200, a page instead of data
    UNKNOWN_SHAPE = "unknown_shape"  # 200 JSON without a known key
    NOT_JSON = "not_json"  # 200 application/json that does not parse

    # A good answer, spoilt (spoilt.py); waits for a request that has one.
    NULLS = "nulls"  # every value null
    EMPTY_VALUES = "empty_values"  # every value ""
    NO_POINTS = "no_points"  # an empty list of points
    WRONG_PRM = "wrong_prm"  # another meter's answer
    OUTSIDE_WINDOW = "outside_window"  # one more point, a day after the window
    REPEATED_SAME = "repeated_same"  # one label twice, same value
    REPEATED_OTHER = "repeated_other"  # one label twice, other value
    UNSORTED = "unsorted"  # the points in descending order
    MALFORMED_VALUE = "malformed_value"  # one value is no number
    NEGATIVE_VALUE = "negative_value"  # one value below zero
    HUGE_VALUE = "huge_value"  # one value over 1 MW
    MALFORMED_LABEL = "malformed_label"  # one label that is no date
    T_LABELS = "t_labels"  # labels with "T" (harmless: seen in 2025)
    NO_READING_TYPE = "no_reading_type"  # v5 without reading_type (harmless)
    OTHER_GRANDEUR_FIRST = "other_grandeur_first"  # v2 with another list first (harmless)

    # A good answer that does not arrive as it should; waits for a request that has one.
    TRUNCATED = "truncated"  # Content-Length larger than what is sent
    TRICKLE = "trickle"  # a few bytes at a time

    # No answer worth the name, whatever was asked.
    SILENT = "silent"  # accepts, never answers
    RESET = "reset"  # TCP RST instead of an answer
    HUGE_BODY = "huge_body"  # a 200 of `size_bytes`


NEEDS_GOOD_ANSWER = frozenset(
    {
        FaultKind.NULLS,
        FaultKind.EMPTY_VALUES,
        FaultKind.NO_POINTS,
        FaultKind.WRONG_PRM,
        FaultKind.OUTSIDE_WINDOW,
        FaultKind.REPEATED_SAME,
        FaultKind.REPEATED_OTHER,
        FaultKind.UNSORTED,
        FaultKind.MALFORMED_VALUE,
        FaultKind.NEGATIVE_VALUE,
        FaultKind.HUGE_VALUE,
        FaultKind.MALFORMED_LABEL,
        FaultKind.T_LABELS,
        FaultKind.NO_READING_TYPE,
        FaultKind.OTHER_GRANDEUR_FIRST,
        FaultKind.TRUNCATED,
        FaultKind.TRICKLE,
    }
)
"""Kinds that pass over requests which would not be answered with data."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, and which requests meet it."""

    kind: FaultKind | str  # what happens
    times: int | None = 1  # how often; `None` for as long as the server runs
    after: int = 0  # how many matching requests are answered normally first
    types: tuple[str, ...] = ()  # only these types (the last part of the path); empty for all
    when: Callable[[GatewayRequest], bool] | None = None  # only requests for which this is true
    # only requests for this day; of a spoilt answer it is this day's first point that is spoilt
    day: date | None = None
    retry_after_s: int | None = None  # sent as `Retry-After` with UNAVAILABLE and the QUOTA kinds
    # seconds from now of QUOTA's `nextAccessTime`; `None`: next full hour
    next_access_s: int | None = None
    size_bytes: int = 32_000_000  # length of HUGE_BODY
    pause_s: float = 0.2  # seconds between the pieces of TRICKLE

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", FaultKind(self.kind))

    def matches(self, request: GatewayRequest, *, good_answer: bool) -> bool:
        """Whether this request is one that the fault is meant for."""
        if self.kind in NEEDS_GOOD_ANSWER and not good_answer:
            return False
        if self.types and request.type not in self.types:
            return False
        if self.day and not (request.start or "") <= self.day.isoformat() < (request.end or ""):
            return False
        return self.when is None or self.when(request)


class FaultQueue:
    """The faults that wait for their requests; the oldest that matches is met first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[Fault, list[int]]] = []

    def add(self, fault: Fault) -> None:
        """Put a fault at the end of the queue."""
        with self._lock:
            self._waiting.append((fault, [0]))

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._waiting.clear()

    def take(self, request: GatewayRequest, *, good_answer: bool) -> Fault | None:
        """The fault that this request meets, counted as met; ``None`` for a normal answer."""
        with self._lock:
            for entry in self._waiting:
                fault, met = entry
                if not fault.matches(request, good_answer=good_answer):
                    continue
                met[0] += 1
                if met[0] <= fault.after:
                    continue
                if fault.times is not None and met[0] >= fault.after + fault.times:
                    self._waiting.remove(entry)
                return fault
        return None
