"""Waiting for what other processes and threads do: never longer than a loaded machine needs."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 120.0


def wait_until(
    condition: Callable[[], object],
    what: str,
    patience_s: float = PATIENCE_S,
    *,
    every_s: float = 0.01,
) -> None:
    """Return as soon as a condition holds.

    Raises:
        AssertionError: it did not hold in time.
    """
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {patience_s:g} s: {what}"
        time.sleep(every_s)
