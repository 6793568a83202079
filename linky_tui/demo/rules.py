"""What the gateway and Enedis would answer to a request, decided without any I/O.

The order is the proxy's own (``functions/api`` of https://github.com/bokub/conso-api): method,
parameters, token; then Enedis' checks of the window. Texts are those of the service where they are
known.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from linky_tui.domain.models import Flow, Series
from linky_tui.domain.paris import ONE_DAY, PARIS, months_before

CURVE_SPAN_DAYS = 7
CURVE_DEPTH_MONTHS = 24
DAILY_DEPTH_MONTHS = 36
DEPTH_MARGIN = timedelta(days=15)
PUBLISHED_AT = time(8)
"""Yesterday's data appear at this Paris wall-clock time."""

_PRM_LENGTH = 14
_DATE = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_ERROR_PAGE = "https://datahub-enedis.fr/data-connect/documentation/"


class AnswerShape(StrEnum):
    """The two shapes that an answer can have."""

    NEW = "new"
    LEGACY = "legacy"


class Kind(StrEnum):
    """What a type asks for."""

    CURVE = "curve"
    DAILY = "daily"
    MAX_POWER = "max_power"
    INDEX = "index"


class FloorAnswer(StrEnum):
    """What Enedis says of a load curve from before the hourly collection was switched on."""

    ERROR = "error"
    """400 ADAM-ERR0123 for the whole window."""
    EMPTY = "empty"
    """Nothing from before, as if those days were holes."""
    CONSENT = "consent"
    """403 ADAM-DC-0009 for the whole window."""


@dataclass(frozen=True, slots=True)
class DataType:
    """One type of data that the gateway serves."""

    name: str
    shape: AnswerShape
    kind: Kind
    flow: Flow


_CONS, _PROD = Flow.CONSUMPTION, Flow.PRODUCTION
TYPES = {
    kind.name: kind
    for kind in (
        DataType("consumption_load_curve", AnswerShape.LEGACY, Kind.CURVE, _CONS),
        DataType("production_load_curve", AnswerShape.LEGACY, Kind.CURVE, _PROD),
        DataType("daily_consumption", AnswerShape.LEGACY, Kind.DAILY, _CONS),
        DataType("daily_production", AnswerShape.LEGACY, Kind.DAILY, _PROD),
        DataType("consumption_max_power", AnswerShape.LEGACY, Kind.MAX_POWER, _CONS),
        DataType("courbe_de_charge_consommation", AnswerShape.NEW, Kind.CURVE, _CONS),
        DataType("courbe_de_charge_production", AnswerShape.NEW, Kind.CURVE, _PROD),
        DataType("consommation_quotidienne", AnswerShape.NEW, Kind.DAILY, _CONS),
        DataType("production_quotidienne", AnswerShape.NEW, Kind.DAILY, _PROD),
        DataType("puissance_conso_max_quotidienne", AnswerShape.NEW, Kind.MAX_POWER, _CONS),
        DataType("index_consommation", AnswerShape.NEW, Kind.INDEX, _CONS),
        DataType("index_production", AnswerShape.NEW, Kind.INDEX, _PROD),
    )
}


@dataclass(frozen=True, slots=True)
class GatewayRequest:
    """A request as it came in, nothing checked; ``None`` where a parameter is absent."""

    method: str  # the HTTP method
    type: str  # the last part of the path
    prm: str | None  # `pointId` or its alias `prm`
    start: str | None  # `dateDebut` or its alias `start`
    end: str | None  # `dateFin` or its alias `end`
    authorization: str | None = field(default=None, repr=False)  # the header, never shown


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than data: the HTTP status and the JSON body (``None``: empty body)."""

    status: int
    body: dict[str, object] | None

    @property
    def code(self) -> str:
        """The code inside ``error``, or ``""``."""
        error = (self.body or {}).get("error")
        return str(error.get("error", "")) if isinstance(error, dict) else ""


@dataclass(frozen=True, slots=True)
class Query:
    """A request whose parameters passed the proxy; dates are still text, as Enedis gets them."""

    data_type: DataType
    prm: str
    start: str
    end: str

    @property
    def series(self) -> Series:
        """The series that it asks for."""
        return Series(self.prm, self.data_type.flow)


def proxy_refusal(status: int, message: str) -> Refusal:
    """An answer of the proxy itself."""
    return Refusal(status, {"status": status, "message": message})


def enedis_refusal(status: int, error: object) -> Refusal:
    """An error of Enedis in the proxy's envelope."""
    message = "The Enedis API returned an error"
    return Refusal(status, {"status": status, "message": message, "error": error})


def enedis_error(status: int, code: str, description: str) -> Refusal:
    """The usual error object of Enedis, in the envelope."""
    return enedis_refusal(
        status, {"error": code, "error_description": description, "error_uri": _ERROR_PAGE}
    )


