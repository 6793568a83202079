"""A process that uses the embedded server; run by its module name.

Says on stdout where the server is, and leaves it when its stdin is closed.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import pymongo

from linky_tui.storage.server.local_server import LocalServer

ROOT = Path(__file__).parents[3]


class Holder:
    """Such a process, seen from a test; a context manager that ends it."""

    def __init__(self, data_dir: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.storage.server.server_holder", str(data_dir), *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ready(self) -> str:
        """The address, once the process has the server."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line.startswith("mongodb://"), line
        return line

    def leave(self) -> None:
        """Lets it leave in the proper way."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(60) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)

    def __enter__(self) -> Holder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def main(data_dir: Path, options: list[str]) -> None:
    if "--deaf" in options:  # a handler, not SIG_IGN: mongod would inherit that
        signal.signal(signal.SIGINT, lambda *_: None)
    for round_ in range(3 if "--rounds" in options else 1):
        with LocalServer.acquire(data_dir, data_dir / "run") as server:
            with pymongo.MongoClient[dict[str, object]](server.uri, journal=True) as client:
                client["test"]["rounds"].insert_one({"round": round_})
            if "--rounds" not in options:
                print(server.uri, flush=True)
                sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
