"""The day under the calendar's cursor in words, and a button to ask for it again."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Button, Static

from linky_tui.domain.coverage import MAX_ATTEMPTS, OLD_RETRY, DayRecord
from linky_tui.domain.paris import day_minutes, day_of
from linky_tui.text.dates import short_date_text
from linky_tui.text.formatting import (
    NOTHING,
    count_text,
    day_text,
    duration_text,
    half_hours_text,
    kwh_text,
    local_time_text,
    plain,
    things,
)
from linky_tui.ui.backfill.calendar_marks import Mark, mark_of


class DayPanel(VerticalScroll, can_focus=False):
    """One day in words."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"day-panel--label"}
    DEFAULT_CSS = """
    DayPanel {
        scrollbar-size-vertical: 1;
        &> .day-panel--label { color: $foreground-muted; }
        #day-rows { height: auto; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Static(id="day-rows", markup=False)
        yield Button("Fetch this day again", id="refetch", compact=True, tooltip="One request (f)")

    def show(
        self, day: date, record: DayRecord | None, today: date, curve_from: date | None
    ) -> None:
        self.border_title = day_text(day)
        label = self.get_component_rich_style("day-panel--label")
        rows = Table.grid(padding=(0, 2, 0, 0))
        rows.add_column(no_wrap=True)
        rows.add_column()
        for name, value in day_rows(record, day, today, curve_from):
            rows.add_row(Text(name, label), Text(value))
        self.query_one("#day-rows", Static).update(rows)


def status_words(
    record: DayRecord | None, day: date, today: date, curve_from: date | None = None
) -> str:
    """The status of a day, and what it means; Enedis gives a load curve from ``curve_from`` on."""
    mark = mark_of(record, today)
    if record is None or mark is Mark.TO_ASK:
        return "Not asked yet."
    match mark:
        case Mark.CERTIFIED:
            return "Certified: equals Enedis' total."
        case Mark.COMPLETE if record.enedis_wh is None:
            return "Complete, not yet confirmed by Enedis' total."
        case Mark.COMPLETE:
            return f"Complete, but unlike Enedis' total. {_again(record)}"
        case Mark.PARTIAL:
            lacking = record.minutes_expected - record.minutes_covered
            missing = f"{duration_text(60 * lacking)} missing" if lacking else "readings overlap"
            return f"Partial: {missing}. {_again(record)}"
        case Mark.LATE:
            return "Late: it may still arrive. The next sync asks again."
        case Mark.MISSING:
            came = "nothing came" if record.problem is None else "what came cannot be read"
            return f"Missing: asked, {came}. {_again(record)}"
        case Mark.DAILY_ONLY:
            return "Daily total only: older than the load curve reaches."
        case _:
            if curve_from is not None and day < curve_from:
                return f"No data: the load curve starts on {day_text(curve_from)}."
            if record.attempts >= MAX_ATTEMPTS:
                why = "Enedis has nothing" if record.problem is None else "it cannot be read"
                return f"No data: asked {_times(record.attempts)}, {why}."
            return "No data: the weeks around it hold nothing either."


def day_line(record: DayRecord | None, day: date, mark: Mark, width: int) -> str:
    """A day in one line of at most ``width`` columns, for a border.

    ``26 Nov 2026 · certified · 48 of 48 half-hours · 13.9 kWh, Enedis 13.9 kWh``, and why where it
    could not be read. What has no room is left out, totals first.
    """
    figures, why = [], ""
    if record is not None:
        figures.append(f" · {half_hours_text(record.minutes_covered, day_minutes(day))}")
        figures += [f" · {kwh_text(record.energy_wh)}"] if record.readings else []
        if record.enedis_wh is not None:
            figures.append(
                f"{',' if record.readings else ' ·'} Enedis {kwh_text(record.enedis_wh)}"
            )
        if record.problem is not None:
            why = f" · not to be read: {plain(record.problem)}"
    start = f"{short_date_text(day)} · {mark.word}"
    while figures and len(start + "".join(figures) + why) > width:
        figures.pop()
    line = start + "".join(figures) + why
    return line if len(line) <= width else f"{line[: max(width - 1, 0)]}…"


def day_rows(
    record: DayRecord | None, day: date, today: date, curve_from: date | None = None
) -> list[tuple[str, str]]:
    """Everything that is known of a day, as labels and values."""
    expected = day_minutes(day)
    covered = record.minutes_covered if record else 0
    readings = record.readings if record else 0
    rows = [
        ("Status", status_words(record, day, today, curve_from)),
        (
            "Covered",
            f"{half_hours_text(covered, expected)} in {things(readings, 'reading')}",
        ),
        ("Energy", kwh_text(record.energy_wh) if record and record.readings else NOTHING),
        ("Enedis", _total_text(record)),
        ("Asked", _asked_text(record)),
    ]
    if record is not None and record.problem is not None:
        rows.append(("Answer", f"not to be read: {plain(record.problem)}"))
    return rows


def _total_text(record: DayRecord | None) -> str:
    if record is None or record.enedis_wh is None:
        return "own total not known yet"
    total = kwh_text(record.enedis_wh)
    if not record.readings:
        return total
    difference = record.enedis_wh - record.energy_wh
    if not difference:
        return f"{total}, the same to the Wh"
    return f"{total}, {count_text(abs(difference))} Wh {'more' if difference > 0 else 'less'}"


def _asked_text(record: DayRecord | None) -> str:
    if record is None or not record.attempts or record.last_attempt is None:
        return "never"
    last = day_of(record.last_attempt)
    return (
        f"{_times(record.attempts)}, last {day_text(last)} {local_time_text(record.last_attempt)}"
    )


def _again(record: DayRecord) -> str:
    if record.attempts >= MAX_ATTEMPTS:
        why = "Enedis has no more" if record.problem is None else "it cannot be read"
        return f"Asked {_times(record.attempts)}, {why}."
    if record.last_attempt is None:
        return "A backfill asks again."
    return f"A backfill asks again from {day_text(day_of(record.last_attempt + OLD_RETRY))}."


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count_text(count)} times")
