"""The report as Markdown, plots as text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from linky_tui.lab.report.blocks import Shown, Table
from linky_tui.lab.report.text_plots import plot_lines

TITLE = "The storage laboratory of linky-tui"
INTRODUCTION = (
    "What time series collections of MongoDB save for half-hourly readings of electricity meters, "
    "and why. Every figure was measured under the conditions below it, unless it says "
    "extrapolated or published."
)
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&])")


def markdown(parts: Iterable[Shown]) -> str:
    """The report."""
    lines = [f"# {escaped(TITLE)}", "", escaped(INTRODUCTION), ""]
    for part in parts:
        lines += [f"## {part.number}. {escaped(part.title)}", ""]
        lines += [f"*{escaped(part.question)}*", "", f"**{escaped(part.sentence)}**", ""]
        for table in part.tables:
            lines += [*table_lines(table), ""]
        for plot in part.plots:
            lines += ["```text", *(each.replace("`", "'") for each in plot_lines(plot)), "```", ""]
        for note in part.notes:
            lines += [escaped(note), ""]
        lines += ["### How this was measured", "", escaped(part.method), ""]
        lines += [f"- {escaped(name)}: {escaped(value)}" for name, value in part.conditions]
        lines.append("")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """A text of which Markdown takes nothing for markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def table_lines(table: Table) -> list[str]:
    """A table under its title."""

    def row(cells: Iterable[str]) -> str:
        return f"| {' | '.join(escaped(cell) for cell in cells)} |"

    rule = "|".join("---" if number == 0 else "---:" for number in range(len(table.head)))
    return [f"{escaped(table.title)}:", "", row(table.head), f"|{rule}|", *map(row, table.rows)]
