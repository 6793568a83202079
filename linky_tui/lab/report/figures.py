"""Figures of results as texts, with the error that the pages of files bring."""

from __future__ import annotations

from linky_tui.domain.laboratory import FINE_READINGS, PAGE_BYTES, Layout, Side
from linky_tui.text.formatting import NOTHING

FEW_READINGS = 20 * 34_000
"""Below 20 homes of two years each figure of files carries its error."""


def per_reading_text(side: Side, size_bytes: int | None, files: int = 0) -> str:
    """Bytes a reading: ``24.3 B``, ``24.1 ± 0.1 B`` where pages of ``files`` count."""
    value = side.per_reading(size_bytes)
    if value is None:
        return NOTHING
    digits = 2 if side.readings >= FINE_READINGS else 1
    if files and side.readings < FEW_READINGS:
        return f"{value:,.{digits}f} ± {page_error(side, files):,.1f} B"
    return f"{value:,.{digits}f} B"


def page_error(side: Side, files: int) -> float:
    """How far off bytes a reading may be, for the pages of some files."""
    return PAGE_BYTES * files / side.readings if side.readings else 0.0


def storage_text(side: Side) -> str:
    """Used storage a reading."""
    return per_reading_text(side, side.storage_bytes, 1)


def index_text(side: Side) -> str:
    """Used index bytes a reading."""
    return per_reading_text(side, side.index_bytes, len(side.indexes))


def total_text(side: Side) -> str:
    """Storage and indexes a reading."""
    return per_reading_text(side, side.total_bytes, 1 + len(side.indexes))


def times_text(larger: float | None, smaller: float | None) -> str:
    """How many times as much: ``15 times``, ``1.8 times``."""
    if larger is None or not smaller:
        return f"{NOTHING} times"
    ratio = larger / smaller
    return f"{ratio:,.0f} times" if ratio >= 9.95 else f"{ratio:,.1f} times"


def speed_text(ratio: float) -> str:
    """A ratio of speeds with two digits: ``0.014``, ``1.4``, ``59``."""
    return f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"


def find(sides: tuple[Side, ...], layout: Layout, label: str) -> Side | None:
    """The side of that name."""
    return next((each for each in sides if each.layout is layout and each.label == label), None)


def name_of(side: Side) -> str:
    """A side in a table or plot."""
    return f"{side.layout}, {side.label}" if side.label != side.layout else str(side.layout)
