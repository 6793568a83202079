"""What every run does first, without a request: both collections and the ledger agree again.

So a crash, a dropped collection or a renamed one repairs itself, in both directions: readings
that only the time series collection holds are copied back first, since history older than 24 months
cannot be asked again.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import pymongo

from linky_tui.domain.models import Flow, Series
from linky_tui.errors import LinkyError, SeriesBusy
from linky_tui.storage.collections.documents import ForeignDocument
from linky_tui.storage.collections.schema import ensure_present
from linky_tui.storage.compare.pairs import names
from linky_tui.storage.compare.verify import Verdict, Verification, compare_days, verify
from linky_tui.storage.connection import READ_LIMIT_S, friendly
from linky_tui.storage.leases.lease import Lease
from linky_tui.storage.repair.extent import EVERYTHING, Extent
from linky_tui.storage.repair.ledger_check import LedgerCheck, check_ledger, ledger_agrees
from linky_tui.storage.repair.rebuild import rebuild
from linky_tui.storage.repair.restore import insert_missing, restore_regular

if TYPE_CHECKING:
    from linky_tui.storage.store import Store


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What reconciling a series did."""

    restored: int = 0  # readings copied from the time series collection into the regular one
    completed: int = 0  # readings that the time series collection lacked
    rebuilt: bool = False  # whether the time series collection was rebuilt
    days_recomputed: bool = False  # whether the ledger of days had to be computed again
    resurvey: bool = False  # whether Enedis' daily totals were lost with it and are asked again
    gone: int = 0  # readings that were stored, are in neither collection and are asked again
    # the error about such readings that Enedis does not give any more, or `None`
    lost: LinkyError | None = None
    # why both collections could not be made equal now, or `None`
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
    held: Sequence[Lease] = (),
    extent: Extent = EVERYTHING,
) -> Reconciled:
    """Bring both collections and the ledger of a series together where ``extent`` shows a need.

    ``held`` are leases that the caller holds beside ``lease``: a rebuild needs all there are.

    Raises:
        SeriesBusy: the lease was lost.
        CollectionRefused: something else took the name of a collection.
        StorageUnavailable: MongoDB cannot be reached, or stopped (``StorageStopped``).
    """
    with friendly(), pymongo.timeout(READ_LIMIT_S):
        ensure_present(
            store.readings.regular.database,
            store.readings.regular.name,
            store.readings.timeseries.name,
        )
    result = Reconciled()
    pending = store.leases.state(series).rebuild_pending is not None
    compared = [(span, compare_days(store.readings, series, *span)) for span in extent.spans]
    equal = all(found.equal for _, found in compared)
    if pending or not equal:
        result = _equalise(store, lease, [*held, lease], pending, stop)
    ledger = LedgerCheck()
    if (
        pending
        or not equal
        or any(store.days.sums(series, *span) != found.regular for span, found in compared)
    ):
        # A correction notes a rebuild before it begins; its days may not be computed yet. And sums
        # do not tell of a reading that was moved by hand.
        ledger = check_ledger(store, lease, today, anyway=pending or result.changed or equal)
    return replace(
        result,
        days_recomputed=ledger.recomputed,
        resurvey=ledger.resurvey,
        gone=ledger.gone,
        lost=ledger.lost,
    )


def repair(store: Store, today: date, stop: threading.Event | None = None) -> Verification:
    """Make both collections identical, for ``--verify --repair``, and prove it.

    Returns:
        The verification afterwards; ``repaired`` when there was a difference and none is left.

    Raises:
        SeriesBusy: another process works on one of the series.
        StorageError: a collection holds documents that are not ours; nothing was dropped.
        StorageUnavailable: MongoDB cannot be reached, or stopped (``StorageStopped``).
    """
    before = verify(store, stop)
    with contextlib.ExitStack() as stack:
        with friendly():
            series_found = sorted({*names(store.readings), *store.days.counts()})
        flows = {flow.value for flow in Flow}
        leases = [
            stack.enter_context(store.leases.acquire(Series(prm, Flow(flow))))
            for prm, flow in series_found
            if flow in flows
            and not (before.identical and ledger_agrees(store, Series(prm, Flow(flow))))
        ]
        lost: list[LinkyError] = []

        def check(lease: Lease, *, anyway: bool) -> None:
            found = check_ledger(store, lease, today, anyway=anyway)
            if found.lost is not None:
                lost.append(found.lost)

        if before.identical:
            for lease in leases:
                check(lease, anyway=False)
            return replace(before, lost=tuple(lost))
        examined = []
        for lease in leases:
            examined.append(restore_regular(store, lease, stop)[1])
            insert_missing(store, lease, examined[-1].missing, stop)
            check(lease, anyway=True)
        for found in examined:
            found.refuse_foreign()
        after = verify(store, stop)
        if not after.identical or any(found.too_much for found in examined):
            rebuild(store, leases, stop)
            after = verify(store, stop)
    after = replace(after, gone=before.gone, lost=tuple(lost))
    return replace(after, status=Verdict.REPAIRED) if after.identical else after


def _equalise(
    store: Store,
    lease: Lease,
    held: Sequence[Lease],
    pending: bool,
    stop: threading.Event | None,
) -> Reconciled:
    restored, found = restore_regular(store, lease, stop)
    result = Reconciled(restored=restored)
    try:
        # A rebuild would drop what is not ours; all the rest is done in spite of it.
        found.refuse_foreign()
        if pending or found.too_much:
            lease.note_rebuild_pending()
            rebuild(store, held, stop)
            return replace(result, rebuilt=True)
    except (SeriesBusy, ForeignDocument) as error:
        lease.check()
        result = replace(result, postponed=error)
    insert_missing(store, lease, found.missing, stop)
    return replace(result, completed=len(found.missing))
