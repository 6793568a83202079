"""What the tests of the command line share: a configuration, a gateway, a run and its output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from linky_tui import cli
from linky_tui.demo.server import ApiServer

SUMMARY_KEYS = {"command", "status", "meters", "requests", "error"}
METER_KEYS = {
    *("prm", "flow", "days_complete", "days_certified", "days_missing", "days_no_data"),
    *("readings_inserted", "first", "last"),
}
ERROR_KEYS = {"title", "cause", "next_step"}


@dataclass(frozen=True)
class Done:
    """A run that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON object that stdout has to be, and nothing else."""
        assert self.out.endswith("}\n"), self.out
        assert self.out.count("\n") == 1, self.out
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document


def meter(prm: str, token: str, flow: str = "consumption") -> dict[str, str]:
    return {"prm": prm, "token": token, "flow": flow}


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
    """The text of a configuration file; empty values are left out."""
    sections: dict[str, dict[str, object]] = {
        "mongodb": {"uri": uri, "database": database},
        "enedis": {
            "api_url": api_url,
            "requests_per_day": per_day,
            "seconds_between_requests": seconds,
        },
    }
    for name, values in (more or {}).items():
        sections[name] |= values
    lines = []
    for name, section in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in section.items() if value != ""]
    for one in meters or []:
        lines.append("[[meters]]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in one.items() if value]
    return "\n".join(lines) + "\n"


class Terminal:
    """Runs commands in this process, on a configuration of their own.

    Args:
        capture: takes what they print.
        folder: where the configuration is written.
        uri: of the MongoDB.
        database: a database of this test alone.
    """

    def __init__(
        self, capture: pytest.CaptureFixture[str], folder: Path, uri: str, database: str
    ) -> None:
        self._capture = capture
        self.file = folder / "config.toml"
        self.uri = uri
        self.database = database

    def configure(self, server: ApiServer | None = None, *prms: str, **values: Any) -> None:
        """Write a configuration: meters behind ``server``, unless ``values`` say otherwise."""
        if server is not None:
            values.setdefault("api_url", server.url)
            values.setdefault("meters", [meter(prm, server.token) for prm in prms])
        values = {"uri": self.uri, "database": self.database, **values}
        self.file.write_text(configuration(**values), encoding="utf-8")
        self.file.chmod(0o600)

    def run(self, *arguments: str) -> Done:
        """Run one command with this configuration."""
        return self.bare("--config", str(self.file), *arguments)

    def bare(self, *arguments: str) -> Done:
        """Run one command with exactly these arguments."""
        self._capture.readouterr()
        code = cli.main(list(arguments))
        printed = self._capture.readouterr()
        return Done(code, printed.out, printed.err)
