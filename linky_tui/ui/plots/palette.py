"""The theme's colours as the styles in which charts are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rich.style import Style
from textual.color import Color, ColorParseError

HEAT_STEPS = 32


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, and whether colours are shown at all."""

    background: Color  # what the chart stands on
    foreground: Color  # the theme's text
    colors: tuple[Color, ...]  # what lines and bars are drawn in, strongest first
    monochrome: bool = False  # whether everything has to differ in shape (`NO_COLOR`)

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
        return self._faded(0.5)

    def ink(self, number: int) -> Style:
        """The style of the line or the bars of that number, counted from 0."""
        return self._inks[number % len(self.colors)]

    def shade(self, number: int) -> Style:
        """The strongest colour, paler with each number from 0, for older and older years."""
        if self.terminal_colors:
            return self.ink(number)
        color = self.colors[0].blend(self.background, min(0.8, 0.3 * number), alpha=1)
        return Style.from_color(color.rich_color)

    @cached_property
    def heat(self) -> tuple[Color, ...]:
        """From next to nothing to the most, ever further from the background."""
        color = self.colors[0]
        low = self.background.blend(color, 0.15, alpha=1)
        high = color.blend(self.foreground, 0.85, alpha=1)
        half = HEAT_STEPS * 0.55
        return tuple(
            low.blend(color, step / half, alpha=1)
            if step < half
            else color.blend(high, (step - half) / (HEAT_STEPS - 1 - half), alpha=1)
            for step in range(HEAT_STEPS)
        )

    @cached_property
    def _inks(self) -> tuple[Style, ...]:
        return tuple(Style.from_color(color.rich_color) for color in self.colors)

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
    return Palette(
        background=background if background is not None and opaque else named("background", "#000"),
        foreground=named("foreground", "#fff"),
        colors=(named("primary", "#08c"), named("success", "#0a0"), named("accent", "#fa0")),
        monochrome=monochrome,
    )
