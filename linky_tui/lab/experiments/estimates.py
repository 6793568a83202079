"""From measured fleets to a village, a city and the country, each figure with its formula.

The error band is twice the spread between fleets of the same size with other homes, or what the
bytes a meter changed by between the two largest fleets where that is more.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from linky_tui.domain.laboratory import (
    Estimate,
    FleetRun,
    LoadOrder,
    OplogDay,
    Side,
    largest_lived,
)
from linky_tui.text.formatting import bytes_text, count_text

PLACES = (("a village", 1000), ("a city", 500_000), ("the country", 37_000_000))
DISK_BYTES = 4_000_000_000_000
"""A disk of a shard."""
MEMORY_BYTES = 64 * 1024**3
"""Of a shard's machine."""
CATALOG_SHARE = 0.025
"""Of memory, for open buckets, at most (MongoDB's own default)."""
OPEN_BUCKET_BYTES = 943
"""Measured on MongoDB 6.0.5; used where a server does not say."""


def estimates(runs: Sequence[FleetRun], oplog: OplogDay | None) -> tuple[Estimate, ...]:
    """What all places take, from the largest fleet as it is lived; nothing without sizes."""
    largest = largest_lived(runs)
    if largest is None:
        return ()
    lived = [each for each in runs if each.order is LoadOrder.BY_DAY]
    found: list[Estimate] = []
    for place, meters in PLACES:
        measured = next((each for each in lived if each.homes == meters), None)
        totals = []
        for name, side_of in (("regular", _regular), ("time series", _timeseries)):
            of = _bytes_of(measured or largest, side_of)
            if of is None:
                continue
            band = 0.0 if measured else error_band(runs, side_of)
            total = of * meters
            totals.append((name, total, band))
            source = f"{bytes_text(of)} a meter (fleet of {count_text(largest.homes)})"
            formula = f"{count_text(meters)} × {source}"
            found.append(
                _estimate(
                    place,
                    meters,
                    f"{name}, storage and indexes",
                    "GB",
                    total / 1e9,
                    band,
                    "measured" if measured else formula,
                    measured=measured is not None,
                )
            )
            disks = f"{bytes_text(total)} / {bytes_text(DISK_BYTES)} a disk, rounded up"
            count = total / DISK_BYTES
            band_of = (count * (1 - band), count * (1 + band))
            found.append(_whole(place, meters, f"{name}, disks", "disks", count, *band_of, disks))
        found += _oplog_of(place, meters, oplog)
        found += _memory_of(place, meters, largest, totals)
    return tuple(found)


def error_band(runs: Sequence[FleetRun], side_of: Callable[[FleetRun], Side]) -> float:
    """How far off bytes a meter may be, as a fraction."""
    by_home = [each for each in runs if each.order is LoadOrder.BY_HOME]
    smallest = min((each.homes for each in by_home), default=0)
    same = [
        size
        for each in by_home
        if each.homes == smallest and (size := _bytes_of(each, side_of)) is not None
    ]
    spread = 2 * statistics.stdev(same) / statistics.mean(same) if len(same) > 1 else 0.0
    lived = sorted(
        (each for each in runs if each.order is LoadOrder.BY_DAY), key=lambda each: each.homes
    )
    sizes = [size for each in lived if (size := _bytes_of(each, side_of)) is not None]
    drift = abs(sizes[-1] - sizes[-2]) / sizes[-1] if len(sizes) > 1 else 0.0
    pages = side_of(lived[-1]).error_bytes / (sizes[-1] * lived[-1].homes) if sizes else 0.0
    return max(spread, drift) + pages


def _oplog_of(place: str, meters: int, oplog: OplogDay | None) -> list[Estimate]:
    if oplog is None:
        return []
    return [
        _estimate(
            place,
            meters,
            f"{name}, oplog of a day",
            "GB",
            size * meters / oplog.homes / 1e9,
            0.0,
            f"{count_text(meters)} × {bytes_text(size / oplog.homes)} a meter and day "
            f"({count_text(oplog.homes)} homes in a replica set of one)",
        )
        for name, size in (
            ("regular", oplog.regular_bytes),
            ("time series", oplog.timeseries_bytes),
        )
    ]


def _memory_of(
    place: str, meters: int, largest: FleetRun, totals: Sequence[tuple[str, float, float]]
) -> list[Estimate]:
    each = largest.bucket_bytes or OPEN_BUCKET_BYTES
    memory = meters * each
    room = CATALOG_SHARE * MEMORY_BYTES
    formula = f"{count_text(meters)} × {each:,.0f} B, an open bucket each"
    machine = bytes_text(MEMORY_BYTES)
    found = [
        _estimate(place, meters, "memory of open buckets", "GB", memory / 1e9, 0.0, formula),
    ]
    for name, total, band in totals:
        by_disk = total / DISK_BYTES
        by_memory = memory / room if name == "time series" else 0.0
        shards = f"by disk {bytes_text(total)} / {bytes_text(DISK_BYTES)} = {by_disk:,.2f}"
        if by_memory:
            shards += (
                f"; by memory {bytes_text(memory)} / ({CATALOG_SHARE:.1%} of {machine}) = "
                f"{by_memory:,.2f}"
            )
        shards += "; the larger one, rounded up"
        low, high = (max(by_disk * (1 + sign * band), by_memory) for sign in (-1, 1))
        value = max(by_disk, by_memory)
        found.append(_whole(place, meters, f"{name}, shards", "shards", value, low, high, shards))
    return found


def _whole(
    place: str,
    meters: int,
    what: str,
    unit: str,
    value: float,
    low: float,
    high: float,
    formula: str,
) -> Estimate:
    value, low, high = (float(max(1, math.ceil(each))) for each in (value, low, high))
    return Estimate(place, meters, what, unit, value, low, high, False, formula)


def _estimate(
    place: str,
    meters: int,
    what: str,
    unit: str,
    value: float,
    band: float,
    formula: str,
    *,
    measured: bool = False,
) -> Estimate:
    low, high = value * max(0.0, 1 - band), value * (1 + band)
    return Estimate(place, meters, what, unit, value, low, high, measured, formula)


def _regular(run: FleetRun) -> Side:
    return run.regular


def _timeseries(run: FleetRun) -> Side:
    return run.timeseries


def _bytes_of(run: FleetRun, side_of: Callable[[FleetRun], Side]) -> float | None:
    total = side_of(run).total_bytes
    return None if total is None else total / run.homes