def zod_refusal(*paths: str) -> Refusal:
    """The proxy's answer to parameters that do not pass its validation."""
    issues = [
        {
            "code": "invalid_value" if path == "type" else "invalid_format",
            "path": [path],
            "message": "Invalid option" if path == "type" else "Invalid string",
        }
        for path in paths
    ]
    body: dict[str, object] = {
        "status": 400,
        "message": "Paramètres invalides",
        "error": {"issues": issues, "name": "ZodError"},
    }
    return Refusal(400, body)


def check_parameters(request: GatewayRequest, shapes: Collection[str]) -> Query | Refusal:
    """Method and parameters, before the token is looked at."""
    if request.method == "OPTIONS":
        return Refusal(200, None)
    if request.method != "GET":
        return proxy_refusal(405, "Seule la méthode GET est autorisée")
    data_type = TYPES.get(request.type)
    if data_type is not None and data_type.shape not in shapes:
        data_type = None
    wrong = [] if data_type else ["type"]
    if request.prm is None or len(request.prm) != _PRM_LENGTH:
        wrong.append("pointId")
    if request.start is None or not _DATE.search(request.start):
        wrong.append("dateDebut")
    if request.end is None or not _DATE.search(request.end):
        wrong.append("dateFin")
    if wrong or data_type is None:
        return zod_refusal(*wrong)
    return Query(data_type, request.prm or "", request.start or "", request.end or "")


def bearer(authorization: str | None) -> str | None:
    """The token of the header, read as loosely as the proxy does (its second word)."""
    words = (authorization or "").split(" ")
    return words[1] if len(words) > 1 and words[1] else None


def missing_bearer() -> Refusal:
    """No token at all: 400, not 401."""
    return proxy_refusal(400, "Le header 'Authorization' est manquant ou invalide")


def token_refused() -> Refusal:
    """Bad signature, expired, or another PRM: one message for all three."""
    return proxy_refusal(401, "Votre token est invalide ou ne permet pas d'accéder à ce PRM")


def no_data() -> Refusal:
    """The window holds nothing at all."""
    return enedis_error(404, "no_data_found", "no measure found for this usage point")


def not_owner() -> Refusal:
    """The meter is not one that the consent covers."""
    return enedis_error(400, "ADAM-DC-0007", "The client is not the owner of the usage point")


def last_published(now: datetime, days_late: int = 0) -> date:
    """The newest day whose data are out at ``now`` (an aware datetime)."""
    local = now.astimezone(PARIS)
    behind = 1 if local.time() >= PUBLISHED_AT else 2
    return local.date() - timedelta(days=behind + days_late)


def check_window(
    query: Query,
    *,
    today: date,
    activated: date | None,
    curve_from: date | None,
    floor_answer: FloorAnswer,
) -> tuple[date, date] | Refusal:
    """Enedis' checks of the window: its days ``(first, end)``, end excluded, or the refusal.

    ``today`` is Enedis' date, which is that of UTC.
    """
    new = query.data_type.shape is AnswerShape.NEW
    curve = query.data_type.kind is Kind.CURVE
    bad_request = "ADAM-ERR0002" if new else "Invalid_request"
    try:
        first, end = _exact_date(query.start), _exact_date(query.end)
    except ValueError:
        return enedis_error(400, bad_request, "Invalid date format, expected YYYY-MM-DD")
    if first >= end:
        return enedis_error(400, bad_request, "The start date must be earlier than the end date")
    if end > today:
        text = "The end date parameter must be earlier than the current date."
        return enedis_error(400, "invalid_request", text)
    if curve and end - first > CURVE_SPAN_DAYS * ONE_DAY:
        text = "The requested period cannot exceed 7 consecutive days"
        return enedis_error(400, "ADAM-ERR0126", text)
    depth_months = CURVE_DEPTH_MONTHS if curve else DAILY_DEPTH_MONTHS
    if first < months_before(today, depth_months) - DEPTH_MARGIN:
        text = f"The requested period is older than {depth_months} months and 15 days"
        return enedis_error(400, "ADAM-ERR0125", text)
    before = "The requested period cannot be anterior to the meter's last activation date"
    if activated is not None and first < activated:
        return enedis_error(400, "ADAM-ERR0123", before)
    if curve and curve_from is not None and first < curve_from:
        if floor_answer is FloorAnswer.ERROR:
            return enedis_error(400, "ADAM-ERR0123", before)
        if floor_answer is FloorAnswer.CONSENT:
            text = "The requested period is anterior to the consent"
            return enedis_error(403, "ADAM-DC-0009", text)
    return first, end


def _exact_date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)
