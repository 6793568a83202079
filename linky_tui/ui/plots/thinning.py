"""Fewer points that look the same: the lowest and the highest of each column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Run = tuple[list[float], list[float]]
"""Places and values of an unbroken part of a line."""


def runs(
    xs: Sequence[float], ys: Sequence[float | None], x_range: tuple[float, float], columns: int
) -> Iterator[Run]:
    """The unbroken parts of a line inside a range, with at most two points a column.

    Args:
        xs: where, increasing.
        ys: how much, ``None`` for a gap.
        x_range: both ends; points outside are left out.
        columns: how many columns the range has.
    """
    low, high = x_range
    per_column = columns / ((high - low) or 1.0)
    found: Run = ([], [])
    for x, y in zip(xs, ys, strict=True):
        if y is not None and low <= x <= high:
            found[0].append(x)
            found[1].append(y)
        elif found[0]:
            yield _thinned(*found, low, per_column)
            found = ([], [])
    if found[0]:
        yield _thinned(*found, low, per_column)


def thinned_line(
    xs: Sequence[float], ys: Sequence[float | None], x_range: tuple[float, float], columns: int
) -> tuple[list[float], list[float | None]]:
    """The same line with at most two points a column, gaps kept."""
    all_xs: list[float] = []
    all_ys: list[float | None] = []
    for run_xs, run_ys in runs(xs, ys, x_range, columns):
        if all_xs:
            all_xs.append(run_xs[0])
            all_ys.append(None)
        all_xs.extend(run_xs)
        all_ys.extend(run_ys)
    return all_xs, all_ys


def _thinned(xs: list[float], ys: list[float], low: float, per_column: float) -> Run:
    kept: list[int] = []
    start = 0
    for index in range(1, len(xs) + 1):
        column = int((xs[start] - low) * per_column)
        if index < len(xs) and int((xs[index] - low) * per_column) == column:
            continue
        inside = range(start, index)
        kept.extend(sorted({min(inside, key=ys.__getitem__), max(inside, key=ys.__getitem__)}))
        start = index
    return [xs[index] for index in kept], [ys[index] for index in kept]
