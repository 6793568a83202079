"""The fields of one point of an answer: value, length of the interval, flags (conso-api.md §4)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from linky_tui.domain.models import Flags
from linky_tui.text.redaction import scrub

MAX_POWER_W = 1_000_000
"""More than this is no home: it refuses the answer (design.md §2)."""
ORDINARY_NATURE = "B"

_DIGITS = re.compile(r"[0-9]{1,12}")
_SIGNED_DIGITS = re.compile(r"-?[0-9]{1,10}")
_STEP = re.compile(r"PT([0-9]{1,2})M")
_NATURE = re.compile(r"[!-~](?:[ -~]{0,14}[!-~])?")
_INT32 = range(-(2**31), 2**31)


class PointError(ValueError):
    """A field that cannot be what it should be."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point as it came, under the names of neither shape."""

    value: object  # the measure; `None` or empty where there is none
    label: object  # the end of the interval, or the day
    step: object  # the length of the interval, as `PT30M`
    nature: object = None  # `B` where it is ordinary
    iv: object = None  # likelihood index, 0 where it is ordinary
    ec: object = None  # extra state, 0 where it is ordinary

    @property
    def empty(self) -> bool:
        """Whether the point carries no measure: null, empty, or no value at all."""
        return self.value is None or self.value == ""


def read_value(value: object, limit: int) -> int:
    """A measure: a whole number from 0 to ``limit``, as a string of ASCII digits or as JSON number.

    Raises:
        PointError: anything else, decimals and exponents included.
    """
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise PointError("not a whole number")
    if not 0 <= value <= limit:
        raise PointError(f"not between 0 and {limit:,}")
    return value


def read_step(step: object) -> int:
    """The length of an interval in minutes: ``PT30M``, ``PT60M``, ``PT1H`` … whatever divides 60.

    Raises:
        PointError: anything else, also none at all: a wrong guess would double or halve the energy.
    """
    if step == "PT1H":
        return 60
    match = _STEP.fullmatch(step) if isinstance(step, str) else None
    minutes = int(match[1]) if match else 0
    if not minutes or 60 % minutes:
        raise PointError("not a step that divides the hour")
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
