"""The driver's errors as errors that a person reads.

The texts of the driver hold whole addresses, topologies and documents. Of them only a short part
is kept, through :func:`linky_tui.text.formatting.plain`, and nothing that could be a password.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from linky_tui.errors import (
    AccessRefused,
    ConfigError,
    LinkyError,
    OutOfSpace,
    StorageError,
    StorageUnavailable,
)
from linky_tui.text.formatting import plain

OLDEST_SERVER = "5.0"
"""The first MongoDB with time series collections."""

DUPLICATE_KEY = 11000
_AUTHENTICATION_FAILED, _ATLAS_ERROR = 18, 8000
_NOT_AUTHORIZED = {13, 31}
_NO_SPACE = {14031}
# Ended by the server or by a change of roles; the same codes as the driver's retryable errors.
_PASSING = {6, 7, 50, 64, 89, 91, 112, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436}
_TRY_AGAIN = "Try again later; nothing that was stored is lost."
_ADDRESS_CHECK = "Check mongodb.uri (or LINKY_TUI_MONGODB_URI)."


@contextlib.contextmanager
def friendly() -> Iterator[None]:
    """Turns every error of the driver that leaves the block into a LinkyError."""
    try:
        yield
    except PyMongoError as error:
        # The original stays out of the traceback: its text may hold an address with a password.
        raise translate(error) from None


@contextlib.contextmanager
def as_written(collection: str, document_id: object) -> Iterator[None]:
    """Turns a failure to read a document as we write it into an error that names the document."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError):
        raise StorageError(
            f"A document of {collection!r} is not one of ours",
            f"Another hand made or changed the one with the _id {plain(str(document_id))}.",
            "Drop that document, then run a backfill: what belongs there is made anew.",
        ) from None


def translate(error: PyMongoError) -> LinkyError:
    """The error to show for an error of the driver.

    Returns:
        ConfigError for a wrong address, AccessRefused for a wrong user, StorageUnavailable for
        what passes by itself, StorageError for the rest.
    """
    if isinstance(error, ConfigurationError):
        return address_error(error)
    if isinstance(error, BulkWriteError):
        return _bulk_error(error.details)
    if isinstance(error, WriteConcernError):
        return _unconfirmed(_server_text(error))
    if isinstance(error, OperationFailure):
        return _refusal(
            error.code, _server_text(error), passing=isinstance(error, ExecutionTimeout)
        )
    if isinstance(error, ConnectionFailure):
        return _unreachable(str(error))
    return StorageError(
        "MongoDB cannot be used",
        f"{type(error).__name__}: {_sentence(plain(str(error)))}",
        "Start again; if it comes back, report it.",
    )


def address_error(error: Exception, uri: str = "") -> LinkyError:
    """The error to show for an address that the driver refuses, or whose name is unknown.

    Args:
        error: what building the client raised; a ``ValueError`` for a wrong option and an
            ``OSError`` for a file named there, too.
        uri: the address; the values of its options are kept out of the text.
    """
    text = str(error)
    for option in re.split("[&;]", uri.partition("?")[2]):
        name, _, value = option.partition("=")
        # A longer value may be a secret, a shorter one may be part of a word. Paths are shown.
        if len(value) > 3 and not name.lower().endswith("file"):
            text = text.replace(value, "…").replace(unquote_plus(value), "…")
    if "reports wire version" in text or "reports maximum wire version" in text:
        return too_old()
    quoting = isinstance(error, InvalidURI)  # its text quotes the address, password and all
    if not quoting and any(word in text for word in ("DNS", "resol", "nameserver")):
        return _name_error(text)
    cause = next((said for part, said in _URI_CAUSES if part in text), "")
    if not cause:
        cause = (
            _URI_CAUSE
            if quoting
            else f"The driver refuses it: {_sentence(plain(text.split(' or maybe')[0]))}"
        )
    return ConfigError(
        "The address of MongoDB is not valid", cause, _ADDRESS_CHECK, (f"mongodb.uri: {cause}",)
    )


_URI_CAUSE = "It is no address of the form mongodb://user:password@host:port/?option=value."
_URI_CAUSES = (
    ("Port ", "What follows the colon of the host is no port number. (In a user name and a "
     "password, characters like : / ? # [ ] @ % must be percent-encoded.)"),
    ("port number", "An address that begins with mongodb+srv:// names no port."),
    ("only one, hostname", "An address that begins with mongodb+srv:// names exactly one host."),
    ("RFC 3986", "In the user name and the password, characters like : / ? # [ ] @ % must be "
     "percent-encoded."),
    ("username", "It has a password but no user name."),
    ("must be percent-encoded", "A / in a password or in a socket's path must be written %2F."),
    ("key=value", "Its options are not of the form ?name=value&name=value."),
    ("database name", "The database named after the host has characters that cannot be in one."),
)  # fmt: skip


