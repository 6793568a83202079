"""What a value of the configuration may be: each check gives the clean value or refuses it.

A refusal says what is wrong without repeating the value, which may be a secret.
"""

from __future__ import annotations

import ipaddress
import math
import os
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

MAX_TEXT = 8192
"""Characters of any text; also more than a gateway takes as a header."""

_PRM = re.compile(r"[0-9]{14}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_CREDENTIALS = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]*|[\w-]{16,}\.[\w-]{16,}\.[\w-]{16,}|://[^/\s]*:[^/\s]*@", re.ASCII
)
_PLACE = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]*)?")
_UNVERIFIED = re.compile(
    r"[?&;](tlsInsecure|tlsAllowInvalid(?:Certificates|Hostnames)|ssl_cert_reqs|ssl_match_hostname)"
    r"=(?!false(?:[&;]|$))",
    re.IGNORECASE,
)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_QUOTES = frozenset("\"'`“”„‟‘’‚‛«»‹›")
_PLACEHOLDER = re.compile(
    r"(?:<|%3C)(?:db_?)?(?:password|username|user|cluster|host)(?:>|%3E)", re.IGNORECASE
)
_ESCAPES = "/ is written %2F, @ %40, : %3A, ? %3F, # %23 and % %25"
_JOINERS = "\u200c\u200d"
"""Part of many a pictogram and of some scripts' words."""


class Refused(ValueError):
    """A value that cannot be used; its text completes "the value …"."""


def text(value: object) -> str:
    """A text of one line, without the white space around it."""
    if not isinstance(value, str):
        raise Refused("is not a text (texts are written in quotes)")
    value = value.strip()
    if len(value) > MAX_TEXT:
        raise Refused(f"is longer than {MAX_TEXT:,} characters")
    if any(unicodedata.category(c) in _INVISIBLE and c not in _JOINERS for c in value):
        raise Refused("contains a line break, a control character or an invisible one")
    return value


def open_text(value: object) -> str:
    """A text that anybody may read: no token, no address with a password by mistake."""
    value = text(value)
    if _CREDENTIALS.search(value):
        raise Refused("looks like a token or a password, which would be shown here")
    return value


def filled(value: object) -> str:
    """A text that anybody may read and that is not empty."""
    value = open_text(value)
    if not value:
        raise Refused("is empty")
    return value


def unquoted(value: object) -> str:
    """A text that nobody wrote in quotes of its own, such as those of a word processor."""
    value = text(value)
    if len(value) > 1 and value[0] in _QUOTES and value[-1] in _QUOTES:
        raise Refused("stands in quotes of its own, which do not belong to it: leave them out")
    return value


def program(value: object) -> str:
    """The path of a program, "~" resolved; whether it exists is seen when it is needed."""
    if isinstance(value, str) and re.match(r"[A-Za-z]:[^\\/]", value):
        # "C:\bin" in double quotes: TOML reads \b, \t, \n, \f and \r as control characters.
        raise Refused("has lost its backslashes: write each twice, or the path in single quotes")
    return os.path.expanduser(open_text(unquoted(value)))


def prm(value: object) -> str:
    """The 14 digits of a usage point, or nothing; blanks between them are taken out."""
    value = "".join(unquoted(value).split())
    if value and not _PRM.fullmatch(value):
        lost = " (a 0 at its beginning belongs to it)" if len(value) == 13 else ""
        raise Refused(
            f"has {len(value)} characters{lost}"
            if len(value) != 14
            else "contains more than the digits 0 to 9"
        )
    return value


def token(value: object) -> str:
    """The shape of a JWT (its content is not looked at), or nothing; "Bearer " is taken off."""
    value = unquoted(value)
    if value[:7].lower() == "bearer ":
        value = value[7:].strip()
    if value and not _TOKEN.fullmatch(value):
        raise Refused("is not a token")
    return value


