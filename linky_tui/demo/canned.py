"""Answers that do not depend on the data: refusals, pages of Cloudflare, the injected errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from linky_tui.demo import rules
from linky_tui.demo.faults import Fault, FaultKind
from linky_tui.demo.rules import Refusal

_JSON = "application/json"
_HTML = "text/html; charset=UTF-8"
_NEXT_ACCESS = "%Y-%b-%d %H:%M:%S+0000 UTC"
_BLOCKED = (
    '<!DOCTYPE html><html lang="en-US"><head><title>Attention Required! | Cloudflare</title>'
    "</head><body><h1>Sorry, you have been blocked</h1>"
    "<p>You are unable to access boris.sh</p></body></html>"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer: status, body, its content type and further headers."""

    status: int
    body: bytes
    content_type: str = _JSON
    headers: dict[str, str] = field(default_factory=dict)


def json_reply(status: int, body: object, headers: dict[str, str] | None = None) -> Reply:
    """An answer in JSON, French letters as they are."""
    return Reply(status, json.dumps(body, ensure_ascii=False).encode(), _JSON, headers or {})


def refusal_reply(refusal: Refusal, headers: dict[str, str] | None = None) -> Reply:
    """A refusal as an HTTP answer."""
    if refusal.body is None:
        return Reply(refusal.status, b"", _JSON, headers or {})
    return json_reply(refusal.status, refusal.body, headers)


def blocked_page() -> Reply:
    """What a blocked address gets, whatever it asks."""
    return Reply(403, _BLOCKED.encode(), _HTML)


def not_found_page() -> Reply:
    """A path that the site does not have."""
    return Reply(404, b"<!DOCTYPE html><html><body>404 Not Found</body></html>", _HTML)


def over_quota(now: datetime, seconds: int | None = None) -> Refusal:
    """429 900804, free again after ``seconds`` or at the next full hour (UTC)."""
    if seconds is None:
        free = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    else:
        free = now + timedelta(seconds=seconds)
    error = {
        "code": "900804",
        "message": "Message throttled out",
        "description": "You have exceeded your quota",
        "nextAccessTime": free.astimezone(UTC).strftime(_NEXT_ACCESS),
    }
    return rules.enedis_refusal(429, error)


def fault_reply(fault: Fault, now: datetime) -> Reply | None:
    """The answer of a fault that has one of its own, else ``None``."""
    kind = FaultKind(fault.kind)
    headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
    if kind is FaultKind.QUOTA:
        return refusal_reply(over_quota(now, fault.next_access_s), headers)
    if kind in _REFUSALS:
        return refusal_reply(_REFUSALS[kind](), headers)
    if kind in _PAGES:
        return _PAGES[kind](headers)
    return None


def next_access(reply: Reply, now: datetime) -> datetime | None:
    """From when a 429 welcomes the next request, as far as it says so (UTC); else ``None``."""
    if reply.status != HTTPStatus.TOO_MANY_REQUESTS:
        return None
    if found := re.search(rb'"nextAccessTime": "([^"]+)"', reply.body):
        return datetime.strptime(found[1].decode(), _NEXT_ACCESS).replace(tzinfo=UTC)
    retry_after_s = reply.headers.get("Retry-After")
    return None if retry_after_s is None else now + timedelta(seconds=int(retry_after_s))


def _throttled_fault() -> Refusal:
    inner = {
        "code": 900807,
        "message": "Message throttled out",
        "description": "You have exceeded your quota",
    }
    return rules.enedis_refusal(429, {"fault": inner})


_REFUSALS: dict[FaultKind, Callable[[], Refusal]] = {
    FaultKind.TECHNICAL_ERROR: lambda: rules.enedis_error(
        500,
        "technical_error",
        "The server encountered an internal error. Please retry your request",
    ),
    FaultKind.INTERNAL_ERROR: lambda: rules.enedis_refusal(500, "Internal Server error"),
    FaultKind.PROXY_TOKEN: lambda: rules.proxy_refusal(
        500, "Impossible de rafraîchir le token. Réessayez plus tard"
    ),
    FaultKind.PROXY_UNKNOWN: lambda: rules.proxy_refusal(
        500, "Erreur inconnue. Réessayez plus tard"
    ),
    FaultKind.UNAVAILABLE: lambda: rules.enedis_refusal(503, "Service Unavailable"),
    FaultKind.QUOTA_FAULT: _throttled_fault,
    FaultKind.QUOTA_OLD: lambda: rules.enedis_refusal(
        429, {"code": 429, "message": "Too Many Requests"}
    ),
    FaultKind.NOT_OWNER: rules.not_owner,
    FaultKind.NO_CONSENT: lambda: rules.enedis_error(
        403, "ADAM-DC-0008", "The client has no consent for the usage point"
    ),
    FaultKind.BEFORE_CONSENT: lambda: rules.enedis_error(
        403, "ADAM-DC-0009", "The requested period is anterior to the consent"
    ),
    FaultKind.NOT_SUBSCRIBED: lambda: rules.enedis_refusal(
        403,
        {
            "code": "900908",
            "message": "Resource forbidden",
            "description": "User is NOT authorized to access the Resource. "
            "API Subscription validation failed.",
        },
    ),
    FaultKind.BEFORE_ACTIVATION: lambda: rules.enedis_error(
        400,
        "ADAM-ERR0123",
        "The requested period cannot be anterior to the meter's last activation date",
    ),
    FaultKind.TOKEN_REFUSED: rules.token_refused,
    FaultKind.NO_DATA: rules.no_data,
    FaultKind.UNKNOWN_TYPE: lambda: rules.zod_refusal("type"),
}

_PAGES: dict[FaultKind, Callable[[dict[str, str]], Reply]] = {
    FaultKind.BAD_GATEWAY: lambda headers: Reply(
        502, b"<html><head><title>502 Bad Gateway</title></head></html>", _HTML, headers
    ),
    FaultKind.GATEWAY_TIMEOUT: lambda headers: Reply(
        504,
        b'{"type":"about:blank","title":"Gateway time-out","status":504,"detail":"Error 504"}',
        "application/problem+json",
        headers,
    ),
    FaultKind.BANNED: lambda headers: blocked_page(),
    FaultKind.NOT_FOUND: lambda headers: not_found_page(),
    FaultKind.REDIRECT: lambda headers: Reply(
        302, b"", _HTML, {**headers, "Location": "https://elsewhere.example/api/"}
    ),
    FaultKind.HTML_200: lambda headers: Reply(
        200, b"<!DOCTYPE html><html><body>Conso API</body></html>", _HTML, headers
    ),
    FaultKind.UNKNOWN_SHAPE: lambda headers: json_reply(
        200, {"mesures": [{"valeur": 1, "horodatage": "2026-01-01"}]}, headers
    ),
    FaultKind.NOT_JSON: lambda headers: Reply(200, b'{"idPrm": "', _JSON, headers),
}
