"""Runs experiments in a thread, for a front end that goes on meanwhile: paused, continued, stopped.

The thread changes :attr:`LabRunner.state`, a value that is never changed itself, and says that it
did; nothing here waits for it but :meth:`LabRunner.close`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from linky_tui.domain.laboratory import Result
from linky_tui.errors import ConfigError, LinkyError, Side
from linky_tui.lab.catalogue import BY_KEY
from linky_tui.lab.events import Event, Measured, Progressed, Started, Unmeasured
from linky_tui.lab.task import Task
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.text.formatting import plain

MakeTask = Callable[[threading.Event], Task]
"""Blocks; raises a :class:`LinkyError` where there is nothing to work on."""
_TELL_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class LabState:
    """The laboratory as screens show it."""

    results: Mapping[str, Result] = field(default_factory=dict)  # the kept ones, by experiment
    failed: Mapping[str, LinkyError] = field(default_factory=dict)  # since the program was started
    waiting: tuple[str, ...] = ()  # experiments that are still to come
    running: str = ""  # the experiment under way
    progress: Progressed | None = None  # how far that is
    place: str = ""  # where it works
    busy: bool = False  # whether anything is under way, from the first moment to the last
    paused: bool = False
    stopping: bool = False
    unkept: str = ""  # why the last result could not be kept


class LabRunner:
    """One run at a time.

    Args:
        changed: told, in the thread, that the state is another one.
        state_dir: where results are kept; called when it is needed.
    """

    def __init__(self, changed: Callable[[], None], state_dir: Callable[[], Path]) -> None:
        self.state = LabState()
        self._changed, self._state_dir = changed, state_dir
        self._stop, self._go = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._told_s = 0.0
        self._lock = threading.Lock()

    def load(self) -> None:
        """Read the kept results; those measured meanwhile are newer. Blocks for a moment."""
        from linky_tui.lab.kept import load

        kept = load(self._state_dir())
        self._set(lambda state: replace(state, results={**kept, **state.results}))

    def start(self, keys: Sequence[str], make_task: MakeTask) -> bool:
        """Run experiments in the order of their numbers; ``False`` while others run."""
        if self.state.busy:
            return False
        wanted = tuple(key for key in BY_KEY if key in keys)
        self._stop, self._go = threading.Event(), threading.Event()
        self._go.set()

        def begun(state: LabState) -> LabState:
            failed = {key: error for key, error in state.failed.items() if key not in wanted}
            return LabState(state.results, failed, wanted, busy=True)

        self._set(begun)
        self._thread = threading.Thread(
            target=self._work, args=(wanted, make_task, self._stop), name="laboratory"
        )
        self._thread.start()
        return True

    def pause(self) -> None:
        """Let it rest at its next step; its server stays. Where it rests, let it go on."""
        state = self.state
        if not state.busy or state.stopping:
            return
        if state.paused:
            self._go.set()
        else:
            self._go.clear()
        self._set(lambda state: replace(state, paused=not state.paused))

    def stop(self) -> None:
        """End it at its next step; its server is dropped."""
        if self.state.busy:
            self._set(lambda state: replace(state, stopping=True, paused=False, waiting=()))
        self._stop.set()
        self._go.set()

    def close(self, timeout_s: float | None = None) -> None:
        """Stop, and wait until everything is dropped, but not longer than that."""
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _work(self, keys: Sequence[str], make_task: MakeTask, stop: threading.Event) -> None:
        from linky_tui.lab.run import run_experiments

        failed: LinkyError | None = None
        try:
            events = run_experiments(keys, make_task(stop))
            with closing(events):  # type: ignore[type-var]  # a generator
                for event in events:
                    self._take(event)
                    self._go.wait()
        except StorageStopped:
            pass
        except LinkyError as error:
            failed = None if stop.is_set() else error
        except Exception as error:
            failed = LinkyError(
                "The experiment broke off",
                f"linky-tui met something that it does not know: {plain(repr(error))}",
                "Run it again; if it comes back, please report it.",
                sides=(Side.OURS,),
            )
        finally:
            self._end(failed)

    def _take(self, event: Event) -> None:
        match event:
            case Started(experiment=key, place=place):
                self._set(
                    lambda state: replace(
                        state,
                        running=key,
                        place=place,
                        progress=None,
                        waiting=tuple(each for each in state.waiting if each != key),
                    )
                )
            case Progressed():
                often = time.monotonic() - self._told_s < _TELL_EVERY_S
                self._set(lambda state: replace(state, progress=event), silent=often)
            case Measured(result=result):
                unkept = self._keep(result)
                self._set(
                    lambda state: replace(
                        state,
                        results={**state.results, result.experiment: result},
                        running="",
                        progress=None,
                        unkept=unkept,
                    )
                )
            case Unmeasured(experiment=key, error=error):
                self._set(
                    lambda state: replace(
                        state,
                        failed={**state.failed, key: error},
                        waiting=tuple(each for each in state.waiting if each != key),
                        running="",
                        progress=None,
                    )
                )

    def _keep(self, result: Result) -> str:
        from linky_tui.lab.kept import keep

        try:
            keep(self._state_dir(), [result])
        except ConfigError as error:
            return error.cause
        except OSError as error:
            return plain(error.strerror or type(error).__name__)
        return ""

    def _end(self, error: LinkyError | None) -> None:
        def ended(state: LabState) -> LabState:
            failed = dict(state.failed)
            if error is not None:
                hit = (state.running,) if state.running else state.waiting
                failed.update((key, error) for key in hit)
            return LabState(state.results, failed, unkept=state.unkept)

        self._set(ended)

    def _set(self, change: Callable[[LabState], LabState], *, silent: bool = False) -> None:
        with self._lock:
            self.state = change(self.state)
        if not silent:
            self._told_s = time.monotonic()
            self._changed()
