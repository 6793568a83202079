"""The data of a plot as a table: what its crosshair reads at every place, and its further lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from linky_tui.lab.report.blocks import Table
from linky_tui.ui.plots import Chart
from linky_tui.ui.plots.plots import LinePlot, LineSeries, Plot, Spot, places
from linky_tui.ui.shell.page import Page
from linky_tui.words.copied import Copyable, Form, as_text, exact

_Column = tuple[str, Callable[[int, Spot], float | None]]


def charts_of(page: Page) -> list[Copyable]:
    """The data of each chart of a page, first of one that is being read."""

    def copyable(plot: Plot, title: str) -> Copyable:
        return Copyable(title, lambda form: plot_text(plot, title, form))

    return [
        copyable(chart.plot, str(chart.border_title))
        for chart in sorted(page.query(Chart), key=lambda each: each.place is None)
        if chart.plot is not None and chart.plot.read is not None and chart.size
    ]


def plot_text(plot: Plot, title: str, form: Form) -> str:
    """The data of a plot; nothing stands where nothing can be read."""
    spots = _spots(plot)
    columns = _columns(plot, [spot for _, spot in spots])
    number = exact if form is Form.CSV else _shown
    noted = any(spot.more for _, spot in spots)
    rows = tuple(
        (
            spot.when if form is Form.MARKDOWN else spot.iso,
            *(number(value(place, spot)) for _, value in columns),
            *([spot.more] if noted else []),
        )
        for place, spot in spots
    )
    head = ("when", *(name for name, _ in columns), *(["note"] if noted else []))
    return as_text(Table(title, head, rows), form)


def _spots(plot: Plot) -> list[tuple[int, Spot]]:
    """Each place from left to right, of a map from top to bottom first, and what it says."""
    wide, high = places(plot)
    if plot.read is None:
        return []
    read = [(column, plot.read(column, row)) for column in range(wide) for row in range(high)]
    return [(column, spot) for column, spot in read if spot is not None]


def _columns(plot: Plot, spots: list[Spot]) -> list[_Column]:
    columns: list[_Column] = []
    lines = plot.series if isinstance(plot, LinePlot) else ()
    powers = any(spot.power_w is not None for spot in spots)
    if powers:
        first = f"power (W), {lines[0].name}" if len(lines) > 1 else "power (W)"
        columns += [(first, lambda _, spot: spot.power_w)]
    if any(spot.energy_wh is not None for spot in spots):
        columns += [("energy (Wh)", lambda _, spot: spot.energy_wh)]
    if isinstance(plot, LinePlot):
        for line in lines[1:] if powers else lines:
            name = f"power (W), {line.name}" if powers else line.name
            columns.append((name, _reader(plot, line)))
        band = plot.band
        if band is not None:
            columns += [
                ("lowest (W)", lambda place, _: band.lows[place]),
                ("highest (W)", lambda place, _: band.highs[place]),
            ]
    return columns


def _reader(plot: LinePlot, line: LineSeries) -> Callable[[int, Spot], float | None]:
    def value(place: int, _: Spot) -> float | None:
        """At the start of the place, where a step has its new value."""
        index = bisect_right(line.xs, plot.spans[place][0]) - 1
        return line.ys[index] if index >= 0 else None

    return value


def _shown(number: float | None) -> str:
    return "" if number is None else f"{number:,.1f}".removesuffix(".0")
