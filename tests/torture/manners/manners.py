"""What the gateway must never see from us, read off the simulator's own log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from linky_tui.demo.server import RequestLogEntry

Asked = tuple[str, str | None, str | None, str | None]


def same_request(entry: RequestLogEntry) -> Asked:
    """What makes two requests the same one: type, PRM and dates."""
    return entry.type, entry.prm, entry.start, entry.end


def split_runs(
    log: Sequence[RequestLogEntry], starts_s: Sequence[float]
) -> list[list[RequestLogEntry]]:
    """The requests of each run, where runs follow one another.

    ``starts_s``: ``time.monotonic()`` just before each run was started.
    """
    ends_s = [*starts_s[1:], float("inf")]
    return [
        [entry for entry in log if start <= entry.monotonic < end]
        for start, end in zip(starts_s, ends_s, strict=True)
    ]


def assert_manners(
    runs: Iterable[Sequence[RequestLogEntry]], *, per_day: int | None = None, pace_s: float = 0.0
) -> None:
    """Whatever happened, these runs were polite.

    ``pace_s``: the least seconds between two requests, also of different runs.
    """
    all_runs = list(runs)
    for run in all_runs:
        _assert_no_refusal_is_asked_again(run)
    log = [entry for run in all_runs for entry in run]
    if per_day is not None:
        a_day = Counter(entry.at.date() for entry in log)
        assert max(a_day.values(), default=0) <= per_day, a_day
    for before, after in pairwise(sorted(log, key=lambda entry: entry.monotonic)):
        apart_s = after.monotonic - before.monotonic
        assert apart_s >= pace_s, f"{apart_s:.3f} s between {before} and {after}"
    _assert_quota_is_respected(log)


def _assert_no_refusal_is_asked_again(run: Sequence[RequestLogEntry]) -> None:
    refused: set[Asked] = set()
    times: Counter[Asked] = Counter()
    for entry in run:
        asked = same_request(entry)
        assert asked not in refused, f"asked again after a refusal: {entry}"
        times[asked] += 1
        assert times[asked] <= 2, f"more than one retry: {entry}"
        if entry.status is not None and 400 <= entry.status < 500 and entry.status != 429:
            refused.add(asked)


def _assert_quota_is_respected(log: Sequence[RequestLogEntry]) -> None:
    for place, entry in enumerate(log):
        if entry.status != 429:
            continue
        free_at = _named(entry)
        too_soon = [later for later in log[place + 1 :] if later.at < free_at]
        assert not too_soon, f"{entry} names {free_at}, but {too_soon[0]}"


def _named(entry: RequestLogEntry) -> datetime:
    """From when requests are welcome again: the time named, else the next full hour."""
    named = entry.next_access
    if named is not None and entry.at < named <= entry.at + timedelta(hours=25):
        return named
    return entry.at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
