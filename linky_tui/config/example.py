"""``config.example.toml``; ``python -m linky_tui.config.example`` prints it."""

from __future__ import annotations

import sys
import textwrap

from linky_tui.config.model import SECTIONS
from linky_tui.config.toml_keys import toml_text


def example_text() -> str:
    """The text of ``config.example.toml``: every key with its default and a comment."""
    lines = [
        "# Configuration of linky-tui. Each key has its default here and may be left out.",
        "# What goes before this file: --config names another one, and the variables",
        "# LINKY_TUI_CONFIG, LINKY_TUI_TOKEN, LINKY_TUI_PRM and LINKY_TUI_MONGODB_URI.",
    ]
    for section in SECTIONS.values():
        # Comments stand below the title: above it they would belong to the section before,
        # and go with it when a meter is removed.
        lines += ["", section.title, *_comment(section.help)]
        for each in section.keys:
            lines += ["", *_comment(each.help), f"{each.name} = {toml_text(each.default)}"]
    return "\n".join(lines) + "\n"


def _comment(paragraphs: str) -> list[str]:
    return [
        f"# {line}"
        for text in paragraphs.splitlines()
        for line in textwrap.wrap(text, 90, break_long_words=False, break_on_hyphens=False)
    ]


if __name__ == "__main__":
    sys.stdout.write(example_text())
