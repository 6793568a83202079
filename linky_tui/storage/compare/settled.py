"""Whether sizes on disk are those of the data, and the wait until they are.

Files follow at a checkpoint of the server, every minute as a rule. WiredTiger tells for each file
how much of it in memory is newer (``Statistics.written``). Where a server does not show that, sizes
are believed once they have not changed for longer than checkpoints are apart.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

import pymongo
from pymongo.collection import Collection

from linky_tui.storage.collections.documents import Document
from linky_tui.storage.compare.size_watch import SizeWatch
from linky_tui.storage.compare.sizes import Statistics, all_of, statistics
from linky_tui.storage.connection import READ_LIMIT_S, friendly

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

LONGEST_WAIT_S = 150.0
"""Two checkpoints and a half: whoever writes meanwhile may go on for ever."""
LOOK_EVERY_S = 0.5


def write_to_disk(store: Store) -> None:
    """Have the server take a checkpoint; for our own alone, and never while anybody writes.

    Raises:
        PyMongoError: MongoDB refuses, or cannot be reached.
    """
    with pymongo.timeout(READ_LIMIT_S):
        store.connection.client.admin.command("fsync")


def wait_until_settled(
    collections: Sequence[Collection[Document]],
    stop: threading.Event,
    waiting: Callable[[float], object] = lambda waited_s: None,
    *,
    limit_s: float = LONGEST_WAIT_S,
) -> bool:
    """Look again and again until the sizes are settled, it is stopped, or ``limit_s`` are over.

    ``waiting`` is told the seconds so far. Returns whether they are settled.

    Raises:
        StorageUnavailable: MongoDB cannot be reached.
    """
    watch, started_s = SizeWatch(), time.monotonic()
    while (waited_s := time.monotonic() - started_s) < limit_s:
        with friendly(), pymongo.timeout(READ_LIMIT_S):
            found = [statistics(each) for each in collections]
        if watch.settled(sizes_on_disk(found), all_written(found)):
            return True
        waiting(waited_s)
        if stop.wait(LOOK_EVERY_S):
            break
    return False


def all_written(found: Sequence[Statistics]) -> bool | None:
    """Whether all is written to disk; ``None`` where the server does not tell."""
    return all_of([each.written for each in found])


def sizes_on_disk(found: Sequence[Statistics]) -> Hashable:
    """What changes when a checkpoint brings the files up to date, or somebody writes."""
    return tuple((each.data_bytes, each.storage_bytes, each.index_bytes) for each in found)
