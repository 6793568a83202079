"""What both collections hold, counted, and whether the server's counters agree with it.

A crash loses the counters of both: the size of the regular documents is added up instead, that of
the compressed buckets nobody but the server can tell.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pymongo
from pymongo.errors import OperationFailure

from linky_tui.storage.collections.readings import Group
from linky_tui.storage.collections.schema import describe
from linky_tui.storage.compare.buckets import bucket_count
from linky_tui.storage.compare.settled import write_to_disk
from linky_tui.storage.compare.sizes import Statistics, statistics
from linky_tui.storage.connection import READ_LIMIT_S

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

_LOOKS, _LOOK_EVERY_S = 3, 0.2
"""What is written between two questions makes them differ: that passes."""
_FOREIGN: Group = ("", "", 0)


@dataclass(frozen=True, slots=True)
class Counted:
    """Both collections, counted."""

    counts: tuple[Mapping[Group, int], Mapping[Group, int]]  # readings of each, by group
    regular_bytes: int  # the regular documents, added up
    buckets: int | None  # of the time series collection; `None`: not known
    statistics: tuple[Statistics, Statistics]  # of each
    granularity: str | None  # of the time series collection, `None` where it does not exist

    @property
    def readings(self) -> tuple[int, int]:
        """How many readings each holds."""
        return sum(self.counts[0].values()), sum(self.counts[1].values())

    @property
    def disagree(self) -> bool:
        """Whether the counters of the time series collection look wrong, as far as that shows.

        It shows in its number of buckets, or else in the number of regular documents, unless all
        its readings were inserted since the server started, as after a rebuild.
        """
        (one, two), (regular, timeseries) = self.statistics, self.readings
        if two.buckets == 0 and timeseries:
            return True
        known = self.buckets is not None and _FOREIGN not in self.counts[1]
        told = None if two.buckets is None else (two.buckets, two.buckets - two.orphans)
        if known and told is not None and self.buckets not in told:
            return True
        right = one.documents is None or regular in (one.documents, one.documents - one.orphans)
        return timeseries > 0 and not right and two.committed != timeseries

    def same_numbers(self, other: Counted) -> bool:
        """Whether nobody wrote between the two."""
        one, two = (
            (each.counts, each.buckets, [(own.documents, own.buckets) for own in each.statistics])
            for each in (self, other)
        )
        return one == two


def counted(store: Store) -> tuple[Counted, bool]:
    """Count both collections; and whether the server's counters of them were lost in a crash.

    The embedded server's are put right, unless somebody is writing.

    Raises:
        OperationFailure: MongoDB refuses.
        StorageUnavailable: it cannot be reached.
    """
    found = _count(store)
    for _ in range(_LOOKS):
        if not found.disagree:
            return found, False
        time.sleep(_LOOK_EVERY_S)
        before, found = found, _count(store)
        if found.same_numbers(before):
            break
    else:
        return found, False
    if store.server.kind == "local" and not store.leases.in_use():
        _put_right(store)
        found = _count(store)
    return found, found.disagree


def _count(store: Store) -> Counted:
    both = store.readings.regular, store.readings.timeseries
    with pymongo.timeout(READ_LIMIT_S):
        one, two = (statistics(each) for each in both)
        _, options = describe(both[1].database, both[1].name)
    counts, regular_bytes = store.readings.counts_and_bytes()
    buckets = bucket_count(store.readings) if any(counts[1].values()) else 0
    granularity = options.get("timeseries", {}).get("granularity")
    return Counted(counts, regular_bytes, buckets, (one, two), granularity)


def _put_right(store: Store) -> None:
    """Let the server count again, which leaves something to write to disk.

    Up to 8.x it knows the buckets under a name of their own.
    """
    name = store.readings.timeseries.name
    for each in (store.readings.regular.name, f"system.buckets.{name}", name):
        # Other versions know other names.
        with suppress(OperationFailure), pymongo.timeout(READ_LIMIT_S):
            store.connection.database.command("validate", each)
    write_to_disk(store)
