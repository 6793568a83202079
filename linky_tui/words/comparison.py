"""The comparison of both collections as rows of texts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from linky_tui.text.formatting import (
    NOTHING,
    bytes_per_reading_text,
    bytes_text,
    count_text,
    percent_text,
    plain,
    things,
)

if TYPE_CHECKING:
    from linky_tui.storage.compare.sizes import CollectionSize
    from linky_tui.storage.compare.stats import Comparison

SETTLING = "settling"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    label: str  # what is compared
    regular: str  # of the regular collection
    timeseries: str  # of the time series one
    saved: str = ""  # what that saves, or what else there is to say
    heavy: bool = False  # whether it is one that the others lead up to
    field: str = ""  # MongoDB's own name for it, in the answer of `$collStats`

    @property
    def cells(self) -> tuple[str, str, str]:
        """The three columns after the label."""
        return self.regular, self.timeseries, self.saved


def comparison_rows(comparison: Comparison) -> list[Row]:
    """The six rows that both the dashboard and the storage page show.

    No size on disk is shown before it is settled.
    """
    one, two, saved = comparison.regular, comparison.timeseries, comparison.saved
    return [
        Row("readings", count_text(one.readings), count_text(two.readings), sameness(comparison)),
        Row(
            "data",
            *_bytes(one.data_bytes, two.data_bytes),
            percent_text(saved.data),
            field="size",
        ),
        replace(
            _on_disk(comparison, "storage", one.storage_bytes, two.storage_bytes, saved.storage),
            field="storageSize",
        ),
        replace(
            _on_disk(comparison, "indexes", one.index_bytes, two.index_bytes, saved.index),
            field="totalIndexSize",
        ),
        replace(
            _on_disk(comparison, "total", one.total_bytes, two.total_bytes, saved.total),
            heavy=True,
            field="totalSize",
        ),
        Row(
            "per reading",
            bytes_per_reading_text(one.bytes_per_reading),
            bytes_per_reading_text(two.bytes_per_reading),
        ),
    ]


def detail_rows(comparison: Comparison) -> list[Row]:
    """What the storage page shows beside these: ``_id``, indexes, buckets."""
    one, two = comparison.regular, comparison.timeseries
    full = comparison.readings_per_bucket
    without_id = None if one.data_bytes is None else one.data_bytes - one.id_bytes
    rows = [
        Row("total per reading", *_totals_a_reading(comparison)),
        Row(
            "data without _id",
            *_bytes(without_id, two.data_bytes),
            percent_text(comparison.saved_without_id_data),
        ),
        _on_disk(
            comparison,
            "total without _id",
            one.total_bytes - one.id_index_bytes,
            two.total_bytes,
            comparison.saved_without_id_total,
        ),
        Row(
            "index on _id",
            bytes_text(one.id_index_bytes) if comparison.settled else NOTHING,
            "none",
        ),
        _on_disk(comparison, "index on meter, time", _own_index(one), _own_index(two)),
    ]
    if two.server_indexes:
        rows.append(
            _on_disk(
                comparison,
                "without MongoDB's own",
                one.total_bytes,
                two.total_bytes - two.server_index_bytes,
                comparison.saved_without_server_index[1],
            )
        )
    return [
        *rows,
        replace(
            _on_disk(comparison, "free", one.reusable_bytes, two.reusable_bytes),
            field="freeStorageSize",
        ),
        Row(
            "buckets",
            NOTHING,
            "not known" if comparison.buckets is None else count_text(comparison.buckets),
            field="bucketCount",
        ),
        Row("readings a bucket", NOTHING, NOTHING if full is None else f"{full:,.0f}"),
        Row("fewest buckets", NOTHING, count_text(comparison.ideal_buckets)),
        Row("granularity", NOTHING, comparison.granularity or NOTHING),
    ]


def sameness(comparison: Comparison) -> str:
    """How alike both are: proved, or as far as counting tells."""
    if comparison.identical is not None:
        return "identical" if comparison.identical else "different"
    apart = abs(comparison.regular.readings - comparison.timeseries.readings)
    return f"{count_text(apart)} apart" if apart else "same count"


def lost_note(comparison: Comparison, remedy: str) -> str:
    """That the regular collection was lost, and what copies it back; empty where it was not."""
    if not comparison.regular_lost:
        return ""
    held = things(comparison.timeseries.readings, "reading")
    return f"The regular collection is empty, but the time series one holds {held}: {remedy}."


def foreign_index_note(comparison: Comparison) -> str:
    """Which indexes count though another hand made them; empty where there are none."""
    named = [
        f"{', '.join(plain(name, 40) for name in size.foreign_indexes)} of {size.name} "
        f"({bytes_text(size.foreign_index_bytes) if comparison.settled else SETTLING})"
        for size in (comparison.regular, comparison.timeseries)
        if size.foreign_indexes
    ]
    if not named:
        return ""
    return f"Indexes that linky-tui did not make count too: {'; '.join(named)}."


def server_index_note(comparison: Comparison) -> str:
    """Which index MongoDB itself made, so that not both carry the same; empty without one."""
    two = comparison.timeseries
    if not two.server_indexes:
        return ""
    named = ", ".join(plain(name, 40) for name in two.server_indexes)
    if not comparison.settled:
        return f"MongoDB itself made the index {named} of {two.name}, which counts too."
    total = percent_text(comparison.saved_without_server_index[1])
    return (
        f"MongoDB itself made the index {named} of {two.name} "
        f"({bytes_text(two.server_index_bytes)}), which counts too: without it the total saves "
        f"{total}."
    )


def lost_counters_note(comparison: Comparison) -> str:
    """Why the data of the time series collection is not told; empty where it is."""
    if not comparison.counters_lost:
        return ""
    return (
        f"Data of {comparison.timeseries.name}: not known, because the server's counters were lost "
        "in a crash; a rebuild measures anew."
    )


def orphans_note(comparison: Comparison) -> str:
    """What shards hold though another one owns it; empty without any."""
    held = [
        f"{things(size.orphans, 'orphan')} of {size.name}"
        for size in (comparison.regular, comparison.timeseries)
        if size.orphans
    ]
    return f"What shards still have to clear away counts too: {', '.join(held)}." if held else ""


def caption(comparison: Comparison) -> str:
    """What is compared: with which compressors and indexes, as the server told them."""
    one, two = (
        f"{size.name} ({_compressed(size)}; {_indexes(size)})"
        for size in (comparison.regular, comparison.timeseries)
    )
    return f"Used bytes of {one} and of {two}."


def compressed(size: CollectionSize) -> str:
    """The name of a collection and how it is compressed."""
    return f"{size.name}, {size.compressor or 'compressor not known'}"


def compressors_text(comparison: Comparison) -> str:
    """How both are compressed, in a few words."""
    one, two = comparison.regular.compressor, comparison.timeseries.compressor
    if one == two:
        return f"Both are {_compressed(comparison.regular)}."
    return (
        f"Regular is {_compressed(comparison.regular)}, "
        f"time series {_compressed(comparison.timeseries)}."
    )


def honest_note(comparison: Comparison, *, detailed: bool = False) -> str:
    """What a sceptic asks: ``_id``, the compressor, and indexes that are not ours."""
    if detailed:
        said = [caption(comparison)]
    else:
        saved = f"data {percent_text(comparison.saved_without_id_data)}"
        if comparison.settled:
            saved += f", total {percent_text(comparison.saved_without_id_total)}"
        said = [f"Without _id: {saved}.", compressors_text(comparison)]
    said += [
        lost_counters_note(comparison),
        server_index_note(comparison),
        foreign_index_note(comparison),
        orphans_note(comparison),
    ]
    return " ".join(filter(None, said))


def _on_disk(
    comparison: Comparison,
    label: str,
    one: int,
    two: int,
    saved: float | Literal[""] | None = "",
) -> Row:
    if not comparison.settled:
        return Row(label, NOTHING, NOTHING, SETTLING)
    return Row(label, *_bytes(one, two), "" if saved == "" else percent_text(saved))


def _compressed(size: CollectionSize) -> str:
    if size.compressor is None:
        return "with a compressor that is not known"
    return "uncompressed" if size.compressor == "none" else size.compressor


def _indexes(size: CollectionSize) -> str:
    named = ", ".join(plain(name, 40) for name in size.indexes)
    return f"{'indexes' if len(size.indexes) > 1 else 'index'} {named}" if named else "no index"


def _own_index(size: CollectionSize) -> int:
    other = size.id_index_bytes + size.foreign_index_bytes + size.server_index_bytes
    return size.index_bytes - other


def _totals_a_reading(comparison: Comparison) -> tuple[str, str]:
    def of(size: CollectionSize) -> str:
        known = size.readings and comparison.settled
        return bytes_per_reading_text(size.total_bytes / size.readings if known else None)

    return of(comparison.regular), of(comparison.timeseries)


def _bytes(one: int | None, two: int | None) -> tuple[str, str]:
    return (
        NOTHING if one is None else bytes_text(one),
        NOTHING if two is None else bytes_text(two),
    )
