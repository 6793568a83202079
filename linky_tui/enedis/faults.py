"""What can go wrong with a request, decided once, by HTTP status and code.

Also when an answer says that the next request is welcome.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from linky_tui.domain.models import Series
from linky_tui.enedis.error_body import ErrorBody, read_error_body
from linky_tui.errors import ApiError, Banned, LinkyError, ServiceDown, Side, TokenRefused
from linky_tui.text.formatting import MONTH_NAMES, due_text, mask_prm

MAX_AHEAD = timedelta(hours=25)
"""A time further ahead is no answer to "when may I ask again?", it is a fault."""

_ENEDIS_TIME = re.compile(
    r"(20\d\d)-([A-Za-z]{3})-(\d\d)[ T](\d\d):(\d\d):(\d\d) ?\+0000(?: UTC)?", re.ASCII
)


class ApiFaultKind(StrEnum):
    """What a fault means for the one who asked."""

    FLOOR = "floor"
    """The window starts before the activation, the depth or the consent: ask for less."""
    NO_DATA = "no_data"
    """A window wholly without data: late where recent, a hole where old."""
    UNKNOWN_TYPE = "unknown_type"
    """The host does not know the type: the other generation may do."""
    BAD_REQUEST = "bad_request"
    """A fault of ours, or of this computer's clock."""
    TOKEN = "token"  # noqa: S105 - no secret
    CONSENT = "consent"
    NOT_OWNER = "not_owner"
    WRONG_DIRECTION = "wrong_direction"
    QUOTA = "quota"
    SERVICE = "service"
    """Enedis or the gateway is broken; nobody can do anything about it but wait."""
    NOT_SUBSCRIBED = "not_subscribed"
    """Enedis does not give this API to the gateway (any more)."""
    BANNED = "banned"
    NETWORK = "network"
    TIMEOUT = "timeout"
    BAD_ANSWER = "bad_answer"
    """A success whose content cannot be what was asked for."""
    STOPPED = "stopped"
    OTHER = "other"


_BY_CODE = {
    "ADAM-ERR0123": ApiFaultKind.FLOOR,
    "ADAM-ERR0125": ApiFaultKind.FLOOR,
    "ADAM-DC-0016": ApiFaultKind.FLOOR,
    "ADAM-DC-0009": ApiFaultKind.FLOOR,
    "ADAM-ERR0126": ApiFaultKind.BAD_REQUEST,
    "ADAM-DC-0015": ApiFaultKind.BAD_REQUEST,
    "ADAM-ERR0002": ApiFaultKind.BAD_REQUEST,
    "ADAM-DC-0007": ApiFaultKind.NOT_OWNER,
    "ADAM-DC-0008": ApiFaultKind.CONSENT,
    "ADAM-ERR0069": ApiFaultKind.WRONG_DIRECTION,
    "STM-ERR-0000014": ApiFaultKind.NO_DATA,
    "STM-ERR-0000020": ApiFaultKind.NO_DATA,
    "900804": ApiFaultKind.QUOTA,
    "900807": ApiFaultKind.QUOTA,
    "900908": ApiFaultKind.NOT_SUBSCRIBED,
    "no_data_found": ApiFaultKind.NO_DATA,
    "technical_error": ApiFaultKind.SERVICE,
    "invalid_request": ApiFaultKind.BAD_REQUEST,
}

