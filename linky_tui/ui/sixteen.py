"""A theme for terminals of 16 colours or less: black and white, and what else can be read there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rich.color import ColorSystem
from textual.color import Color, ColorParseError

from linky_tui.ui.plots.colors import BLACK, WHITE

_HUES = {BLACK: {2, 3, 6, 9, 10, 11, 13, 14}, WHITE: {1, 4, 5}}
"""Those of the 16 that stand out on black and on white, in xterm's and VGA's shades."""
_GREY = "#666666"  # of the 16, the darker one
_INK = re.compile(
    r"foreground(-muted)?|primary|secondary|border|.+-foreground|markdown-h\d-color"
    r"|(block|input)-cursor-background|link-background-hover"
)
_GREYS = re.compile(
    r"(text|foreground)-disabled|border-blurred|surface-(light|dark)en-1|scrollbar(-hover|-active)?"
    r"|(input|screen)-selection-background|secondary-background"
)
_OVER_INK = re.compile(r"(button-color|(block|input)-cursor)-foreground")
_GROUND = re.compile(r"boost|.+-(muted|active|darken-\d|lighten-\d)|(surface|panel|.*background).*")


def in_16_colors(variables: Mapping[str, str]) -> dict[str, str]:
    """A theme's variables, as they can be read where its shades become one."""
    ground, ink = BLACK, WHITE
    if Color.parse(variables["background"]).brightness > 0.5:
        ground, ink = ink, ground

    def told(name: str, value: str) -> str:
        if _GREYS.fullmatch(name):
            return _GREY
        if value.startswith("auto") or _OVER_INK.fullmatch(name):
            return "auto 100%"  # plain "auto" would leave links without a colour
        if _INK.fullmatch(name):
            return ink.hex
        if _GROUND.fullmatch(name):
            return ground.hex
        try:
            color = Color.parse(value)
        except ColorParseError:  # a style, no colour
            return value
        nearest = color.rich_color.downgrade(ColorSystem.STANDARD).number
        return value if color.a < 1 or nearest in _HUES[ground] else ink.hex

    return {
        **{name: told(name, value) for name, value in variables.items()},
        "block-cursor-blurred-text-style": "bold underline",
    }
