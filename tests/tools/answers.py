"""Small answers of both generations, for the tests of this folder."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from linky_tui.domain.models import Flow, Series
from linky_tui.enedis.answers import parse
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataKind, DataRequest

PRM = "12345678901234"

Label = str | None


def request(
    first: str = "2026-11-16",
    end: str = "2026-11-17",
    *,
    kind: DataKind = DataKind.LOAD_CURVE,
    flow: Flow = Flow.CONSUMPTION,
    prm: str = PRM,
) -> DataRequest:
    return DataRequest(kind, Series(prm, flow), date.fromisoformat(first), date.fromisoformat(end))


def new_point(label: object, value: object = "100", step: object = "PT30M", **more: object) -> Any:
    return {"v": value, "d": label, "p": step, "n": "B", "iv": "0", "ec": "0", **more}


def new_curve(
    points: object, *, prm: object = PRM, measure: str = "CONS", quantity: str = "PA", **more: Any
) -> dict[str, Any]:
    entry = {"grandeurMetier": measure, "grandeurPhysique": quantity, "unite": "W", **more}
    return {"idPrm": prm, "grandeur": [{**entry, "points": points, "calendrier": []}]}


def legacy_point(label: object, value: object = "100", step: object = "PT30M") -> Any:
    return {"value": value, "date": label, "interval_length": step, "measure_type": "B"}


def legacy_curve(points: object, *, prm: object = PRM, unit: str = "W") -> dict[str, Any]:
    return {
        "usage_point_id": prm,
        "start": "2026-11-16",
        "end": "2026-11-17",
        "quality": "BRUT",
        "reading_type": {"unit": unit, "measurement_kind": "power", "aggregate": "average"},
        "interval_reading": points,
    }


def body(data: object) -> bytes:
    return json.dumps(data).encode()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DAY = "2026-11-16"
TWO = [new_point(f"{DAY} 00:30:00", "250"), new_point(f"{DAY} 01:00:00", "120")]


def refused(asked: DataRequest, data: object) -> str:
    with pytest.raises(ApiFault) as caught:
        parse(asked, data if isinstance(data, bytes) else body(data))
    assert (caught.value.kind, caught.value.status) == (ApiFaultKind.BAD_ANSWER, 200)
    assert caught.value.text
    return caught.value.text
