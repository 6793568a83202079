"""What the application asks the laboratory to do: always on scratch servers of its own."""

from __future__ import annotations

import threading

from linky_tui.domain.models import Series
from linky_tui.errors import LinkyError, Side
from linky_tui.lab.catalogue import need_a_home
from linky_tui.lab.grounds import ScratchGrounds
from linky_tui.lab.homes import simulated_home, stored_home
from linky_tui.lab.runner import MakeTask
from linky_tui.lab.task import Task
from linky_tui.storage.store import Store
from linky_tui.system import paths
from linky_tui.ui.shell.backend import Backend


def task_for(
    backend: Backend, series: Series | None, keys: tuple[str, ...], homes: int
) -> MakeTask:
    """Makes the task of some experiments: on the stored readings, in the demo on its home."""

    def make(stop: threading.Event) -> Task:
        stored = need_a_home(keys) and not backend.session.demo
        home = stored_home(backend.store, _known(series)) if stored else simulated_home(0)
        return Task(home, grounds(backend), homes=homes, stop=stop)

    return make


def replay_task(store: Store, backend: Backend, series: Series, stop: threading.Event) -> Task:
    """The task of replaying what is stored of a meter.

    Raises:
        LinkyError: nothing is.
    """
    return Task(stored_home(store, series), grounds(backend), stop=stop)


def grounds(backend: Backend) -> ScratchGrounds:
    """Scratch servers beside our own data."""
    demo, mongod = backend.session.demo, backend.session.config.mongodb.mongod
    return ScratchGrounds(paths.data_dir(demo=demo), paths.runtime_dir(demo=demo), mongod)


def _known(series: Series | None) -> Series:
    if series is None:
        raise LinkyError(
            "There is nothing to measure",
            "No meter is configured yet.",
            "Connect your Linky in Settings; Fleet and Cardinality work without one.",
            sides=(Side.YOURS,),
        )
    return series
