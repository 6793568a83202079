"""The homes of ``--demo``."""

from __future__ import annotations

from linky_tui.demo.household import Household
from linky_tui.demo.sources import Source

DEMO_PRM = "12345678901234"
"""The meter of the demo; no real one counts like that."""


def demo_homes(*prms: str, seed: int = 0) -> dict[str, Source]:
    """A simulated home for each meter, or for :data:`DEMO_PRM` alone."""
    return {prm: Household(prm, seed) for prm in prms or (DEMO_PRM,)}
