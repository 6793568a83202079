"""The queries behind the figures, as a text to be pasted into mongosh."""

from __future__ import annotations

from collections.abc import Iterable

from linky_tui.storage.compare.figure_queries import FigureQuery


def query_lines(queries: Iterable[FigureQuery], database: str) -> list[str]:
    """A comment with the figure, then its expression, for each; every line in one piece."""
    lines = []
    for query in queries:
        what = f"{query.figure}, {query.of}"
        figure = f"{query.value:,.0f}" if query.value == int(query.value) else f"{query.value:.6g}"
        lines += [f"// {what}: {figure}", query.text(database)]
    return lines
