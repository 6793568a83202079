"""What is asked of both collections and when, without an application or a database."""

from __future__ import annotations

from dataclasses import replace

from linky_tui.storage.compare.sizes import CollectionSize
from linky_tui.storage.compare.stats import Comparison
from linky_tui.ui.shell.comparison_state import ComparisonState, Snapshot, Step


def compared(readings: int, storage_bytes: int, settled: bool | None) -> Comparison:
    """Both collections with as many readings, not proved."""
    regular = CollectionSize("one", readings, readings * 130, storage_bytes, 8192)
    timeseries = CollectionSize("two", readings, readings * 2, 8192, 4096)
    return Comparison("8.0", "local", regular, timeseries, 1, 1, "hours", None, settled)


class Bench:
    """A state, a clock that only the test moves, and what is told of every step."""

    def __init__(self) -> None:
        self.now_s = 5000.0
        self.settled: bool | None = True
        self.busy = False
        self.state = ComparisonState(lambda: self.now_s)

    def next(self) -> tuple[Step, float]:
        return self.state.next_step(busy=self.busy)

    def wrote(self) -> None:
        self.now_s += 0.1
        self.state.note_write()

    def take(
        self, expected: Step, readings: int = 1000, *, disk: int = 20_480, in_use: bool = False
    ) -> Snapshot:
        """Wait for the next step, take it, let it answer."""
        step, wait_s = self.next()
        assert step is expected
        self.now_s += max(wait_s, 0.0)
        self.state.asked(step)
        return self.answer(step, readings, disk=disk, in_use=in_use)

    def answer(
        self, step: Step, readings: int = 1000, *, disk: int = 20_480, in_use: bool = False
    ) -> Snapshot:
        """As MongoDB does: it is proved only where nobody writes."""
        found = compared(readings, disk, self.settled)
        if step is Step.PROOF and not in_use:
            found = replace(found, identical=True)
        self.state.answered(Snapshot(found, in_use), busy=self.busy, run="run")
        assert self.state.snapshot is not None
        return self.state.snapshot

    def proved(self) -> Bench:
        self.take(Step.SIZES)
        assert self.take(Step.PROOF).comparison.identical
        return self


def test_at_first_the_sizes_then_a_proof_then_rarely() -> None:
    bench = Bench()
    assert bench.next() == (Step.SIZES, 0)
    assert bench.take(Step.SIZES).comparison.identical is None
    assert bench.next() == (Step.PROOF, 1)
    bench.now_s += 0.25
    assert bench.next() == (Step.PROOF, 0.75)
    assert bench.take(Step.PROOF).comparison.identical
    assert bench.next() == (Step.SIZES, 30)
    assert bench.take(Step.SIZES).comparison.identical, "the proof still holds"
    assert not bench.state.history.samples, "nothing was written"


def test_while_an_answer_is_awaited_nothing_else_is_asked_and_what_is_wanted_comes_after() -> None:
    bench = Bench()
    bench.state.asked(Step.SIZES)
    assert bench.state.awaiting
    bench.now_s += 0.2
    bench.state.want()
    bench.answer(Step.SIZES)
    assert not bench.state.awaiting
    assert bench.next() == (Step.SIZES, 0), "what was asked before may not know what changed"


def test_a_page_that_opens_gets_sizes_first_and_its_proof_a_second_later() -> None:
    bench = Bench()
    bench.take(Step.SIZES)
    bench.now_s += 20
    bench.state.want()
    bench.take(Step.SIZES)
    assert bench.next() == (Step.PROOF, 1)


def test_while_a_run_writes_often_and_neither_checkpoint_nor_proof() -> None:
    bench = Bench().proved()
    bench.busy = True
    assert bench.next() == (Step.SIZES, 2)
    bench.take(Step.SIZES)
    for readings in (1336, 1672):
        bench.wrote()
        found = bench.take(Step.SIZES, readings, in_use=True)
        assert found.comparison.identical is None
        assert bench.next() == (Step.SIZES, 2)
    assert [each.readings for each in bench.state.history.samples] == [1000, 1336, 1672]


