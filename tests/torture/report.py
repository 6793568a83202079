"""What torture tests tried and what became of it: counted by the tests, printed at the end.

The rows travel as user properties of the test reports, so that they arrive from the workers of
pytest-xdist, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

PROPERTY = "torture"


@dataclass
class Row:
    fault: str  # what was done to the program
    tried: int = 0  # how often
    survived: int = 0  # how often the program held its promises
    lost: int = 0  # readings (or answers, files: whatever the fault is about) that were lost
    doubled: int = 0  # readings that were stored twice

    @contextmanager
    def one_try(self) -> Iterator[None]:
        """One more, which is survived where the block ends well."""
        self.tried += 1
        yield
        self.survived += 1

    def add(self, other: Row) -> None:
        for name in ("tried", "survived", "lost", "doubled"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Tally:
    """Counts what one test does; ``tally("killed").tried += 1`` is all it takes."""

    def __init__(self, record: Callable[[str, object], None]) -> None:
        self._record = record
        self._rows: dict[str, Row] = {}

    def __call__(self, fault: str) -> Row:
        """The row of a fault; its figures when the test has ended, or failed, are reported."""
        if fault not in self._rows:
            row = self._rows[fault] = Row(fault)
            # The very dictionary that holds the figures: the report reads it after the test.
            self._record(PROPERTY, vars(row))
        return self._rows[fault]


def table(rows: Iterable[Row]) -> list[str]:
    """The rows as a Markdown table, those of the same fault added up."""
    merged: dict[str, Row] = {}
    for row in rows:
        merged.setdefault(row.fault, Row(row.fault)).add(row)
    head = ("fault", "tried", "survived", "lost", "doubled")
    cells = [
        (row.fault, *(f"{number:,}" for number in (row.tried, row.survived, row.lost, row.doubled)))
        for row in sorted(merged.values(), key=lambda row: row.fault)
    ]
    widths = [max(len(line[place]) for line in [head, *cells]) for place in range(len(head))]

    def line(texts: Iterable[str]) -> str:
        padded = [
            text.rjust(width) if place else text.ljust(width)
            for place, (text, width) in enumerate(zip(texts, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * width if not place else "-" * (width - 1) + ":" for place, width in enumerate(widths)
    ]
    return [line(head), line(rule), *(line(texts) for texts in cells)]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("torture")
    group.addoption("--long", action="store_true", help="torture for hours instead of minutes")
    group.addoption("--seed", type=int, default=0, help="other random moments and answers")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    rows = [
        Row(**value)
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        for name, value in getattr(report, "user_properties", [])
        if name == PROPERTY
    ]
    if rows:
        terminalreporter.write_sep("=", "what was tried, survived, lost and doubled")
        for text in table(rows):
            terminalreporter.write_line(text)
