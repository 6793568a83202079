"""A process that uses the embedded server again and again; run by test_come_and_go.py.

``python -m tests.torture.two_at_once.come_and_go DATA_DIR NAME ROUNDS SEED`` notes each round in
the database and makes sure that its earlier ones are there.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

import pymongo

from linky_tui.storage.server.local_server import LocalServer

LONGEST_S = 0.2


def main(data_dir: Path, name: str, rounds: int, seed: str) -> None:
    """Come and go."""
    moments = random.Random(f"{seed} {name}")
    for number in range(rounds):
        with (
            LocalServer.acquire(data_dir, data_dir / "run") as server,
            pymongo.MongoClient[dict[str, Any]](
                server.uri, journal=True, serverSelectionTimeoutMS=30_000, retryWrites=False
            ) as client,
        ):
            visits = client["test"]["visits"]
            assert visits.count_documents({"name": name}) == number
            time.sleep(moments.uniform(0, LONGEST_S))
            visits.insert_one({"name": name, "number": number})
        time.sleep(moments.uniform(0, LONGEST_S))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
