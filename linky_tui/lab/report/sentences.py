"""What each experiment shows, in one sentence that is computed from what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from linky_tui.domain.laboratory import Estimate, Layout, Question, Result, Side, largest_lived
from linky_tui.lab.report.figures import (
    find,
    per_reading_text,
    speed_text,
    times_text,
    total_text,
)
from linky_tui.text.formatting import NOTHING, bytes_text, count_text

_NOT_MEASURED = "It was not measured: the server refused what it needs."


def sentence(result: Result) -> str:
    """One sentence about a result."""
    return _SENTENCES[result.experiment](result)


def _compressors(result: Result) -> str:
    best = find(result.sides, Layout.REGULAR, "zstd")
    usual = find(result.sides, Layout.REGULAR, "snappy")
    timeseries = find(result.sides, Layout.TIME_SERIES, "zstd")
    if best is None or usual is None or timeseries is None:
        return _NOT_MEASURED
    return (
        f"With zstd on both sides time series needs {_smaller(best, timeseries)} storage than "
        f"regular documents: that is the layout; zstd in place of snappy makes regular "
        f"documents {times_text(usual.storage_bytes, best.storage_bytes)} smaller: that is the "
        "compressor."
    )


def _granularity(result: Result) -> str:
    regular = find(result.sides, Layout.REGULAR, "regular")
    seconds = find(result.sides, Layout.TIME_SERIES, "seconds")
    hours = find(result.sides, Layout.TIME_SERIES, "hours")
    if regular is None or seconds is None or hours is None:
        return _NOT_MEASURED
    larger = (seconds.data_bytes or 0) > (regular.data_bytes or 0)
    return (
        f"With seconds, the default, a reading takes {_data(seconds)} of data, "
        f"{'more' if larger else 'less'} than the {_data(regular)} of a regular document; with "
        f"hours it takes {_data(hours)}."
    )


def _order(result: Result) -> str:
    ordered = find(result.sides, Layout.TIME_SERIES, "in order")
    newest = find(result.sides, Layout.TIME_SERIES, "newest week first")
    chance = find(result.sides, Layout.TIME_SERIES, "random")
    if ordered is None or newest is None or chance is None:
        return _NOT_MEASURED
    return (
        f"In order a reading takes {_data(ordered)} of time series data, the newest week first "
        f"{_data(newest)}, at random {_data(chance)}: buckets want their readings in order."
    )


def _shape(result: Result) -> str:
    day = find(result.sides, Layout.DAYS, "an array a day, zstd")
    lean = find(result.sides, Layout.TIME_SERIES, "lean")
    regular = find(result.sides, Layout.REGULAR, "lean")
    if day is None or lean is None or regular is None:
        return _NOT_MEASURED
    return (
        f"Against the classic document a day with zstd time series saves "
        f"{times_text(day.total_bytes, lean.total_bytes)} (storage and indexes), against a "
        f"document a reading {times_text(regular.total_bytes, lean.total_bytes)}."
    )


def _race(result: Result) -> str:
    compared = [each for each in result.questions if each.speedup is not None]
    if not compared:
        return _NOT_MEASURED
    read = [each for each in compared if not each.from_headers]
    headers = [each for each in compared if each.from_headers]
    won = [each for each in read if (each.speedup or 0) > 1]
    lost = [each for each in read if each not in won]
    unequal = [each.text for each in result.questions if not each.equal]
    text = (
        f"With a warm cache time series answers {len(won)} of {len(read)} questions faster than "
        "regular documents"
    )
    if lost:
        text += f" and loses at {_speeds(lost)}"
    if headers:
        text += f"; from the headers of its buckets alone it answers {_speeds(headers)}"
    if unequal:
        text += f"; the answers to {', '.join(unequal)} were not the same"
    return text + "."


def _fleet(result: Result) -> str:
    largest = largest_lived(result.fleets)
    if largest is None:
        return _NOT_MEASURED
    country = {each.what: each for each in result.estimates if each.place == "the country"}
    text = (
        f"{count_text(largest.homes)} homes as they live take "
        f"{_per_meter(largest.regular, largest.homes)} a meter as regular documents and "
        f"{_per_meter(largest.timeseries, largest.homes)} as time series (measured)"
    )
    regular = country.get("regular, storage and indexes")
    timeseries = country.get("time series, storage and indexes")
    if regular and timeseries:
        text += (
            f"; all {count_text(regular.meters)} meters would take {_band(regular)} and "
            f"{_band(timeseries)} (extrapolated)"
        )
    shards = country.get("time series, shards")
    if shards:
        text += f", and {shards.value:,.0f} shards, for the memory of open buckets"
    return text + "."


def _cardinality(result: Result) -> str:
    if not result.crowding:
        return _NOT_MEASURED
    roomy, crowded = result.crowding[0], result.crowding[-1]
    return (
        f"With room for one open bucket in {crowded.factor:g}, a bucket holds "
        f"{_full(crowded.timeseries)} readings instead of {_full(roomy.timeseries)} and a reading "
        f"takes {_data(crowded.timeseries)} of data instead of {_data(roomy.timeseries)}."
    )


def _formats(result: Result) -> str:
    side = next((each for each in result.sides if each.layout is Layout.TIME_SERIES), None)
    sizes = {each.name: each.bytes_per_reading for each in result.formats}
    if side is None or not sizes:
        return _NOT_MEASURED
    return (
        f"A reading takes {total_text(side)} as time series, with an index and open to questions; "
        f"JSON lines take {_named(sizes, 'JSON lines')}, with gzip "
        f"{_named(sizes, 'JSON lines, gzip')}, CSV with xz {_named(sizes, 'CSV, xz')}, and the "
        f"entropy of its watts is {_named(sizes, 'entropy of the watts')}."
    )


_SENTENCES: dict[str, Callable[[Result], str]] = {
    "compressors": _compressors,
    "granularity": _granularity,
    "order": _order,
    "shape": _shape,
    "race": _race,
    "fleet": _fleet,
    "cardinality": _cardinality,
    "formats": _formats,
}


def _smaller(larger: Side, smaller: Side) -> str:
    return f"{times_text(larger.storage_bytes, smaller.storage_bytes)} less"


def _data(side: Side) -> str:
    return per_reading_text(side, side.data_bytes)


def _full(side: Side) -> str:
    full = side.readings_per_bucket
    return NOTHING if full is None else f"{full:,.0f}"


def _speeds(questions: Sequence[Question]) -> str:
    return ", ".join(
        f"{each.text} ({speed_text(each.speedup or 0)} times as fast)" for each in questions
    )


def _per_meter(side: Side, homes: int) -> str:
    total = side.total_bytes
    return NOTHING if total is None else bytes_text(total / homes)


def _band(estimate: Estimate) -> str:
    half = max(estimate.high - estimate.value, estimate.value - estimate.low)
    return f"{estimate.value:,.0f} ± {half:,.0f} {estimate.unit}"


def _named(sizes: dict[str, float], name: str) -> str:
    return f"{sizes[name]:,.1f} B" if name in sizes else NOTHING
