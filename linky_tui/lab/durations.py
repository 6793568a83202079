"""How long experiments take, before they run: from their last run here, or by experience."""

from __future__ import annotations

from collections.abc import Mapping

from linky_tui.domain.laboratory import Result
from linky_tui.lab.catalogue import BY_KEY
from linky_tui.lab.experiments.many_homes import crowding_work, fleet_work

YEAR_READINGS = 17_520
_READINGS_PER_S = 120_000.0
"""Inserted; like the others measured on two cores."""
_FLEET_COST_PER_S = 160_000.0
_AROUND_S = {"race": 40.0, "fleet": 8.0, "cardinality": 8.0}
"""Starting and stopping servers, waiting until sizes settle, and what is no inserting."""
_AROUND_OTHERS_S = 1.5


def expected_s(key: str, homes: int, readings: int, results: Mapping[str, Result]) -> float:
    """Seconds that an experiment will take.

    Args:
        key: which experiment.
        homes: of the largest fleet.
        readings: of the home.
        results: the kept ones: what an experiment took here before says more than experience.
    """
    last, work = results.get(key), _work(key, homes, readings)
    around_s = _AROUND_S.get(key, _AROUND_OTHERS_S)
    if last is not None and (before := _work(key, _homes_of(last), last.conditions.readings)):
        return last.took_s * (around_s + work) / (around_s + before)
    return around_s + work


def _work(key: str, homes: int, readings: int) -> float:
    """Seconds of inserting, by experience."""
    if key == "fleet":
        return 2 * YEAR_READINGS * fleet_work(homes) / _FLEET_COST_PER_S
    if key == "cardinality":
        return 2 * YEAR_READINGS * crowding_work(homes) / _FLEET_COST_PER_S
    return BY_KEY[key].readings_per_reading * readings / _READINGS_PER_S


def _homes_of(result: Result) -> int:
    """The homes of its largest fleet."""
    homes = [each.homes for each in result.fleets] + [each.homes for each in result.crowding]
    return max(homes, default=0)
