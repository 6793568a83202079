"""The driver's errors as errors that a person reads.

The texts of the driver hold whole addresses, topologies and documents. Of them only a short part
is kept, through :func:`linky_tui.text.formatting.plain`, and nothing that could be a password.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from linky_tui.errors import (
    AccessRefused,
    ConfigError,
    LinkyError,
    OutOfSpace,
    ServerRefused,
    Side,
    StorageError,
    StorageUnavailable,
)
from linky_tui.storage.address import ADDRESS_CHECK, address_error, clause, sentence, unreachable
from linky_tui.text.formatting import plain

DUPLICATE_KEY, NO_QUERY_PLAN = 11000, 291
_AUTHENTICATION_FAILED, _ATLAS_ERROR = 18, 8000
_NOT_AUTHORIZED = {13, 31}
_NO_SPACE = {14031}
_OTHER_CASE = 13297
# Ended by the server or by a change of roles; the same codes as the driver's retryable errors.
_PASSING = {6, 7, 50, 64, 89, 91, 112, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436}
# Another operation is in the way, or the rate limiter is (IngressRequestRateLimitExceeded).
_TURNED_AWAY = {117, 462}
_TURNED_AWAY_LABELS = ("SystemOverloadedError", "RetryableError")
_NO_MEMORY = {146, 292}  # ExceededMemoryLimit, QueryExceededMemoryLimitNoDiskUseAllowed
_NOT_ALLOWED = re.compile("not allowed|not authorized|unauthorized|not permitted")
_TRY_AGAIN = "Try again later; nothing that was stored is lost."


@contextlib.contextmanager
def friendly(uri: str = "") -> Iterator[None]:
    """Turns every error of the driver that leaves the block into a LinkyError.

    With the address that is tried for the first time more can be told of it.
    """
    try:
        yield
    except PyMongoError as error:
        # The original stays out of the traceback: its text may hold an address with a password.
        raise translate(error, uri) from None


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


def translate(error: PyMongoError, uri: str = "") -> LinkyError:
    """The error to show for an error of the driver.

    Returns:
        ConfigError for a wrong address, AccessRefused for a wrong user, StorageUnavailable for
        what passes by itself, StorageError for the rest.
    """
    if isinstance(error, ConfigurationError):
        return address_error(error)
    if isinstance(error, OperationFailure) and turned_away(error):
        return StorageUnavailable("MongoDB is busy", sentence(server_text(error)), _TRY_AGAIN)
    if isinstance(error, BulkWriteError):
        return _bulk_error(error.details)
    if isinstance(error, WriteConcernError):
        return _unconfirmed(server_text(error))
    if isinstance(error, OperationFailure):
        passing = isinstance(error, ExecutionTimeout)
        return _refusal(error.code, server_text(error), uri, passing=passing)
    if isinstance(error, ConnectionFailure):
        return unreachable(str(error), uri)
    return StorageError(
        "MongoDB cannot be used",
        f"{type(error).__name__}: {sentence(plain(str(error)))}",
        "Start again; if it comes back, report it.",
    )


def turned_away(error: PyMongoError) -> bool:
    """Whether the server had something else to do just then, and may take the same a moment later.

    Source: the codes and labels of MongoDB's specification of client backpressure.
    """
    code = error.code if isinstance(error, OperationFailure) else None
    return code in _TURNED_AWAY or any(map(error.has_error_label, _TURNED_AWAY_LABELS))


def stopped(cause: str) -> StorageUnavailable:
    """The error for a wait for MongoDB that was broken off."""
    return StorageUnavailable("Stopped", cause, "Start again when you like.", sides=())


def without_table_scans() -> ServerRefused:
    """The error for a server that reads no collection without an index."""
    return ServerRefused(
        "This MongoDB refuses to read whole collections",
        "It runs with the parameter notablescan, and to compare both collections they are read "
        "whole.",
        "Have whoever runs it set notablescan to false, or name another MongoDB in mongodb.uri.",
        sides=(Side.MONGODB,),
    )


def server_text(error: OperationFailure) -> str:
    """What the server said of a refusal, short and harmless."""
    details = error.details or {}
    return plain(str(details.get("errmsg") or error).split(", full error:")[0])


def _refusal(code: int | None, text: str, uri: str = "", *, passing: bool = False) -> LinkyError:
    lower = text.lower()
    if code == _OTHER_CASE:
        named = re.search(r"already have: \[([^\]]+)\]", text)
        written = f'mongodb.database = "{plain(named[1], 64)}"' if named else "mongodb.database"
        cause = "MongoDB has the database already, written with other capital and small letters."
        return ConfigError(
            "The database's name differs in case",
            cause,
            f"Write {written} as MongoDB has it, or another name.",
            (f"mongodb.database: {cause}",),
        )
    if "already using" in lower and "collection" in lower:
        return OutOfSpace(
            "MongoDB takes no more collections",
            sentence(text),
            "Drop collections there that nobody needs (linky-tui makes five), or name another "
            "cluster in mongodb.uri.",
        )
    if "requires authentication" in lower or (code in _NOT_AUTHORIZED and _is_anonymous(uri)):
        return AccessRefused(
            "MongoDB asks for a user",
            "mongodb.uri names no user, and this server lets nobody in without one "
            f"({clause(text)}).",
            "Write the address as mongodb://USER:PASSWORD@host/?authSource=admin.",
        )
    if code in _NO_SPACE or "space quota" in lower or "no space left" in lower:
        return OutOfSpace(
            "MongoDB is out of space",
            sentence(text),
            "Free some space there (an Atlas free cluster has 512 MB), then start again.",
        )
    on_atlas = code == _ATLAS_ERROR
    if code in _NOT_AUTHORIZED or (on_atlas and _NOT_ALLOWED.search(lower)):
        or_tier = ", or this kind of Atlas cluster does not offer that" if on_atlas else ""
        return AccessRefused(
            "MongoDB refuses the operation",
            f"The user lacks a right{or_tier} ({clause(text)}).",
            "Give the user the role readWrite on the database of mongodb.database.",
        )
    if code == _AUTHENTICATION_FAILED or (on_atlas and "auth" in lower):
        return AccessRefused(
            "MongoDB refuses the user",
            f"The user name or the password is wrong ({clause(text)}).",
            f"{ADDRESS_CHECK} The option authSource names the database that knows the user.",
        )
    if code in _NO_MEMORY:
        return StorageError(
            "MongoDB has too little memory for this",
            f"Its tier, or its machine, gives a query less than this one needs ({clause(text)}).",
            "Take a larger tier or machine (on Atlas, M10 and above may use the disk as well, M0 "
            "and Flex may not); nothing that was stored is lost.",
        )
    if code == NO_QUERY_PLAN:
        return without_table_scans()
    if passing or code in _PASSING | _TURNED_AWAY:
        return StorageUnavailable("MongoDB did not finish", sentence(text), _TRY_AGAIN)
    return StorageError(
        "MongoDB refused an operation",
        sentence(text if code is None else f"Error {code}: {text}"),
        "If it comes back, report it with this text.",
    )


def _is_anonymous(uri: str) -> bool:
    """Whether an address is known and brings no user."""
    return bool(uri) and "@" not in uri.partition("?")[0] and "authMechanism" not in uri


def _bulk_error(details: Mapping[str, Any]) -> LinkyError:
    for failed in details.get("writeErrors") or []:
        return _refusal(failed.get("code"), plain(str(failed.get("errmsg", ""))))
    for unconfirmed in details.get("writeConcernErrors") or []:
        return _unconfirmed(plain(str(unconfirmed.get("errmsg", ""))))
    return _unconfirmed("no reason given")


def _unconfirmed(text: str) -> StorageUnavailable:
    return StorageUnavailable(
        "MongoDB did not confirm a write",
        f"Not enough of its servers answered in time ({clause(text)}).",
        "Try again later: what is missing is found and completed then.",
    )
