"""The processes that load a fleet, two at the most, and what they answer."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linky_tui.errors import StorageError
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.system.closing import Closing
from linky_tui.text.formatting import plain

Job = Mapping[str, Any]
MOST_PROCESSES = 2
_AHEAD = 2
"""Jobs that each process has at a time, so that it never waits for the next one."""
_LOOK_S = 0.1
_END_S = 10.0


def processes() -> int:
    """How many work at once on this machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(MOST_PROCESSES, cores or 1))


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one job."""

    worker: int
    readings: int
    seconds: float


class Crew(Closing):
    """Some workers; a context manager that ends them.

    Args:
        count: how many.
        ground: where they work, as :mod:`linky_tui.lab.experiments.worker` reads it; secret.
    """

    def __init__(self, count: int, ground: Mapping[str, Any]) -> None:
        self._answers: queue.Queue[tuple[int, str]] = queue.Queue()
        self._workers: list[subprocess.Popen[str]] = []
        self._listeners: list[threading.Thread] = []
        try:
            for number in range(count):
                self._start(number)
                self._tell(number, ground)
        except BaseException:
            self.close()
            raise

    def run(
        self, jobs: Sequence[Iterator[Job]], stop: threading.Event
    ) -> Generator[Answer, None, None]:
        """Give each worker its jobs in their order, as a generator of the answers.

        Raises:
            StorageStopped: stopped; jobs under way end by themselves.
            StorageError: a worker ended, or says what went wrong.
        """
        waiting = [iter(each) for each in jobs]
        pending = [0] * len(waiting)
        for number in range(len(waiting)):
            for _ in range(_AHEAD):
                pending[number] += self._next(number, waiting[number])
        while any(pending):
            if stop.is_set():
                raise StorageStopped
            with contextlib.suppress(queue.Empty):
                number, line = self._answers.get(timeout=_LOOK_S)
                answer = _read(number, line)
                pending[number] += self._next(number, waiting[number]) - 1
                yield answer

    def close(self) -> None:
        """No more jobs; waits until those under way have ended."""
        for worker in self._workers:
            with contextlib.suppress(OSError, ValueError):
                if worker.stdin is not None:
                    worker.stdin.close()
        for worker in self._workers:
            try:
                worker.wait(_END_S)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        for listener in self._listeners:
            listener.join()

    def _start(self, number: int) -> None:
        worker = subprocess.Popen(
            [sys.executable, "-m", "linky_tui.lab.experiments.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C is for us to hear
        )
        self._workers.append(worker)
        listener = threading.Thread(target=self._listen, args=(number, worker), daemon=True)
        self._listeners.append(listener)
        listener.start()

    def _listen(self, number: int, worker: subprocess.Popen[str]) -> None:
        if worker.stdout is not None:
            with worker.stdout:
                for line in worker.stdout:
                    self._answers.put((number, line))
        self._answers.put((number, ""))

    def _next(self, number: int, jobs: Iterator[Job]) -> int:
        job = next(jobs, None)
        if job is None:
            return 0
        self._tell(number, job)
        return 1

    def _tell(self, number: int, words: Mapping[str, Any]) -> None:
        stdin = self._workers[number].stdin
        try:
            if stdin is not None:
                stdin.write(json.dumps(words) + "\n")
                stdin.flush()
        except OSError:
            raise _ended() from None


def _read(number: int, line: str) -> Answer:
    if not line:
        raise _ended()
    answer = json.loads(line)
    if "error" in answer:
        words = {name: plain(str(text)) for name, text in answer["error"].items()}
        raise StorageError(words["title"], words["cause"], words["next_step"])
    return Answer(number, int(answer["readings"]), float(answer["seconds"]))


def _ended() -> StorageError:
    return StorageError(
        "A process of the laboratory ended",
        "One of those that load the fleet is gone; perhaps memory ran out, or it was killed.",
        "Run it again, perhaps with fewer homes.",
    )
