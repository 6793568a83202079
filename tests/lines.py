"""Lines of the product and of the tests by kind; ``python -m tests.lines`` prints them.

Kinds: code, imports, docstrings (those of attributes, too), styles and help texts of screens,
comments of their own line, blank lines. Ends with 1 where docstrings outgrow the code.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
KINDS = ("code", "imports", "docstrings", "styles", "comments", "blank")
MOST_DOCSTRINGS = 0.25
"""Docstring lines for a line of code, in the product."""


def kinds_of(text: str) -> Counter[str]:
    """How many lines of a module are of which kind."""
    lines = text.splitlines()
    kinds = ["blank" if not line.strip() else "code" for line in lines]
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#"):
            kinds[number] = "comments"
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import() | ast.ImportFrom():
                kind = "imports"
            case ast.Expr(value=ast.Constant(value=str())):
                kind = "docstrings"
            case ast.Assign(targets=[ast.Name(id="CSS" | "DEFAULT_CSS" | "HELP")]):
                kind = "styles"
            case _:
                continue
        span = range(node.lineno - 1, node.end_lineno or node.lineno)
        kinds[span.start : span.stop] = [kind] * len(span)
    return Counter(kinds)


def table(folder: Path) -> tuple[list[str], Counter[str]]:
    """A row for each part of a folder, and the sum."""
    parts: dict[str, Counter[str]] = {}
    for file in sorted(folder.rglob("*.py")):
        place = file.relative_to(folder).parts
        part = place[0] if len(place) > 1 else "(top)"
        found = parts.setdefault(part, Counter())
        found.update(kinds_of(file.read_text(encoding="utf-8")), files=1)
    whole = sum(parts.values(), Counter[str]())
    parts = dict(sorted(parts.items(), key=lambda item: -item[1].total())) | {"all": whole}
    rows = [f"{folder.name:12}" + "".join(f"{name:>12}" for name in ("files", "lines", *KINDS))]
    for part, found in parts.items():
        figures = (found["files"], sum(found[kind] for kind in KINDS), *(found[k] for k in KINDS))
        rows.append(f"  {part:10}" + "".join(f"{figure:12,}" for figure in figures))
    return rows, whole


def main() -> int:
    product, whole = table(ROOT / "linky_tui")
    tests, _ = table(ROOT / "tests")
    print("\n".join([*product, "", *tests]))
    share = whole["docstrings"] / whole["code"]
    if share > MOST_DOCSTRINGS:
        print(f"{share:.0%} as many lines of docstrings as of code; at most {MOST_DOCSTRINGS:.0%}.")
    return int(share > MOST_DOCSTRINGS)


if __name__ == "__main__":
    sys.exit(main())