def test_a_run_that_wrote_is_followed_by_one_checkpoint_and_one_proof() -> None:
    bench = Bench().proved()
    bench.wrote()
    bench.now_s += 5
    bench.state.want()
    found = bench.take(Step.CHECKPOINT, 1336)
    assert found.comparison.identical is None
    assert bench.take(Step.PROOF, 1336).comparison.identical
    found = bench.take(Step.SIZES, 1336)
    assert found.comparison.identical
    assert [each.readings for each in bench.state.history.samples] == [1336]


def test_a_run_that_wrote_nothing_costs_nothing() -> None:
    bench = Bench().proved()
    bench.busy = True
    assert bench.take(Step.SIZES).comparison.identical is None
    bench.busy = False
    bench.state.want()
    assert bench.take(Step.SIZES).comparison.identical
    assert bench.next() == (Step.SIZES, 30)


def test_a_correction_is_proved_anew_though_no_size_changed() -> None:
    bench = Bench().proved()
    bench.wrote()
    assert bench.take(Step.CHECKPOINT).comparison.identical is None
    assert bench.next()[0] is Step.PROOF


def test_what_is_written_during_a_checkpoint_or_a_proof_is_not_covered_by_it() -> None:
    bench = Bench()
    bench.wrote()
    for step in (Step.CHECKPOINT, Step.PROOF):
        bench.now_s += 40
        bench.state.asked(step)
        bench.now_s += 1
        bench.wrote()
        bench.now_s += 1
        assert bench.answer(step).comparison.identical is None
        assert bench.next()[0] is Step.CHECKPOINT


def test_another_process_that_writes_is_watched_and_left_alone() -> None:
    bench = Bench().proved()
    bench.wrote()
    found = bench.take(Step.CHECKPOINT, in_use=True)
    assert found.comparison.identical is None
    assert bench.next() == (Step.CHECKPOINT, 2), "it is still due"
    bench.take(Step.CHECKPOINT)
    assert bench.take(Step.PROOF, in_use=True).comparison.identical is None
    assert bench.next() == (Step.SIZES, 2)
    bench.take(Step.SIZES)
    assert bench.next() == (Step.PROOF, 1)


def test_a_proof_ends_with_its_time_and_with_other_sizes() -> None:
    bench = Bench().proved()
    for _ in range(20):
        bench.take(Step.SIZES)
    bench.now_s += 1
    assert bench.next()[0] is Step.PROOF, "ten minutes"
    assert bench.take(Step.PROOF).comparison.identical
    assert bench.take(Step.SIZES, 999).comparison.identical is None
    assert bench.next() == (Step.PROOF, 1)
    bench.take(Step.PROOF, 999)
    found = compared(999, 20_480, settled=True)
    changed = replace(found, timeseries=replace(found.timeseries, data_bytes=1990))
    bench.state.asked(Step.SIZES)
    bench.state.answered(Snapshot(changed, in_use=False), busy=False, run="run")
    assert bench.next() == (Step.PROOF, 1), "as many readings, other data"


def test_while_sizes_settle_they_are_asked_for_more_often() -> None:
    bench = Bench().proved()
    bench.settled = False
    assert not bench.take(Step.SIZES).comparison.settled
    assert bench.next() == (Step.SIZES, 10)
    bench.settled = True
    assert bench.take(Step.SIZES).comparison.settled
    assert bench.next() == (Step.SIZES, 30)


def test_where_the_server_does_not_tell_sizes_are_believed_once_they_stay() -> None:
    bench = Bench()
    bench.settled = None
    bench.proved()
    settled = [bench.take(Step.SIZES).comparison.settled for _ in range(5)]
    assert settled == [False] * 5, "a minute"
    bench.take(Step.SIZES)
    assert bench.take(Step.SIZES).comparison.settled
    assert not bench.take(Step.SIZES, disk=24_576).comparison.settled, "a checkpoint"


def test_what_failed_is_asked_again_when_it_is_wanted_or_much_later() -> None:
    bench = Bench()
    bench.state.asked(Step.SIZES)
    bench.state.failed()
    assert not bench.state.awaiting
    assert bench.next() == (Step.SIZES, 60)
    bench.state.want()
    assert bench.next() == (Step.SIZES, 0)
