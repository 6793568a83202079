"""What an answer really says, read off its bytes by other means than linky_tui/enedis.

Written from conso-api.md §4 and §5 and design.md §2, for the tests alone: it looks at every label
by trying both offsets of Paris, and at every field by comparing texts. Whatever it cannot call
unambiguous it calls nothing. It may be slow and it need not explain itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from linky_tui.domain.models import Flow
from linky_tui.enedis.request import DataKind, DataRequest

PARIS = ZoneInfo("Europe/Paris")
Measure = tuple[datetime, int, int]
"""Start (UTC), length in minutes (0 for a peak), value; of a daily total the day's midnight."""

_SUMMER, _WINTER = timedelta(hours=2), timedelta(hours=1)
_STEPS = {f"PT{n}M": n for n in range(1, 61) if not 60 % n}
_STEPS |= {f"PT0{n}M": n for n in range(1, 10) if not 60 % n} | {"PT1H": 60}
_NEW_FIELDS, _OLD_FIELDS = ("v", "d", "p"), ("value", "date", "interval_length")
_CENTURY = range(2000, 2100)


class _Nothing(Exception):
    """The bytes do not say it beyond doubt."""


@dataclass(frozen=True)
class _Label:
    ends: tuple[datetime, ...]
    naive: datetime | None
    second: int


def said(request: DataRequest, body: bytes) -> tuple[Measure, ...] | None:
    """Every measure that the bytes state for this meter and window; ``None``: they do not."""
    try:
        tree = _json(body)
        points = _points(request, tree)
        if request.kind is DataKind.DAILY_TOTALS:
            return _totals(request, points)
        return _measures(request, points)
    except _Nothing:
        return None


def _no(*_: object) -> NoReturn:
    raise _Nothing


def _json(body: bytes) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        return dict(pairs) if len(set(names)) == len(names) else _no()

    text = body.removeprefix(b"\xef\xbb\xbf")
    try:
        tree = json.loads(text.decode("utf-8"), object_pairs_hook=once, parse_constant=_no)
    except (ValueError, RecursionError):
        _no()
    return tree if isinstance(tree, dict) else _no()


def _points(request: DataRequest, tree: dict[str, Any]) -> list[tuple[Any, Any, Any]]:
    new = "grandeur" in tree
    old = [name for name in ("interval_reading", "meter_reading") if name in tree]
    if new + len(old) != 1:
        _no()
    inner = tree.get("meter_reading", {})
    if not isinstance(inner, dict) or (inner and "interval_reading" not in inner):
        _no()
    if "meter_reading" in tree and not inner:
        _no()
    for place in (tree, inner):
        for name in ("idPrm", "usage_point_id"):
            _same_meter(request, place.get(name))
    if new:
        return _of_new(request, tree)
    holder = inner or tree
    kind = holder.get("reading_type")
    if kind is not None:
        if not isinstance(kind, dict):
            _no()
        _unit(request, kind.get("unit"))
        _daily(request, kind.get("measuring_period"))
    return _fields(holder["interval_reading"], _OLD_FIELDS, _NEW_FIELDS)


def _same_meter(request: DataRequest, named: object) -> None:
    if named is None or named == request.series.prm:
        return
    if type(named) is int and named == int(request.series.prm):
        return
    _no()


def _of_new(request: DataRequest, tree: dict[str, Any]) -> list[tuple[Any, Any, Any]]:
    wanted = "CONS" if request.series.flow is Flow.CONSUMPTION else "PROD"
    quantity = {"load_curve": "PA", "daily_totals": "EA", "max_power": "PMA"}[request.kind.value]
    entries = tree["grandeur"]
    if not isinstance(entries, list) or any(not isinstance(entry, dict) for entry in entries):
        _no()
    own = [e for e in entries if (e.get("grandeurMetier"), _of(e, quantity)) == (wanted, quantity)]
    if entries and not own:
        _no()
    _daily(request, tree.get("pas"))
    points = []
    for entry in own:
        _unit(request, entry.get("unite"))
        _daily(request, entry.get("pas"))
        points += _fields(entry.get("points"), _NEW_FIELDS, _OLD_FIELDS)
    return points


def _of(entry: dict[str, Any], quantity: str) -> object:
    return entry.get("grandeurPhysique", quantity)


def _unit(request: DataRequest, unit: object) -> None:
    if unit not in (None, {"load_curve": "W", "daily_totals": "Wh"}.get(request.kind.value, "VA")):
        _no()


def _daily(request: DataRequest, step: object) -> None:
    if request.kind is not DataKind.LOAD_CURVE and step not in (None, "P1D"):
        _no()


