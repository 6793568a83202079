"""What the tests of the configuration share: identities and ways to write a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from linky_tui.config import load
from linky_tui.errors import ConfigError
from tests.tools import config

ROOT = Path(__file__).parents[2]
PRM = "12345678901234"
OTHER = "98765432109876"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJlLXNlY3JldA"
SECOND = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkZWYifQ.YW5vdGhlci1zaWduYXR1cmU"


def write(folder: Path, text: str) -> Path:
    return config.write(folder / "config.toml", text)


def problems(folder: Path, text: str, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(write(folder, text), environ or {})
    return caught.value.problems


def meter(prm: str, token: str = "", flow: str = "consumption") -> str:
    return f'[[meters]]\nprm = "{prm}"\ntoken = "{token}"\nflow = "{flow}"\n'
