"""The experiments on one home: sizes (1 to 4), the query race (5), files beside them (8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from datetime import date, timedelta

from linky_tui.domain.curve import HALF_HOURS_A_DAY
from linky_tui.domain.laboratory import Layout
from linky_tui.domain.models import Reading, Series
from linky_tui.domain.paris import day_of
from linky_tui.lab.catalogue import BY_KEY
from linky_tui.lab.events import Progressed
from linky_tui.lab.experiments.formats import entropy_bits, published, written
from linky_tui.lab.experiments.variants import BOTH, VARIANTS
from linky_tui.lab.homes import fleet_household, fleet_prm
from linky_tui.lab.pace import Pace
from linky_tui.lab.task import Steps, Task
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.storage.lab.fills import Filled, Spec, Variant, fill, in_batches, measure_settled
from linky_tui.storage.lab.ground import Ground, Needs
from linky_tui.storage.lab.questions import questions
from linky_tui.storage.lab.race import WARM_UP, race
from linky_tui.storage.lab.shapes import day_documents, encoded

READING_BYTES = 400
"""At most of disk, for an inserted reading with its index and its place in the journal."""
NEIGHBOURS, NEIGHBOUR_DAYS = 9, 30
"""Other meters of the race, so that `every meter` is more than one."""
_COST_OF_READING = 3e-5
"""In rounds of the race."""


def needs(key: str, task: Task) -> Needs:
    """Room for an experiment on one home."""
    inserted = (BY_KEY[key].readings_per_reading + 1) * len(task.home.readings)
    return Needs(int(READING_BYTES * inserted))


def sizes(key: str, task: Task, ground: Ground, pace: Pace) -> Steps:
    """Fill and measure what an experiment of sizes compares."""
    filled = yield from _fill_all(VARIANTS[key](task), task, ground, pace)
    measured, checkpoint = measure_settled(ground, filled, task.stop)
    return {"sides": tuple(measured), "checkpoint": checkpoint}


def sizes_total(key: str, task: Task) -> int:
    """How many readings that inserts."""
    return round(BY_KEY[key].readings_per_reading * len(task.home.readings))


def query_race(task: Task, ground: Ground, pace: Pace) -> Steps:
    """Ask every question of the three layouts."""
    homes: list[tuple[Series, Sequence[Reading]]] = [(task.home.series, task.home.readings)]
    last = task.home.last
    for number in range(NEIGHBOURS):
        neighbour = fleet_household(number, task.seed)
        readings = neighbour.readings(last - timedelta(days=NEIGHBOUR_DAYS - 1), last)
        homes.append((Series(fleet_prm(number), task.home.series.flow), readings))
    documents = [each for series, readings in homes for each in encoded(series, readings)]
    days = [each for series, readings in homes for each in day_documents(series, readings)]
    variants = [Variant(Spec("", layout), len(documents), in_batches(documents)) for layout in BOTH]
    variants.append(Variant(Spec("", Layout.DAYS), len(documents), in_batches(days)))
    filled = yield from _fill_all(variants, task, ground, pace)
    measured, checkpoint = measure_settled(ground, filled, task.stop)
    collections = {
        each.side.layout: each.collection for each in filled if each.collection is not None
    }
    found = []
    for asked in questions(task.home.series, _full_day(task.home.readings)):
        rounds = race(asked, collections, task.rounds, task.stop)
        while True:
            try:
                next(rounds)
            except StopIteration as end:
                found.append(end.value)
                break
            yield pace.advance(asked.text, 1)
    return {"sides": tuple(measured), "checkpoint": checkpoint, "questions": tuple(found)}


def race_cost(task: Task) -> tuple[int, float]:
    """Rounds of a race, and what it costs with its readings, in rounds."""
    readings = 3 * (len(task.home.readings) + NEIGHBOURS * NEIGHBOUR_DAYS * 48)
    rounds = len(questions(task.home.series, date(2000, 1, 1))) * (task.rounds + WARM_UP)
    return rounds, rounds + readings * _COST_OF_READING


def files(task: Task, ground: Ground, pace: Pace) -> Steps:
    """Write the readings in other forms, beside both collections."""
    documents = in_batches(encoded(task.home.series, task.home.readings))
    variants = [
        Variant(Spec(layout.value, layout), len(task.home.readings), documents) for layout in BOTH
    ]
    filled = yield from _fill_all(variants, task, ground, pace)
    measured, checkpoint = measure_settled(ground, filled, task.stop)
    formats = []
    for each in written(task.home.readings):
        if task.stop.is_set():
            raise StorageStopped
        formats.append(each)
        yield pace.advance(each.name, 0)
    return {
        "sides": tuple(measured),
        "checkpoint": checkpoint,
        "formats": (*formats, *published()),
        "entropy_bits": entropy_bits(task.home.readings),
    }


def _fill_all(
    variants: Sequence[Variant], task: Task, ground: Ground, pace: Pace
) -> Generator[Progressed, None, list[Filled]]:
    filled = []
    for number, variant in enumerate(variants):
        spec = variant.spec
        step = f"{spec.layout}, {spec.label}" if spec.label else str(spec.layout)
        steps = fill(ground, f"side_{number}", variant, task.stop)
        documents = sum(len(batch) for batch in variant.batches)
        while True:
            try:
                count = next(steps)
            except StopIteration as end:
                filled.append(end.value)
                break
            # A day document holds many readings.
            units = round(count * variant.readings / documents)
            if pace.experiment == "race":  # which counts its rounds
                yield pace.advance(step, 0, units * _COST_OF_READING)
            else:
                yield pace.advance(step, units)
    return filled


def _full_day(readings: Sequence[Reading]) -> date:
    """A day near the middle, one of 48 half-hours where there is one."""
    middle = day_of(readings[len(readings) // 2].start)
    counts = Counter(day_of(each.start) for each in readings)
    full = [day for day, count in counts.items() if count == HALF_HOURS_A_DAY]
    return min(full, key=lambda day: abs(day - middle), default=middle)
