"""How both collections grow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Growth:
    """Both collections at one moment: while readings are fetched, or replayed."""

    readings: int  # in the regular collection
    regular_bytes: int  # its data
    timeseries_bytes: int  # data of the time series one
