"""Runs experiments one after the other, as a generator of events."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator

from linky_tui import __version__
from linky_tui.domain.laboratory import Conditions, Crowding, FleetRun, Result
from linky_tui.domain.paris import utc_now
from linky_tui.errors import LinkyError
from linky_tui.lab.catalogue import BY_KEY
from linky_tui.lab.events import Event, Measured, Progressed, Started, Unmeasured
from linky_tui.lab.experiments import many_homes, one_home
from linky_tui.lab.pace import Pace
from linky_tui.lab.task import Parts, Steps, Task
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.storage.lab.facts import machine_facts, memory_bytes, server_facts
from linky_tui.storage.lab.ground import Ground, Needs
from linky_tui.text.formatting import utc_text


def run_experiments(keys: Iterable[str], task: Task) -> Iterator[Event]:
    """Run experiments in the order of their numbers; one that fails does not end the others.

    A pause is not to ask for the next event. Closing the generator, or ``task.stop``, ends it at
    its next step; servers, databases and processes are gone when it has ended.

    Raises:
        StorageStopped: ``task.stop`` was set.
    """
    wanted = set(keys)
    for key in BY_KEY:
        if key not in wanted:
            continue
        try:
            yield from _run(key, task)
        except StorageStopped:
            raise
        except LinkyError as error:
            if task.stop.is_set():
                raise StorageStopped from None
            yield Unmeasured(key, error)


def _run(key: str, task: Task) -> Iterator[Event]:
    pace = _pace(key, task)
    begun = pace.clock()
    with task.grounds.open(task.stop, _needs(key, task)) as ground:
        yield Started(key, ground.place)
        facts = server_facts(ground)
        parts = yield from _timed(_steps(key, task, ground, pace), pace)
    checkpoint = parts.pop("checkpoint")
    home = task.home
    simulated = BY_KEY[key].by_homes
    conditions = Conditions(
        where="scratch server" if ground.scratch else ground.place,
        data=f"simulated homes, seed {task.seed}" if simulated else home.name,
        readings=_readings(parts) if simulated else len(home.readings),
        first=(task.fleet_first if simulated else home.first).isoformat(),
        last=(task.fleet_last if simulated else home.last).isoformat(),
        seed=task.seed,
        checkpoint=checkpoint,
        program=__version__,
        **facts,
        **machine_facts(),
    )
    took_s = pace.clock() - begun
    yield Measured(Result(key, utc_text(utc_now()), took_s, conditions, **parts))


def _readings(parts: Parts) -> int:
    """Of the largest fleet."""
    runs: list[FleetRun | Crowding] = [*parts.get("fleets", ()), *parts.get("crowding", ())]
    return max(each.timeseries.readings for each in runs)


def _timed(steps: Steps, pace: Pace) -> Generator[Progressed, None, Parts]:
    """Steps whose pace does not count the time that nobody asked for the next one."""
    try:
        while True:
            try:
                progress = next(steps)
            except StopIteration as end:
                parts: Parts = end.value
                return parts
            since = time.monotonic()
            yield progress
            pace.paused(time.monotonic() - since)
    finally:
        steps.close()


def _steps(key: str, task: Task, ground: Ground, pace: Pace) -> Steps:
    if key == "race":
        return one_home.query_race(task, ground, pace)
    if key == "formats":
        return one_home.files(task, ground, pace)
    if key == "fleet":
        return many_homes.fleets(task, ground, pace)
    if key == "cardinality":
        return many_homes.crowded(task, ground, pace)
    return one_home.sizes(key, task, ground, pace)


def _pace(key: str, task: Task) -> Pace:
    if key == "race":
        rounds, cost = one_home.race_cost(task)
        return Pace(key, rounds, "rounds", cost)
    if key == "fleet":
        readings, cost = many_homes.fleet_cost(task)
    elif key == "cardinality":
        readings, cost = many_homes.crowding_cost(task)
    else:
        readings, cost = one_home.sizes_total(key, task), 0.0
    return Pace(key, readings, "readings", cost)


def _needs(key: str, task: Task) -> Needs:
    if key == "fleet":
        return many_homes.fleet_needs(task, memory_bytes())
    if key == "cardinality":
        return many_homes.crowd_needs(task)
    return one_home.needs(key, task)
