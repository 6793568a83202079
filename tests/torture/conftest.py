"""Fixtures of the torture tests: how long, which random moments, and the tally."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools.gateway import gateway
from tests.torture.report import Row, Tally
from tests.torture.two_at_once.together import Crowd, GatedSource

HERE = Path(__file__).parent
SHORT_LIMIT_S, LONG_LIMIT_S = 600, 6 * 3600


@dataclass(frozen=True)
class Scale:
    """How much of it."""

    long: bool  # whether `--long` was given
    seed: int  # what `--seed` says

    def times(self, short: int, long: int) -> int:
        """How often: few times in CI, many by hand."""
        return long if self.long else short

    def random(self, name: str) -> random.Random:
        return random.Random(f"{self.seed} {name}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    long = config.getoption("--long")
    limit_s = LONG_LIMIT_S if long else SHORT_LIMIT_S
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(limit_s))


@pytest.fixture(scope="session")
def scale(pytestconfig: pytest.Config) -> Scale:
    return Scale(bool(pytestconfig.getoption("--long")), int(pytestconfig.getoption("--seed")))


@pytest.fixture
def chance(request: pytest.FixtureRequest, scale: Scale) -> random.Random:
    """The random choices of one test."""
    return scale.random(request.node.name)


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Tally:
    return Tally(record_property)


@pytest.fixture(autouse=True)
def row(request: pytest.FixtureRequest, tally: Tally) -> Row:
    """The row of a test with a mark ``fault``: one try, survived where the test passes."""
    mark = request.node.get_closest_marker("fault")
    return Row("") if mark is None else tally(*mark.args)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Generator[None, object, object]:
    row = item.funcargs["row"]
    assert isinstance(row, Row)
    with row.one_try():
        return (yield)


@pytest.fixture
def where(mongod_uri: str, mongo_database_name: str) -> dict[str, str]:
    """The values of a configuration that lead to a database of this test alone."""
    return {"uri": mongod_uri, "database": mongo_database_name}


@pytest.fixture
def source() -> GatedSource:
    """A meter whose gateway can keep its answers back."""
    return GatedSource()


@pytest.fixture
def crowd(source: GatedSource) -> Iterator[Crowd]:
    """Processes in homes of their own behind one gateway."""
    with gateway(source) as server, Crowd(server) as everybody:
        yield everybody
