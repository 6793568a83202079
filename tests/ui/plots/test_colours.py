"""Colours of data can be seen in every theme, and told apart without any."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise
from types import SimpleNamespace
from typing import cast

import pytest
from rich.color import ColorSystem
from rich.console import Console
from textual.app import App
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from linky_tui.ui.plots import (
    Band,
    BarGroup,
    BarPlot,
    GroupPlot,
    HeatPlot,
    LinePlot,
    LineSeries,
    Plot,
    few_colors,
)
from linky_tui.ui.plots.chart import draw
from linky_tui.ui.plots.colors import contrast, hue_distance, luminance, with_contrast
from linky_tui.ui.plots.palette import LEAST_CONTRAST, Palette, palette
from linky_tui.ui.sixteen import in_16_colors
from tests.ui.plots.drawing import MARKERS, PLAIN, drawn

GROUNDS = ("background", "surface", "panel")
THEMES = [
    name
    for name, theme in BUILTIN_THEMES.items()
    if Color.parse(theme.to_color_system().generate()["foreground"]).ansi is None
]


def of_theme(name: str, ground: str = "background") -> Palette:
    variables = BUILTIN_THEMES[name].to_color_system().generate()
    return palette(variables, Color.parse(variables[ground]))


def ratio(one: str, other: str) -> float:
    return contrast(Color.parse(one), Color.parse(other))


def test_contrast_is_that_of_the_standard() -> None:
    # From the examples of WCAG's understanding of criterion 1.4.3 and of its own figures.
    assert ratio("#000", "#fff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert ratio("#0000ff", "#ffffff") == pytest.approx(8.59, abs=0.01)
    assert luminance(Color(255, 255, 255)) == pytest.approx(1)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_of_data_stands_out_from_the_ground(theme: str, ground: str) -> None:
    colors = of_theme(theme, ground)
    measured = {
        **{name: contrast(color, colors.background) for name, color in colors.data_colors.items()},
        **{
            f"heat {step}": contrast(color, colors.background)
            for step, color in enumerate(colors.heat)
        },
    }
    assert {name: found for name, found in measured.items() if found < LEAST_CONTRAST} == {}
    assert measured["year 0"] > measured["year 1"] > measured["year 2"]


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_of_data_stands_out_in_16_colours(theme: str) -> None:
    variables = in_16_colors(BUILTIN_THEMES[theme].to_color_system().generate())
    colors = palette(variables, monochrome=True)
    of_terminal = {
        name: Color(*color.rich_color.downgrade(ColorSystem.STANDARD).get_truecolor())
        for name, color in colors.data_colors.items()
    }
    measured = {name: contrast(each, colors.background) for name, each in of_terminal.items()}
    assert {name: found for name, found in measured.items() if found < LEAST_CONTRAST} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_hues_differ_and_the_heat_never_turns_back(theme: str) -> None:
    colors = of_theme(theme)
    years = [colors.data_colors[f"year {age}"] for age in range(3)]
    assert all(hue_distance(one, other) >= 0.08 for one, other in combinations(years, 2))
    steps = [contrast(color, colors.background) for color in colors.heat]
    assert all(before < after for before, after in pairwise(steps))
    assert hue_distance(colors.heat[0], colors.heat[-1]) >= 0.08
    assert contrast(colors.heat[0], colors.heat[-1]) >= 3
    weekend, day = colors.data_colors["weekend"], colors.data_colors["ink 0"]
    assert contrast(weekend, day) >= 1.3


def full_plots() -> list[Plot]:
    line = LineSeries(name="a", xs=[0, 5, 5, 10], ys=[400, 400, 900, 900])
    other = replace(line, name="b", ys=[700, 700, 200, 200], dim=True)
    months = [BarGroup(name=str(year), values=[3.0, year % 5 + 1.0]) for year in range(2024, 2027)]
    return [
        LinePlot(unit="W", series=[line, other], x_range=(0, 10), filled=True),
        LinePlot(
            unit="W",
            series=[line],
            x_range=(0, 10),
            band=Band(name="band", spans=[(0, 10)], lows=[100], highs=[1000]),
        ),
        BarPlot(unit="kWh", labels=[""] * 9, values=[5.0] * 9, weekends=frozenset({5, 6})),
        GroupPlot(unit="kWh", labels=["Jan", "Feb"], groups=months),
        HeatPlot(
            unit="W",
            columns=[[float(number)] * 48 for number in range(40)],
            column_labels=[""] * 40,
            row_labels=[""] * 48,
        ),
    ]


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "nord", "dracula"])
def test_what_is_drawn_has_only_these_colours(theme: str, marker: str) -> None:
    """Every cell of a picture that is no axis, grid or blank, as it is drawn."""
    colors = of_theme(theme)
    ground = colors.background
    frame = (colors.text, colors.strong, colors.axis, colors.grid, colors.dim)
    for plot in full_plots():
        grid = draw(plot, 60, 20, colors, marker)
        checked = 0
        for chars, styles in zip(grid.chars, grid.styles, strict=True):
            for char, style in zip(chars, styles, strict=True):
                if style is None or style in frame:
                    continue
                checked += 1
                on = style.bgcolor
                behind = ground if on is None else Color.from_rich_color(on)
                assert on is None or contrast(behind, ground) >= LEAST_CONTRAST
                if char != " " and style.color is not None:
                    shown = Color.from_rich_color(style.color)
                    assert on is not None or contrast(shown, ground) >= LEAST_CONTRAST
        assert checked > 60


def test_years_weekends_and_areas_differ_without_colour() -> None:
    area, band, week, years, heat = (
        set("".join(drawn(plot, colors=PLAIN, height=20)[1:])) for plot in full_plots()
    )
    assert {"░", "•"} <= area
    assert "░" in band
    assert {"█", "▓"} <= week
    assert {"█", "▓", "▒"} <= years
    assert {"░", "▒", "▓", "█"} <= heat


def test_a_terminal_of_16_colours_gets_the_patterns_of_none() -> None:
    for system, few in (("standard", True), ("256", False), ("truecolor", False), (None, True)):
        console = Console(color_system=system, force_terminal=True)  # type: ignore[arg-type]
        for headless in (False, True):
            app = SimpleNamespace(is_headless=headless, console=console)
            assert few_colors(cast("App[None]", app)) is (few and not headless)


def test_a_contrast_is_met_and_hardly_exceeded() -> None:
    for ground in (Color(0, 0, 0), Color(255, 255, 255), Color(60, 60, 60)):
        for wanted in (3.0, 4.0):
            found = contrast(with_contrast(Color(0, 120, 212), ground, wanted), ground)
            assert wanted <= found < wanted + 0.2
