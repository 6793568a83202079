"""The laboratory in a thread: paused, continued, stopped, and nothing that was measured is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from linky_tui.errors import StorageError
from linky_tui.lab.durations import expected_s
from linky_tui.lab.grounds import ScratchGrounds
from linky_tui.lab.runner import LabRunner
from linky_tui.lab.task import Task
from tests.tools.laboratory import CONDITIONS, left_behind, results_of, small_home, small_task
from tests.tools.waiting import wait_until


@dataclass
class Lab:
    """A runner with what it told."""

    folder: Path
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.runner = self.fresh()

    def fresh(self) -> LabRunner:
        return LabRunner(lambda: self.told.append(""), lambda: self.folder / "state")

    def task(self, **more: object) -> Callable[[threading.Event], Task]:
        return lambda stop: small_task(self.folder, stop=stop, **more)

    @property
    def done(self) -> int:
        progress = self.runner.state.progress
        return 0 if progress is None else progress.done

    def ended(self) -> None:
        wait_until(lambda: not self.runner.state.busy, "its end")
        assert left_behind(self.folder) == []


@pytest.fixture
def lab(short_tmp_path: Path) -> Iterator[Lab]:
    made = Lab(short_tmp_path)
    yield made
    made.runner.close()


def test_results_are_kept_and_a_pause_holds(lab: Lab) -> None:
    assert lab.runner.start(["formats", "order"], lab.task())
    assert not lab.runner.start(["race"], lab.task())
    wait_until(lambda: lab.done, "progress")
    assert (lab.runner.state.running, lab.runner.state.waiting) == ("order", ("formats",))
    lab.runner.pause()
    time.sleep(0.3)
    before = lab.done
    time.sleep(0.5)
    assert lab.runner.state.paused
    assert lab.done == before
    lab.runner.pause()
    lab.ended()
    results = lab.runner.state.results
    assert list(results) == ["order", "formats"]
    assert lab.runner.state.failed == {}
    again = lab.fresh()
    again.load()
    assert again.state.results == results
    assert len(lab.told) < 200, "not every batch is worth a word"


@pytest.mark.parametrize("paused", [False, True])
def test_a_stop_drops_the_server_and_the_next_run_begins_anew(lab: Lab, paused: bool) -> None:
    lab.runner.start(["order", "formats"], lab.task())
    wait_until(lambda: lab.done, "progress")
    if paused:
        lab.runner.pause()
    began = time.monotonic()
    lab.runner.stop()
    assert lab.runner.state.stopping
    lab.ended()
    assert time.monotonic() - began < 5
    state = lab.runner.state
    assert (state.results, state.failed, state.waiting) == ({}, {}, ())
    assert lab.runner.start(["formats"], lab.task())
    lab.ended()
    assert list(lab.runner.state.results) == ["formats"]


def test_what_fails_says_why_and_keeps_what_was_there(lab: Lab) -> None:
    lab.runner.start(["formats"], lab.task())
    lab.ended()

    def nothing(stop: threading.Event) -> Task:
        raise StorageError("There is nothing to measure", "Nothing is stored.", "Fetch it.")

    lab.runner.start(["granularity", "formats"], nothing)
    lab.ended()
    assert list(lab.runner.state.results) == ["formats"]
    assert {str(each) for each in lab.runner.state.failed.values()} == {
        str(StorageError("There is nothing to measure", "Nothing is stored.", "Fetch it."))
    }
    assert set(lab.runner.state.failed) == {"granularity", "formats"}
    lab.runner.start(["formats"], lab.task(grounds=ScratchGrounds(lab.folder, lab.folder, "/no")))
    lab.ended()
    assert "/no" in lab.runner.state.failed["formats"].cause
    assert set(lab.runner.state.failed) == {"granularity", "formats"}


def test_a_result_that_cannot_be_kept_is_shown_all_the_same(lab: Lab) -> None:
    (lab.folder / "state").write_text("in the way")
    lab.runner.start(["formats"], lab.task())
    lab.ended()
    assert list(lab.runner.state.results) == ["formats"]
    assert lab.runner.state.unkept


def test_durations_grow_with_the_work_and_follow_what_was_measured(short_tmp_path: Path) -> None:
    for key in ("fleet", "cardinality"):
        assert expected_s(key, 1000, 35_000, {}) > 2 * expected_s(key, 400, 35_000, {})
    assert expected_s("order", 10, 70_000, {}) > expected_s("order", 10, 35_000, {})
    results = results_of(["formats"], small_task(short_tmp_path))
    took_s = results["formats"].took_s
    count = len(small_home().readings)
    assert results["formats"].conditions.readings == count != CONDITIONS.readings
    assert expected_s("formats", 10, count, results) == pytest.approx(took_s)
