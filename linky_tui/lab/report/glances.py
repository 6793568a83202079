"""What each experiment found, in a few words for a list; empty where that was not measured."""

from __future__ import annotations

from collections.abc import Callable

from linky_tui.domain.laboratory import Layout, Result, Side, largest_lived
from linky_tui.lab.report.figures import find, speed_text
from linky_tui.text.formatting import bytes_text


def glance(result: Result) -> str:
    """A few words, at most 40 characters."""
    return _GLANCES[result.experiment](result)


def _between(
    what: str, one: Side | None, two: Side | None, size: Callable[[Side], int | None]
) -> str:
    """``storage 14.6 → 2.1 B a reading``."""
    if one is None or two is None:
        return ""
    before, after = one.per_reading(size(one)), two.per_reading(size(two))
    if before is None or after is None:
        return ""
    return f"{what} {before:,.1f} → {after:,.1f} B a reading"


def _compressors(result: Result) -> str:
    one = find(result.sides, Layout.REGULAR, "zstd")
    two = find(result.sides, Layout.TIME_SERIES, "zstd")
    return _between("zstd:", one, two, lambda side: side.storage_bytes)


def _granularity(result: Result) -> str:
    one = find(result.sides, Layout.TIME_SERIES, "seconds")
    two = find(result.sides, Layout.TIME_SERIES, "hours")
    return _between("", one, two, lambda side: side.data_bytes).strip()


def _order(result: Result) -> str:
    one = find(result.sides, Layout.TIME_SERIES, "random")
    two = find(result.sides, Layout.TIME_SERIES, "in order")
    return _between("", one, two, lambda side: side.data_bytes).strip()


def _shape(result: Result) -> str:
    one = find(result.sides, Layout.DAYS, "an array a day, zstd")
    two = find(result.sides, Layout.TIME_SERIES, "lean")
    return _between("day:", one, two, lambda side: side.total_bytes)


def _race(result: Result) -> str:
    speeds = [each.speedup for each in result.questions if each.speedup is not None]
    if not speeds:
        return ""
    won = sum(speed > 1 for speed in speeds)
    least, most = speed_text(min(speeds)), speed_text(max(speeds))
    return f"{won} of {len(speeds)} faster, {least} to {most} times"


def _fleet(result: Result) -> str:
    largest = largest_lived(result.fleets)
    if largest is None:
        return ""
    regular, timeseries = largest.regular.total_bytes, largest.timeseries.total_bytes
    if regular is None or timeseries is None:
        return ""
    before, after = (bytes_text(size / largest.homes) for size in (regular, timeseries))
    return f"{largest.homes:,} homes: {before} → {after} each"


def _cardinality(result: Result) -> str:
    if not result.crowding:
        return ""
    roomy, crowded = result.crowding[0].timeseries, result.crowding[-1].timeseries
    return _between("", roomy, crowded, lambda side: side.data_bytes).strip()


def _formats(result: Result) -> str:
    side = next((each for each in result.sides if each.layout is Layout.TIME_SERIES), None)
    total = None if side is None else side.per_reading(side.total_bytes)
    least = min((each.bytes_per_reading for each in result.formats if each.measured), default=None)
    if total is None or least is None:
        return ""
    return f"{total:,.1f} B; the least {least:,.1f} B a reading"


_GLANCES: dict[str, Callable[[Result], str]] = {
    "compressors": _compressors,
    "granularity": _granularity,
    "order": _order,
    "shape": _shape,
    "race": _race,
    "fleet": _fleet,
    "cardinality": _cardinality,
    "formats": _formats,
}
