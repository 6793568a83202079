"""Colours that can be seen: contrast with the ground, distance of hues, scales of several hues."""

from __future__ import annotations

from collections.abc import Sequence

from textual.color import Color

BLACK, WHITE = Color(0, 0, 0), Color(255, 255, 255)
_GREY = 0.12
"""Below this saturation a colour has no hue to speak of."""
_GREEN = 1 / 3
_CALM = 0.62
"""The most saturation of a scale, which covers a whole screen."""


def luminance(color: Color) -> float:
    """Relative luminance as WCAG 2.1 defines it."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part / 255) for part in (color.r, color.g, color.b))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """From 1 (the same) to 21 (black and white), as WCAG 2.1 defines it."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def readable(color: Color, ground: Color, least: float) -> Color:
    """The colour itself where its contrast is enough, else the nearest that has it."""
    return color if contrast(color, ground) >= least else with_contrast(color, ground, least)


def with_contrast(color: Color, ground: Color, wanted: float) -> Color:
    """The colour, lighter or darker until it has at least that contrast, and hardly more."""
    # Towards black and white, not towards the ground, which has a hue of its own.
    near, far = sorted((WHITE, BLACK), key=lambda end: contrast(end, ground))
    inner, outer = (near, color) if contrast(color, ground) >= wanted else (color, far)
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        if contrast(inner.blend(outer, middle, 1), ground) >= wanted:
            high = middle
        else:
            low = middle
    return inner.blend(outer, high, 1)


def hue_distance(one: Color, other: Color) -> float:
    """From 0 to 0.5 of a turn; greys have none."""
    if min(one.hsl.s, other.hsl.s) < _GREY:
        return 0.0
    apart = abs(one.hsl.h - other.hsl.h) % 1
    return min(apart, 1 - apart)


def different(first: Color, candidates: Sequence[Color], count: int, least: float) -> list[Color]:
    """The first colour and others as far from all of those as can be, made where none is."""
    found = [first]
    while len(found) < count:
        best = max(candidates, key=lambda each: min(hue_distance(each, one) for one in found))
        if min(hue_distance(best, each) for each in found) < least:
            turned = [Color.from_hsl(turn / 12, 0.6, 0.55) for turn in range(12)]
            best = max(turned, key=lambda each: min(hue_distance(each, one) for one in found))
        found.append(best)
    return found


def scale(first: Color, last: Color, ground: Color, steps: int) -> tuple[Color, ...]:
    """From one hue to the other, by way of those that are no green, ever further from the ground.

    Green lies between blue and yellow and would say "good", which more power is not.
    """
    start, end = first.hsl, last.hsl
    way = (end.h - start.h) % 1
    if (_GREEN - start.h) % 1 < way:
        way -= 1
    top = min(14.0, contrast(max((WHITE, BLACK), key=lambda end: contrast(end, ground)), ground))
    found = []
    for step in range(steps):
        part = step / (steps - 1)
        saturation = min(_CALM, max(start.s, end.s, 0.4))
        color = Color.from_hsl((start.h + way * part) % 1, saturation, 0.5)
        found.append(with_contrast(color, ground, 3.05 * (top * 0.85 / 3.05) ** part))
    return tuple(found)
