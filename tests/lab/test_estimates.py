"""What follows for many meters, from fleets made up for the purpose."""

from __future__ import annotations

import math

import pytest

from linky_tui.domain.laboratory import Estimate, FleetRun, Layout, LoadOrder, OplogDay, Side
from linky_tui.lab.experiments.estimates import estimates

COUNTRY = 37_000_000


def run(
    homes: int,
    order: LoadOrder,
    regular: int = 1_500_000,
    timeseries: int = 90_000,
    first: int = 0,
) -> FleetRun:
    def side(layout: Layout, meter_bytes: int) -> Side:
        return Side("", layout, 34_000 * homes, 0, storage_bytes=meter_bytes * homes, index_bytes=0)

    return FleetRun(
        homes,
        first,
        order,
        side(Layout.REGULAR, regular),
        side(Layout.TIME_SERIES, timeseries),
        2,
        homes,
        1000 * homes,
    )


def of(found: tuple[Estimate, ...], place: str, what: str) -> Estimate:
    (one,) = [each for each in found if (each.place, each.what) == (place, what)]
    return one


def test_a_fleet_of_a_village_is_measured_and_the_rest_extrapolated() -> None:
    runs = [run(1000, order) for order in LoadOrder]
    found = estimates(runs, OplogDay(10, 480, 134_400, 12_840))
    village = of(found, "a village", "time series, storage and indexes")
    assert (village.measured, village.value, village.low, village.high) == (True, 0.09, 0.09, 0.09)
    assert not of(found, "a city", "time series, storage and indexes").measured
    country = of(found, "the country", "regular, storage and indexes")
    assert country.value == pytest.approx(COUNTRY * 1.5e-3)
    assert country.high == pytest.approx(country.value, rel=1e-4)
    assert of(found, "the country", "regular, oplog of a day").value == pytest.approx(
        COUNTRY * 13_440 / 1e9
    )
    assert sum(each.measured for each in found) == 2


def test_memory_asks_for_shards_where_the_disk_does_not() -> None:
    found = estimates([run(100, LoadOrder.BY_DAY)], None)
    shards = of(found, "the country", "time series, shards")
    needed = COUNTRY * 1000 / (0.025 * 64 * 2**30)
    assert shards.value == math.ceil(needed)
    assert "by memory" in shards.formula
    disks = math.ceil(COUNTRY * 1.5e6 / 4e12)
    assert of(found, "the country", "regular, shards").value == disks
    assert of(found, "the country", "regular, disks").value == disks


@pytest.mark.parametrize(
    ("runs", "band"),
    [
        # Twice the standard deviation of three fleets of other homes.
        ([(10, 1_000_000, 0), (10, 1_010_000, 100), (10, 990_000, 110)], 0.02),
        # The change between the two largest, where that is more.
        ([(10, 1_100_000, 0), (100, 1_000_000, 0)], 0.1),
    ],
)
def test_the_band_is_the_spread_or_the_drift(runs: list[tuple[int, int, int]], band: float) -> None:
    fleets = [run(homes, LoadOrder.BY_HOME, size, first=first) for homes, size, first in runs]
    fleets += [run(homes, LoadOrder.BY_DAY, size) for homes, size, first in runs if first == 0]
    found = of(estimates(fleets, None), "a city", "regular, storage and indexes")
    assert found.high / found.value - 1 == pytest.approx(band, abs=0.002)
    assert 1 - found.low / found.value == pytest.approx(band, abs=0.002)


def test_without_sizes_nothing_is_estimated() -> None:
    assert estimates([], None) == ()
    assert estimates([run(10, LoadOrder.BY_HOME)], None) == ()
