"""The experiments: what they are called and what they ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DEFAULT_HOMES, MOST_HOMES = 100, 100_000
"""Of the largest fleet."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment of the laboratory."""

    key: str  # its name on the command line
    number: int  # its place in the list
    title: str
    question: str  # what it wants to know
    method: str  # how it is measured
    readings_per_reading: float = 0.0  # how often each reading of the home is inserted
    by_homes: bool = False  # whether its duration grows with the number of homes


_EVEN = (
    "Every side gets the same readings in the same order and batches, with the index that both "
    "collections of the application carry; one checkpoint follows after all fills. "
)

EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        "compressors",
        1,
        "Third bars",
        "How much of the saving is the layout, and how much only the compressor?",
        _EVEN + "Regular and time series collections are each created with none, snappy, zlib "
        "and zstd.",
        8,
    ),
    Experiment(
        "granularity",
        2,
        "Granularity",
        "What does a granularity cost that does not fit half-hourly readings?",
        _EVEN + "Beside the three granularities a span of one's own is tried where the server "
        "takes bucketMaxSpanSeconds.",
        5,
    ),
    Experiment(
        "order",
        3,
        "Order of arrival",
        "Does it matter in which order readings arrive?",
        _EVEN + "Only the order differs, and the checkpoints after each week of one side, which "
        "is filled before all others.",
        8,
    ),
    Experiment(
        "shape",
        4,
        "Shape",
        "What do fat metadata, an _id, doubles and flags cost, and what saves the classic "
        "document a day?",
        _EVEN + "One field of the documents differs at a time. A day document holds the "
        "watts of one meter, interval and Paris day as an array, null where there is none.",
        12,
    ),
    Experiment(
        "race",
        5,
        "Query race",
        "Which layout answers the questions of the charts faster?",
        "The same questions go to the three layouts in turn, the first one changing from round to "
        "round; rounds that warm up are not timed, so this is a warm cache. The answers are "
        "compared, the plan and the documents examined come from explain.",
        3.5,
    ),
    Experiment(
        "fleet",
        6,
        "Fleet",
        "What do many homes take, and what would a village, a city and the country take?",
        "Homes are simulated one by one and loaded by two processes, home by home and a day "
        "of all homes at a time. Small fleets are loaded several times with other homes each "
        "time; what these differ by is the error band.",
        by_homes=True,
    ),
    Experiment(
        "cardinality",
        7,
        "Cardinality",
        "What happens when there are more meters than the server can keep buckets open for?",
        "The same fleet, a day of all homes at a time, into servers whose bucket catalog holds "
        "all open buckets, half of them, a tenth of them "
        "(timeseriesIdleBucketExpiryMemoryUsageThreshold).",
        by_homes=True,
    ),
    Experiment(
        "formats",
        8,
        "Against the rest",
        "How does that compare with files, and with the least that is possible?",
        "The readings of one home are written by Python's standard library; the entropy is that "
        "of single values, without what their order tells. Published figures are of other data.",
        2,
    ),
)

BY_KEY = {each.key: each for each in EXPERIMENTS}
"""In the order of their numbers."""


def need_a_home(keys: Iterable[str]) -> bool:
    """Whether any of these experiments measures the readings of one home."""
    return not all(BY_KEY[key].by_homes for key in keys)
