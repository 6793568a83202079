"""What every run does first, without a request: both collections and the ledger agree again.

So a crash, a dropped collection or a renamed one repairs itself, in both directions
(design.md §3): readings that only the time series collection holds are copied back first, since
history older than 24 months cannot be asked again.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import pymongo

from linky_tui.errors import LinkyError, SeriesBusy
from linky_tui.models import Flow, Series
from linky_tui.storage.collections import ensure_present
from linky_tui.storage.connection import friendly
from linky_tui.storage.documents import ForeignDocument
from linky_tui.storage.lease import Lease
from linky_tui.storage.pairs import names
from linky_tui.storage.readings import READ_LIMIT_S
from linky_tui.storage.rebuild import rebuild
from linky_tui.storage.restore import complete, secure
from linky_tui.storage.verify import Verdict, Verification, verify

if TYPE_CHECKING:
    from linky_tui.storage.store import Store


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What reconciling a series did.

    Attributes:
        restored: readings copied from the time series collection into the regular one.
        completed: readings that the time series collection lacked.
        rebuilt: whether the time series collection was rebuilt.
        days_recomputed: whether the ledger of days was computed again.
        postponed: why a rebuild that is due could not be done now, or ``None``.
    """

    restored: int = 0
    completed: int = 0
    rebuilt: bool = False
    days_recomputed: bool = False
    postponed: LinkyError | None = None

    @property
    def changed(self) -> bool:
        """Whether anything had to be done."""
        return bool(self.restored or self.completed or self.rebuilt or self.days_recomputed)


def reconcile(
    store: Store,
    lease: Lease,
    series: Series,
    today: date,
    stop: threading.Event | None = None,
) -> Reconciled:
    """Bring both collections and the ledger of a series together; cheap when all is well.

    Args:
        store: the store.
        lease: the lease of the series.
        series: the series.
        today: the current Paris date.
        stop: ends it.

    Raises:
        SeriesBusy: the lease was lost.
        CollectionRefused: something else took the name of a collection.
        StorageUnavailable: MongoDB cannot be reached, or stopped (``Stopped``).
    """
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        ensure_present(
            store.readings.regular.database,
            store.readings.regular.name,
            store.readings.timeseries.name,
        )
    result = Reconciled()
    regular, timeseries = store.readings.counts(series)
    pending = store.leases.state(series).rebuild_pending is not None
    if pending or regular != timeseries:
        try:
            result = _equalise(store, lease, pending, stop)
        except ForeignDocument as error:
            result = replace(result, postponed=error)
    # A correction keeps the number of readings; it notes a rebuild before it begins.
    if pending or store.days.readings_total(series) != store.readings.count(series):
        store.days.recompute_all(series, today, lease)
        result = replace(result, days_recomputed=True)
    return result


def repair(store: Store, today: date, stop: threading.Event | None = None) -> Verification:
    """Make both collections identical, for ``--verify --repair``, and prove it.

    Args:
        store: the store.
        today: the current Paris date.
        stop: ends it.

    Returns:
        The verification afterwards; ``repaired`` when there was a difference and none is left.

    Raises:
        SeriesBusy: another process works on one of the series.
        StorageError: a collection holds documents that are not ours; nothing was dropped.
        StorageUnavailable: MongoDB cannot be reached, or stopped (``Stopped``).
    """
    if (before := verify(store, stop)).identical:
        return before
    with contextlib.ExitStack() as stack:
        with friendly():
            found = names(store.readings)
        flows = {flow.value for flow in Flow}
        leases = [
            stack.enter_context(store.leases.acquire(Series(prm, Flow(flow))))
            for prm, flow in found
            if flow in flows
        ]
        too_much = False
        for lease in leases:
            _, examined = secure(store, lease, stop)
            complete(store, lease, examined.missing, stop)
            too_much = too_much or examined.too_much > 0
        after = verify(store, stop)
        if too_much or not after.identical:
            rebuild(store, leases, stop=stop)
            after = verify(store, stop)
        for lease in leases:
            store.days.recompute_all(lease.series, today, lease)
    return replace(after, status=Verdict.REPAIRED) if after.identical else after


def _equalise(
    store: Store, lease: Lease, pending: bool, stop: threading.Event | None
) -> Reconciled:
    restored, found = secure(store, lease, stop)
    result = Reconciled(restored=restored)
    if not pending and not found.too_much:
        complete(store, lease, found.missing, stop)
        return replace(result, completed=len(found.missing))
    lease.note_rebuild_pending()
    try:
        rebuild(store, [lease], stop=stop)
    except SeriesBusy as error:
        lease.check()
        complete(store, lease, found.missing, stop)
        return replace(result, completed=len(found.missing), postponed=error)
    return replace(result, rebuilt=True)
