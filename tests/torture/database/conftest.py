"""Battles: something is done to a MongoDB, again and again, while a meter's readings are stored."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from linky_tui.storage import connection
from tests.torture.conftest import Scale
from tests.torture.database.dying import Later, Rig, Wire
from tests.torture.report import Row, Tally


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Sees every command of the application."""
    seen = Wire()
    monkeypatch.setattr(connection, "_LISTENERS", [seen])
    return seen


@dataclass
class Battle:
    """The rounds of one test."""

    wire: Wire
    chance: random.Random
    folder: Path
    _scale: Scale
    _tally: Tally
    later: Later = field(default_factory=Later)
    row: Row = field(default_factory=lambda: Row(""))

    def rounds(self, fault: str, few: int, many: int, uri: str, **more: Any) -> Iterator[Rig]:
        """A rig at a time, which has to be whole after what the loop does to it."""
        self.row = self._tally(fault)
        for _ in range(self._scale.times(few, many)):
            with Rig(uri, self.folder, **more) as at:
                yield at
                self.wire.calm()
                self.later.join()
                at.assert_kept(self.row)
                at.survived(self.row)


@pytest.fixture
def battle(
    wire: Wire, chance: random.Random, short_tmp_path: Path, scale: Scale, tally: Tally
) -> Battle:
    return Battle(wire, chance, short_tmp_path, scale, tally)
