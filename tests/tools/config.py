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
    meters: list[dict[str, str]] | None = None,
    seconds: float = 0.0,
    per_day: int = 1000,
    more: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """The text of a configuration file; empty values are left out.

    Args:
        api_url: of the gateway.
        uri: of MongoDB; the embedded server by default.
        database: its database.
        meters: made by :func:`meter`.
        seconds: the least between two requests.
        per_day: the most requests of a day.
        more: further keys of these and other sections.
    """
    sections: dict[str, dict[str, object]] = {
        "mongodb": {"uri": uri, "database": database},
        "enedis": {
            "api_url": api_url,
            "requests_per_day": per_day,
            "seconds_between_requests": seconds,
        },
    }
    for name, values in (more or {}).items():
        sections.setdefault(name, {}).update(values)
    lines = []
    for name, section in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in section.items() if value != ""]
    for one in meters or []:
        lines.append("[[meters]]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in one.items() if value]
    return "\n".join(lines) + "\n"


def write(file: Path, text: str) -> Path:
    """Write a configuration that only its owner can read, in a folder that is made where needed."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return file
