"""A process that runs a job and dies just before its n-th write to MongoDB, as a power cut would.

Run in a process of its own by test_crash.py.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from pymongo import monitoring

from linky_tui.enedis.budget import Budget
from linky_tui.enedis.client import ConsoClient
from linky_tui.ingest.engine import Job, run_job
from linky_tui.ingest.events import Finished
from linky_tui.ingest.request_run import RequestRun
from linky_tui.storage.repair import rebuild
from tests.storage.stored import open_store

DEATH = 9
WRITES = {"insert", "update", "delete", "findAndModify", "create", "createIndexes", "drop"}
FILL_BATCH = 100
"""So that a rebuild of a few days fills in several steps."""


@dataclass(frozen=True)
class Task:
    """What the process is to do."""

    uri: str
    database: str
    folder: Path
    api_url: str
    job: Job
    dies_before: int


class _Death(monitoring.CommandListener):
    def __init__(self, dies_before: int) -> None:
        self._writes_left = dies_before

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in WRITES:
            self._writes_left -= 1
            if not self._writes_left:
                os._exit(DEATH)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


def run(task: Task) -> None:
    """Run the job to its end, or to the write before which the process dies."""
    rebuild.FILL_BATCH = FILL_BATCH
    monitoring.register(_Death(task.dies_before))
    with open_store(task.uri, task.database, task.folder) as store:
        client = ConsoClient(task.api_url)
        budget = Budget(None, client.host, per_day=None, min_seconds=0.0)
        requests = RequestRun(client, budget, None, threading.Event())
        last = list(run_job(store, requests, task.job))[-1]
    assert isinstance(last, Finished)
    os._exit(0 if last.status == "complete" else 1)
