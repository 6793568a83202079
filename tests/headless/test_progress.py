"""The live line of a backfill: how far all meters are, and when the last request can be sent."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pytest
import time_machine

from linky_tui.domain.models import Series
from linky_tui.headless import progress
from linky_tui.headless.progress import Progress
from linky_tui.ingest.events import (
    Event,
    Noted,
    Planned,
    Rebuilding,
    Waiting,
    Window,
    WindowStored,
)
from linky_tui.words.events import event_text

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
A, B = Series("10000000000001"), Series("20000000000002")
WEEK = Window(date(2026, 11, 15), date(2026, 11, 21))


class Seconds:
    """A clock on which every look takes two seconds."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        self._now += 2.0
        return self._now


@pytest.mark.parametrize(
    ("left_today", "whole_budget", "words"),
    [
        (80, True, "last request about 10:00"),
        (20, True, "last request about Mon 23 Nov 01:00"),
        (2, True, "last request about Mon 23 Nov 01:00"),
        (None, True, "last request about 10:00"),
        (80, False, ""),
    ],
)
def test_it_counts_all_meters_and_knows_the_budget(
    monkeypatch: pytest.MonkeyPatch, left_today: int | None, whole_budget: bool, words: str
) -> None:
    monkeypatch.setattr(progress, "time", Seconds())
    monkeypatch.setenv("COLUMNS", "200")
    out = io.StringIO()
    shown = Progress(
        out, live=True, verbose=False, several=True, whole_budget=whole_budget, per_day=80
    )
    events: list[tuple[Event, int]] = [
        (Planned(A, (WEEK,) * 15, left_today), 0),
        (Planned(B, (WEEK,) * 15, left_today), 0),
        (WindowStored(A, WEEK, 336, 0, (), 14), 1),
        (WindowStored(B, WEEK, 336, 0, (), 14), 2),
    ]
    with time_machine.travel(NOW, tick=False):
        for event, made in events:
            shown.show(event, made)
    line = out.getvalue().rpartition("\r")[2]
    assert " 2/30" in line
    assert "672 readings" in line
    assert words in line
    assert ("last request" in line) is bool(words)


def test_what_it_says_is_what_the_log_says() -> None:
    out = io.StringIO()
    shown = Progress(out, live=False, verbose=True, several=True, whole_budget=True, per_day=80)
    events: list[Event] = [
        Noted(A, "A remark."),
        Waiting(A, 3.0, NOW, "one more try"),
        Planned(A, (WEEK,), 80),
        Rebuilding(A, 0, 10, "it differs"),
        WindowStored(A, WEEK, 336, 0, (), 0),
    ]
    for event in events:
        shown.show(event, 1)
    logged = [said.text for each in events if (said := event_text(each, name_meter=True))]
    lines = out.getvalue().splitlines()
    assert lines[-1] == f"1/1  {logged[-1]}"
    assert lines[:-1] == logged[:-1]
