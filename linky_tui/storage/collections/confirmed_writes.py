"""Writes whose outcome is unknown are settled by reading again, never by sending again.

A broken connection, a change of primary or a time-out leaves it open whether a write was done.
Sending it again stores readings twice in a time series collection, which has no unique index. So
every write is a *step*: it reads what is stored, works out what is missing and writes only that.
After an unknown outcome the step simply runs again, once three things hold:

* Nothing of the first attempt is still running on the server. Each step runs under
  ``pymongo.timeout``, which sends ``maxTimeMS`` with every operation, so the server itself ends
  them when the step's time is over; after a broken connection we wait for that moment.
* There is a primary, and the lease is renewed there. That is a majority write: whatever is read
  behind it in the same causally consistent session includes every write that can survive.
* The lease is still ours, so nobody else writes this series.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pymongo.client_session import ClientSession
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    NotPrimaryError,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteConcernError,
)

from linky_tui.errors import LinkyError, StorageUnavailable
from linky_tui.storage.connection import friendly, translate
from linky_tui.storage.errors import DUPLICATE_KEY, turned_away

if TYPE_CHECKING:
    from linky_tui.storage.connection import Connection
    from linky_tui.storage.leases.lease import Lease

STEP_LIMIT_S = 10.0
"""How long the operations of one step may take together, on the server too."""
PRIMARY_LIMIT_S = 20.0
"""How long to wait for a primary."""
BUSY_PAUSE_S = 1.0
"""How long to leave a server alone that had too much to do."""
ROUNDS = 3
"""How often a step is run before we give up until the next run."""

T = TypeVar("T")


class StorageStopped(StorageUnavailable):
    """The stop event was set; what was begun is completed by the next run."""

    def __init__(self) -> None:
        super().__init__(
            "Stopped",
            "The work was stopped before its end.",
            "Nothing is lost: the next run completes what is missing.",
        )


def confirm(
    step: Callable[[ClientSession], T],
    connection: Connection,
    lease: Lease,
    stop: threading.Event | None = None,
) -> T:
    """Run a step until its outcome is known.

    The step reads, compares and writes what is missing, all in the session it is given; running it
    again after success must change nothing. The lease is checked before each round, and renewed as
    the barrier after an unknown outcome. ``stop`` ends the waiting.

    Raises:
        StorageUnavailable: still unknown after some rounds (``StorageStopped``: while waiting).
        SeriesBusy: the lease was lost.
        LinkyError: MongoDB refused the operation.
    """
    failure: PyMongoError | None = None
    with friendly(), lease.session() as session:
        for _ in range(ROUNDS):
            started_s = time.monotonic()
            try:
                with lease.writing(STEP_LIMIT_S):
                    return step(session)
            except PyMongoError as error:
                if not outcome_unknown(error):
                    raise
                failure = error
            if not only_duplicates(failure):
                wait_until_known(failure, started_s, connection, [lease], session, stop)
    raise unconfirmed(failure)


def wait_until_known(
    failure: PyMongoError,
    started_s: float,
    connection: Connection,
    leases: Iterable[Lease],
    session: ClientSession,
    stop: threading.Event | None = None,
) -> None:
    """Wait until reading in ``session`` shows what came of the operations that failed.

    They were begun at ``started_s`` (``time.monotonic()``) under ``STEP_LIMIT_S``. The leases are
    renewed as the barrier.

    Raises:
        OutOfSpace: the disk of the embedded server is full, so nothing comes of waiting.
        StorageUnavailable: there is no primary, or stopped.
        SeriesBusy: a lease was lost.
    """
    connection.check_space()
    stop = stop or threading.Event()
    may_still_run = isinstance(failure, ConnectionFailure) and not isinstance(
        failure, NotPrimaryError | ServerSelectionTimeoutError
    )
    if may_still_run:
        stop.wait(max(0.0, started_s + STEP_LIMIT_S - time.monotonic()))
    elif turned_away(failure):
        stop.wait(BUSY_PAUSE_S)
    if stop.is_set():
        raise StorageStopped
    if not connection.wait_for_primary(stop, PRIMARY_LIMIT_S):
        raise unconfirmed(failure)
    for lease in leases:
        lease.renew(session)


def unconfirmed(failure: PyMongoError | None) -> LinkyError:
    """The error to end with when the outcome of a write stays unknown."""
    if failure is not None:
        reason = translate(failure)
        if turned_away(failure) or not isinstance(reason, StorageUnavailable):
            return reason  # such as a full disk
    return StorageUnavailable(
        "MongoDB did not confirm what it stored",
        "The connection broke or the servers changed roles while writing.",
        "Nothing is lost: the next run compares both collections and completes what is missing.",
    )


def outcome_unknown(error: PyMongoError) -> bool:
    """Whether reading again is the way to find out what an operation did."""
    return (
        isinstance(error, ConnectionFailure | BulkWriteError | WriteConcernError)
        or error.timeout
        or error.has_error_label("RetryableWriteError")
        or turned_away(error)
    )


def only_duplicates(error: PyMongoError) -> bool:
    """Whether a bulk error only says that documents are already there.

    A majority write that timed out arrives as a bulk error too, with empty ``writeErrors``.
    """
    if not isinstance(error, BulkWriteError):
        return False
    details: Mapping[str, Any] = error.details or {}
    errors = details.get("writeErrors") or []
    return (
        bool(errors)
        and not details.get("writeConcernErrors")
        and all(each.get("code") == DUPLICATE_KEY for each in errors)
    )
