"""The experiments on many homes: fleets (6) and more meters than open buckets (7)."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from linky_tui.domain.laboratory import Crowding, FleetRun, Layout, LoadOrder, OplogDay, Side
from linky_tui.lab.events import Progressed
from linky_tui.lab.experiments.crew import Crew, Job, processes
from linky_tui.lab.experiments.estimates import OPEN_BUCKET_BYTES, estimates
from linky_tui.lab.experiments.variants import BOTH
from linky_tui.lab.experiments.worker import Fleet
from linky_tui.lab.pace import Pace
from linky_tui.lab.task import Steps, Task
from linky_tui.storage.connection import friendly
from linky_tui.storage.lab.fills import Filled, Spec, create, measure_settled
from linky_tui.storage.lab.fleet import (
    REPLICA_SET,
    home_bytes,
    make_replica_set,
    open_buckets,
    oplog_of_a_day,
)
from linky_tui.storage.lab.ground import Ground, Needs

READING_BYTES = 250
"""At most of disk, for a reading in both collections with indexes and journal."""
CROWDED_BYTES = 80
"""The same of a time series collection alone."""
STEPS = (10, 100, 1000)
"""Fleets on the way to the largest one."""
SETS = 3
"""How often the smallest fleet is loaded, with other homes each time."""
FACTORS = (1.0, 2.0, 10.0)
THRESHOLD = "timeseriesIdleBucketExpiryMemoryUsageThreshold"
MEMORY_FOR_ALL_BYTES = 104_857_600
"""For open buckets: MongoDB's own default, room for a hundred thousand."""
LEAST_CROWD = 320
"""A server keeps its open buckets in 32 groups, each of which has to hold several."""
_DAY_HOMES = 200
"""Homes of an insert job at most, so that it ends soon after a stop."""
_COST = {"draw": 1.0, Layout.REGULAR: 2.0, Layout.TIME_SERIES: 1.0}
"""Of a reading, against each other."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """A fleet to be loaded."""

    homes: range  # their numbers
    order: LoadOrder


def planned_fleets(homes: int) -> list[_Planned]:
    """The fleets up to a number of homes: the smallest ones several times, each in both orders."""
    sizes = [*(each for each in STEPS if each < homes), homes]
    found = [_Planned(range(size), order) for size in sizes for order in LoadOrder]
    for number in range(1, SETS):
        first = homes + (number - 1) * sizes[0]
        found.insert(number, _Planned(range(first, first + sizes[0]), LoadOrder.BY_HOME))
    return found


def drawn_homes(homes: int) -> int:
    """How many homes are drawn for the fleets up to a number of homes."""
    return max(each.homes.stop for each in planned_fleets(homes))


class _Site:
    """A fleet's watts and the crew that loads them."""

    def __init__(self, task: Task, ground: Ground, folder: Path, pace: Pace) -> None:
        self.task, self.ground, self.pace = task, ground, pace
        path = folder / "watts"
        self.fleet = Fleet(path, task.seed, task.fleet_first, task.fleet_last)
        self.count = processes()
        where = {
            "uri": ground.uri,
            "database": ground.database.name,
            "scratch": ground.scratch,
            "file": str(path),
            "seed": task.seed,
            "first": task.fleet_first.isoformat(),
            "last": task.fleet_last.isoformat(),
        }
        self.crew = Crew(self.count, where)

    def close(self) -> None:
        """End the crew."""
        self.crew.close()
        self.fleet.close()

    def draw(self, homes: int) -> Generator[Progressed, None, None]:
        """Draw all homes."""
        jobs: list[Iterator[Job]] = [
            iter([{"homes": (each, each + 1)} for each in range(worker, homes, self.count)])
            for worker in range(self.count)
        ]
        for answer in self.crew.run(jobs, self.task.stop):
            cost = answer.readings * _COST["draw"]
            yield self.pace.advance("drawing the homes", answer.readings, cost)

    def load(
        self, name: str, layout: Layout, planned: _Planned
    ) -> Generator[Progressed, None, Filled]:
        """Load a fleet into a new collection."""
        label = f"{len(planned.homes):,} homes, {planned.order}"
        with friendly():
            collection = create(self.ground.database, name, Spec(label, layout))
        busy_s = [0.0] * self.count
        readings = 0
        for answer in self.crew.run(self._jobs(name, planned), self.task.stop):
            busy_s[answer.worker] += answer.seconds
            readings += answer.readings
            cost = answer.readings * _COST[layout]
            yield self.pace.advance(f"{layout}, {label}", answer.readings, cost)
        side = Side(label, layout, readings, readings, fill_s=max(busy_s))
        return Filled(side, collection)

    def _jobs(self, name: str, planned: _Planned) -> list[Iterator[Job]]:
        """A meter's readings come from one worker, in their order."""
        share = -(-len(planned.homes) // self.count)
        shares = [planned.homes[at : at + share] for at in range(0, len(planned.homes), share)]
        if planned.order is LoadOrder.BY_HOME:
            return [
                iter([{"collection": name, "homes": (each, each + 1)} for each in homes])
                for homes in shares
            ]
        return [self._days(name, homes) for homes in shares]

    def _days(self, name: str, homes: range) -> Iterator[Job]:
        for day in range(self.fleet.days):
            for at in range(0, len(homes), _DAY_HOMES):
                part = homes[at : at + _DAY_HOMES]
                yield {"collection": name, "homes": (part.start, part.stop), "day": day}


def fleet_readings(task: Task) -> int:
    """Readings of one simulated home, nearly."""
    return 48 * ((task.fleet_last - task.fleet_first).days + 1)


def fleet_cost(task: Task) -> tuple[int, float]:
    """Readings to draw and to load for all fleets, and what they cost."""
    loaded = sum(len(each.homes) for each in planned_fleets(task.homes))
    each = fleet_readings(task)
    return (drawn_homes(task.homes) + 2 * loaded) * each, fleet_work(task.homes) * each


def fleet_work(homes: int) -> float:
    """What all fleets up to a number of homes cost, for each reading of a home."""
    loaded = sum(len(each.homes) for each in planned_fleets(homes))
    drawn = drawn_homes(homes) * _COST["draw"]
    return drawn + loaded * (_COST[Layout.REGULAR] + _COST[Layout.TIME_SERIES])


def crowd(homes: int) -> int:
    """Homes of the crowded servers, where the largest fleet has so many."""
    return max(LEAST_CROWD, homes)


def crowding_work(homes: int) -> float:
    """What the crowded servers cost, for each reading of a home."""
    loaded = len(FACTORS) * _COST[Layout.TIME_SERIES]
    return crowd(homes) * (_COST["draw"] + loaded)


def crowding_cost(task: Task) -> tuple[int, float]:
    """The same for the crowded servers."""
    each = fleet_readings(task) * crowd(task.homes)
    cost = fleet_readings(task) * crowding_work(task.homes)
    return (1 + len(FACTORS)) * each, cost


def fleet_needs(task: Task, memory: int | None) -> Needs:
    """Room for the largest fleet, and an eighth of the machine's memory, at most 1 GB."""
    cache_gb = max(0.25, min(1.0, round((memory or 0) / 8e9, 2)))
    return Needs(READING_BYTES * fleet_readings(task) * task.homes, cache_gb)


def crowd_needs(task: Task, threshold: int = MEMORY_FOR_ALL_BYTES) -> Needs:
    """What one crowded server needs, with so much memory for its open buckets."""
    room_bytes = CROWDED_BYTES * fleet_readings(task) * crowd(task.homes)
    return Needs(room_bytes, options=(f"--setParameter={THRESHOLD}={threshold}",))


def fleets(task: Task, ground: Ground, pace: Pace) -> Steps:
    """Load and measure fleets up to the number of homes; then what follows for more."""
    found: list[FleetRun] = []
    checkpoint = ""
    with closing(_Site(task, ground, ground.folder(), pace)) as site:
        yield from site.draw(drawn_homes(task.homes))
        for number, planned in enumerate(planned_fleets(task.homes)):
            filled: list[Filled] = []
            for layout in BOTH:
                name = f"fleet_{number}_{layout.name.lower()}"
                filled.append((yield from site.load(name, layout, planned)))
            buckets = open_buckets(ground) if ground.scratch else (None, None)
            (regular, timeseries), checkpoint = measure_settled(ground, filled, task.stop)
            found.append(
                FleetRun(
                    len(planned.homes),
                    planned.homes.start,
                    planned.order,
                    regular,
                    timeseries,
                    site.count,
                    *buckets,
                    home_bytes(ground, f"fleet_{number}_{Layout.TIME_SERIES.name.lower()}"),
                )
            )
            with friendly():
                for each in filled:
                    each.drop()
        oplog = _oplog(task, site.fleet) if ground.scratch else None
    return {
        "fleets": tuple(found),
        "checkpoint": checkpoint,
        "oplog": oplog,
        "estimates": estimates(found, oplog),
    }


def _oplog(task: Task, fleet: Fleet) -> OplogDay | None:
    """A day of the smallest fleet in a replica set of one."""
    homes = planned_fleets(task.homes)[0].homes
    options = (f"--replSet={REPLICA_SET}", "--oplogSize=990")
    with task.grounds.open(task.stop, Needs(300_000_000, options=options)) as ground:
        if not make_replica_set(ground):
            return None
        return oplog_of_a_day(ground, len(homes), lambda day: list(fleet.of_day(homes, day)))


def crowded(task: Task, ground: Ground, pace: Pace) -> Steps:
    """Load one fleet into servers that can keep fewer and fewer buckets open.

    ``ground`` is the first of them, with room for all; the homes are drawn there.
    """
    planned = _Planned(range(crowd(task.homes)), LoadOrder.BY_DAY)
    threshold = MEMORY_FOR_ALL_BYTES
    found: list[Crowding] = []
    folder = ground.folder()
    with closing(_Site(task, ground, folder, pace)) as site:
        yield from site.draw(len(planned.homes))
        first, checkpoint = yield from _crowd(site, planned, 1.0, threshold)
    found.append(first)
    each_bytes = first.bucket_bytes or OPEN_BUCKET_BYTES
    for factor in FACTORS[1:]:
        threshold = int(each_bytes * len(planned.homes) / factor)
        with (
            task.grounds.open(task.stop, crowd_needs(task, threshold)) as small,
            closing(_Site(task, small, folder, pace)) as site,
        ):
            crowding, checkpoint = yield from _crowd(site, planned, factor, threshold)
            found.append(crowding)
    return {"crowding": tuple(found), "checkpoint": checkpoint}


def _crowd(
    site: _Site, planned: _Planned, factor: float, threshold: int
) -> Generator[Progressed, None, tuple[Crowding, str]]:
    filled = yield from site.load("crowded", Layout.TIME_SERIES, planned)
    buckets = open_buckets(site.ground)
    (side,), checkpoint = measure_settled(site.ground, [filled], site.task.stop)
    return Crowding(factor, threshold, len(planned.homes), side, *buckets), checkpoint
