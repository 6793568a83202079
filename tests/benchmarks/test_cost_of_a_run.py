"""What ``--sync`` costs with nothing to do: hardly more with ten years of ten meters.

``pytest -n 0 -m benchmark tests/benchmarks/test_cost_of_a_run.py -s`` prints the figures. It takes
some minutes, most of them to store 3.5 million documents.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from tests.benchmarks.history import store_history
from tests.tools.app import CLOSED_API, token_for
from tests.tools.config import meter
from tests.tools.gateway import SERIES
from tests.tools.program import command
from tests.tools.stored import another_day, open_store
from tests.tools.terminal import Terminal

pytestmark = pytest.mark.benchmark

RUNS = 15
SMALL, LARGE = (2, 1), (10, 10)
"""Years and meters."""
LIMIT = 1.3


class Yard:
    """A history of some years and meters, and the program configured for the first meter."""

    def __init__(
        self, uri: str, folder: Path, capture: pytest.CaptureFixture[str], size: tuple[int, int]
    ) -> None:
        folder.mkdir()
        self.terminal = Terminal(capture, folder, uri, f"test_{uuid4().hex}")
        self.terminal.configure(
            api_url=CLOSED_API, meters=[meter(SERIES.prm, token_for(SERIES.prm))]
        )
        self.store = open_store(uri, self.terminal.database, folder)
        store_history(self.store, *size)
        self.in_process()

    def in_process(self) -> None:
        """A sync in this process."""
        done = self.terminal.run("--sync", "--json")
        assert done.document["status"] == "nothing_to_do", done

    def whole_process(self) -> None:
        """A sync in a process of its own, as cron starts it."""
        subprocess.run(command("--config", str(self.terminal.file), "--sync"), check=True)

    def another_day(self) -> None:
        """Make the next run the first one of its day, so that it compares a slice of the rest."""
        another_day(self.store)

    def close(self) -> None:
        """Drop it."""
        self.store.connection.client.drop_database(self.terminal.database)
        self.store.close()


@pytest.fixture
def yards(
    mongod_uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[tuple[Yard, Yard]]:
    with ExitStack() as stack:

        def make(name: str, size: tuple[int, int]) -> Yard:
            yard = Yard(mongod_uri, tmp_path / name, capsys, size)
            stack.callback(yard.close)
            return yard

        yield make("small", SMALL), make("large", LARGE)


def _fastest_ms(yards: tuple[Yard, Yard], work: Callable[[Yard], None]) -> list[float]:
    """In turn, and of each the run that was disturbed least."""
    taken: tuple[list[float], ...] = ([], [])
    for _ in range(RUNS):
        for yard, times in zip(yards, taken, strict=True):
            yard.another_day()
            started = time.perf_counter()
            work(yard)
            times.append((time.perf_counter() - started) * 1000)
    return [min(times) for times in taken]


@pytest.mark.timeout(900)
def test_a_sync_costs_hardly_more_with_ten_years_of_ten_meters(
    yards: tuple[Yard, Yard], capsys: pytest.CaptureFixture[str]
) -> None:
    ratios = []
    for name, work in (("in the process", Yard.in_process), ("whole process", Yard.whole_process)):
        small, large = _fastest_ms(yards, work)
        ratios.append(large / small)
        with capsys.disabled():
            sys.stdout.write(
                f"\nempty sync, {name}: {small:.0f} ms with 2 years of one meter, {large:.0f} ms "
                f"with 10 years of 10 meters, ratio {large / small:.2f}"
            )
    assert max(ratios) <= LIMIT
