"""The names of types and parameters."""

from __future__ import annotations

import pytest

from linky_tui.domain.models import Flow
from linky_tui.enedis.request import DataKind, Shape
from tests.tools.answers import PRM, request


@pytest.mark.parametrize(
    ("kind", "flow", "new", "legacy"),
    [
        ("load_curve", "consumption", "courbe_de_charge_consommation", "consumption_load_curve"),
        ("load_curve", "production", "courbe_de_charge_production", "production_load_curve"),
        ("daily_totals", "consumption", "consommation_quotidienne", "daily_consumption"),
        ("daily_totals", "production", "production_quotidienne", "daily_production"),
    ],
)
def test_types(kind: str, flow: str, new: str, legacy: str) -> None:
    asked = request(kind=DataKind(kind), flow=Flow(flow))
    assert (asked.type_name(Shape.NEW), asked.type_name(Shape.LEGACY)) == (new, legacy)


def test_parameters() -> None:
    asked = request("2026-11-09", "2026-11-16")
    assert asked.parameters(Shape.NEW) == {
        "pointId": PRM,
        "dateDebut": "2026-11-09",
        "dateFin": "2026-11-16",
    }
    assert asked.parameters(Shape.LEGACY) == {
        "prm": PRM,
        "start": "2026-11-09",
        "end": "2026-11-16",
    }


def test_an_impossible_request_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no day"):
        request("2026-11-16", "2026-11-16")
