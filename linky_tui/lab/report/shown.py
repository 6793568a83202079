"""A result as tables and plots, whichever front end draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from linky_tui.domain.laboratory import (
    FINE_READINGS,
    PAGE_BYTES,
    Contestant,
    Estimate,
    Layout,
    LoadOrder,
    Result,
    Side,
    largest_lived,
)
from linky_tui.lab.catalogue import BY_KEY
from linky_tui.lab.report.blocks import Bar, Bars, Line, Lines, Plot, Range, Ranges, Shown, Table
from linky_tui.lab.report.figures import (
    index_text,
    name_of,
    per_reading_text,
    speed_text,
    storage_text,
    total_text,
)
from linky_tui.lab.report.sentences import sentence
from linky_tui.text.formatting import NOTHING, bytes_text, count_text


def shown(result: Result) -> Shown:
    """Tables, plots and texts of a result."""
    known = BY_KEY[result.experiment]
    tables, plots = _PARTS.get(result.experiment, _sizes)(result)
    return Shown(
        known.number,
        known.title,
        known.question,
        sentence(result),
        tables,
        plots,
        known.method,
        conditions(result),
        _notes(result),
    )


def conditions(result: Result) -> tuple[tuple[str, str], ...]:
    """Under what it was measured, as names and values; what is not known is a dash."""
    its = result.conditions

    def size(value: int | None) -> str:
        return NOTHING if value is None else bytes_text(value)

    indexes = {
        str(side.layout): ", ".join(side.indexes) for side in _all_sides(result) if side.indexes
    }
    compressors = {str(s.layout): s.compressor for s in _all_sides(result) if s.compressor}
    return (
        ("measured", f"{result.measured_at} in {result.took_s:,.1f} s"),
        ("where", its.where),
        ("data", f"{its.data}; {count_text(its.readings)} readings, {its.first} to {its.last}"),
        ("seed", str(its.seed)),
        ("MongoDB", f"{its.server_version}, compatibility {its.compatibility or NOTHING}"),
        ("topology", its.topology or NOTHING),
        ("engine", f"{its.engine or NOTHING}, cache {size(its.cache_bytes)}"),
        ("settings", " ".join(its.settings) or NOTHING),
        ("checkpoint", its.checkpoint),
        *((f"indexes, {layout}", names) for layout, names in indexes.items()),
        *(
            (("compressor", "; ".join(f"{k}: {v}" for k, v in compressors.items())),)
            if result.experiment not in ("compressors", "shape")
            else ()
        ),
        ("machine", f"{its.processor or NOTHING}, {its.cores} cores, {size(its.memory_bytes)}"),
        ("system", its.system),
        ("program", f"linky-tui {its.program}, Python {its.python}, {its.driver}"),
    )


_Parts: TypeAlias = tuple[tuple[Table, ...], tuple[Plot, ...]]


def _sizes(result: Result) -> _Parts:
    named = all(side.compressor == side.label for side in result.sides)
    rows = tuple(
        (
            name_of(side),
            *(() if named else (side.compressor or NOTHING,)),
            *(
                text.removesuffix(" B")
                for text in (
                    per_reading_text(side, side.data_bytes),
                    storage_text(side),
                    index_text(side),
                    total_text(side),
                )
            ),
            NOTHING if side.buckets is None else count_text(side.buckets),
        )
        for side in result.sides
    )
    compressor = () if named else ("compressor",)
    head = ("", *compressor, "data", "storage", "indexes", "total", "buckets")
    return (
        (Table("Bytes a reading, used", head, rows),),
        (
            _bars("Data a reading", result.sides, lambda side: side.data_bytes),
            _bars("Storage and indexes a reading", result.sides, lambda side: side.total_bytes),
        ),
    )


def _bars(title: str, sides: tuple[Side, ...], size: Callable[[Side], int | None]) -> Bars:
    return Bars(
        title,
        "B",
        tuple(
            Bar(name_of(side), value)
            for side in sides
            if (value := side.per_reading(size(side))) is not None
        ),
    )


def _race(result: Result) -> _Parts:
    tables = []
    for title, headers in (("Questions", False), ("Answered from the headers of buckets", True)):
        rows = tuple(
            (
                question.text,
                *(_times(question.of(layout)) for layout in Layout),
                NOTHING if question.speedup is None else speed_text(question.speedup),
                "yes" if question.equal else "NO",
            )
            for question in result.questions
            if question.from_headers is headers
        )
        if rows:
            head = ("median (10th to 90th percentile), ms", *map(str, Layout))
            tables.append(Table(title, (*head, "regular / time series", "same answer"), rows))
    plans = tuple(
        (
            question.text,
            str(each.layout),
            NOTHING if each.documents_examined is None else count_text(each.documents_examined),
            each.plan or NOTHING,
        )
        for question in result.questions
        for each in question.contestants
    )
    tables.append(
        Table("Plans, as explain tells them", ("", "layout", "documents examined", "plan"), plans)
    )
    ranges = tuple(
        Range(f"{question.text}, {each.layout}", each.p10_ms, each.median_ms, each.p90_ms)
        for question in result.questions
        for each in question.contestants
    )
    return tuple(tables), (Ranges("Time to the answer, warm cache", "ms", ranges),)


def _times(contestant: Contestant | None) -> str:
    if contestant is None:
        return NOTHING
    low, high = contestant.p10_ms, contestant.p90_ms
    return f"{contestant.median_ms:,.1f} ({low:,.1f} to {high:,.1f})"


def _fleet(result: Result) -> _Parts:
    rows = tuple(
        (
            f"{count_text(run.homes)} homes, {run.order}",
            _of_homes(run.regular, run.homes),
            _of_homes(run.timeseries, run.homes),
            *(f"{rate:,.0f}" for rate in run.readings_per_s),
            NOTHING if run.timeseries.buckets is None else count_text(run.timeseries.buckets),
            NOTHING if run.open_buckets is None else count_text(run.open_buckets),
            _spread(run.home_bytes),
        )
        for run in result.fleets
    )
    head = ("measured", "regular, a meter", "time series, a meter", "regular, readings a second")
    more = ("time series, readings a second", "buckets", "open buckets", "data of a home")
    curves = tuple(
        Line(
            f"{name}, {order}",
            tuple(
                sorted(
                    (float(run.homes), size / run.homes / 1000)
                    for run in result.fleets
                    if run.order is order
                    and run.homes_from == 0
                    and (size := (run.regular if regular else run.timeseries).total_bytes)
                )
            ),
        )
        for name, regular in (("regular", True), ("time series", False))
        for order in LoadOrder
    )
    tables = [Table("Fleets", (*head, *more), rows)]
    tables += [_place(result, place) for place in dict.fromkeys(e.place for e in result.estimates)]
    if result.oplog is not None:
        tables.append(_oplog(result))
    return tuple(tables), (Lines("Storage and indexes a meter", "homes", "kB", curves),)


def _place(result: Result, place: str) -> Table:
    its = [each for each in result.estimates if each.place == place]
    rows = tuple(
        (
            each.what,
            _value_text(each),
            "measured" if each.measured else "extrapolated",
            each.formula if not each.measured else "",
        )
        for each in its
    )
    title = f"{place[0].upper()}{place[1:]}, {count_text(its[0].meters)} meters"
    return Table(title, ("", "value (band)", "", "formula"), rows)


def _oplog(result: Result) -> Table:
    oplog = result.oplog
    assert oplog is not None  # noqa: S101 asked before
    return Table(
        f"Oplog of a day of {count_text(oplog.homes)} homes (measured)",
        ("", "bytes", "a reading"),
        tuple(
            (name, count_text(size), f"{size / oplog.readings:,.1f} B")
            for name, size in (
                ("regular", oplog.regular_bytes),
                ("time series", oplog.timeseries_bytes),
            )
        ),
    )


def _of_homes(side: Side, homes: int) -> str:
    return NOTHING if side.total_bytes is None else bytes_text(side.total_bytes / homes)


def _spread(sizes: tuple[int, ...]) -> str:
    return f"{bytes_text(sizes[0])} to {bytes_text(sizes[-1])}" if sizes else NOTHING


def _value_text(estimate: Estimate) -> str:
    value, low, high, unit = estimate.value, estimate.low, estimate.high, estimate.unit

    def text(value: float) -> str:
        return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.2f}"

    if unit == "GB" and value < 1:
        band = f" ({bytes_text(low * 1e9)} to {bytes_text(high * 1e9)})"
        return bytes_text(value * 1e9) + ("" if low == high else band)
    band = "" if low == high else f" ({text(low)} to {text(high)})"
    return f"{text(value)}{band} {unit.removesuffix('s') if high == 1 else unit}"


def _cardinality(result: Result) -> _Parts:
    rows = tuple(
        (
            f"{each.factor:g}",
            bytes_text(each.threshold_bytes),
            count_text(each.homes),
            NOTHING if each.open_buckets is None else count_text(each.open_buckets),
            NOTHING if (n := each.timeseries.readings_per_bucket) is None else f"{n:,.0f}",
            per_reading_text(each.timeseries, each.timeseries.data_bytes),
            total_text(each.timeseries),
        )
        for each in result.crowding
    )
    head = ("too small by", "memory", "homes", "open buckets", "readings a bucket", "data")
    points = [(each.factor, each.timeseries) for each in result.crowding]
    full = tuple((x, n) for x, side in points if (n := side.readings_per_bucket) is not None)
    size = tuple((x, n) for x, s in points if (n := s.per_reading(s.data_bytes)) is not None)
    return (
        (Table("More meters than open buckets", (*head, "storage and indexes"), rows),),
        (
            Lines("Readings a bucket", "too small by", "readings", (Line("time series", full),)),
            Lines("Data a reading", "too small by", "B", (Line("time series", size),)),
        ),
    )


def _formats(result: Result) -> _Parts:
    fine = result.conditions.readings >= FINE_READINGS
    rows = [
        (name_of(side), total_text(side), bytes_text(side.total_bytes or 0), "measured", "")
        for side in result.sides
        if side.total_bytes is not None
    ]
    rows += [
        (
            each.name,
            f"{each.bytes_per_reading:,.{2 if fine or not each.measured else 1}f} B",
            NOTHING if each.size_bytes is None else bytes_text(each.size_bytes),
            "measured" if each.measured else "published",
            each.source,
        )
        for each in result.formats
    ]
    bars = [
        Bar(name_of(side), value)
        for side in result.sides
        if (value := side.per_reading(side.total_bytes)) is not None
    ]
    bars += [Bar(each.name, each.bytes_per_reading) for each in result.formats]
    head = ("", "a reading", "in all", "", "source")
    return (
        (Table("Bytes a reading", head, tuple(rows)),),
        (Bars("Bytes a reading", "B", tuple(bars)),),
    )


_PARTS: dict[str, Callable[[Result], _Parts]] = {
    "race": _race,
    "fleet": _fleet,
    "cardinality": _cardinality,
    "formats": _formats,
}


def _all_sides(result: Result) -> list[Side]:
    of_fleets = [side for run in result.fleets for side in (run.regular, run.timeseries)]
    return [*result.sides, *of_fleets, *(each.timeseries for each in result.crowding)]


def _notes(result: Result) -> tuple[str, ...]:
    notes = [f"{name_of(side)}: {side.refused}" for side in result.sides if side.refused]
    if result.experiment == "fleet":
        notes.append(
            "The homes are simulated, each drawn on its own; a real country is more varied. The "
            "band is twice the spread between fleets of other homes, or the change between the "
            "two largest fleets where that is more. What shards both collections on a cluster: "
            "linky-tui --shard-commands."
        )
        lived = largest_lived(result.fleets)
        if lived is not None and (buckets := lived.timeseries.buckets):
            notes.append(
                f"If each of the {count_text(round(buckets / lived.homes))} buckets of a meter "
                f"had a page of the file ({bytes_text(PAGE_BYTES)}) for itself, a meter would take "
                f"{bytes_text(PAGE_BYTES * buckets / lived.homes)} of storage. How many share one "
                "depends on when the server writes them; no fleet is worse than that."
            )
    if any(each.buckets is not None for each in _all_sides(result)):
        notes.append("Used bytes: the files less what the server can reuse in them.")
    return tuple(notes)
