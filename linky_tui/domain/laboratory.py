"""What the storage laboratory measures: plain results, each with the conditions it holds under.

Sizes are bytes. *Used* bytes are those of a file less what the server can reuse in it, which do
not depend on how the file was written. ``None`` is "not known": what a
server refused to say, or what had not settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

PAGE_BYTES = 4096
"""Files grow by pages of this size, so that each figure is off by up to one page a file."""
FINE_READINGS = 1_000_000
"""From so many readings on a figure a reading deserves two decimals."""


class Layout(StrEnum):
    """How readings are laid out in a collection."""

    REGULAR = "regular"  # a document each
    TIME_SERIES = "time series"
    DAYS = "day documents"  # a document a day with an array of watts


@dataclass(frozen=True, slots=True)
class Side:
    """One collection that was filled and measured."""

    label: str  # what sets it apart from the others of its experiment, such as `zstd`
    layout: Layout
    readings: int
    documents: int  # as inserted: one a reading, or one a day
    compressor: str | None = None  # of its blocks, as the server says
    indexes: tuple[str, ...] = ()  # as the server lists them
    buckets: int | None = None  # of a time series collection
    data_bytes: int | None = None  # the documents, or the compressed buckets
    storage_bytes: int | None = None  # used, on disk
    index_bytes: int | None = None  # used, on disk, all indexes
    reusable_bytes: int | None = None  # what the files hold beyond that
    fill_s: float = 0.0  # inserting alone took
    refused: str = ""  # why there are no figures

    @property
    def total_bytes(self) -> int | None:
        """Storage and indexes."""
        if self.storage_bytes is None or self.index_bytes is None:
            return None
        return self.storage_bytes + self.index_bytes

    @property
    def error_bytes(self) -> int:
        """How far off the total may be, for the pages of its files."""
        return PAGE_BYTES * (1 + max(1, len(self.indexes)))

    @property
    def readings_per_bucket(self) -> float | None:
        """How full its buckets are."""
        return self.readings / self.buckets if self.buckets else None

    def per_reading(self, size_bytes: int | None) -> float | None:
        """A size of it, a reading."""
        return None if size_bytes is None or not self.readings else size_bytes / self.readings


@dataclass(frozen=True, slots=True)
class Contestant:
    """How one layout answered a question."""

    layout: Layout
    median_ms: float
    p10_ms: float  # a tenth of the rounds were faster
    p90_ms: float  # a tenth were slower
    plan: str  # the stages of the plan, as `explain` names them, from the first read on
    documents_examined: int | None  # by the plan; buckets count as one each
    from_headers: bool = False  # whether no bucket had to be unpacked


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the charts, asked of all layouts in turn."""

    text: str
    rounds: int  # that were timed, after those that warmed up
    rows: int  # of the answer
    equal: bool  # whether all layouts gave the same answer
    contestants: tuple[Contestant, ...]

    @property
    def from_headers(self) -> bool:
        """Whether time series answered from the headers of its buckets."""
        return any(each.from_headers for each in self.contestants)

    def of(self, layout: Layout) -> Contestant | None:
        """How a layout did."""
        return next((each for each in self.contestants if each.layout is layout), None)

    @property
    def speedup(self) -> float | None:
        """How many times faster time series is than regular; below 1 it loses."""
        regular, timeseries = self.of(Layout.REGULAR), self.of(Layout.TIME_SERIES)
        if regular is None or timeseries is None or not timeseries.median_ms:
            return None
        return regular.median_ms / timeseries.median_ms


class LoadOrder(StrEnum):
    """In which order a fleet is loaded."""

    BY_HOME = "home by home"
    BY_DAY = "a day of all homes at a time"  # as it is lived


