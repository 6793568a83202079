"""The real weeks of ../shared/real, in both shapes, give exactly what they hold."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from linky_tui.domain.coverage import day_coverage
from linky_tui.domain.models import Series
from linky_tui.domain.paris import days_between
from linky_tui.enedis.answers import parse
from linky_tui.enedis.request import DataKind, DataRequest, Shape
from tests.tools.real import REAL, needs_real

EXPECTED = json.loads((REAL / "expected.json").read_text()) if REAL.exists() else {}
WEEKS = [name for name in EXPECTED if name != "home-b"]


@needs_real
@pytest.mark.parametrize("shape", list(Shape))
@pytest.mark.parametrize("name", WEEKS)
def test_real_weeks_give_exactly_what_they_hold(name: str, shape: Shape) -> None:
    prefix = "v2" if shape is Shape.NEW else "v5"
    content = (REAL / f"{prefix}-{name}.json").read_bytes()
    expected = EXPECTED[name]
    days = [date.fromisoformat(day) for day in expected["days"]]
    first, end = min(days), max(days) + timedelta(days=1)
    asked = DataRequest(DataKind.LOAD_CURVE, Series("1" * 14), first, end)

    answer = parse(asked, content)

    readings = answer.readings
    assert answer.shape is shape
    assert len(readings) == expected["points"]
    assert readings[0].start.isoformat() == expected["first_utc"]
    assert readings[-1].start.isoformat() == expected["last_utc"]
    assert sum(reading.watt_minutes for reading in readings) == expected["wh"] * 60
    measured = {day: day_coverage(day, readings) for day in days_between(first, max(days))}
    assert not any(day.overlap for day in measured.values())
    assert {
        day.isoformat(): {"points": m.readings, "minutes": m.minutes_covered, "wh": m.energy_wh}
        for day, m in measured.items()
    } == expected["days"]
    assert not answer.problems