# Title, cause, next step. {prm} is masked, {said} is the foreign text, {when} the next try.
_TEXTS = {
    ApiFaultKind.FLOOR: (
        "Enedis has no data that far back",
        "The start is before the meter's activation, before your consent, or older than what is "
        "kept for meter {prm}.{said}",
        "Ask for a later start; what is older cannot be fetched.",
    ),
    ApiFaultKind.NO_DATA: (
        "Enedis has no data for these days",
        "Nothing is published for meter {prm}.{said}",
        "A day usually appears after 8:00 the next morning. If none ever does, check in your "
        "Enedis account that hourly collection and recording are switched on.",
    ),
    ApiFaultKind.UNKNOWN_TYPE: (
        "The gateway does not know this kind of data",
        "It does not offer the data under the name asked for.{said}",
        "Check api_url in the settings; if it is right, look for a newer linky-tui.",
    ),
    ApiFaultKind.BAD_REQUEST: (
        "The request was refused as wrong",
        "A fault in linky-tui, or the clock of this computer is wrong.{said}",
        "Check the date and the time of this computer; if they are right, report this.",
    ),
    ApiFaultKind.TOKEN: (
        "The token is refused",
        "The gateway does not accept it for meter {prm}: it is wrong, expired, or was made for "
        "another meter.{said}",
        "Get a new token from the gateway and enter it in the settings.",
    ),
    ApiFaultKind.CONSENT: (
        "No consent for this meter",
        "Enedis has none for meter {prm} that is valid.{said}",
        "Give your consent again from the gateway's site and enter the new token.",
    ),
    ApiFaultKind.NOT_OWNER: (
        "Enedis says that the meter is not yours",
        "Enedis does not connect meter {prm} with the person who gave the consent; that has also "
        "been a fault of its own.{said}",
        "Try again tomorrow. If it stays, remove the share in your Enedis account and give your "
        "consent again.",
    ),
    ApiFaultKind.WRONG_DIRECTION: (
        "The meter does not measure this",
        "Enedis has no {flow} for meter {prm}.{said}",
        "Remove the meter's {flow} from the settings.",
    ),
    ApiFaultKind.QUOTA: (
        "Enedis asks to wait",
        "The requests that all users of the gateway share are used up for now.{said}",
        "Try again {when}.",
    ),
    ApiFaultKind.SERVICE: (
        "The service is down",
        "It has a fault of its own.{said}",
        "Nothing is to be done here. Try again {when}.",
    ),
    ApiFaultKind.NOT_SUBSCRIBED: (
        "Enedis closed this data to the gateway",
        "The gateway may not read this kind of data (any more).{said}",
        "Nothing is to be done here. Try again {when}, and look for news on the gateway's site.",
    ),
    ApiFaultKind.BANNED: (
        "The gateway blocks your address",
        "Its protection refuses every request from your IP address. It blocks, by hand and for "
        "good, addresses that sent 100 requests in a day; on a shared address (mobile, some "
        "fibre) those of others count too.{said}",
        "Stop every tool that asks the gateway, then ask its author to lift the block: "
        "https://github.com/bokub/conso-api/issues",
    ),
    ApiFaultKind.NETWORK: (
        "The gateway cannot be reached",
        "No answer came.{said}",
        "Check the connection. Try again {when}.",
    ),
    ApiFaultKind.TIMEOUT: (
        "The gateway did not answer in time",
        "Its answer did not come, or not whole; the request counts all the same.{said}",
        "Nothing is to be done here. Try again {when}.",
    ),
    ApiFaultKind.BAD_ANSWER: (
        "The answer cannot be used",
        "It is not what was asked for; nothing of it was stored.{said}",
        "Try again later; if it stays, report this.",
    ),
    ApiFaultKind.STOPPED: (
        "Stopped",
        "It was stopped before the answer came.",
        "Start it again when you like; the request counts all the same.",
    ),
    ApiFaultKind.OTHER: (
        "The gateway gave an unexpected answer",
        "The answer is none of the known ones.{said}",
        "Try again later; if it stays, report this.",
    ),
}

_SIDES: dict[ApiFaultKind, tuple[Side, ...]] = {
    ApiFaultKind.FLOOR: (Side.ENEDIS,),
    ApiFaultKind.NO_DATA: (Side.ENEDIS,),
    ApiFaultKind.UNKNOWN_TYPE: (Side.GATEWAY,),
    ApiFaultKind.BAD_REQUEST: (Side.YOURS, Side.OURS),
    ApiFaultKind.TOKEN: (Side.YOURS,),
    ApiFaultKind.CONSENT: (Side.YOURS,),
    ApiFaultKind.NOT_OWNER: (Side.ENEDIS,),
    ApiFaultKind.WRONG_DIRECTION: (Side.YOURS,),
    ApiFaultKind.QUOTA: (Side.ENEDIS,),
    ApiFaultKind.SERVICE: (Side.GATEWAY, Side.ENEDIS),
    ApiFaultKind.NOT_SUBSCRIBED: (Side.GATEWAY,),
    ApiFaultKind.BANNED: (Side.GATEWAY,),
    ApiFaultKind.NETWORK: (Side.YOURS, Side.GATEWAY),
    ApiFaultKind.TIMEOUT: (Side.GATEWAY, Side.ENEDIS),
    ApiFaultKind.BAD_ANSWER: (Side.GATEWAY, Side.ENEDIS),
    ApiFaultKind.STOPPED: (),
    ApiFaultKind.OTHER: (Side.GATEWAY, Side.ENEDIS),
}

_ERRORS: dict[ApiFaultKind, type[LinkyError]] = {
    ApiFaultKind.TOKEN: TokenRefused,
    ApiFaultKind.BANNED: Banned,
    ApiFaultKind.SERVICE: ServiceDown,
    ApiFaultKind.QUOTA: ServiceDown,
    ApiFaultKind.NETWORK: ServiceDown,
    ApiFaultKind.TIMEOUT: ServiceDown,
    ApiFaultKind.NOT_SUBSCRIBED: ServiceDown,
}


