"""Configuration files: their text, and writing them as private as the program wants them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def meter(prm: str, token: str = "", flow: str = "consumption", name: str = "") -> dict[str, str]:
    """The values of a meter; empty ones are left out of the file."""
    return {"prm": prm, "token": token, "flow": flow, "name": name}


def configuration(
    *,
    api_url: str = "",
    uri: str = "",
    database: str = "electricity",
    mongod: str = "",
    meters: list[dict[str, str]] | None = None,
    seconds: float = 0.0,
    per_day: int | None = 1000,
    more: str = "",
) -> str:
    """The text of a configuration file; empty values are left out.

    ``uri``: of MongoDB; the embedded server by default.
    ``more``: further keys of ``[enedis]`` and sections, as TOML.
    """
    enedis = {
        "api_url": api_url,
        "requests_per_day": per_day,
        "seconds_between_requests": seconds,
    }
    lines = [*_section("[mongodb]", {"uri": uri, "database": database, "mongod": mongod})]
    lines += [*_section("[enedis]", enedis), more]
    for one in meters or []:
        lines += _section("[[meters]]", one)
    return "\n".join(lines) + "\n"


def _section(head: str, values: Mapping[str, object]) -> list[str]:
    given = {key: value for key, value in values.items() if value not in ("", None)}
    return [head, *(f"{key} = {json.dumps(value)}" for key, value in given.items())]


def write(file: Path, text: str) -> Path:
    """Write a configuration that only its owner can read, in a folder that is made where needed."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return file
