"""Every view of the charts page: asks the store, says what to draw and what to say above it.

Views know no widget: they are loaded in a worker thread.
"""

from __future__ import annotations

from collections.abc import Callable

from linky_tui.storage.store import Store
from linky_tui.ui.charts.loaders import load_curve, load_energy
from linky_tui.ui.charts.patterns import load_average, load_duration, load_heat
from linky_tui.ui.charts.request import ChartData, ChartRequest, View
from linky_tui.ui.charts.years import load_years

_LOADERS: dict[View, Callable[[Store, ChartRequest], ChartData]] = {
    View.CURVE: load_curve,
    View.ENERGY: load_energy,
    View.HEAT: load_heat,
    View.AVERAGE: load_average,
    View.YEARS: load_years,
    View.DURATION: load_duration,
}


def load(store: Store, request: ChartRequest) -> ChartData:
    """Ask the store for a view. Blocks; for worker threads.

    Raises:
        StorageUnavailable: MongoDB cannot be reached.
    """
    return _LOADERS[request.view](store, request)
