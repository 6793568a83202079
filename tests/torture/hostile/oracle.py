"""What an answer really says, read off its bytes by other means than linky_tui/enedis.

Written for the tests alone: it looks at every label
by trying both offsets of Paris, at every field by comparing texts, and at every two measures for
a minute that both claim. What it cannot call unambiguous makes a day unclear, and of an unclear
day it calls nothing. It may be slow and it need not explain itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from linky_tui.domain.models import Flow
from linky_tui.enedis.request import DataKind, DataRequest

PARIS = ZoneInfo("Europe/Paris")
Measure = tuple[datetime, int, int]
"""Start (UTC), length in minutes (0 for a total), value; of a daily total the day's midnight."""

_SUMMER, _WINTER = timedelta(hours=2), timedelta(hours=1)
_STEPS = {f"PT{n}M": n for n in range(1, 61) if not 60 % n}
_STEPS |= {f"PT0{n}M": n for n in range(1, 10) if not 60 % n} | {"PT1H": 60}
_NEW_FIELDS, _OLD_FIELDS = ("v", "d", "p"), ("value", "date", "interval_length")
_CENTURY = range(2000, 2100)


_LIMITS = {"load_curve": 1_000_000, "daily_totals": 25_000_000}
_Point = tuple[Any, Any, Any]


class _Nothing(Exception):
    """The bytes do not say it beyond doubt."""


@dataclass(frozen=True)
class Said:
    """What the bytes state for a meter and a window, day by day."""

    measures: tuple[Measure, ...]  # of the days that are clear
    unclear: frozenset[date]  # the days of the window of which nothing is to be taken


@dataclass(frozen=True)
class _Label:
    ends: tuple[datetime, ...]
    wall: datetime
    naive: bool
    second: int


@dataclass(frozen=True)
class _Seen:
    """A point: when it can be, and what it states where that is clear."""

    label: _Label | None
    days: frozenset[date]
    empty: bool
    stated: tuple[int, int] | None


def said(request: DataRequest, body: bytes) -> Said | None:
    """What the bytes state; ``None``: they are no answer to this request at all."""
    try:
        seen = [_seen(request, point) for point in _points(request, _json(body))]
        return _by_day(request, seen)
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


def _points(request: DataRequest, tree: dict[str, Any]) -> list[_Point | None]:
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


def _of_new(request: DataRequest, tree: dict[str, Any]) -> list[_Point | None]:
    wanted = "CONS" if request.series.flow is Flow.CONSUMPTION else "PROD"
    quantity = {"load_curve": "PA", "daily_totals": "EA"}[request.kind.value]
    entries = tree["grandeur"]
    if not isinstance(entries, list) or any(not isinstance(entry, dict) for entry in entries):
        _no()
    own = [e for e in entries if (e.get("grandeurMetier"), _of(e, quantity)) == (wanted, quantity)]
    if entries and not own:
        _no()
    _daily(request, tree.get("pas"))
    points: list[_Point | None] = []
    for entry in own:
        _unit(request, entry.get("unite"))
        _daily(request, entry.get("pas"))
        points += _fields(entry.get("points"), _NEW_FIELDS, _OLD_FIELDS)
    return points


def _of(entry: dict[str, Any], quantity: str) -> object:
    return entry.get("grandeurPhysique", quantity)


def _unit(request: DataRequest, unit: object) -> None:
    if unit not in (None, {"load_curve": "W", "daily_totals": "Wh"}[request.kind.value]):
        _no()


def _daily(request: DataRequest, step: object) -> None:
    if request.kind is not DataKind.LOAD_CURVE and step not in (None, "P1D"):
        _no()


def _fields(points: object, own: Iterable[str], foreign: Iterable[str]) -> list[_Point | None]:
    """The three fields of each point, ``None`` for what is no point or one of both generations."""
    if not isinstance(points, list):
        _no()
    value, label, step = own
    return [
        (point.get(value), point.get(label), point.get(step))
        if isinstance(point, dict) and not any(name in point for name in foreign)
        else None
        for point in points
    ]


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
        return _Label(tuple(ends), wall, True, second)
    named = {"+02:00": _SUMMER, "+0200": _SUMMER, "+01:00": _WINTER, "+0100": _WINTER}
    end = (wall - named.get(offset, timedelta(days=1))).replace(tzinfo=UTC)
    return _Label((end,), wall, False, second) if end in ends else _no()


