"""Texts for people: numbers with units, dates in English, foreign texts made harmless.

Nothing here depends on the locale, so that a log reads the same on every machine.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, date, datetime

from linky_tui.domain.paris import PARIS, day_of, today
from linky_tui.text.redaction import scrub_pieces, scrub_whole

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTH_NAMES = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
NOTHING = "–"
"""Shown where there is no figure."""

_MAX_INPUT = 65_536
_MAX_LOOKAHEAD = 4096
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement
    r"|(?:\x1b[\]P^_X]|[\x9d\x90\x9e\x9f\x98])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS …
    r"|\x1b[ -/]*[0-~]?"  # two-character escapes, and a lonely ESC
)
# Control, format (bidirectional, zero width), lone surrogates, private use, unassigned, separators.
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that show nothing, by which two texts could look the same.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0"
    "\U000e0100-\U000e01ef]"
)
_STACKED_MARKS = 2
# A text may have been cut before it reached us, so half a token or half an address counts too.
_CREDENTIALS = (
    (re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){0,4}"), "…token…"),
    (re.compile(r"://\S*@"), "://…@"),
    # "://user:secret" where no port can be meant: a password with a space in it, or one cut off.
    (re.compile(r"://[^\s/:@\[\]…]*:(?!\d{1,5}\b)(?:[^@]{0,200}@|\S+)"), "://…@"),
    (re.compile(r"(?i)\bbearer[ :=]+[^\s,;\"'}]+"), "Bearer …"),
    (re.compile(r"(?i)\b(authorization[\"']?\s*[:=]\s*[\"']?)(?!bearer)\S+( \S+)?"), r"\1…"),
    (
        re.compile(r"(?i)((?:password|passwd|pwd|token|secret|mechanismproperties)=)[^\s&]+"),
        r"\1…",
    ),
)
_PRM = re.compile(r"(?<![0-9])[0-9]{14}(?![0-9])")


def plain(text: str, limit: int = 200) -> str:
    """A foreign text as one harmless line of at most ``limit`` characters.

    Escape sequences, control and bidirectional characters and all others that show nothing go, so
    do accents piled on each other, white space collapses, and what could be a credential is
    replaced: whatever :mod:`linky_tui.text.redaction` knows, the user part of an address, a JWT, a
    bearer token, the value of ``password=`` and the like. 14-digit numbers are masked as meters.
    """
    text = _ESCAPES.sub("", text[:_MAX_INPUT])
    text = _visible("".join(" " if c.isspace() else c for c in text))
    text = " ".join(text.split())
    text = without_secrets(text[: limit + _MAX_LOOKAHEAD]).strip()
    if len(text) <= limit:
        return text
    return text[: max(limit - 1, 0)].rstrip() + "…"


def without_secrets(text: str) -> str:
    """A text as it is, but for credentials and meters: see :func:`plain`."""
    text = scrub_whole(text)
    for pattern, replacement in _CREDENTIALS:
        text = pattern.sub(replacement, text)
    # Pieces last: two tokens begin alike, and what is left of the other one is no longer known.
    return _PRM.sub(lambda match: mask_prm(match[0]), scrub_pieces(text))


def printable(text: str) -> str:
    """A text as a terminal may get it: what :func:`plain` takes out for its looks is taken out.

    For texts that are already made up of our words and plain foreign ones, at the last moment
    before they are written; layout, length and line breaks stay.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    lines = text.replace("\t", " ").split("\n")
    return "\n".join(_visible(_ESCAPES.sub("", line)) for line in lines)


def _visible(text: str) -> str:
    """Without the characters that show nothing, or pile up on the one before."""
    if text.isascii() and text.isprintable():
        return text
    shown = []
    marks = 0
    for character in _BLANK.sub("", text):
        category = unicodedata.category(character)
        if category in _HIDDEN_CATEGORIES:
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= _STACKED_MARKS:
            shown.append(character)
    return "".join(shown)


def mask_prm(prm: str) -> str:
    """A PRM with its middle digits masked, as wide as before: ``12········2823``."""
    if len(prm) < 8:
        return "·" * len(prm)
    return prm[:2] + "·" * (len(prm) - 6) + prm[-4:]


