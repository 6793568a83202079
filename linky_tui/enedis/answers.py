"""From the body of a 200 to readings and daily totals, whichever generation answered.

A day is taken whole or not at all: whatever is wrong inside an answer spoils the Paris day that it
belongs to, and no other. An answer that cannot be taken apart by day is refused: no
JSON, another meter, an unknown shape. The length of its interval stands with each
point, and may change from one point to the next.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NoReturn

from linky_tui.domain.models import DailyTotal, Flow, Reading
from linky_tui.domain.paris import day_of
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.labels import ClockError, interval_starts, is_repeated
from linky_tui.enedis.points import (
    Placed,
    Point,
    PointError,
    place,
    read_flags,
    shown,
)
from linky_tui.enedis.request import DataKind, DataRequest, Shape
from linky_tui.text.formatting import moment_text, plain

_MEASURES = {Flow.CONSUMPTION: "CONS", Flow.PRODUCTION: "PROD"}
_QUANTITIES = {DataKind.LOAD_CURVE: "PA", DataKind.DAILY_TOTALS: "EA"}
_UNITS = {DataKind.LOAD_CURVE: "W", DataKind.DAILY_TOTALS: "Wh"}
_CONTENT_KEYS = ("grandeur", "interval_reading", "meter_reading")
_METER_KEYS = ("idPrm", "usage_point_id")
_NEW_FIELDS = ("v", "d", "p", "n", "iv", "ec")
_LEGACY_FIELDS = ("value", "date", "interval_length", "measure_type")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one answer amounts to; all tuples are sorted by time and hold nothing twice."""

    request: DataRequest  # what was asked
    shape: Shape | None = None  # which generation answered, `None` where there is no data
    readings: tuple[Reading, ...] = ()  # the load curve, where that was asked for
    totals: tuple[DailyTotal, ...] = ()  # the daily totals, where those were asked for
    # why nothing is taken of a day, in plain words; also of days that were not asked for
    problems: Mapping[date, str] = field(default_factory=dict)

    @property
    def spoilt(self) -> dict[date, str]:
        """The days that were asked for and cannot be read, and why."""
        return {day: why for day, why in self.problems.items() if self.request.holds(day)}


def parse(request: DataRequest, body: bytes) -> Answer:
    """The answer to a request; its shape is recognised by its keys, never by what was asked.

    An answer that names no meter is accepted, one that names another is not, wherever it does. A
    curve that repeats a point says the same as one that does not; other than that, nothing may be
    claimed twice, and nothing in the keys of both generations.

    Raises:
        ApiFault: ``BAD_ANSWER``, whatever the bytes.
    """
    data = _read_object(body)
    if sum(key in data for key in _CONTENT_KEYS) != 1:
        _refuse(_unrecognised(data))
    _check_meter(request, data)
    if "grandeur" in data:
        shape = Shape.NEW
        points = _new_points(request, data)
    else:
        shape = Shape.LEGACY
        points = _legacy_points(request, data)
    days = _Days(request)
    found = _instants(place(points, request.kind), days)
    curve = request.kind is DataKind.LOAD_CURVE
    readings = _readings(found, days) if curve else ()
    totals = () if curve else _totals(found, days)
    return Answer(request, shape, readings, totals, days.problems)


class _Days:
    """The Paris days of an answer, and why nothing is taken of some."""

    def __init__(self, request: DataRequest) -> None:
        self.problems: dict[date, str] = {}
        self._request = request

    def spoil(self, days: Iterable[date], why: object) -> None:
        for day in days:
            if day not in self.problems:
                self.problems[day] = plain(str(why))

    def is_good(self, day: date) -> bool:
        if not self._request.holds(day):
            self.spoil([day], "it was not asked for")
        return day not in self.problems


def _refuse(why: str) -> NoReturn:
    raise ApiFault(ApiFaultKind.BAD_ANSWER, status=200, text=plain(why)) from None


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_unique_keys,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError):
        fault = "the answer is not JSON, or not readable JSON"
        if body.lstrip()[:1] == b"<":
            fault = "the answer is a web page, not data"
    else:
        if isinstance(data, dict):
            return data
        fault = "the answer is not a JSON object"
    _refuse(fault)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key occurs twice")
    return data


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _unrecognised(data: dict[str, Any]) -> str:
    if any(key in data for key in _CONTENT_KEYS):
        return "the answer holds its data under several keys at once"
    said = next((data[key] for key in ("message", "error") if isinstance(data.get(key), str)), "")
    return f"the answer holds no data under a known key: {said or ', '.join(list(data)[:5])}"


