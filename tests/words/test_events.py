"""Every event of the engine in plain words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from linky_tui.errors import AddressBlocked, ApiError, BudgetSpent, TemporaryError
from linky_tui.ingest.events import (
    Event,
    Failed,
    Finished,
    Noted,
    Paused,
    Planned,
    Rebuilding,
    Surveyed,
    Waiting,
    Window,
    WindowAsked,
    WindowFetched,
    WindowStored,
)
from linky_tui.ingest.jobs import Job, JobKind
from linky_tui.words.events import Tone, event_text, span_text, started_text, unread_lines
from tests.tools.app import SERIES, YESTERDAY
from tests.ui.backfill.test_calendar import record

UNTIL = datetime(2026, 11, 23, tzinfo=UTC)
WEEK = Window(date(2026, 11, 15), YESTERDAY)
DAYS = tuple(record(date(2026, 11, 15 + number)) for number in range(7))
UNSURE = tuple(record(each.day, enedis_wh=None) for each in DAYS)
SPENT = BudgetSpent("Today's requests are used up", "Because.", "Tomorrow.", UNTIL)
BROKEN = ApiError("Nonsense", "It said nonsense.", "Try later.")


@pytest.mark.parametrize(
    ("event", "text", "tone"),
    [
        (Noted(SERIES, "The load curve starts."), "The load curve starts.", Tone.PLAIN),
        (
            Surveyed(SERIES, date(2025, 11, 22), YESTERDAY, 365),
            "Daily totals of 365 days, 22 Nov 2025 to 21 Nov 2026.",
            Tone.PLAIN,
        ),
        (Surveyed(SERIES, None, None, 0), "No daily totals in that year.", Tone.PLAIN),
        (
            Planned(SERIES, (WEEK,) * 105, 77),
            "105 weeks to ask, newest first; 77 requests left today.",
            Tone.PLAIN,
        ),
        (Planned(SERIES, (WEEK,), None), "1 week to ask, newest first.", Tone.PLAIN),
        (Planned(SERIES, (), 3), "Nothing is left to ask.", Tone.PLAIN),
        (
            WindowStored(SERIES, WEEK, 336, 0, DAYS, 3),
            "15 to 21 Nov 2026: 336 new readings, all days certified.",
            Tone.PLAIN,
        ),
        (
            WindowStored(SERIES, WEEK, 1, 2, (*DAYS[:3], *UNSURE[3:]), 3),
            "15 to 21 Nov 2026: 1 new reading, 2 corrected, all days complete, 3 certified.",
            Tone.PLAIN,
        ),
        (
            WindowStored(SERIES, WEEK, 288, 0, DAYS[:6], 3),
            "15 to 21 Nov 2026: 288 new readings, 6 of 7 days complete and certified.",
            Tone.WARNING,
        ),
        (
            WindowStored(SERIES, Window(YESTERDAY, YESTERDAY), 48, 0, DAYS[6:], 0),
            "Sat 21 Nov 2026: 48 new readings, certified.",
            Tone.PLAIN,
        ),
        (
            WindowStored(SERIES, WEEK, 0, 0, (), 0),
            "15 to 21 Nov 2026: 0 new readings, 0 of 7 days complete.",
            Tone.WARNING,
        ),
        (
            Waiting(SERIES, 12, UNTIL, "the gateway is down"),
            "Waiting 12 s, until 01:00: the gateway is down.",
            Tone.WARNING,
        ),
        (
            Rebuilding(SERIES, 0, 10, "its buckets are fragmented"),
            "Rebuilding the time series collection: its buckets are fragmented.",
            Tone.PLAIN,
        ),
        (
            Rebuilding(SERIES, 10, 10, "its buckets are fragmented"),
            "The time series collection is rebuilt: 10 readings.",
            Tone.PLAIN,
        ),
        (
            Paused(SERIES, UNTIL, SPENT),
            "Paused until Mon 23 Nov 01:00: Today's requests are used up.",
            Tone.WARNING,
        ),
        (
            Paused(SERIES, UNTIL, AddressBlocked("The gateway blocks your address", "", "", UNTIL)),
            "Paused: The gateway blocks your address.",
            Tone.WARNING,
        ),
        (Failed(SERIES, BROKEN), "Failed: Nonsense.", Tone.ERROR),
        (
            Finished(SERIES, "complete", 35_040, 108),
            "Done: 35,040 new readings with 108 requests.",
            Tone.GOOD,
        ),
        *(
            (Finished(SERIES, each, 0, 0), "Done: no request was needed.", Tone.GOOD)
            for each in ("complete", "nothing_to_do")
        ),
        (
            Finished(SERIES, "interrupted", 1, 1),
            "Stopped: 1 new reading with 1 request.",
            Tone.PLAIN,
        ),
    ],
)
def test_an_event_says(event: Event, text: str, tone: Tone) -> None:
    found = event_text(event)
    assert found is not None
    assert (found.text, found.tone) == (text, tone)


def test_what_the_next_event_says_better_is_left_out() -> None:
    for event in (
        WindowAsked(SERIES, WEEK),
        WindowFetched(SERIES, WEEK, 336),
        Rebuilding(SERIES, 5, 10, "its buckets are fragmented"),
    ):
        assert event_text(event) is None


def test_errors_come_with_cause_and_next_step() -> None:
    late = TemporaryError("Not published yet", "Enedis is late.", "Sync again later.")
    for event, error in (
        (Failed(SERIES, BROKEN), BROKEN),
        (Paused(SERIES, UNTIL, SPENT), SPENT),
        (Finished(SERIES, "not_published_yet", 0, 1, late), late),
    ):
        found = event_text(event)
        assert found is not None
        assert found.details == tuple(filter(None, (error.cause, error.side_text, error.next_step)))


def test_every_ending_has_a_word_and_several_meters_are_told_apart() -> None:
    for status in ("complete", "paused", "nothing_to_do", "not_published_yet", "failed"):
        found = event_text(Finished(SERIES, status, 0, 0), name_meter=True)
        assert found is not None
        assert found.text.startswith("12········1234 consumption: ")
        assert SERIES.prm not in found.text


def test_spans_and_beginnings() -> None:
    assert span_text(Window(date(2025, 12, 29), date(2026, 1, 4))) == ("29 Dec 2025 to 4 Jan 2026")
    assert span_text(Window(date(2026, 4, 30), date(2026, 5, 6))) == "30 Apr to 6 May 2026"
    day = Window(YESTERDAY, YESTERDAY)
    again = Job(JobKind.REFETCH, SERIES, "", days=day)
    assert started_text(again) == "Fetching Sat 21 Nov 2026 again."
    assert started_text(Job(JobKind.SYNC, SERIES, "")) == "Sync started."
    since = Job(JobKind.BACKFILL, SERIES, "", since=YESTERDAY)
    assert started_text(since) == "Backfill started, back to Sat 21 Nov 2026."


def test_days_that_could_not_be_read_are_told_stretch_by_stretch_with_the_reason() -> None:
    problems = (None, "wrong", "wrong", "worse", None, "wrong", "wr\x1b[31m\nong")
    days = tuple(
        replace(each, problem=problem) for each, problem in zip(DAYS, problems, strict=True)
    )
    told = event_text(WindowStored(SERIES, WEEK, 48, 0, days, 3))
    assert told is not None
    assert told.details == (
        "16 to 17 Nov 2026 could not be read: wrong.",
        "Wed 18 Nov 2026 could not be read: worse.",
        "Fri 20 Nov 2026 could not be read: wrong.",
        "Sat 21 Nov 2026 could not be read: wr ong.",
    )
    assert unread_lines([days[1], days[5]]) == [
        told.details[0].replace("16 to 17", "Mon 16"),
        told.details[2],
    ]
    quiet = event_text(WindowStored(SERIES, WEEK, 336, 0, DAYS, 3))
    assert quiet is not None
    assert quiet.details == ()