def bytes_text(count: float) -> str:
    """A size in decimal units with three significant digits: ``4.56 MB``, ``840 kB``, ``512 B``."""
    sign = "-" if count < 0 else ""
    size = abs(count)
    if round(size) < 1000:
        return f"{sign}{size:.0f} B"
    for unit in ("kB", "MB", "GB", "TB"):
        size /= 1000
        digits = 2 if size < 9.995 else 1 if size < 99.95 else 0
        if size < 999.5 or unit == "TB":
            return f"{sign}{size:,.{digits}f} {unit}"
    raise AssertionError("unreachable")


def bytes_per_reading_text(size: float | None) -> str:
    """A small size with one decimal: ``130.0 B``."""
    return NOTHING if size is None else f"{size:,.1f} B"


def kwh_text(wh: float) -> str:
    """An energy given in Wh, in kWh with three significant digits: ``18.4 kWh``, ``1,204 kWh``."""
    kwh = wh / 1000
    size = abs(kwh)
    if size == 0:
        return "0 kWh"
    digits = 2 if size < 9.995 else 1 if size < 99.95 else 0
    return f"{kwh:,.{digits}f} kWh"


def watts_text(watts: float) -> str:
    """A power in watts: ``182 W``, ``9,000 W``."""
    return f"{watts:,.0f} W"


def count_text(count: int) -> str:
    """A number of things with thousands separators: ``35,040``."""
    return f"{count:,}"


def things(count: int, what: str) -> str:
    """A number of things: ``1 week``, ``105 weeks``."""
    return f"{count_text(count)} {what}" + ("" if count == 1 else "s")


def percent_text(fraction: float | None) -> str:
    """A fraction as ``98.1 %``; only the whole is ``100.0 %``, however close the rest comes."""
    if fraction is None or not math.isfinite(fraction):
        return NOTHING
    percent = round(fraction * 100, 1)
    if fraction < 1 and percent >= 100:
        percent = 99.9
    return f"{percent + 0.0:,.1f} %"


def day_text(day: date) -> str:
    """A day as ``Sat 21 Nov 2026``, in English whatever the locale."""
    return f"{DAY_NAMES[day.weekday()]} {short_day_text(day)} {day.year:04d}"


def short_day_text(day: date) -> str:
    """A day without its year, as ``21 Nov``."""
    return f"{day.day} {MONTH_NAMES[day.month - 1]}"


def range_text(first: date, last: date) -> str:
    """Two days in words, without saying twice what they share: ``16 to 22 Nov 2026``."""
    end = f"{short_day_text(last)} {last.year}"
    if first.year != last.year:
        return f"{short_day_text(first)} {first.year} to {end}"
    if first.month != last.month:
        return f"{short_day_text(first)} to {end}"
    return f"{first.day} to {end}" if first != last else end


def duration_text(seconds: float) -> str:
    """A duration in its two largest units: ``0.4 s``, ``12 s``, ``3 min 20 s``, ``1 h 05 min``."""
    if not math.isfinite(seconds):
        return NOTHING
    seconds = max(seconds, 0)
    if seconds < 9.95:
        return f"{seconds:.1f} s" if seconds else "0 s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    days, hours = divmod(hours, 24)
    if days == 0:
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    return f"{count_text(days)} d {hours} h" if hours else f"{count_text(days)} d"


def utc_text(instant: datetime) -> str:
    """An aware instant as ISO 8601 in UTC, to the second: ``2026-11-22T00:00:00Z``.

    Raises:
        ValueError: the instant has no time zone.
    """
    return _aware(instant).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def half_hours_text(minutes: int, expected: int) -> str:
    """How much of some minutes is there: ``46 of 48 half-hours``."""
    return f"{minutes // 30} of {expected // 30} half-hours"


def local_time_text(instant: datetime) -> str:
    """The Europe/Paris time of day of an aware instant: ``01:00``.

    Raises:
        ValueError: the instant has no time zone.
    """
    return _aware(instant).astimezone(PARIS).strftime("%H:%M")


def moment_text(instant: datetime) -> str:
    """The Paris day and time of an aware instant: ``Mon 23 Nov 01:00``."""
    day = _aware(instant).astimezone(PARIS).date()
    return f"{day_text(day)[:3]} {short_day_text(day)} {local_time_text(instant)}"


def due_text(instant: datetime) -> str:
    """When something is due, for a sentence: ``00:03 (Paris time)``, with the day if not today.

    Raises:
        ValueError: the instant has no time zone.
    """
    day = day_of(_aware(instant))
    on_day = "" if day == today() else f" on {day_text(day)}"
    return f"{local_time_text(instant)}{on_day} (Paris time)"


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return instant
