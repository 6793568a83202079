"""A configuration whose every free text is hostile, as far as a configuration may be."""

from __future__ import annotations

from pathlib import Path

from linky_tui.config.toml_keys import toml_text
from linky_tui.demo.household import DEMO_PRM
from tests.tools.app import token_for
from tests.tools.config import write

NAME = "[@click=app.quit]N[/]"
COLLECTION = "[bold red]c[/]"
TIMESERIES = "[/]cTS"
THEME = "[b]dark[/b]"
FOLDER = "\x1b[31m[bold]\u202ex[/]\x9b2J"


def hostile_config(folder: Path, uri: str, database: str, api_url: str) -> Path:
    """Write it into a folder whose own name is hostile, too; returns the file."""
    sections: dict[str, dict[str, str | float]] = {
        "[mongodb]": {
            "uri": uri,
            "database": database,
            "collection": COLLECTION,
            "timeseries_collection": TIMESERIES,
        },
        "[enedis]": {"api_url": api_url, "seconds_between_requests": 0.0},
        "[display]": {"theme": THEME},
        "[[meters]]": {"prm": DEMO_PRM, "token": token_for(), "name": NAME},
    }
    lines = []
    for head, keys in sections.items():
        lines.append(head)
        for key, value in keys.items():
            lines.append(f"{key} = {toml_text(value) if isinstance(value, str) else value}")
    return write(folder / FOLDER / "config.toml", "\n".join(lines) + "\n")
