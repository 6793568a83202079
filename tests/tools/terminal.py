"""The command line in the process of the test, on a configuration of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linky_tui import cli
from linky_tui.demo.server import ApiServer
from tests.tools.config import configuration, meter, write
from tests.tools.program import Done


class Terminal:
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
        write(self.file, configuration(**values))

    def run(self, *arguments: str) -> Done:
        return self.bare("--config", str(self.file), *arguments)

    def bare(self, *arguments: str) -> Done:
        """Run one command with exactly these arguments."""
        self._capture.readouterr()
        code = cli.main(list(arguments))
        printed = self._capture.readouterr()
        return Done(code, printed.out, printed.err)
