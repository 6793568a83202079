"""Honest answers of both generations, written here once more for the oracle.

They are as small as an answer can be and still hold what matters: changes of the step, nulls, the
repeated hour of October, the missing one of March, midnight, a second quantity in front of the
wanted one.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from linky_tui.domain.models import Flow, Series
from linky_tui.enedis.request import DataKind, DataRequest, Shape

Tree = dict[str, Any]

PARIS = ZoneInfo("Europe/Paris")
OCTOBER, MARCH = date(2026, 10, 25), date(2026, 3, 29)
PRM = "12345678901234"
_ONE_HOUR = timedelta(hours=1)
_UNITS = {DataKind.LOAD_CURVE: "W", DataKind.DAILY_TOTALS: "Wh"}
_QUANTITIES = {DataKind.LOAD_CURVE: "PA", DataKind.DAILY_TOTALS: "EA"}


def some_request(rng: random.Random) -> DataRequest:
    """A window as the application asks for them, often around a change of the clocks."""
    kind = rng.choice([DataKind.LOAD_CURVE] * 6 + [DataKind.DAILY_TOTALS] * 2)
    flow = Flow.PRODUCTION if rng.random() < 0.2 else Flow.CONSUMPTION
    ordinary = date(2024, 11, 30) + timedelta(days=rng.randrange(700))
    first = rng.choice([OCTOBER, OCTOBER, MARCH, ordinary, ordinary])
    days = rng.choice([1, 1, 1, 2, 7])
    return DataRequest(kind, Series(PRM, flow), first, first + timedelta(days=days))


def answer(request: DataRequest, shape: Shape, rng: random.Random) -> Tree:
    """An honest answer to a request, as its tree."""
    if request.kind is DataKind.LOAD_CURVE:
        points = _curve(request, shape, rng)
    else:
        points = _days(request, shape, rng)
    return _new(request, points, rng) if shape is Shape.NEW else _legacy(request, points, rng)


def _curve(request: DataRequest, shape: Shape, rng: random.Random) -> list[Tree]:
    start = _midnight(request.first)
    minutes = int((_midnight(request.end) - start).total_seconds()) // 60
    step = rng.choice([30, 30, 30, 10, 15, 60])
    at = start + timedelta(minutes=60 * rng.randrange(min(minutes // 60, 23)))
    if request.first in (OCTOBER, MARCH) and rng.random() < 0.8:
        at = start + timedelta(minutes=60)
    points = []
    for _ in range(rng.choice([1, 3, 6, 10, 16]) + 4 * ((request.end - request.first).days - 1)):
        if rng.random() < 0.08 and not at.minute:
            step = rng.choice([10, 15, 30, 60])
        if rng.random() < 0.2 and not at.minute:
            at = max(at, _midnight(at.astimezone(PARIS).date() + timedelta(days=1)) - _ONE_HOUR)
        at += timedelta(minutes=step)
        if at - start > timedelta(minutes=minutes):
            break
        if rng.random() < 0.05 and at.astimezone(PARIS).month != 10:
            continue  # a hole; in October it would leave open which of two hours is missing
        value: object = str(2 * rng.randrange(4500)) if rng.random() < 0.9 else rng.randrange(9000)
        if rng.random() < 0.04:
            value = rng.choice([None, ""])
        label = at.astimezone(PARIS).strftime(rng.choice(["%Y-%m-%d %H:%M:%S"] * 9 + ["%FT%T"]))
        points.append(_point(shape, value, label, f"PT{step}M", rng))
    return points


def _days(request: DataRequest, shape: Shape, rng: random.Random) -> list[Tree]:
    points = []
    for number in range((request.end - request.first).days):
        day = request.first + timedelta(days=number)
        label = day.isoformat()
        value = str(rng.randrange(30_000))
        points.append(
            {"v": value, "d": label} if shape is Shape.NEW else {"value": value, "date": label}
        )
    return points


def _point(shape: Shape, value: object, label: str, step: str, rng: random.Random) -> Tree:
    if shape is Shape.LEGACY:
        return {"value": value, "date": label, "interval_length": step, "measure_type": "B"}
    iv, ec = ("2", "11") if rng.random() < 0.02 else ("0", "0")
    return {"v": value, "d": label, "p": step, "n": "B", "iv": iv, "ec": ec}


def _new(request: DataRequest, points: list[Tree], rng: random.Random) -> Tree:
    own, other = ("CONS", "PROD") if request.series.flow is Flow.CONSUMPTION else ("PROD", "CONS")
    entry: Tree = {
        "grandeurMetier": own,
        "grandeurPhysique": _QUANTITIES[request.kind],
        "unite": _UNITS[request.kind],
        "points": points,
        "calendrier": [],
    }
    entries = [entry]
    if rng.random() < 0.1:
        strange = [{**point, "v": "7"} for point in points]
        entries.insert(0, {**entry, "grandeurMetier": other, "points": strange})
    daily = {} if request.kind is DataKind.LOAD_CURVE else {"pas": "P1D"}
    return {
        "idPrm": request.series.prm,
        "etapeMetier": "BRUT",
        "periode": {"dateDebut": str(request.first), "dateFin": str(request.end)},
        "modeCalcul": "MESURE",
        **daily,
        "grandeur": entries,
        "contexte": [],
    }


def _legacy(request: DataRequest, points: list[Tree], rng: random.Random) -> Tree:
    tree: Tree = {
        "usage_point_id": request.series.prm,
        "start": str(request.first),
        "end": str(request.end),
        "quality": "BRUT",
        "reading_type": {"unit": _UNITS[request.kind], "aggregate": "average"},
        "interval_reading": points,
    }
    if request.kind is not DataKind.LOAD_CURVE:
        tree["reading_type"]["measuring_period"] = "P1D"
    if rng.random() < 0.1:
        del tree["reading_type"]
    return {"meter_reading": tree} if rng.random() < 0.1 else tree


def _midnight(day: date) -> datetime:
    naive = datetime(day.year, day.month, day.day)
    return naive.replace(tzinfo=PARIS).astimezone(ZoneInfo("UTC"))