@dataclass(eq=False)
class ApiFault(Exception):
    """A request that brought nothing usable."""

    kind: ApiFaultKind  # what it means
    status: int | None = None  # the HTTP status, or `None` where there was no answer
    code: str = ""  # the code found in the body, or empty
    # what the other side said, or what is wrong with its answer: one short line without credentials
    # and with meter numbers masked
    text: str = ""
    retry_at: datetime | None = None  # when the next request is welcome (UTC), where that is known

    def __str__(self) -> str:
        parts = [self.kind.value, f"HTTP {self.status}" if self.status else "", self.code]
        return ": ".join(filter(None, [" ".join(filter(None, parts)), self.text]))

    @property
    def is_4xx(self) -> bool:
        """Whether the same request is not to be sent again in this run."""
        return self.status is not None and 400 <= self.status < 500

    @property
    def lasting(self) -> bool:
        """Whether the same request soon would bring the same: an answer, if one without data."""
        refused = self.is_4xx and self.kind is not ApiFaultKind.SERVICE
        return refused or self.kind is ApiFaultKind.BAD_ANSWER

    @property
    def retryable(self) -> bool:
        """Whether one more try soon may help: a fault of the service or of the connection."""
        passing = (ApiFaultKind.SERVICE, ApiFaultKind.NETWORK, ApiFaultKind.TIMEOUT)
        return self.kind in passing and not self.is_4xx

    def to_error(self, series: Series) -> LinkyError:
        """The same for the user, of the class whose exit code fits (linky_tui.errors)."""
        when = "later"
        if self.retry_at is not None:
            when = f"after {due_text(self.retry_at)}"
        fields = {"prm": mask_prm(series.prm), "flow": series.flow.value, "when": when}
        title, cause, next_step = _TEXTS[self.kind]
        cause = cause.format(**fields, said=self._said())
        kind = _ERRORS.get(self.kind, ApiError)
        next_step, sides = next_step.format(**fields), _SIDES[self.kind]
        if issubclass(kind, ServiceDown):
            return kind(title, cause, next_step, self.retry_at, sides=sides)
        return kind(title, cause, next_step, sides=sides)

    def _said(self) -> str:
        source = ", ".join(filter(None, [f"HTTP {self.status}" if self.status else "", self.code]))
        said = ", ".join(filter(None, [f'"{self.text}"' if self.text else "", source]))
        return f" ({said})" if said else ""


def classify(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> ApiFault:
    """What an answer other than a 200 means; never raises, whatever the body.

    A 403 means three things, so the body decides before the status does. The
    gateway passes on the status of Enedis, so a 401 in its Enedis envelope is about the gateway's
    own token, not about the user's. ``now`` (aware) limits and replaces the times in the answer.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    found = read_error_body(lower, body)
    kind = _kind(status, found)
    retry_at = None
    if kind in (ApiFaultKind.QUOTA, ApiFaultKind.SERVICE):
        retry_at = retry_time(found.next_access, lower.get("retry-after"), now)
    if kind is ApiFaultKind.QUOTA and retry_at is None:
        retry_at = next_full_hour(now)
    return ApiFault(kind, status, found.code, found.text, retry_at)


def _kind(status: int, found: ErrorBody) -> ApiFaultKind:
    if status < 300:
        return ApiFaultKind.BAD_ANSWER
    if status < 400:
        return ApiFaultKind.OTHER
    if status == 429:
        return ApiFaultKind.QUOTA
    if status == 401:
        return ApiFaultKind.SERVICE if found.from_enedis else ApiFaultKind.TOKEN
    if status == 403 and (found.html or found.cloudflare):
        return ApiFaultKind.BANNED
    # Outside its specification v2 may answer 500 to a bad request, with its code.
    if status <= 500 and found.code in _BY_CODE:
        return _BY_CODE[found.code]
    if status >= 500:
        return ApiFaultKind.SERVICE
    if status == 410:
        return ApiFaultKind.NOT_SUBSCRIBED
    if status == 404:
        return ApiFaultKind.OTHER if found.of_enedis else ApiFaultKind.UNKNOWN_TYPE
    if status == 400 and found.zod_paths is not None:
        return ApiFaultKind.UNKNOWN_TYPE if "type" in found.zod_paths else ApiFaultKind.BAD_REQUEST
    if status == 400 and not found.from_enedis and "authorization" in found.text.lower():
        return ApiFaultKind.TOKEN
    return (
        ApiFaultKind.BAD_REQUEST if status in (400, 405) and not found.code else ApiFaultKind.OTHER
    )


def retry_time(next_access: str | None, retry_after: str | None, now: datetime) -> datetime | None:
    """The time that an answer gives, in UTC, or ``None``; ``nextAccessTime`` comes first.

    A time in the past or over 25 hours ahead is ignored, and so is one that cannot be read.

    Args:
        next_access: as Enedis writes it, ``2026-Nov-22 18:00:00+0000 UTC``, or in ISO 8601
            (without an offset: UTC).
        retry_after: the HTTP header, seconds or a date.
        now: aware.
    """
    for moment in (_next_access(next_access), _retry_after(retry_after, now)):
        if moment is not None and now < moment <= now + MAX_AHEAD:
            return moment
    return None


def next_full_hour(now: datetime) -> datetime:
    """The next full UTC hour: Enedis' quota is counted by the hour."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _next_access(text: str | None) -> datetime | None:
    if text is None:
        return None
    text = text.strip()
    if match := _ENEDIS_TIME.fullmatch(text):
        year, month, *rest = match.groups()
        if month.title() not in MONTH_NAMES:
            return None
        text = f"{year}-{MONTH_NAMES.index(month.title()) + 1:02d}-{rest[0]}T{':'.join(rest[1:])}Z"
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
        return _in_utc(moment)
    except (ValueError, OverflowError):
        return None


def _retry_after(text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,6}", text):
        return now.astimezone(UTC) + timedelta(seconds=int(text))
    try:
        return _in_utc(parsedate_to_datetime(text))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _in_utc(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
