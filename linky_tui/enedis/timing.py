"""How long a run waits for the gateway."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """What a session hands on to its client and to its requests, in seconds."""

    # To connect, and without a byte: Enedis may think for the best part of a minute.
    timeouts_s: tuple[float, float] = (10.0, 60.0)
    deadline_s: float = 75.0  # for a whole answer
    backoff_s: float = 3.0  # before the one retry after a 5xx or a broken connection