def is_loopback(host: str) -> bool:
    """Whether a host name or address (no port, no brackets) means this very machine."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        return address == ipaddress.IPv6Address("::1")
    return address.is_loopback


def api_url(value: object) -> str:
    """An https address without its last slash; http only on loopback."""
    value = unquoted(value)
    if not value:
        raise Refused("is empty")
    if not value.isascii() or any(character in value for character in ' \\"<>^`{|}'):
        raise Refused("is not an address")
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused("is not an address") from None
    if "@" in parts.netloc:
        raise Refused("contains a user name or a password")
    if "?" in value or "#" in value:
        raise Refused("contains a query or a fragment")
    # Some Pythons take "[::1]anything" for the host ::1.
    if parts.scheme not in {"https", "http"} or port == 0 or not _PLACE.fullmatch(parts.netloc):
        raise Refused("is not an https address")
    if parts.scheme == "http" and not is_loopback(host):
        raise Refused("is not encrypted, and the token would travel with each request")
    return open_text(value).rstrip("/")


def mongodb_uri(value: object) -> str:
    """The beginning of a MongoDB address, or nothing; the driver judges the rest."""
    value = unquoted(value)
    if not value:
        return value
    scheme, found, rest = value.partition("://")
    if scheme not in {"mongodb", "mongodb+srv"} or not found or not rest.strip("/"):
        raise Refused("is not a MongoDB address")
    if left := _PLACEHOLDER.search(value):
        raise Refused(f"still holds {unquote(left[0]).lower()}: put your own in its place")
    if any(character.isspace() for character in value):
        raise Refused("contains a space (in a password it is written %20)")
    if _is_torn(rest):
        raise Refused(
            "has a character in its user name or password that must be percent-encoded there: "
            + _ESCAPES
        )
    if unverified := _UNVERIFIED.search(value):
        raise Refused(
            f"switches off the check of the server's certificate ({unverified[1]}): leave that "
            "option out, and name an authority of your own with tlsCAFile=/path/to/ca.pem"
        )
    return value


def _is_torn(rest: str) -> bool:
    """Whether an unescaped character cuts a password in two: what follows is no host, no option.

    The driver would take the beginning for a host and a port, and both would be shown.
    """
    authority, _, options = rest.partition("?")
    authority, slash, database = authority.partition("/")
    user, at, _ = authority.rpartition("@")
    if "@" in database or "@" in user or user.count(":") > 1:
        return True
    if "@" not in options:
        return False
    if not at and not slash:
        return True
    return any(
        "@" in option.partition("=")[0] or ("@" in option and "=" not in option)
        for option in re.split("[&;]", options)
    )


def database_name(value: object) -> str:
    """A name that MongoDB takes for a database and does not keep for itself."""
    value = filled(value)
    for character in value:
        if character in '/\\."$*<>:|?' or character.isspace():
            shown = "a space" if character.isspace() else f"the character {character}"
            raise Refused(f"contains {shown}")
    if len(value.encode()) > 63:
        raise Refused("is longer than 63 bytes")
    if value.lower() in {"admin", "local", "config"}:
        raise Refused("is a database of MongoDB itself")
    return value


def collection_name(value: object) -> str:
    """A name that MongoDB and its driver take for a collection."""
    value = filled(value)
    if "$" in value:
        raise Refused("contains the character $")
    if value.startswith("system."):
        raise Refused("starts with system., which MongoDB keeps for itself")
    if value.startswith(".") or value.endswith(".") or ".." in value:
        raise Refused("has a dot at an end or two in a row")
    if len(value.encode()) > 120:
        raise Refused("is longer than 120 bytes")
    return value


def whole_number(least: int, most: int) -> Callable[[object], int]:
    """A whole number between two, both included; true and false are none."""

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refused("is not a whole number")
        if not least <= value <= most:
            raise Refused("is too small" if value < least else "is too large")
        return value

    return check


def port_or_none(value: object) -> int:
    """A port that any user may listen on, or 0."""
    value = whole_number(0, 65_535)(value)
    if 0 < value < 1024:
        raise Refused("is a port that the system keeps for itself")
    return value


def number(least: float, most: float) -> Callable[[object], float]:
    """A number between two, both included; true and false are none."""

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise Refused("is not a number")
        if not least <= value <= most:
            raise Refused("is too small" if value < least else "is too large")
        return float(value)

    return check


def one_of(*choices: str) -> Callable[[object], str]:
    """One of a few words."""

    def check(value: object) -> str:
        value = text(value)
        if value not in choices:
            raise Refused("is not known")
        return value

    return check
