"""What the storage page can do: each runs in a worker thread and says in words how it ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from textual.message import Message

from linky_tui.domain.models import Series
from linky_tui.domain.paris import today
from linky_tui.storage.compare.verify import Verdict, Verification, verify
from linky_tui.storage.compare.zstd_copy import ZstdCopy, zstd_copy_steps
from linky_tui.storage.repair.rebuild import RebuildResult, rebuild_steps
from linky_tui.storage.repair.reconcile import repair
from linky_tui.text.formatting import count_text, duration_text

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and the total (0 where that is not known)."""

_DIGEST_DIGITS = 12

DEFRAGMENT = (
    "The time series collection is emptied and filled again, in order, from the regular one, which "
    "is only read. Until that has ended, whoever reads the time series collection sees a part of "
    "it. Stopped in between nothing is lost: the next run completes it."
)


class Action(Enum):
    """The actions, with what they are called while they run."""

    VERIFY = "Verifying every reading"
    REPAIR = "Repairing"
    DEFRAGMENT = "Rebuilding the time series collection"
    ZSTD = "Copying with zstd"


@dataclass(frozen=True)
class Running:
    """The action that runs."""

    action: Action
    stop: threading.Event


@dataclass
class ActionAdvanced(Message):
    """An action got on; queued ones collapse."""

    doing: str
    done: int
    total: int

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ActionAdvanced)


@dataclass(frozen=True, slots=True)
class ActionResult:
    """How an action ended."""

    text: str  # in words, one or two sentences
    good: bool = True  # whether all is well now
    wrote: bool = False  # whether readings may have been written
    probe: ZstdCopy | None = None  # what was measured with zstd


def run_action(
    action: Action,
    store: Store,
    series: Series | None,
    stop: threading.Event,
    progress: Progress,
) -> ActionResult:
    """Do it. Blocks; the lease of the series is held while rebuilding.

    Raises:
        LinkyError: it failed, or was stopped (``StorageStopped``).
    """
    if action is Action.VERIFY:
        return verified(verify(store, stop))
    if action is Action.REPAIR:
        return repaired(repair(store, today(), stop))
    if action is Action.ZSTD:
        probe = _followed(action, zstd_copy_steps(store, stop), progress)
        return ActionResult(_zstd_text(probe), probe=probe)
    return _defragment(store, series, stop, progress)


def verified(result: Verification) -> ActionResult:
    """What a verification found, in words."""
    if result.identical:
        return ActionResult(
            f"Identical: all {count_text(result.regular_readings)} readings, compared one by one. "
            f"sha256 {_short(result.digest_regular)} of both."
        )
    text = (
        f"Different: of {count_text(result.regular_readings)} readings the time series "
        f"collection lacks {count_text(result.missing_in_timeseries)}, "
        f"{count_text(result.differing)} say something else, "
        f"{count_text(result.extra_in_timeseries)} are too many and "
        f"{count_text(result.duplicated_in_timeseries)} are there twice. "
        f"sha256 {_short(result.digest_regular)} and {_short(result.digest_timeseries)}."
    )
    if result.in_use:
        return ActionResult(f"{text} Somebody is writing just now: verify again later.", good=False)
    return ActionResult(f"{text} Press e to repair.", good=False)


def repaired(result: Verification) -> ActionResult:
    """What a repair did, in words."""
    readings = count_text(result.regular_readings)
    digest = _short(result.digest_regular)
    lost = "".join(f" {error.title}: {error.cause} {error.next_step}" for error in result.lost)
    if result.status is Verdict.REPAIRED or (lost and result.identical):
        return ActionResult(
            f"Repaired: both hold the same {readings} readings again. sha256 {digest} of both."
            f"{lost}",
            good=not lost,
            wrote=True,
        )
    if result.identical:
        return ActionResult(
            f"Nothing to repair: both hold the same {readings} readings. sha256 {digest} of both."
        )
    return ActionResult(verified(result).text, good=False, wrote=True)


def _defragment(
    store: Store, series: Series | None, stop: threading.Event, progress: Progress
) -> ActionResult:
    if series is None or not any(store.readings.counts()):
        return ActionResult("Nothing is stored yet, so there is nothing to defragment.")
    with store.leases.acquire(series) as lease:
        result = _followed(Action.DEFRAGMENT, rebuild_steps(store, [lease], stop), progress)
    progress(Action.VERIFY.value, 0, 0)
    after = verify(store, stop)
    return ActionResult(
        f"Rebuilt in {duration_text(result.seconds)}: {count_text(result.readings)} readings"
        f"{_in_buckets(result)}. {'Identical' if after.identical else 'Different'}, verified.",
        good=after.identical,
        wrote=True,
    )


def _in_buckets(result: RebuildResult) -> str:
    before, now = result.buckets_before, result.buckets_after
    if before is None or now is None:
        return ", the number of buckets is not known"
    change = "as before" if before == now else f"instead of {count_text(before)}"
    return f" in {count_text(now)} buckets {change}"


def _followed(action: Action, steps: Generator[tuple[int, int], None, T], progress: Progress) -> T:
    while True:
        try:
            done, total = next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        if action is Action.ZSTD and done >= total:
            progress("Waiting until it is written to disk, up to a minute", 0, 0)
        else:
            progress(action.value, done, total)


def _zstd_text(probe: ZstdCopy) -> str:
    text = (
        f"Measured: {count_text(probe.size.readings)} regular documents with zstd. "
        "The temporary collection is gone again."
    )
    return text if probe.settled else f"{text} Its size on disk may not be final."


def _short(digest: str) -> str:
    return f"{digest[:_DIGEST_DIGITS]}…"


def stopped_text(action: Action) -> str:
    """What a stopped action leaves behind."""
    if action in (Action.REPAIR, Action.DEFRAGMENT):
        return "Stopped before its end. Nothing is lost: the next run, or Repair, completes it."
    return "Stopped before its end. Nothing was changed."
