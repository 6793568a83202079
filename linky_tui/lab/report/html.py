"""The report as one HTML file: plots as SVG, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from linky_tui.lab.report.blocks import Shown, Table
from linky_tui.lab.report.markdown import INTRODUCTION, TITLE
from linky_tui.lab.report.svg import svg

_STYLE = """\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1c1c1c;background:#fff}
table{border-collapse:collapse;margin:1rem 0;font-size:.9rem}
th,td{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:right;vertical-align:top}
th:first-child,td:first-child{text-align:left}
caption{text-align:left;font-weight:bold}
svg{width:100%;height:auto;font:13px system-ui,sans-serif;margin:.5rem 0}
.found{font-size:1.1rem;font-weight:bold}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;font-size:.9rem}
dt{color:#555}dd{margin:0;overflow-wrap:anywhere}
.wide{overflow-x:auto}"""


def html(parts: Iterable[Shown]) -> str:
    """The report."""
    body = "".join(map(_part, parts))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(TITLE)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
        f"<h1>{escape(TITLE)}</h1>\n<p>{escape(INTRODUCTION)}</p>\n{body}</body>\n</html>\n"
    )


def _part(part: Shown) -> str:
    conditions = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in part.conditions
    )
    return "\n".join(
        [
            f"<h2>{part.number}. {escape(part.title)}</h2>",
            f"<p><em>{escape(part.question)}</em></p>",
            f'<p class="found">{escape(part.sentence)}</p>',
            *map(_table, part.tables),
            *map(svg, part.plots),
            *(f"<p>{escape(note)}</p>" for note in part.notes),
            "<h3>How this was measured</h3>",
            f"<p>{escape(part.method)}</p>",
            f"<dl>{conditions}</dl>",
            "",
        ]
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.head)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    return (
        f'<div class="wide"><table><caption>{escape(table.title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
