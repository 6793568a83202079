"""What a run of the laboratory tells while it goes on.

A run is a generator of these. Whoever does not ask for the next one pauses it (the processes that
load a fleet end the piece they are at); setting its stop event, or closing it, ends it, and
whatever it made is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from linky_tui.domain.laboratory import Result
from linky_tui.errors import LinkyError


@dataclass(frozen=True, slots=True)
class Started:
    """An experiment begins."""

    experiment: str  # its key
    place: str  # where it works: the folder of the scratch server, or the scratch database


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far an experiment has come; a pause does not count in its times."""

    experiment: str
    step: str  # what it does, such as `regular, zstd`
    done: int  # of the whole experiment, in `unit`
    total: int
    unit: str  # `readings` or `rounds`
    per_s: float | None  # rate of late
    eta_s: float | None  # until its end, at that rate

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""
        return self.done / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """An experiment has ended with a result."""

    result: Result


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """An experiment could not be done; the others go on."""

    experiment: str
    error: LinkyError


Event: TypeAlias = Started | Progressed | Measured | Unmeasured
