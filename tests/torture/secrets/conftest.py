"""The servers of the tests of secrets, once a session."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.tools.altered import resolver
from tests.tools.mongod import short_folder
from tests.tools.servers import NAME, Authority
from tests.torture.manners.manners import assert_manners
from tests.torture.secrets.network import EVIL, VARIABLES
from tests.torture.secrets.stage import Stage, new_stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with short_folder() as folder, new_stage(folder) as made:
        yield made


@pytest.fixture(autouse=True)
def _polite(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did, the gateway saw no refused request again."""
    if "stage" not in request.fixturenames:
        yield
        return
    gateway = request.getfixturevalue("stage").gateway
    before = len(gateway.log)
    yield
    asked = gateway.log[before:]
    # The crashes are many runs, each with nothing stored: they ask the same once each.
    crashes = "crash" in request.node.name
    assert_manners([[each] for each in asked] if crashes else [asked], per_day=80)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two names that lead here, and no variable about proxies or certificates."""
    led = resolver({NAME: "127.0.0.1", EVIL: "127.0.0.1"})
    monkeypatch.setattr(socket, "getaddrinfo", led)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A company's own authority."""
    return Authority(tmp_path_factory.mktemp("authority"))
