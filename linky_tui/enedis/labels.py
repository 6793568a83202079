"""From the labels of an answer to instants.

A label is the END of its interval as a clock on a Paris wall shows it, without an offset. Twice a
year that is not enough: in October the labels from 02:00 to 02:59 occur twice, in March they do
not occur at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from linky_tui.domain.paris import PARIS

_LABEL = re.compile(
    r"(20\d\d-\d\d-\d\d)[ T]((?:[01]\d|2[0-3]):\d\d)(?::(\d\d))?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_ONE_HOUR = timedelta(hours=1)


class ClockError(ValueError):
    """A label that names no instant, or is in an order that cannot be made sense of."""


def read_label(text: str) -> datetime:
    """A label as a datetime: naive (Paris wall clock), or aware where it carries its offset.

    Both ``2026-11-01 00:30:00`` and ``2026-11-01T00:30:00`` are read, with or without seconds. An
    explicit offset has to be the one of Paris at that instant, so ``Z`` is refused: nobody knows
    what an Enedis label in UTC would mean.

    Raises:
        ClockError: anything else, also a date or a time of day that does not exist.
    """
    match = _LABEL.fullmatch(text)
    if match is None:
        raise ClockError("not a date and time of this century")
    day, minute, second, offset = match.groups()
    try:
        label = datetime.fromisoformat(f"{day}T{minute}:{second or '00'}{offset or ''}")
    except ValueError:
        raise ClockError("no such date or time of day") from None
    if label.tzinfo is not None and label.utcoffset() != label.astimezone(PARIS).utcoffset():
        raise ClockError("an offset that Paris does not have then")
    return label


def is_repeated(label: datetime) -> bool:
    """Whether a naive label occurs twice that day: 02:00 to 02:59 when winter time starts."""
    return label.tzinfo is None and _instant(label) < _instant(label.replace(fold=1))


def interval_starts(labels: Sequence[tuple[datetime, int]]) -> list[datetime | ClockError]:
    """The UTC start of each interval, from its end label and its length in minutes.

    The labels are taken in file order, naive ones as Paris wall clock, aware ones as they are. A
    label that occurs twice that day takes the earlier offset the first time and the later one as
    soon as time would not advance; so an October day with only 48 points has two half-hours
    missing, none twice. The length is subtracted in UTC.

    The label 02:00 of the day in March that has no such time can only mean the instant 03:00; it
    is read so unless 03:00 occurs as well. No other label of that hour is: it gives an error.

    Elsewhere labels may repeat or be out of order: the caller compares and sorts. In the repeated
    hour order is all there is to tell its two instants apart, so where anything is out of order
    each label of that hour gives an error.
    """
    present = {label for label, _ in labels}
    starts: list[datetime | ClockError] = []
    latest: datetime | None = None
    in_order = True
    for label, minutes in labels:
        end = _instant(label)
        if latest is not None and end <= latest and is_repeated(label):
            end = _instant(label.replace(fold=1))
            in_order = in_order and end > latest
        if label.tzinfo is None and _is_skipped(label, end, present):
            starts.append(ClockError("a time of day that the clocks skip that day"))
            continue
        if latest is not None and end < latest:
            in_order = False
        latest = end if latest is None else max(latest, end)
        starts.append(end - timedelta(minutes=minutes))
    if in_order:
        return starts
    unclear = ClockError("the repeated hour of October in labels that are not in order")
    return [
        unclear if is_repeated(label) else start
        for (label, _), start in zip(labels, starts, strict=True)
    ]


def _instant(label: datetime) -> datetime:
    return (label if label.tzinfo is not None else label.replace(tzinfo=PARIS)).astimezone(UTC)


def _is_skipped(label: datetime, end: datetime, present: set[datetime]) -> bool:
    shown = end.astimezone(PARIS).replace(tzinfo=None)
    if shown == label:
        return False
    first_missing = shown - label == _ONE_HOUR and (label.hour, label.minute) == (2, 0)
    return not first_missing or bool(label.second) or shown in present
