"""What experiments 1 to 4 compare: the same readings, one thing different at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from random import Random
from typing import Any

from linky_tui.domain.laboratory import Layout
from linky_tui.domain.models import Reading
from linky_tui.domain.paris import day_of
from linky_tui.lab.task import Task
from linky_tui.storage.lab.fills import Spec, Variant, in_batches
from linky_tui.storage.lab.shapes import (
    day_documents,
    encoded,
    fat,
    flagged,
    with_double,
    with_id,
)

BOTH = (Layout.REGULAR, Layout.TIME_SERIES)
_PROBE_SPAN_S = 21 * 24 * 3600
"""A thousand half-hours need a little less."""
_WEEK_DAYS = 7


def compressors(task: Task) -> list[Variant]:
    """Each layout with each compressor of the engine."""
    batches = in_batches(encoded(task.home.series, task.home.readings))
    return [
        _variant(task, Spec(compressor, layout, compressor), batches)
        for layout in BOTH
        for compressor in ("none", "snappy", "zlib", "zstd")
    ]


def granularities(task: Task) -> list[Variant]:
    """Each granularity, a span of one's own, and the regular collection beside them."""
    batches = in_batches(encoded(task.home.series, task.home.readings))
    span = Spec("bucketMaxSpanSeconds 21 days", Layout.TIME_SERIES, span_s=_PROBE_SPAN_S)
    specs = [
        Spec("regular", Layout.REGULAR),
        *(
            Spec(each, Layout.TIME_SERIES, granularity=each)
            for each in ("seconds", "minutes", "hours")
        ),
        span,
    ]
    return [_variant(task, spec, batches) for spec in specs]


def orders(task: Task) -> list[Variant]:
    """Each order of arrival, a week an insert; the side with checkpoints first."""
    number_of = {day: n for n, day in enumerate(sorted({_day(r) for r in task.home.readings}))}
    weeks: list[Sequence[Any]] = []
    documents = encoded(task.home.series, task.home.readings)
    at = 0
    for _, week in groupby(task.home.readings, lambda r: number_of[_day(r)] // _WEEK_DAYS):
        count = sum(1 for _ in week)
        weeks.append(documents[at : at + count])
        at += count
    shuffled = list(documents)
    Random(task.seed).shuffle(shuffled)
    ways: list[tuple[str, Sequence[Sequence[Any]], bool]] = [
        ("a checkpoint each week", weeks, True),
        ("in order", weeks, False),
        ("newest week first", weeks[::-1], False),
        ("random", in_batches(shuffled, max(map(len, weeks))), False),
    ]
    return [
        _variant(task, Spec(label, layout), batches, checkpoints)
        for label, batches, checkpoints in ways
        for layout in BOTH
    ]


def shapes(task: Task) -> list[Variant]:
    """Fields of the documents, and a document a day."""
    series, readings = task.home.series, task.home.readings
    lean = in_batches(encoded(series, readings))
    found = [_variant(task, Spec("lean", layout), lean) for layout in BOTH]
    for label, change in (
        ("fat metadata", fat),
        ("doubles", with_double),
        ("flags at one in ten", flagged),
    ):
        batches = in_batches(encoded(series, readings, change))
        found += [_variant(task, Spec(label, layout), batches) for layout in BOTH]
    with_ids = in_batches(encoded(series, readings, with_id))
    found.append(_variant(task, Spec("with _id", Layout.TIME_SERIES), with_ids))
    found.append(_variant(task, Spec("lean, zstd", Layout.REGULAR, "zstd"), lean))
    days = in_batches(day_documents(series, readings))
    found += [
        _variant(task, Spec(f"an array a day, {compressor}", Layout.DAYS, compressor), days)
        for compressor in ("snappy", "zstd")
    ]
    return found


VARIANTS: dict[str, Callable[[Task], list[Variant]]] = {
    "compressors": compressors,
    "granularity": granularities,
    "order": orders,
    "shape": shapes,
}
"""What each experiment of sizes compares."""


def _day(reading: Reading) -> int:
    return day_of(reading.start).toordinal()


def _variant(
    task: Task, spec: Spec, batches: Sequence[Sequence[Any]], checkpoints: bool = False
) -> Variant:
    return Variant(spec, len(task.home.readings), batches, checkpoints)
