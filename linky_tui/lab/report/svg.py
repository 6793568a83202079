"""Plots as SVG, drawn without any script."""

from __future__ import annotations

import math
from html import escape

from linky_tui.lab.report.blocks import Bars, Lines, Plot, Ranges
from linky_tui.lab.report.text_plots import Scale

_WIDTH, _ROW, _TOP = 860, 22, 34
_LABEL, _VALUE = 340, 90
_HEIGHT = 320
_COLOURS = ("#0f62a8", "#c2500a", "#2f7d32", "#8e3aa0")


def svg(plot: Plot) -> str:
    """A plot as one ``svg`` element."""
    match plot:
        case Bars():
            height, inner = _bars(plot)
            title = f"{plot.title} ({plot.unit})"
        case Ranges():
            height, inner = _ranges(plot)
            title = f"{plot.title} ({plot.unit}, logarithmic; 10th to 90th percentile and median)"
        case Lines():
            height = _HEIGHT + _TOP + 40 + _ROW * len(plot.lines)
            inner = _lines(plot)
            title = f"{plot.title} ({plot.y_name} over {plot.x_name}, logarithmic)"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title>{_text(0, 18, title, weight=True)}{inner}</svg>"
    )


def _bars(plot: Bars) -> tuple[int, str]:
    most = max((each.value for each in plot.bars), default=0.0) or 1.0
    room = _WIDTH - _LABEL - _VALUE
    parts = []
    for number, each in enumerate(plot.bars):
        y = _TOP + number * _ROW
        width = max(1.0, room * each.value / most)
        colour = _COLOURS[1] if each.label.startswith("time series") else _COLOURS[0]
        parts.append(_text(_LABEL - 8, y + 15, each.label, end=True))
        parts.append(_rect(_LABEL, y + 3, width, _ROW - 6, colour))
        parts.append(_text(_LABEL + width + 6, y + 15, f"{each.value:,.1f}"))
    return _TOP + _ROW * len(plot.bars) + 8, "".join(parts)


def _ranges(plot: Ranges) -> tuple[int, str]:
    scale = Scale([value for each in plot.ranges for value in (each.low, each.high)])
    room = _WIDTH - _LABEL - _VALUE
    parts = []
    for number, each in enumerate(plot.ranges):
        y = _TOP + number * _ROW
        low, middle, high = (
            _LABEL + room * scale.at(value) for value in (each.low, each.middle, each.high)
        )
        colour = _COLOURS[1] if "time series" in each.label else _COLOURS[0]
        parts.append(_text(_LABEL - 8, y + 15, each.label, end=True))
        parts.append(_rect(low, y + 7, max(2.0, high - low), 8, colour, faint=True))
        parts.append(_rect(middle - 1.5, y + 4, 3, 14, colour))
        parts.append(_text(_WIDTH - _VALUE + 12, y + 15, f"{each.middle:,.2f}"))
    return _TOP + _ROW * len(plot.ranges) + 8, "".join(parts)


def _lines(plot: Lines) -> str:
    points = [point for line in plot.lines for point in line.points]
    across, up = Scale([x for x, _ in points]), Scale([y for _, y in points])
    left, right = 90, _WIDTH - 40

    def place(x: float, y: float) -> tuple[float, float]:
        return left + (right - left) * across.at(x), _TOP + _HEIGHT * (1 - up.at(y))

    parts = [
        f'<path d="M{left} {_TOP} V{_TOP + _HEIGHT} H{right}" fill="none" stroke="#888"/>',
        _text(left - 8, _TOP + 10, f"{up.high:,.1f}", end=True),
        _text(left - 8, _TOP + _HEIGHT, f"{up.low:,.1f}", end=True),
    ]
    parts += [
        _text(place(x, up.low)[0] - 8, _TOP + _HEIGHT + 20, f"{x:g}")
        for x in sorted({x for x, _ in points})
    ]
    for number, line in enumerate(plot.lines):
        colour = _COLOURS[number % len(_COLOURS)]
        corners = [place(x, y) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in corners]
        y = _TOP + _HEIGHT + 46 + number * _ROW
        parts.append(_rect(left, y - 10, 12, 12, colour))
        parts.append(_text(left + 18, y, line.name))
    return "".join(parts)


def _rect(x: float, y: float, width: float, height: float, colour: str, faint: bool = False) -> str:
    opacity = ' opacity="0.45"' if faint else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{colour}"{opacity}/>'
    )


def _text(x: float, y: float, text: str, *, end: bool = False, weight: bool = False) -> str:
    if not math.isfinite(x):
        return ""
    anchor = ' text-anchor="end"' if end else ""
    bold = ' font-weight="bold"' if weight else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{anchor}{bold}>{escape(text)}</text>'
