"""How both collections grow with a history: it is replayed into a scratch server."""

from __future__ import annotations

from collections.abc import Generator
from itertools import accumulate

from linky_tui.domain.growth import Growth
from linky_tui.lab.events import Progressed
from linky_tui.lab.experiments.one_home import READING_BYTES
from linky_tui.lab.experiments.variants import BOTH
from linky_tui.lab.pace import Pace
from linky_tui.lab.task import Task
from linky_tui.storage.lab.fills import Spec, Variant, data_bytes, fill, in_batches
from linky_tui.storage.lab.ground import Needs
from linky_tui.storage.lab.shapes import encoded

SAMPLES = 40
"""Points of the picture."""


def replay_growth(task: Task) -> Generator[Progressed, None, tuple[Growth, ...]]:
    """Insert the readings of a home in order; data of both collections after each part.

    Takes a second or two for two years. Data, not what the files take: these follow checkpoints.

    Raises:
        StorageStopped: ``task.stop`` was set.
        LinkyError: there is no room, or no mongod.
    """
    documents = encoded(task.home.series, task.home.readings)
    batches = in_batches(documents, -(-len(documents) // SAMPLES))
    pace = Pace("growth", 2 * len(documents), "readings")
    sizes: list[list[int]] = []
    with task.grounds.open(task.stop, Needs(READING_BYTES * 3 * len(documents))) as ground:
        for layout in BOTH:
            variant = Variant(Spec("", layout), len(documents), batches)
            seen: list[int] = []
            for count in fill(ground, f"growth_{layout.name.lower()}", variant, task.stop):
                seen.append(data_bytes(ground, f"growth_{layout.name.lower()}"))
                yield pace.advance(str(layout), count)
            sizes.append(seen)
    counts = accumulate(len(batch) for batch in batches)
    return tuple(Growth(*each) for each in zip(counts, *sizes, strict=True))
