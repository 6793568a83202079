"""Whether the ledger of days agrees with the readings, and what it remembers that is gone.

The ledger is computed from the readings, so where both disagree it is computed again. But before
that it is a witness: it knows of readings that somebody deleted from both collections.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from linky_tui.domain.coverage import first_askable
from linky_tui.domain.models import Series
from linky_tui.errors import StorageError
from linky_tui.storage.collections.days import Recomputed
from linky_tui.storage.leases.lease import Lease
from linky_tui.text.formatting import count_text, day_text

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

_SURVEYED_AFTER = timedelta(days=31)
"""A day older than this has a record since the survey, if Enedis has a total for it."""


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What checking the ledger of a series did."""

    recomputed: bool = False  # whether it was computed again and had to be changed
    gone: int = 0  # readings that it knew of and neither collection holds; they are asked again
    # the error about those of them that Enedis does not give any more
    lost: StorageError | None = None
    resurvey: bool = False  # whether Enedis' daily totals were lost with it and are asked again


def check_ledger(store: Store, lease: Lease, today: date, *, anyway: bool = False) -> LedgerCheck:
    """Compute the ledger of a series again where it disagrees, or ``anyway``.

    Raises:
        SeriesBusy: the lease was lost.
        StorageUnavailable: MongoDB cannot be reached.
    """
    series = lease.series
    if not anyway and ledger_agrees(store, series):
        return LedgerCheck()
    done = store.days.recompute_all(series, today, lease)
    state = store.leases.state(series)
    reaches = max(first_askable(today), state.curve_from or date.min)
    resurvey = state.surveyed_at is not None and any(
        day < today - _SURVEYED_AFTER for day in done.recreated
    )
    if resurvey:
        lease.set_state(surveyed_at=None, totals_at=None, daily_from=None, survey_refused_at=None)
    return LedgerCheck(
        done.changed,
        sum(number for day, number in done.gone.items() if day >= reaches),
        _lost(done, reaches),
        resurvey,
    )


def ledger_agrees(store: Store, series: Series) -> bool:
    """Whether the ledger adds up to the readings."""
    return store.days.sums(series) == store.readings.sums(series)


def _lost(done: Recomputed, reaches: date) -> StorageError | None:
    days = sorted(day for day in done.gone if day < reaches)
    if not days:
        return None
    number = sum(done.gone[day] for day in days)
    return StorageError(
        "Readings are gone",
        f"{count_text(number)} readings of {day_text(days[0])} to {day_text(days[-1])} were "
        "stored and are in neither collection any more. Enedis gives no load curve that old.",
        "Only a backup of MongoDB can bring them back.",
    )
