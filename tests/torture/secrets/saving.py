"""Processes that save a configuration; they import little, so that they begin at once."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from linky_tui.config import load
from linky_tui.config.save import save


def save_forever(file: str) -> None:
    config = load(Path(file), {})
    print("saving", flush=True)
    for number in range(100_000):
        save(replace(config, display=replace(config.display, theme=f"theme-{number}")))


def save_open() -> None:
    """Save a change under a mask that keeps nothing back."""
    os.umask(0)
    found = load()
    save(replace(found, display=replace(found.display, theme="nord")))
