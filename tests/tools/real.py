"""Real measures beside the repository, where they are there."""

from __future__ import annotations

import csv
import gzip
from datetime import datetime
from pathlib import Path

import pytest

from linky_tui.domain.models import Reading

REAL = Path(__file__).parents[3] / "shared" / "real"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="no real measures here")


def home_b() -> list[Reading]:
    """21 months of a French home: two Octobers, two Marches, 3,005 hourly readings."""
    with gzip.open(REAL / "home-b.utc.csv.gz", "rt", encoding="ascii", newline="") as file:
        return [
            Reading(
                datetime.fromisoformat(row["start_utc"]), int(row["step_min"]), int(row["watt"])
            )
            for row in csv.DictReader(file)
        ]
