"""How long a run waits for the gateway."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """What a session hands on to its client and to its requests, in seconds."""

    timeouts_s: tuple[float, float] = (5.0, 10.0)  # to connect, and without a byte
    deadline_s: float = 20.0  # for a whole answer
    backoff_s: float = 3.0  # before the one retry after a 5xx or a broken connection
