"""What the tests of plots share: plots as texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.theme import BUILTIN_THEMES

from linky_tui.ui.plots import BarPlot, LinePlot, LineSeries, Plot
from linky_tui.ui.plots.chart import draw
from linky_tui.ui.plots.palette import Palette, palette

COLORS = palette(BUILTIN_THEMES["textual-dark"].to_color_system().generate())
PLAIN = replace(COLORS, monochrome=True)
MARKERS = ("braille", "half-block", "dot")


def drawn(
    plot: Plot, width: int = 60, height: int = 13, colors: Palette = COLORS, marker: str = "braille"
) -> list[str]:
    return draw(plot, width, height, colors, marker).plain()


def picture(rows: Sequence[str]) -> list[str]:
    return [row[row.index(axis) + 1 :] for row in rows[1:-2] for axis in "│┤" if axis in row]


def bars(values: Sequence[float | None], **more: object) -> BarPlot:
    labels = [f"d{number}" for number in range(len(values))]
    return BarPlot(unit="kWh", labels=labels, values=values, **more)  # type: ignore[arg-type]


def line(ys: Sequence[float | None], **more: object) -> LinePlot:
    series = LineSeries(name="a", xs=list(range(len(ys))), ys=ys)
    return LinePlot(unit="W", series=[series], x_range=(0, len(ys) - 1), **more)  # type: ignore[arg-type]
