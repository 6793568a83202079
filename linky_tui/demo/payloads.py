"""The two shapes of an answer with data: v5 as unwrapped by the proxy, and v2."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TypeAlias

from linky_tui.demo.rules import AnswerShape, Query
from linky_tui.domain.models import DailyTotal, Flow, Reading
from linky_tui.domain.paris import PARIS, day_of

Payload: TypeAlias = dict[str, object]
Point: TypeAlias = dict[str, str | None]

_V5_CURVE = {"unit": "W", "measurement_kind": "power", "aggregate": "average"}
_V5_DAILY = {
    "unit": "Wh",
    "measurement_kind": "energy",
    "aggregate": "sum",
    "measuring_period": "P1D",
}
_V5_MAX = {
    "unit": "VA",
    "measurement_kind": "power",
    "aggregate": "maximum",
    "measuring_period": "P1D",
}


def label(instant: datetime) -> str:
    """Paris wall-clock time without offset, as Enedis writes it."""
    return instant.astimezone(PARIS).strftime("%Y-%m-%d %H:%M:%S")


def load_curve(query: Query, readings: Iterable[Reading]) -> Payload:
    """A load curve in the shape that the query's type has; labels are interval ends."""
    if query.data_type.shape is AnswerShape.LEGACY:
        return _v5(query, _V5_CURVE, [_v5_point(reading) for reading in readings])
    points = [_v2_point(reading) for reading in readings]
    return _v2(query, "MESURE", ("PA", "W"), points)


def daily_totals(query: Query, totals: Iterable[DailyTotal]) -> Payload:
    """Daily totals in the shape that the query's type has; labels are the days themselves."""
    if query.data_type.shape is AnswerShape.LEGACY:
        days: list[Point] = [_v5_dated(t.energy_wh, t.day.isoformat()) for t in totals]
        return _v5(query, _V5_DAILY, days)
    points: list[Point] = [{"v": str(t.energy_wh), "d": t.day.isoformat()} for t in totals]
    payload = _v2(query, "DIFF.INDEX", ("EA", "Wh"), points)
    return {"pas": "P1D", "typeValeur": "GLOBALE", **payload}


def max_power(query: Query, readings: Iterable[Reading]) -> Payload:
    """The highest reading of each Paris day, standing in for the true maximum in VA."""
    highest: dict[date, Reading] = {}
    for reading in readings:
        day = day_of(reading.start)
        if day not in highest or reading.power_w > highest[day].power_w:
            highest[day] = reading
    peaks = [(reading.power_w, label(reading.start)) for reading in highest.values()]
    if query.data_type.shape is AnswerShape.LEGACY:
        return _v5(query, _V5_MAX, [_v5_dated(power, when) for power, when in peaks])
    points: list[Point] = [{"v": str(power), "d": when} for power, when in peaks]
    return {"pas": "P1D", **_v2(query, "MESURE", ("PMA", "VA"), points)}


def points_of(payload: Payload) -> list[Point]:
    """The list of points inside an answer of either shape, to be changed in place."""
    found = payload.get("interval_reading")
    if found is None:
        grandeur = payload["grandeur"]
        assert isinstance(grandeur, list)  # noqa: S101 - built by _v2 above
        found = grandeur[0]["points"]
    assert isinstance(found, list)  # noqa: S101 - built above
    return found


def _v5(query: Query, reading_type: dict[str, str], points: Sequence[Point]) -> Payload:
    return {
        "usage_point_id": query.prm,
        "start": query.start,
        "end": query.end,
        "quality": "BRUT",
        "reading_type": dict(reading_type),
        "interval_reading": list(points),
    }


def _v5_point(reading: Reading) -> Point:
    nature = reading.flags.nature if reading.flags else None
    return {
        "value": str(reading.power_w),
        "date": label(reading.end),
        "interval_length": f"PT{reading.interval_min}M",
        "measure_type": nature or "B",
    }


def _v5_dated(value: int, when: str) -> Point:
    return {"value": str(value), "date": when}


def _v2(query: Query, mode: str, quantity: tuple[str, str], points: Sequence[Point]) -> Payload:
    physical, unit = quantity
    grandeur: dict[str, object] = {
        "grandeurMetier": "CONS" if query.data_type.flow is Flow.CONSUMPTION else "PROD",
        "grandeurPhysique": physical,
        "unite": unit,
        "points": list(points),
        "calendrier": [],
    }
    return {
        "idPrm": query.prm,
        "etapeMetier": "BRUT",
        "periode": {"dateDebut": query.start, "dateFin": query.end},
        "modeCalcul": mode,
        "grandeur": [grandeur],
        "contexte": [],
    }


def _v2_point(reading: Reading) -> Point:
    flags = reading.flags
    return {
        "v": str(reading.power_w),
        "d": label(reading.end),
        "p": f"PT{reading.interval_min}M",
        "n": (flags.nature if flags else None) or "B",
        "iv": str((flags.iv if flags else None) or 0),
        "ec": str((flags.ec if flags else None) or 0),
    }
