"""``python -m tests.benchmarks``: runs the benchmarks and prints the ratios that they noted.

A test notes one with ``record_property("ratio", (what, value, limit))``. Further arguments go to
pytest, such as a file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest


class Ratios:
    """Collects what the tests noted."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, float]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            noted: list[tuple[str, Any]] = report.user_properties
            self.rows += [value for name, value in noted if name == "ratio"]


def main(arguments: list[str]) -> int:
    ratios = Ratios()
    where = arguments or [str(Path(__file__).parent)]
    code = pytest.main(["-q", "-n", "0", "-m", "benchmark", *where], plugins=[ratios])
    width = max((len(what) for what, _, _ in ratios.rows), default=0)
    for what, value, limit in ratios.rows:
        print(f"{what.ljust(width)}  {value:8.2f}  at most {limit:.2f}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
