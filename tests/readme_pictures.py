"""``python -m tests.readme_pictures``: README's pictures as PNG, which everybody sees alike.

Needs ``rsvg-convert``, a mongod and Pillow, which nothing else here does. Blocks and straight lines
are drawn as rectangles: fonts leave gaps between the lines of a picture.
"""

from __future__ import annotations

import html
import importlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent / "pictures"
PAGES = ("dashboard", "backfill", "laboratory")
WIDTH_PX, COLOURS = 1200, 128
CELL, LINE, ABOVE = 12.2, 24.4, 18.5
"""Of Rich's SVG: a cell's width and height, and how far its top is above the baseline."""
FONT_PX = 20.265
"""At which DejaVu Sans Mono is as wide as a cell."""
QUADRANTS = dict(zip("▖▗▘▙▚▛▜▝▞▟", (4, 8, 1, 13, 9, 7, 11, 2, 6, 14), strict=True))
"""1: upper left, 2: upper right, 4: lower left, 8: lower right."""
_TEXT = re.compile(r'<text class="([^"]+)" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>')


def parts(character: str) -> Iterator[tuple[float, float, float, float]]:
    """What a character fills of its cell: left, top, width and height, from 0 to 1."""
    code = ord(character)
    if character in QUADRANTS:
        for bit in range(4):
            if QUADRANTS[character] >> bit & 1:
                yield bit % 2 / 2, bit // 2 / 2, 0.5, 0.5
    elif 0x2581 <= code <= 0x2588:
        yield 0, 1 - (code - 0x2580) / 8, 1, (code - 0x2580) / 8
    elif 0x2589 <= code <= 0x258F:
        yield 0, 0, (0x2590 - code) / 8, 1
    elif character in "▀▔":
        yield 0, 0, 1, 0.5 if character == "▀" else 0.125
    elif character in "▐▕":
        share = 0.5 if character == "▐" else 0.125
        yield 1 - share, 0, share, 1
    elif character == "│":
        yield 0.45, 0, 0.1, 1
    elif character == "─":
        yield 0, 0.47, 1, 0.06


def without_gaps(svg: str) -> str:
    """The picture with rectangles for blocks and lines, in a font of which every system has one."""

    def drawn(match: re.Match[str]) -> str:
        style, left, baseline, escaped = match.groups()
        text, shapes = html.unescape(escaped), []
        for column, character in enumerate(text):
            for x, y, width, height in parts(character):
                at = float(left) + (column + x) * CELL, float(baseline) - ABOVE + y * LINE
                shapes.append(
                    f'<rect class="{style}" x="{at[0]:.2f}" y="{at[1]:.2f}" '
                    f'width="{width * CELL:.2f}" height="{height * LINE:.2f}" '
                    'shape-rendering="crispEdges"/>'
                )
        left_over = "".join(" " if any(parts(each)) else each for each in text)
        for word in re.finditer(r"[^ \u00a0]+", left_over):  # leading blanks would be dropped
            at_x = float(left) + word.start() * CELL
            shapes.append(
                f'<text class="{style}" x="{at_x:.2f}" y="{baseline}">{html.escape(word[0])}</text>'
            )
        return "".join(shapes)

    svg = re.sub(r"font-family: Fira Code[^;]*;", "font-family: DejaVu Sans Mono;", svg)
    return _TEXT.sub(drawn, svg.replace("font-size: 20px", f"font-size: {FONT_PX}px"))


def main() -> int:
    images = importlib.import_module("PIL.Image")
    with tempfile.TemporaryDirectory() as folder:
        draw = [sys.executable, "-m", "tests.render_screens", folder, "--only", ",".join(PAGES)]
        state = ["--sizes", "120x40", "--themes", "textual-dark", "--states", "full"]
        subprocess.run([*draw, *state], check=True)
        for page in PAGES:
            svg = Path(folder, f"{page}-full-dark-120x40.svg")
            svg.write_text(without_gaps(svg.read_text("utf-8")), "utf-8")
            png = svg.with_suffix(".png")
            subprocess.run(
                ["rsvg-convert", "-w", str(WIDTH_PX), str(svg), "-o", str(png)], check=True
            )
            small = images.open(png).convert("RGB").quantize(COLOURS, dither=0)
            small.save(FOLDER / f"{page}.png", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
