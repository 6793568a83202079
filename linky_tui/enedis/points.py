"""One point of an answer: its fields, and the Paris day it belongs to.

Whatever is wrong with a point is confined to that day, so it is noted and never raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from linky_tui.domain.models import Flags
from linky_tui.enedis.labels import ClockError, read_label
from linky_tui.enedis.request import DataKind
from linky_tui.text.formatting import plain
from linky_tui.text.redaction import scrub

MAX_POWER_W = 1_000_000
"""More than this is no home."""
MAX_DAY_WH = MAX_POWER_W * 25
"""The most energy of a day: the highest power accepted, through the longest day."""
ORDINARY_NATURE = "B"

_DIGITS = re.compile(r"[0-9]{1,12}")
_SIGNED_DIGITS = re.compile(r"-?[0-9]{1,10}")
_STEP = re.compile(r"PT([0-9]{1,2})M")
_ANY_STEP = (1, 60)
_NATURE = re.compile(r"[!-~](?:[ -~]{0,14}[!-~])?")
_INT32 = range(-(2**31), 2**31)


class PointError(ValueError):
    """A field that cannot be what it should be; a thousand of them are worded one at a time."""

    def __init__(self, words: str, *fields: object) -> None:
        super().__init__(words)
        self._words, self._fields = words, fields

    def __str__(self) -> str:
        return self._words.format(*map(shown, self._fields))


def shown(field: object) -> str:
    """A field of unknown kind and size, short."""
    if isinstance(field, str):
        return repr(plain(field, 40))
    return plain(repr(field), 40) if isinstance(field, int | float) else type(field).__name__


@dataclass(frozen=True, slots=True)
class Point:
    """A point as it came, under the names of neither shape."""

    value: object  # the measure; `None` or empty where there is none
    label: object  # the end of the interval, or the day
    step: object  # the length of the interval, as `PT30M`
    nature: object = None  # `B` where it is ordinary
    iv: object = None  # likelihood index, 0 where it is ordinary
    ec: object = None  # extra state, 0 where it is ordinary
    # why it is no point at all, where it is none
    problem: str = field(default="", kw_only=True)

    @property
    def empty(self) -> bool:
        """Whether the point carries no measure: null, empty, or no value at all."""
        return not self.problem and (self.value is None or self.value == "")


@dataclass(slots=True)
class Placed:
    """A point as far as it can be read."""

    point: Point  # as it came
    label: datetime | None = None  # its label, `None` where that is none
    minutes: int = 0  # the length of the interval; of a curve only
    value: int = 0  # the measure
    days: frozenset[date] = frozenset()  # the Paris days that it may belong to
    problem: PointError | None = None  # what is wrong with it


def place(points: Sequence[Point], kind: DataKind) -> list[Placed]:
    """Read each point, and tell to which Paris days it may belong.

    That is the day in which its interval starts; it may be two where the length of the interval
    cannot be read. A point without a readable label belongs to the days of those before and after
    it that have one; without any such it has no day.
    """
    placed = [Placed(point) for point in points]
    for each in placed:
        try:
            _read(each, kind)
        except PointError as error:
            each.problem = error
    for order in (placed, reversed(placed)):
        _add_neighbours(order)
    return placed


def _add_neighbours(placed: Iterable[Placed]) -> None:
    near: frozenset[date] = frozenset()
    for each in placed:
        if each.label is None:
            each.days |= near
        else:
            near = each.days


def _read(placed: Placed, kind: DataKind) -> None:
    """Read one field after the other until one is wrong.

    Raises:
        PointError: what is wrong with it.
    """
    point, curve = placed.point, kind is DataKind.LOAD_CURVE
    if point.problem:
        raise PointError(point.problem)
    label = placed.label = _label(point.label, kind)
    placed.days = _days(label, _ANY_STEP if curve else (0,))
    if curve:
        placed.minutes = _read_step(point)
        placed.days = _days(label, (placed.minutes,))
        if label.second:
            raise PointError("the date {} is not on a minute", point.label)
    else:
        if point.step not in (None, "P1D"):
            raise PointError("the total of {} is by {}, not by day", point.label, point.step)
        if (label.hour, label.minute, label.second) != (0, 0, 0):
            raise PointError("the daily total of {} is not for a day", point.label)
    if not point.empty:
        placed.value = _read_value(point, MAX_POWER_W if curve else MAX_DAY_WH)


def _days(label: datetime, steps_min: Iterable[int]) -> frozenset[date]:
    # By the wall clock: the hour that a change of the clocks adds or skips is none near midnight.
    wall = label.replace(tzinfo=None)
    return frozenset((wall - timedelta(minutes=minutes)).date() for minutes in steps_min)


def _label(text: object, kind: DataKind) -> datetime:
    if not isinstance(text, str):
        raise PointError("a point has no date")
    day_alone = kind is DataKind.DAILY_TOTALS and len(text) == len("2026-11-01")
    try:
        return read_label(f"{text} 00:00" if day_alone else text)
    except ClockError as error:
        raise PointError(f"the date {{}}: {error}", text) from None


def _read_value(point: Point, limit: int) -> int:
    """A whole number from 0 to ``limit``, as a string of ASCII digits or as JSON number."""
    value = point.value
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        wrong = "not a whole number"
    elif not 0 <= value <= limit:
        wrong = f"not between 0 and {limit:,}"
    else:
        return value
    raise PointError(f"the value {{}} at {{}}: {wrong}", value, point.label)


def _read_step(point: Point) -> int:
    """The length of an interval in minutes: ``PT30M``, ``PT1H`` … whatever divides 60.

    None at all is an error, too: a wrong guess would double or halve the energy.
    """
    step = point.step
    if step == "PT1H":
        return 60
    match = _STEP.fullmatch(step) if isinstance(step, str) else None
    minutes = int(match[1]) if match else 0
    if not minutes or 60 % minutes:
        raise PointError("the step {} at {}: not a step that divides the hour", step, point.label)
    return minutes


def read_flags(point: Point) -> Flags | None:
    """What is out of the ordinary on a point, or ``None``; an unreadable flag is dropped."""
    nature = point.nature if isinstance(point.nature, str) else ""
    # It is stored: no place for a piece of the token that was sent back.
    if nature == ORDINARY_NATURE or not _NATURE.fullmatch(nature) or scrub(nature) != nature:
        nature = ""
    iv, ec = _read_code(point.iv), _read_code(point.ec)
    if not nature and not iv and not ec:
        return None
    return Flags(nature or None, iv or None, ec or None)


def _read_code(code: object) -> int:
    if isinstance(code, str) and _SIGNED_DIGITS.fullmatch(code):
        code = int(code)
    if not isinstance(code, int) or isinstance(code, bool) or code not in _INT32:
        return 0
    return code
