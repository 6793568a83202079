"""How both collections grew while readings were fetched, as the polls of the pages saw it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from linky_tui.domain.growth import Growth
from linky_tui.text.formatting import bytes_text, count_text, things

if TYPE_CHECKING:
    from linky_tui.storage.compare.stats import Comparison
    from linky_tui.ui.plots import LinePlot, Spot

_KEPT = 600
_MOST_TICKS = 6


class SizeHistory:
    """Samples of the run under way, or of the last one.

    Data is sampled, not what the files take: files only follow at a checkpoint, once a minute.
    """

    def __init__(self) -> None:
        self.samples: list[Growth] = []
        self._of: object = None

    def add(self, comparison: Comparison, run: object) -> None:
        """Note the sizes; those of another run are forgotten.

        Args:
            comparison: what was measured.
            run: what is the same object, or equal, for all samples of a run.
        """
        if run != self._of:
            self.samples, self._of = [], run
        one, two = comparison.regular, comparison.timeseries
        if one.data_bytes is None or two.data_bytes is None:
            return
        sample = Growth(one.readings, one.data_bytes, two.data_bytes)
        if not self.samples or sample.readings > self.samples[-1].readings:
            self.samples.append(sample)
        if len(self.samples) > _KEPT:
            # Every second one is enough for the shape of a line.
            self.samples = [self.samples[0], *self.samples[1::2]]

    def plot(self) -> LinePlot | None:
        """Both lines over the number of readings, ``None`` before two samples."""
        return growth_plot(self.samples)


def growth_plot(samples: Sequence[Growth]) -> LinePlot | None:
    """Both lines over the number of readings, ``None`` before two samples."""
    if len(samples) < 2:
        return None
    from linky_tui.ui.plots import LinePlot, LineSeries, Tick

    first, last = samples[0].readings, samples[-1].readings
    xs = [float(each.readings) for each in samples]
    step = _round_step((last - first) / _MOST_TICKS)
    ticks = range(-(-first // step) * step, last + 1, step)
    ends = [*xs[1:], float(last) + 1]
    return LinePlot(
        unit="",
        series=[
            LineSeries(name="regular", xs=xs, ys=[each.regular_bytes / 1e6 for each in samples]),
            LineSeries(
                name="time series",
                xs=xs,
                ys=[each.timeseries_bytes / 1e6 for each in samples],
            ),
        ],
        x_range=(float(first), float(last)),
        x_ticks=[Tick(at, count_text(at)) for at in ticks],
        spans=list(zip(xs, ends, strict=True)),
        read=lambda index, _: _spot(samples[index]),
    )


def _spot(sample: Growth) -> Spot:
    from linky_tui.ui.plots import Spot

    sizes = (
        f"regular {bytes_text(sample.regular_bytes)}",
        f"time series {bytes_text(sample.timeseries_bytes)}",
    )
    when = things(sample.readings, "reading")
    return Spot(when, more=" · ".join(sizes), at=str(sample.readings))


def _round_step(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that is at least ``least``."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor >= least:
                return step * factor
        step *= 10