def too_old(version: str = "") -> StorageError:
    """The error for a server without time series collections."""
    which = f"MongoDB {version}" if version else "an older version"
    return StorageError(
        "This MongoDB is too old",
        f"linky-tui needs MongoDB {OLDEST_SERVER} or newer for time series; this is {which}.",
        "Upgrade that server, or name another one in mongodb.uri (mongodb.mongod for the local "
        "one).",
    )


def _name_error(text: str) -> LinkyError:
    short = _sentence(plain(text, 160))
    if "does not exist" in text or "does not contain an answer" in text:
        return ConfigError(
            "MongoDB's host name is unknown",
            short,
            f"{_ADDRESS_CHECK} A copied cluster name often lacks a letter.",
            (f"mongodb.uri: {short}",),
        )
    return StorageUnavailable(
        "MongoDB's host name cannot be looked up", short, "Check the network, then try again."
    )


def _unreachable(text: str) -> LinkyError:
    """Of ``host:port: reason (configured timeouts …), Timeout: …, Topology …`` the first part."""
    short = re.split(
        r"\s*\(configured timeouts|, Timeout: |, Topology Description|, full error:", text
    )[0]
    short = plain(short, 160)
    if re.search(r"\[Errno -[25]\]|Name or service not known|Name does not resolve", text):
        return ConfigError(
            "MongoDB's host name is unknown",
            _sentence(short),
            f"{_ADDRESS_CHECK} If the name is right, this machine may be offline.",
            (f"mongodb.uri: {short}",),
        )
    todo = "Check that it runs and can be reached from here, then try again."
    if "SSL" in text or "TLS" in text or "certificate" in text:
        todo = (
            "With Atlas this mostly means that this machine's IP address is not on the project's "
            "access list; otherwise check the certificates and the tls options of mongodb.uri."
        )
    elif "match selector" in text or "No primary" in text or "not primary" in text.lower():
        short = f"There is no primary at the moment ({short})"
        todo = _TRY_AGAIN
    return StorageUnavailable("MongoDB cannot be reached", _sentence(short), todo)


def _refusal(code: int | None, text: str, *, passing: bool = False) -> LinkyError:
    lower = text.lower()
    if code in _NO_SPACE or "space quota" in lower or "no space left" in lower:
        return OutOfSpace(
            "MongoDB is out of space",
            _sentence(text),
            "Free some space there (an Atlas free cluster has 512 MB), then start again.",
        )
    if code in _NOT_AUTHORIZED or "not allowed to do action" in lower:
        return AccessRefused(
            "MongoDB refuses the operation",
            f"The user lacks a right ({_clause(text)}).",
            "Give the user the role readWrite on the database of mongodb.database.",
        )
    if code == _AUTHENTICATION_FAILED or (code == _ATLAS_ERROR and "auth" in lower):
        return AccessRefused(
            "MongoDB refuses the user",
            f"The user name or the password is wrong ({_clause(text)}).",
            f"{_ADDRESS_CHECK} The option authSource names the database that knows the user.",
        )
    if passing or code in _PASSING:
        return StorageUnavailable("MongoDB did not finish", _sentence(text), _TRY_AGAIN)
    return StorageError(
        "MongoDB refused an operation",
        _sentence(text if code is None else f"Error {code}: {text}"),
        "If it comes back, report it with this text.",
    )


def _bulk_error(details: Mapping[str, Any]) -> LinkyError:
    for failed in details.get("writeErrors") or []:
        return _refusal(failed.get("code"), plain(str(failed.get("errmsg", ""))))
    for unconfirmed in details.get("writeConcernErrors") or []:
        return _unconfirmed(plain(str(unconfirmed.get("errmsg", ""))))
    return _unconfirmed("no reason given")


def _unconfirmed(text: str) -> StorageUnavailable:
    return StorageUnavailable(
        "MongoDB did not confirm a write",
        f"Not enough of its servers answered in time ({_clause(text)}).",
        "Try again later: what is missing is found and completed then.",
    )


def _server_text(error: OperationFailure) -> str:
    details = error.details or {}
    return plain(str(details.get("errmsg") or error).split(", full error:")[0])


def _clause(text: str) -> str:
    return text.rstrip(" .") or "no reason given"


def _sentence(text: str) -> str:
    return f"{_clause(text)}."
