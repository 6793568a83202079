"""Charts: a plot says what to show, :class:`Chart` shows it."""

from __future__ import annotations

from linky_tui.ui.plots.chart import Chart
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
]
