"""The theme's colours as the styles in which charts are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rich.style import Style
from textual.color import Color, ColorParseError

from linky_tui.ui.plots.colors import contrast, different, readable, scale, with_contrast

HEAT_STEPS = 32
LEAST_CONTRAST = 3.0
"""Of everything that stands for data with what it stands on (WCAG 2.1, 1.4.11)."""
_APART = 0.1
"""Hues that are nearer than this part of a turn are not told apart at a glance."""


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, and whether colours are shown at all."""

    background: Color  # what the chart stands on
    foreground: Color  # the theme's text
    colors: tuple[Color, ...]  # what lines and bars are drawn in, of different hues
    monochrome: bool = False  # whether everything has to differ in shape, too

    @property
    def terminal_colors(self) -> bool:
        """Whether the theme uses the terminal's own colours, of which no shades can be made."""
        return self.foreground.ansi is not None

    @property
    def shapes(self) -> bool:
        """Whether values have to be told apart by symbols instead of shades."""
        return self.monochrome or self.terminal_colors

    @cached_property
    def text(self) -> Style:
        """Labels."""
        return self._faded(0.7, dim=False)

    @cached_property
    def strong(self) -> Style:
        """Units and names."""
        return self._faded(1.0, dim=False) + Style(bold=True)

    @cached_property
    def axis(self) -> Style:
        """The axes."""
        return self._faded(0.4)

    @cached_property
    def grid(self) -> Style:
        """The lines behind the picture."""
        return self._faded(0.18)

    @cached_property
    def dim(self) -> Style:
        """What is only there to compare with."""
        return self._faded(0.55)

    @cached_property
    def pointer(self) -> Style:
        """The crosshair."""
        return self._faded(1.0, dim=False)

    def ink(self, number: int) -> Style:
        """The style of the line or the bars of that number, counted from 0."""
        return self._inks[number % len(self._inks)]

    @cached_property
    def data_colors(self) -> dict[str, Color]:
        """Every colour that stands for data, by what it is used for; none of the terminal's own."""
        first, ground = self.colors[0], self.background
        # Of 16 colours the nearest to a pale one may be that of the ground.
        least = 5.0 if self.monochrome else LEAST_CONTRAST + 0.1
        inks = {
            f"ink {number}": readable(color, ground, LEAST_CONTRAST + 0.05)
            for number, color in enumerate(self.colors)
        }
        # Patterns let the ground through, and this year has none.
        years = {
            f"year {number}": with_contrast(color, ground, least)
            for number, (color, least) in enumerate(zip(self.colors, (6.5, 6.0, 5.5), strict=False))
        }
        return {
            **inks,
            **years,
            "weekend": max(
                readable(first.blend(self.foreground, 0.55, 1), ground, 5.0),
                with_contrast(first, ground, least),
                key=lambda each: contrast(each, inks["ink 0"]),
            ),
            "area": with_contrast(first, ground, least),
            "line": readable(self.foreground.blend(first, 0.2, 1), ground, 7.0),
        }

    @cached_property
    def weekend(self) -> Style:
        """Bars of Saturdays and Sundays."""
        return self.ink(1) if self.terminal_colors else self._style("weekend")

    @cached_property
    def area(self) -> Style:
        """The area under a line, or behind it."""
        return self.ink(0) if self.terminal_colors else self._style("area")

    @cached_property
    def line(self) -> Style:
        """A line over an area."""
        return self.strong if self.terminal_colors else self._style("line")

    def over_area(self, style: Style) -> Style:
        """The same on the area's colour."""
        return style + Style(bgcolor=self.area.color)

    def year(self, age: int) -> Style:
        """The bars of this year (0) and of older ones: other hues, this year's the strongest."""
        return self.ink(age) if self.terminal_colors else self._style(f"year {age % 3}")

    @cached_property
    def heat(self) -> tuple[Color, ...]:
        """From next to nothing to the most, over several hues, ever further from the ground."""
        return scale(self.colors[0], self.colors[1], self.background, HEAT_STEPS)

    @cached_property
    def _inks(self) -> tuple[Style, ...]:
        if self.terminal_colors:
            return tuple(Style.from_color(color.rich_color) for color in self.colors)
        return tuple(self._style(f"ink {number}") for number in range(len(self.colors)))

    @cached_property
    def _heat_styles(self) -> dict[tuple[int | None, int | None], Style]:
        return {}

    def heat_cell(self, upper: int | None, lower: int | None) -> tuple[str, Style]:
        """A character and its style for two values above each other, as steps of :attr:`heat`."""
        pair = (upper, lower)
        style = self._heat_styles.get(pair)
        if style is None:
            first, second = (None if step is None else self.heat[step].rich_color for step in pair)
            style = (
                Style(color=second, bgcolor=None)
                if upper is None
                else Style(color=first, bgcolor=second)
            )
            self._heat_styles[pair] = style
        return ("▄" if upper is None else "▀"), style

    def _style(self, name: str) -> Style:
        return Style.from_color(self.data_colors[name].rich_color)

    def _faded(self, strength: float, *, dim: bool = True) -> Style:
        if self.terminal_colors:
            return Style(dim=dim)
        return Style.from_color(self.background.blend(self.foreground, strength, 1).rich_color)


def palette(
    variables: Mapping[str, str], background: Color | None = None, *, monochrome: bool = False
) -> Palette:
    """The palette of ``app.theme_variables``, on their own background unless another is known."""

    def named(name: str, otherwise: str) -> Color:
        try:
            return Color.parse(variables.get(name, otherwise))
        except ColorParseError:
            return Color.parse(otherwise)

    opaque = background is not None and background.a == 1 and background.ansi is None
    first, accent, success = (
        named(name, usual)
        for name, usual in (("primary", "#08c"), ("accent", "#fa0"), ("success", "#0a0"))
    )
    if first.ansi is None:
        others = [accent, *(named(each, "#fa0") for each in ("warning", "success", "secondary"))]
        colors = tuple(different(first, others, 3, _APART))
    else:
        colors = (first, accent, success)
    return Palette(
        background=background if background is not None and opaque else named("background", "#000"),
        foreground=named("foreground", "#fff"),
        colors=colors,
        monochrome=monochrome,
    )
