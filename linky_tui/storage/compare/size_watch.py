"""Whether sizes that are looked at again and again are settled; light, for the first frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

UNCHANGED_S = 65.0
"""Longer than checkpoints are apart."""


class SizeWatch:
    """Believes what a server tells, and where it does not, sizes that do not change any more."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sizes: Hashable = None
        self._since_s = clock()

    def settled(self, sizes: Hashable, written: bool | None) -> bool:
        """Whether sizes just looked at are settled; ``written`` as the server tells it."""
        if sizes != self._sizes:
            self._sizes, self._since_s = sizes, self._clock()
        if written is None:
            return self._clock() - self._since_s >= UNCHANGED_S
        return written
