"""What a run of the laboratory is asked to do."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from linky_tui.lab.catalogue import DEFAULT_HOMES
from linky_tui.lab.events import Progressed
from linky_tui.lab.grounds import Grounds
from linky_tui.lab.homes import FIRST, LAST, Home

Parts: TypeAlias = dict[str, Any]
"""Fields of a :class:`linky_tui.domain.laboratory.Result`."""
Steps: TypeAlias = Generator[Progressed, None, Parts]


@dataclass(frozen=True, slots=True)
class Task:
    """One run."""

    home: Home  # what is stored in experiments of one home
    grounds: Grounds
    seed: int = 0  # of simulated homes and of the random order
    homes: int = DEFAULT_HOMES  # of the largest fleet
    rounds: int = 20  # of each question of the race
    fleet_first: date = FIRST  # what the homes of fleets live through
    fleet_last: date = LAST
    stop: threading.Event = field(default_factory=threading.Event)
