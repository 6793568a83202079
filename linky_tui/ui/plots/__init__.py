"""Charts: a plot says what to show, :class:`Chart` shows it.

Each is imported when it is asked for: the first frame has a chart and no plot.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linky_tui.ui.plots.chart import Chart, few_colors
    from linky_tui.ui.plots.plots import (
        Band,
        BarGroup,
        BarPlot,
        DrawnPlot,
        GroupPlot,
        HeatPlot,
        LinePlot,
        LineSeries,
        Plot,
        Spot,
        Tick,
    )

__all__ = [
    "Band",
    "BarGroup",
    "BarPlot",
    "Chart",
    "DrawnPlot",
    "GroupPlot",
    "HeatPlot",
    "LinePlot",
    "LineSeries",
    "Plot",
    "Spot",
    "Tick",
    "few_colors",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(name)
    module = "chart" if name in ("Chart", "few_colors") else "plots"
    return getattr(import_module(f"{__name__}.{module}"), name)
