"""Charts: a plot says what to show, :class:`Chart` shows it."""

from __future__ import annotations

from linky_tui.ui.plots.chart import Chart
from linky_tui.ui.plots.plots import (
    BarGroup,
    BarPlot,
    GroupPlot,
    HeatPlot,
    LinePlot,
    LineSeries,
    Plot,
    Tick,
)

__all__ = [
    "BarGroup",
    "BarPlot",
    "Chart",
    "GroupPlot",
    "HeatPlot",
    "LinePlot",
    "LineSeries",
    "Plot",
    "Tick",
]