def _seen(request: DataRequest, point: _Point | None) -> _Seen:
    if point is None:
        return _Seen(None, frozenset(), False, None)
    value, text, step = point
    curve, daily = (request.kind is kind for kind in (DataKind.LOAD_CURVE, DataKind.DAILY_TOTALS))
    empty = value is None or value == ""
    try:
        label = _label(f"{text} 00:00" if daily and _ten(text) else text)
    except _Nothing:
        return _Seen(None, frozenset(), empty, None)
    lengths = [0]
    if curve:
        known = isinstance(step, str) and step in _STEPS
        lengths = [_STEPS[step]] if known else list(_STEPS.values())
    days = frozenset(
        _paris(end - timedelta(minutes=minutes)) for end in label.ends for minutes in lengths
    ) or frozenset((label.wall - timedelta(minutes=minutes)).date() for minutes in lengths)
    stated = None
    try:
        number = _number(value, _LIMITS[request.kind.value])
        midnight = label.ends == (_day_start(label.wall.date()),)
        odd = (curve and label.second) or (daily and (not midnight or step not in (None, "P1D")))
        if len(lengths) == 1 and not odd:
            stated = lengths[0], number
    except _Nothing:
        pass
    return _Seen(label, days, empty, stated)


def _ten(text: object) -> bool:
    return isinstance(text, str) and len(text) == 10


def _by_day(request: DataRequest, seen: list[_Seen]) -> Said:
    unclear: set[date] = set()
    for place, each in enumerate(seen):
        if each.stated is None and not each.empty:
            days = each.days or _around(seen, place)
            unclear |= days or _no()
    # In the repeated hour the label of an empty point says that one of the two has gone by.
    told = [
        each for each in seen
        if each.label is not None and (not each.empty or len(each.label.ends) == 2)
    ]  # fmt: skip
    found: set[Measure] = set()
    for each, end in zip(told, _ends([each.label for each in told if each.label]), strict=True):
        if each.empty:
            continue
        if end is None:
            unclear |= each.days
        elif each.stated is not None:
            minutes, number = each.stated
            found.add((end - timedelta(minutes=minutes), minutes, number))
    spans = [(start, start + timedelta(minutes=minutes)) for start, minutes, _ in found]
    for (one, one_end), (other, other_end) in combinations(spans, 2):
        if one == other or (one < other_end and other < one_end):
            unclear |= {_paris(one), _paris(other)}
    clear = [
        measure for measure in sorted(found)
        if request.first <= _paris(measure[0]) < request.end and _paris(measure[0]) not in unclear
    ]  # fmt: skip
    asked = {request.first + timedelta(n) for n in range((request.end - request.first).days)}
    return Said(tuple(clear), frozenset(unclear & asked))


def _around(seen: list[_Seen], place: int) -> frozenset[date]:
    """The days of the nearest points with a label, before and after."""
    before = next((each.days for each in reversed(seen[:place]) if each.label), frozenset[date]())
    after = next((each.days for each in seen[place + 1 :] if each.label), frozenset[date]())
    return before | after


def _ends(labels: list[_Label]) -> list[datetime | None]:
    """The end that each label means, ``None`` where nobody can tell."""
    walls = {label.wall for label in labels if label.naive}
    ends: list[datetime | None] = []
    in_order = True
    for label in labels:
        options = label.ends or _skipped(label, walls)
        latest = max((end for end in ends if end is not None), default=None)
        later = [end for end in options if latest is None or end > latest]
        if not options:
            ends.append(None)
        elif len(options) == 2:
            in_order &= bool(later)
            ends.append(min(later or options))
        else:
            in_order &= latest is None or options[0] >= latest
            ends.append(options[0])
    return [
        None if len(label.ends) == 2 and not in_order else end
        for label, end in zip(labels, ends, strict=True)
    ]


def _skipped(label: _Label, walls: set[datetime]) -> tuple[datetime, ...]:
    """02:00 of the day in March is what 03:00 is called there, unless 03:00 occurs as well."""
    wall = label.wall
    if (wall.hour, wall.minute, wall.second) != (2, 0, 0) or wall + timedelta(hours=1) in walls:
        return ()
    return ((wall - _WINTER).replace(tzinfo=UTC),)


def _paris(instant: datetime) -> date:
    return instant.astimezone(PARIS).date()


def _day_start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=PARIS).astimezone(UTC)
