"""The same readings as files, by the standard library, and what others have published."""

from __future__ import annotations

import gzip
import json
import lzma
import math
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence

from linky_tui.domain.laboratory import Format
from linky_tui.domain.models import Reading
from linky_tui.text.formatting import utc_text


def written(readings: Sequence[Reading]) -> Iterator[Format]:
    """The readings in each form, as they are written."""
    lines = "".join(
        json.dumps(
            {
                "timestamp": utc_text(each.start),
                "interval_min": each.interval_min,
                "power_w": each.power_w,
            }
        )
        + "\n"
        for each in readings
    ).encode()
    count = len(readings)
    yield _measured("JSON lines", len(lines), count)
    yield _measured("JSON lines, gzip", len(gzip.compress(lines, 9, mtime=0)), count)
    rows = "".join(
        f"{utc_text(each.start)},{each.interval_min},{each.power_w}\n" for each in readings
    )
    yield _measured("CSV, xz", len(lzma.compress(rows.encode(), preset=9)), count)
    watts = array("i", [each.power_w for each in readings]).tobytes()
    yield _measured("the watts alone, xz", len(lzma.compress(watts, preset=9)), count)
    floor = entropy_bits(readings) * count / 8
    yield _measured("entropy of the watts", math.ceil(floor), count)


def entropy_bits(readings: Sequence[Reading]) -> float:
    """Shannon's entropy of single values, in bits a reading."""
    counts = Counter(each.power_w for each in readings)
    return -sum(n / len(readings) * math.log2(n / len(readings)) for n in counts.values())


def published() -> tuple[Format, ...]:
    """What others have published; of other data."""
    return (
        Format(
            "Gorilla",
            1.37,
            measured=False,
            source="Pelkonen et al., Gorilla: a fast, scalable, in-memory time series database, "
            "VLDB 2015: bytes a point of Facebook's own monitoring",
        ),
        Format(
            "Parquet, DELTA_BINARY_PACKED and zstd",
            1.65,
            measured=False,
            source="two years of one real French home, measured for linky-tui beforehand with "
            "pyarrow, not repeated here",
        ),
    )


def _measured(name: str, size_bytes: int, readings: int) -> Format:
    return Format(name, size_bytes / readings, size_bytes)