def _fields(
    points: object, own: Iterable[str], foreign: Iterable[str]
) -> list[tuple[Any, Any, Any]]:
    if not isinstance(points, list) or any(not isinstance(point, dict) for point in points):
        _no()
    if any(name in point for point in points for name in foreign):
        _no()
    value, label, step = own
    return [(point.get(value), point.get(label), point.get(step)) for point in points]


def _number(value: object, limit: int) -> int:
    if isinstance(value, str):
        if not 1 <= len(value) <= 12 or any(character not in "0123456789" for character in value):
            _no()
        value = int(value)
    if type(value) is not int or not 0 <= value <= limit:
        _no()
    return value


def _label(text: object) -> _Label:
    """Every instant that a label can mean."""
    form = r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:?\d\d)?"
    found = re.fullmatch(form, text) if isinstance(text, str) and text.isascii() else None
    if found is None:
        _no()
    *numbers, offset = found.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    if year not in _CENTURY:
        _no()
    try:
        wall = datetime(year, month, day, hour, minute, second)
    except ValueError:
        _no()
    ends = [
        (wall - shift).replace(tzinfo=UTC)
        for shift in (_SUMMER, _WINTER)
        if (wall - shift).replace(tzinfo=UTC).astimezone(PARIS).replace(tzinfo=None) == wall
    ]
    if offset is None:
        return _Label(tuple(ends), wall, second)
    named = {"+02:00": _SUMMER, "+0200": _SUMMER, "+01:00": _WINTER, "+0100": _WINTER}
    end = (wall - named.get(offset, timedelta(days=1))).replace(tzinfo=UTC)
    return _Label((end,), None, second) if end in ends else _no()


def _measures(request: DataRequest, points: list[tuple[Any, Any, Any]]) -> tuple[Measure, ...]:
    curve = request.kind is DataKind.LOAD_CURVE
    placed: list[tuple[_Label, int, int | None]] = []
    for value, text, step in points:
        if value is None or value == "":
            # No measure, but in the repeated hour its label says that one of the two has gone by.
            try:
                label = _label(text)
            except _Nothing:
                continue
            if curve and len(label.ends) == 2:
                placed.append((label, 0, None))
            continue
        label = _label(text)
        if curve and label.second:
            _no()
        minutes = _STEPS.get(step) if isinstance(step, str) else None
        if curve and minutes is None:
            _no()
        placed.append((label, minutes or 0 if curve else 0, _number(value, 1_000_000)))
    ends = _ends([label for label, _, _ in placed])
    found = {
        (end - timedelta(minutes=minutes), minutes, value)
        for end, (_, minutes, value) in zip(ends, placed, strict=True)
        if value is not None
    }
    ordered = sorted(found)
    low, high = _day_start(request.first), _day_start(request.end)
    if any(not low <= start < high for start, _, _ in ordered):
        _no()
    for (start, minutes, _), (after, _, _) in pairwise(ordered):
        if after < start + timedelta(minutes=minutes) or after == start:
            _no()
    return tuple(ordered)


def _ends(labels: list[_Label]) -> list[datetime]:
    walls = {label.naive for label in labels}
    ends: list[datetime] = []
    twice = any(len(label.ends) == 2 for label in labels)
    for label in labels:
        options = label.ends
        if not options:
            options = (_skipped(label, walls),)
        latest = max(ends, default=None)
        later = [end for end in options if latest is None or end > latest]
        if len(options) == 2 and not later:
            _no()
        end = min(later) if len(options) == 2 else options[0]
        if twice and latest is not None and end < latest:
            _no()
        ends.append(end)
    return ends


def _skipped(label: _Label, walls: set[datetime | None]) -> datetime:
    """02:00 of the day in March is what 03:00 is called there, unless 03:00 occurs as well."""
    wall = label.naive
    if wall is None or (wall.hour, wall.minute, wall.second) != (2, 0, 0):
        _no()
    if wall + timedelta(hours=1) in walls:
        _no()
    return (wall - _WINTER).replace(tzinfo=UTC)


def _totals(request: DataRequest, points: list[tuple[Any, Any, Any]]) -> tuple[Measure, ...]:
    found: dict[date, int] = {}
    for value, text, step in points:
        if value is None or value == "":
            continue
        _daily(request, step)
        midnight = f"{text} 00:00" if isinstance(text, str) and len(text) == 10 else text
        label = _label(midnight)
        (end, *_) = label.ends or (None,)
        if end is None or end != _day_start(end.astimezone(PARIS).date()):
            _no()
        day = end.astimezone(PARIS).date()
        wh = _number(value, 25_000_000)
        if not request.first <= day < request.end or found.setdefault(day, wh) != wh:
            _no()
    return tuple((_day_start(day), 0, found[day]) for day in sorted(found))


def _day_start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(UTC)
