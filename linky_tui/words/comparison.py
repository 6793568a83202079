"""The comparison of both collections as rows of texts."""

from __future__ import annotations

from dataclasses import dataclass

from linky_tui.storage.compare.stats import CollectionSize, Comparison
from linky_tui.text.formatting import (
    NOTHING,
    bytes_per_reading_text,
    bytes_text,
    count_text,
    percent_text,
    plain,
    things,
)

SETTLING = "settling"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    label: str  # what is compared
    regular: str  # of the regular collection
    timeseries: str  # of the time series one
    saved: str = ""  # what that saves, or what else there is to say
    heavy: bool = False  # whether it is one that the others lead up to

    @property
    def cells(self) -> tuple[str, str, str]:
        """The three columns after the label."""
        return self.regular, self.timeseries, self.saved


def comparison_rows(comparison: Comparison, *, lagging: bool = False) -> list[Row]:
    """The six rows that both the dashboard and the storage page show.

    Args:
        comparison: of both collections.
        lagging: whether sizes on disk are older than the readings, so that comparing them says
            nothing yet.
    """
    one, two, saved = comparison.regular, comparison.timeseries, comparison.saved

    def on_disk(fraction: float | None) -> str:
        return SETTLING if lagging else percent_text(fraction)

    return [
        Row("readings", count_text(one.readings), count_text(two.readings), sameness(comparison)),
        Row("data", *_bytes(one.data_bytes, two.data_bytes), percent_text(saved.data)),
        Row("storage", *_bytes(one.storage_bytes, two.storage_bytes), on_disk(saved.storage)),
        Row("indexes", *_bytes(one.index_bytes, two.index_bytes), on_disk(saved.index)),
        Row(
            "total",
            *_bytes(one.total_bytes, two.total_bytes),
            on_disk(saved.total),
            heavy=True,
        ),
        Row(
            "per reading",
            bytes_per_reading_text(one.bytes_per_reading),
            bytes_per_reading_text(two.bytes_per_reading),
        ),
    ]


def detail_rows(comparison: Comparison, ideal_buckets: int, *, lagging: bool = False) -> list[Row]:
    """What the storage page shows beside these: ``_id``, indexes, buckets."""
    one, two = comparison.regular, comparison.timeseries
    buckets, full = comparison.buckets, comparison.readings_per_bucket
    return [
        Row("total per reading", _total_a_reading(one), _total_a_reading(two)),
        Row(
            "data without _id",
            *_bytes(one.data_bytes - one.id_bytes, two.data_bytes),
            percent_text(comparison.saved_without_id_data),
        ),
        Row(
            "total without _id",
            *_bytes(one.total_bytes - one.id_index_bytes, two.total_bytes),
            SETTLING if lagging else percent_text(comparison.saved_without_id_total),
        ),
        Row("index on _id", bytes_text(one.id_index_bytes), "none"),
        Row("index on meter, time", *_bytes(_own_index(one), _own_index(two))),
        Row(
            "buckets",
            NOTHING,
            "not known" if buckets is None else count_text(buckets),
            f"{count_text(ideal_buckets)} ideal",
        ),
        Row(
            "readings a bucket",
            NOTHING,
            NOTHING if full is None else f"{full:,.0f}",
            comparison.granularity or "",
        ),
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
        f"({bytes_text(size.foreign_index_bytes)})"
        for size in (comparison.regular, comparison.timeseries)
        if size.foreign_indexes
    ]
    if not named:
        return ""
    return f"Indexes that linky-tui did not make count too: {'; '.join(named)}."


def honest_note(comparison: Comparison, *, detailed: bool = False, lagging: bool = False) -> str:
    """What a sceptic asks: ``_id``, the compressor, and indexes that are not ours."""
    foreign = foreign_index_note(comparison)
    if detailed:
        return f"Regular is compressed with snappy, time series with zstd. {foreign}".strip()
    saved = f"data {percent_text(comparison.saved_without_id_data)}"
    if not lagging:
        saved += f", total {percent_text(comparison.saved_without_id_total)}"
    return f"Without _id: {saved}. Regular is snappy, time series zstd. {foreign}".strip()


def _own_index(size: CollectionSize) -> int:
    return size.index_bytes - size.id_index_bytes - size.foreign_index_bytes


def _total_a_reading(size: CollectionSize) -> str:
    return bytes_per_reading_text(size.total_bytes / size.readings if size.readings else None)


def _bytes(one: int, two: int) -> tuple[str, str]:
    return bytes_text(one), bytes_text(two)