def _new_points(request: DataRequest, data: dict[str, Any]) -> list[Point]:
    """The points of every matching entry of ``grandeur``, in file order."""
    if request.kind is not DataKind.LOAD_CURVE:
        _check_daily(data.get("pas"))
    entries = data["grandeur"]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        _refuse("the answer's grandeur is not a list of objects")
    measure, quantity = _MEASURES[request.series.flow], _QUANTITIES[request.kind]
    matching = [
        entry
        for entry in entries
        if entry.get("grandeurMetier") == measure
        and entry.get("grandeurPhysique", quantity) == quantity
    ]
    if entries and not matching:
        _refuse(f"the answer holds no {measure}/{quantity}, only other quantities")
    points: list[Point] = []
    for entry in matching:
        _check_unit(request, entry.get("unite"))
        if request.kind is not DataKind.LOAD_CURVE:
            _check_daily(entry.get("pas"))
        points += _points(entry.get("points"), "points", _NEW_FIELDS, _LEGACY_FIELDS)
    return points


def _legacy_points(request: DataRequest, data: dict[str, Any]) -> list[Point]:
    if "meter_reading" in data:
        data = data["meter_reading"]
        if not isinstance(data, dict) or "interval_reading" not in data:
            _refuse("the answer's meter_reading holds no interval_reading")
        _check_meter(request, data)
    reading_type = data.get("reading_type")
    if reading_type is not None:
        if not isinstance(reading_type, dict):
            _refuse("the answer's reading_type is not an object")
        _check_unit(request, reading_type.get("unit"))
        if request.kind is not DataKind.LOAD_CURVE:
            _check_daily(reading_type.get("measuring_period"))
    return _points(data["interval_reading"], "interval_reading", _LEGACY_FIELDS, _NEW_FIELDS)


def _points(value: object, name: str, own: Sequence[str], foreign: Sequence[str]) -> list[Point]:
    """The points under ``name``; one that also has a field of the other generation is two."""
    if not isinstance(value, list):
        _refuse(f"the answer's {name} is not a list of objects")
    return [_point(item, own, foreign[:3]) for item in value]


def _point(item: Any, own: Sequence[str], foreign: Sequence[str]) -> Point:
    if not isinstance(item, dict):
        problem = "a point is not an object"
    elif any(name in item for name in foreign):
        problem = "a point mixes the fields of both generations of the API"
    else:
        fields: list[Any] = [item.get(name) for name in own]
        return Point(*fields)
    return Point(None, None, None, problem=problem)


def _check_meter(request: DataRequest, data: dict[str, Any]) -> None:
    for prm in (data.get(key) for key in _METER_KEYS):
        if isinstance(prm, int) and not isinstance(prm, bool):
            prm = f"{prm:014d}"
        if prm is not None and prm != request.series.prm:
            _refuse("the answer is for another meter")


def _check_unit(request: DataRequest, unit: object) -> None:
    expected = _UNITS[request.kind]
    if unit is not None and unit != expected:
        _refuse(f"the answer is in {shown(unit)}, not in {expected}")


def _check_daily(step: object) -> None:
    if step not in (None, "P1D"):
        _refuse(f"the answer is by {shown(step)}, not by day")


def _instants(placed: list[Placed], days: _Days) -> list[tuple[Placed, datetime]]:
    """The start of each point that says something and can be read; the others spoil their days."""
    for each in placed:
        if each.problem is not None and not each.point.empty:
            if not each.days:
                _refuse(str(each.problem))
            days.spoil(each.days, each.problem)
    # In the repeated hour an empty point still says that its label has gone by.
    labelled = [
        (each, each.label)
        for each in placed
        if each.label is not None and (not each.point.empty or is_repeated(each.label))
    ]
    starts = interval_starts([(label, each.minutes) for each, label in labelled])
    found = []
    for (each, _), start in zip(labelled, starts, strict=True):
        if each.point.empty:
            continue
        if isinstance(start, ClockError):
            days.spoil(each.days, PointError(f"the date {{}}: {start}", each.point.label))
        elif each.problem is None:
            found.append((each, start))
    return found


def _readings(found: list[tuple[Placed, datetime]], days: _Days) -> tuple[Reading, ...]:
    distinct: dict[tuple[datetime, int, int], Reading] = {}
    for each, start in found:
        reading = Reading(start, each.minutes, each.value, read_flags(each.point))
        distinct.setdefault(reading.measure, reading)
    ordered = sorted(distinct.values(), key=lambda reading: reading.start)
    latest: Reading | None = None
    for reading in ordered:
        if latest is not None and reading.start < latest.end:
            both = (day_of(latest.start), day_of(reading.start))
            days.spoil(both, f"two readings claim {moment_text(reading.start)}")
        if latest is None or reading.end > latest.end:
            latest = reading
    return tuple(reading for reading in ordered if days.is_good(day_of(reading.start)))


def _totals(found: list[tuple[Placed, datetime]], days: _Days) -> tuple[DailyTotal, ...]:
    totals: dict[date, DailyTotal] = {}
    for each, start in found:
        total = DailyTotal(day_of(start), each.value)
        if totals.setdefault(total.day, total) != total:
            days.spoil([total.day], "two different totals for this day")
    return tuple(totals[day] for day in sorted(totals) if days.is_good(day))
