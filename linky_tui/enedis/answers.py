"""From the body of a 200 to readings and daily totals, whichever generation answered.

An answer is taken whole or not at all: whatever in it cannot be what was asked for refuses all of
it (design.md §2, §4), because a careless reader stores an empty day as fetched (conso-api.md §0).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NoReturn

from linky_tui.domain.models import DailyTotal, Flow, Reading
from linky_tui.domain.paris import day_start
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.labels import ClockError, interval_starts, is_repeated, read_label
from linky_tui.enedis.points import (
    MAX_POWER_W,
    Point,
    PointError,
    read_flags,
    read_step,
    read_value,
)
from linky_tui.enedis.request import DataKind, DataRequest, Shape
from linky_tui.text.formatting import plain, utc_text

MAX_DAY_WH = MAX_POWER_W * 25
"""The most energy of a day: the highest power accepted, through the longest day."""

_MEASURES = {Flow.CONSUMPTION: "CONS", Flow.PRODUCTION: "PROD"}
_QUANTITIES = {DataKind.LOAD_CURVE: "PA", DataKind.DAILY_TOTALS: "EA", DataKind.MAX_POWER: "PMA"}
_UNITS = {DataKind.LOAD_CURVE: "W", DataKind.DAILY_TOTALS: "Wh", DataKind.MAX_POWER: "VA"}
_CONTENT_KEYS = ("grandeur", "interval_reading", "meter_reading")
_METER_KEYS = ("idPrm", "usage_point_id")
_NEW_FIELDS = frozenset({"v", "d", "p"})
_LEGACY_FIELDS = frozenset({"value", "date", "interval_length"})


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest power of one day."""

    moment: datetime  # when, in UTC
    power_va: int  # how much, in volt-amperes


@dataclass(frozen=True, slots=True)
class Answer:
    """What one answer amounts to; all tuples are sorted by time and hold nothing twice."""

    request: DataRequest  # what was asked
    shape: Shape  # which generation answered
    readings: tuple[Reading, ...] = ()  # the load curve, where that was asked for
    totals: tuple[DailyTotal, ...] = ()  # the daily totals, where those were asked for
    ignored_points: int = 0  # points without a value
    peaks: tuple[Peak, ...] = ()  # the highest power of each day, where that was asked for


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
    ignored = sum(point.empty for point in points)
    match request.kind:
        case DataKind.LOAD_CURVE:
            readings = _readings(request, points)
            return Answer(request, shape, readings=readings, ignored_points=ignored)
        case DataKind.DAILY_TOTALS:
            totals = _totals(request, points)
            return Answer(request, shape, totals=totals, ignored_points=ignored)
        case DataKind.MAX_POWER:
            peaks = _peaks(request, points)
            return Answer(request, shape, peaks=peaks, ignored_points=ignored)


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
    entries = _objects(data["grandeur"], "grandeur")
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
        points += [
            Point(
                p.get("v"),
                p.get("d"),
                p.get("p"),
                nature=p.get("n"),
                iv=p.get("iv"),
                ec=p.get("ec"),
            )
            for p in _points(entry.get("points"), "points", _LEGACY_FIELDS)
        ]
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
    return [
        Point(p.get("value"), p.get("date"), p.get("interval_length"), nature=p.get("measure_type"))
        for p in _points(data["interval_reading"], "interval_reading", _NEW_FIELDS)
    ]


def _points(value: object, name: str, foreign: frozenset[str]) -> list[dict[str, Any]]:
    """The points under ``name``; one that also has a field of the other generation is two."""
    points = _objects(value, name)
    if any(not foreign.isdisjoint(point) for point in points):
        _refuse("a point mixes the fields of both generations of the API")
    return points