@dataclass(frozen=True, slots=True)
class FleetRun:
    """A fleet that was loaded into both collections."""

    homes: int
    homes_from: int  # number of the first one: other homes in another run
    order: LoadOrder
    regular: Side
    timeseries: Side
    processes: int  # that inserted at once
    open_buckets: int | None = None  # after the time series load, as `serverStatus` says
    catalog_bytes: int | None = None  # memory of the open buckets then
    home_bytes: tuple[int, ...] = ()  # data of the buckets of each home, sorted; empty: not known

    @property
    def readings_per_s(self) -> tuple[float, float]:
        """Readings a second into the regular collection and into the time series one."""
        return (
            self.regular.readings / self.regular.fill_s if self.regular.fill_s else 0.0,
            self.timeseries.readings / self.timeseries.fill_s if self.timeseries.fill_s else 0.0,
        )

    @property
    def bucket_bytes(self) -> float | None:
        """Memory of an open bucket."""
        return _bucket_bytes(self.open_buckets, self.catalog_bytes)


def largest_lived(runs: Sequence[FleetRun]) -> FleetRun | None:
    """The largest of the fleets that were loaded as they live."""
    lived = (each for each in runs if each.order is LoadOrder.BY_DAY)
    return max(lived, key=lambda each: each.homes, default=None)


def _bucket_bytes(open_buckets: int | None, catalog_bytes: int | None) -> float | None:
    if not open_buckets or catalog_bytes is None:
        return None
    return catalog_bytes / open_buckets


@dataclass(frozen=True, slots=True)
class OplogDay:
    """What a replica set writes into its oplog for a day of a fleet."""

    homes: int
    readings: int  # of that day
    regular_bytes: int
    timeseries_bytes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure for many meters."""

    place: str  # such as `a village`
    meters: int
    what: str  # such as `regular, storage and indexes`
    unit: str  # `GB`, `disks`, `shards` …
    value: float
    low: float  # of the error band
    high: float
    measured: bool  # or extrapolated
    formula: str  # how it follows, with its figures


@dataclass(frozen=True, slots=True)
class Crowding:
    """A fleet in a server whose catalog of open buckets is too small by a factor."""

    factor: float  # 1: all fit
    threshold_bytes: int  # memory of the catalog
    homes: int
    timeseries: Side
    open_buckets: int | None = None  # at the end
    catalog_bytes: int | None = None  # their memory

    @property
    def bucket_bytes(self) -> float | None:
        """Memory of an open bucket."""
        return _bucket_bytes(self.open_buckets, self.catalog_bytes)


@dataclass(frozen=True, slots=True)
class Format:
    """The same readings in another form."""

    name: str
    bytes_per_reading: float
    size_bytes: int | None = None  # where it was measured here
    measured: bool = True  # or published elsewhere
    source: str = ""  # by whom


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under what a result was measured: asked of server and machine, never assumed."""

    where: str  # `scratch server` or the database on the user's own server
    data: str  # what was stored, such as `the simulated home, seed 7`
    readings: int
    first: str  # day of the first reading, YYYY-MM-DD
    last: str
    seed: int
    server_version: str
    compatibility: str | None = None  # featureCompatibilityVersion
    engine: str | None = None
    topology: str | None = None  # `standalone`, `replica set`, `sharded cluster`
    cache_bytes: int | None = None  # of the engine
    checkpoint: str = "fsync"  # how sizes on disk were made current
    settings: tuple[str, ...] = ()  # arguments of the scratch server
    processor: str = ""
    cores: int = 0
    memory_bytes: int | None = None
    system: str = ""
    python: str = ""
    driver: str = ""
    program: str = ""  # our own version


@dataclass(frozen=True, slots=True)
class Result:
    """What one experiment found; it fills the parts that are its own."""

    experiment: str  # its key
    measured_at: str  # UTC, ISO 8601
    took_s: float
    conditions: Conditions
    sides: tuple[Side, ...] = ()
    questions: tuple[Question, ...] = ()
    fleets: tuple[FleetRun, ...] = ()
    oplog: OplogDay | None = None
    estimates: tuple[Estimate, ...] = ()
    crowding: tuple[Crowding, ...] = ()
    formats: tuple[Format, ...] = ()
    entropy_bits: float | None = None  # of the values: what no code of single values goes below
