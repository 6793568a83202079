"""What a gateway token says of itself.

Nothing is verified here, and cannot be: the signature's key is the gateway's. A forged or revoked
token reads just like a good one; only a request can tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from linky_tui.domain.paris import day_of
from linky_tui.errors import ConfigError
from linky_tui.text.formatting import day_text, mask_prm

if TYPE_CHECKING:
    from jwt.types import Options

WARN_BEFORE = timedelta(days=30)
"""How long before its end a token is worth a warning."""

_CLOCKS_DIFFER = timedelta(days=1)
_PRM = re.compile(r"[0-9]{14}")
# What may stand in an Authorization header without changing the rest of the request (RFC 6750).
_SENDABLE = re.compile(r"[A-Za-z0-9._~+/=-]{1,8192}")
# Without the signature the other checks are off as well, but for "sub" in some versions.
_UNVERIFIED: Options = {"verify_signature": False, "verify_exp": False, "verify_sub": False}


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What a token claims; it does not hold the token."""

    prms: tuple[str, ...]  # the meters that it covers, in its own order
    expires: datetime | None  # its end in UTC, or `None` where it names none
    issued: datetime | None = None  # when it was made, in UTC, or `None` where it does not say

    def problems(self, prm: str, now: datetime) -> tuple[str, ...]:
        """Why the gateway will refuse the token for a meter, as sentences; empty if it may not."""
        found: list[str] = []
        if not self.prms:
            found.append("The token names no meter.")
        elif prm not in self.prms:
            covered = ", ".join(mask_prm(other) for other in self.prms)
            found.append(f"The token does not cover meter {mask_prm(prm)}, only {covered}.")
        if self.expires is not None and self.expires <= now:
            found.append(f"The token expired on {day_text(day_of(self.expires))}.")
        return tuple(found)

    def warnings(self, now: datetime) -> tuple[str, ...]:
        """What is worth knowing of a token that still works.

        That it ends in under 30 days, or that this computer's clock cannot be right.
        """
        found: list[str] = []
        if self.expires is not None and now < self.expires < now + WARN_BEFORE:
            end = day_text(day_of(self.expires))
            found.append(f"The token expires on {end}; get a new one before that.")
        if self.issued is not None and self.issued > now + _CLOCKS_DIFFER:
            found.append(
                f"The token was issued on {day_text(day_of(self.issued))}, but this computer has "
                f"{day_text(day_of(now))}: set its clock, or the wrong days will be asked for."
            )
        return tuple(found)


def is_sendable(token: str) -> bool:
    """Whether a token can stand in a header: no white space, no control or foreign characters."""
    return _SENDABLE.fullmatch(token) is not None


def read_token(token: str) -> TokenInfo:
    """Decode a token locally, without verifying anything (see the module).

    Raises:
        ConfigError: it is no JWT. The text never repeats it.
    """
    import jwt  # takes its time, and the first frame needs no token

    claims: object = None
    if is_sendable(token):
        try:
            claims = jwt.decode(token, options=_UNVERIFIED)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            claims = None
    if not isinstance(claims, dict):
        raise ConfigError(
            "The token is not readable",
            "What is configured is no token of the gateway (three parts of letters and digits with "
            "a dot between them).",
            "Copy the whole token from the gateway's site into the settings.",
        )
    return TokenInfo(
        _prms(claims.get("sub")), _moment(claims.get("exp")), _moment(claims.get("iat"))
    )


def _prms(subject: object) -> tuple[str, ...]:
    """The meters in ``sub``: a list of them, or one text with one or more."""
    if isinstance(subject, str):
        subject = re.split(r"[,;\s]+", subject)
    if not isinstance(subject, list):
        return ()
    texts = [f"{item:014d}" if type(item) is int else item for item in subject]
    prms = [text for text in texts if isinstance(text, str) and _PRM.fullmatch(text)]
    return tuple(dict.fromkeys(prms))


def _moment(claim: object) -> datetime | None:
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        return None
    try:
        return datetime.fromtimestamp(claim, UTC)
    except (OverflowError, ValueError, OSError):
        return None