def _objects(value: object, name: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        _refuse(f"the answer's {name} is not a list of objects")
    return value


def _check_meter(request: DataRequest, data: dict[str, Any]) -> None:
    for prm in (data.get(key) for key in _METER_KEYS):
        if isinstance(prm, int) and not isinstance(prm, bool):
            prm = f"{prm:014d}"
        if prm is not None and prm != request.series.prm:
            _refuse("the answer is for another meter")


def _check_unit(request: DataRequest, unit: object) -> None:
    expected = _UNITS[request.kind]
    if unit is not None and unit != expected:
        _refuse(f"the answer is in {_shown(unit)}, not in {expected}")


def _check_daily(step: object) -> None:
    if step not in (None, "P1D"):
        _refuse(f"the answer is by {_shown(step)}, not by day")


def _label(point: Point) -> datetime:
    if not isinstance(point.label, str):
        _refuse("a point has no date")
    try:
        return read_label(point.label)
    except ClockError as error:
        _refuse(f"the date {plain(point.label, 40)!r}: {error}")


def _value(point: Point, limit: int) -> int:
    try:
        return read_value(point.value, limit)
    except PointError as error:
        _refuse(f"the value {_shown(point.value)} at {_shown(point.label)}: {error}")


def _shown(field: object) -> str:
    """A field of unknown kind and size, short."""
    if isinstance(field, str):
        return repr(plain(field, 40))
    return plain(repr(field), 40) if isinstance(field, int | float) else type(field).__name__


def _readings(request: DataRequest, points: list[Point]) -> tuple[Reading, ...]:
    placed: list[tuple[Point, datetime, int]] = []
    for point in points:
        if point.empty:
            # In the repeated hour an empty point still says that its label has gone by.
            if (repeated := _repeated_label(point)) is not None:
                placed.append((point, repeated, 0))
            continue
        label = _label(point)
        if label.second:
            _refuse(f"the date {_shown(point.label)} is not on a minute")
        try:
            minutes = read_step(point.step)
        except PointError as error:
            _refuse(f"the step {_shown(point.step)} at {_shown(point.label)}: {error}")
        placed.append((point, label, minutes))
    try:
        starts = interval_starts([(label, minutes) for _, label, minutes in placed])
    except ClockError as error:
        _refuse(f"the labels of the answer: {error}")
    readings = [
        Reading(start, minutes, _value(point, MAX_POWER_W), read_flags(point))
        for (point, _, minutes), start in zip(placed, starts, strict=True)
        if not point.empty
    ]
    readings.sort(key=lambda reading: reading.start)
    return _without_repeats(request, readings)


def _repeated_label(point: Point) -> datetime | None:
    """The label of an empty point where it is one of the repeated hour; it may be anything."""
    try:
        label = read_label(point.label) if isinstance(point.label, str) else None
    except ClockError:
        return None
    return label if label is not None and is_repeated(label) else None


def _without_repeats(request: DataRequest, readings: list[Reading]) -> tuple[Reading, ...]:
    kept: list[Reading] = []
    for reading in readings:
        _check_asked(request, reading.start)
        if kept and reading.start < kept[-1].end:
            if reading.same_measure(kept[-1]):
                continue
            _refuse(f"two readings claim {utc_text(reading.start)}")
        kept.append(reading)
    return tuple(kept)


def _check_asked(request: DataRequest, instant: datetime) -> None:
    if not day_start(request.first) <= instant < day_start(request.end):
        _refuse(f"the answer holds {utc_text(instant)}, which was not asked for")


def _totals(request: DataRequest, points: list[Point]) -> tuple[DailyTotal, ...]:
    totals: dict[date, DailyTotal] = {}
    for point in points:
        if point.empty:
            continue
        _check_daily(point.step)
        total = DailyTotal(_day(point), _value(point, MAX_DAY_WH))
        if not request.first <= total.day < request.end:
            _refuse(f"the answer holds {total.day}, which was not asked for")
        if totals.setdefault(total.day, total) != total:
            _refuse(f"the answer gives two totals for {total.day}")
    return tuple(totals[day] for day in sorted(totals))


def _day(point: Point) -> date:
    """The day of a daily point, which is labelled by its own day, not by its end."""
    text = point.label
    label = _label(Point(None, f"{text} 00:00", None) if _is_date(text) else point)
    if (label.hour, label.minute, label.second) != (0, 0, 0):
        _refuse(f"the daily total of {_shown(text)} is not for a day")
    return label.date()


def _is_date(label: object) -> bool:
    return isinstance(label, str) and len(label) == len("2026-11-01")


def _peaks(request: DataRequest, points: list[Point]) -> tuple[Peak, ...]:
    full = [point for point in points if not point.empty]
    try:
        moments = interval_starts([(_label(point), 0) for point in full])
    except ClockError as error:
        _refuse(f"the labels of the answer: {error}")
    peaks: dict[datetime, Peak] = {}
    for point, moment in zip(full, moments, strict=True):
        peak = Peak(moment, _value(point, MAX_POWER_W))
        _check_asked(request, moment)
        if peaks.setdefault(moment, peak) != peak:
            _refuse(f"the answer gives two peaks at {utc_text(moment)}")
    return tuple(peaks[moment] for moment in sorted(peaks))
