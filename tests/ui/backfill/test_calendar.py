"""The calendar of coverage: where days stand, what they show, how it is steered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.strip import Strip

from linky_tui.domain.coverage import DayRecord, DayStatus, first_askable
from linky_tui.domain.paris import ONE_DAY, day_minutes, days_between
from linky_tui.ingest.events import Window
from linky_tui.text.formatting import DAY_NAMES
from linky_tui.ui.backfill.calendar import CoverageCalendar
from linky_tui.ui.backfill.calendar_layout import CalendarLayout, fit
from linky_tui.ui.backfill.calendar_marks import Mark, legend_lines, mark_of
from tests.tools.app import FIRST_DAY, NOW, TODAY, YESTERDAY, screen_text, wait_until


def record(
    day: date,
    status: DayStatus = DayStatus.COMPLETE,
    *,
    enedis_wh: int | None = 8_000,
    attempts: int = 1,
) -> DayRecord:
    whole = day_minutes(day)
    minutes = {DayStatus.COMPLETE: whole, DayStatus.PARTIAL: whole - 60}.get(status, 0)
    asked_at = NOW if attempts else None
    wh = 8_000 if minutes else 0
    return DayRecord(day, whole, minutes, minutes // 30, wh, enedis_wh, status, attempts, asked_at)


class Sheet(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, date]] = []

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield CoverageCalendar()

    def on_coverage_calendar_day_highlighted(self, event: CoverageCalendar.DayHighlighted) -> None:
        self.seen.append(("highlighted", event.day))

    def on_coverage_calendar_day_selected(self, event: CoverageCalendar.DaySelected) -> None:
        self.seen.append(("selected", event.day))

    @property
    def calendar(self) -> CoverageCalendar:
        return self.query_one(CoverageCalendar)


@settings(deadline=None, max_examples=25)
@given(st.dates(date(2020, 1, 1), date(2032, 1, 1)), st.integers(20, 220), st.booleans())
def test_every_day_has_one_place_on_its_weekdays_line(today: date, width: int, roomy: bool) -> None:
    first, last = first_askable(today), today - ONE_DAY
    layout = fit(first, last, width, roomy=roomy)
    places = set()
    for day in days_between(first, last):
        column, line = layout.place(day)
        assert layout.day_at(column, line) == day
        assert column + layout.cell <= layout.width
        assert line < layout.height
        label = layout.gutter_text(line - line % 8 + 1 + day.weekday()).strip()
        assert label in ("", DAY_NAMES[day.weekday()])
        places.add((column, line))
    assert len(places) == (last - first).days + 1


def test_two_years_stand_in_one_band_or_stack_where_they_do_not_fit() -> None:
    for width, bands in ((116, 1), (76, 2), (40, 4), (20, 4)):
        layout = fit(FIRST_DAY, YESTERDAY, width, roomy=False)
        assert layout.bands == bands
        assert layout.width <= max(width, 32)
    assert fit(FIRST_DAY, YESTERDAY, 116, roomy=True).cell == 2
    assert fit(FIRST_DAY, YESTERDAY, 196, roomy=True).cell == 3


def test_months_and_years_stand_above_their_weeks() -> None:
    layout = CalendarLayout(FIRST_DAY, YESTERDAY)
    months = layout.gutter_text(0) + layout.months_text(0)
    assert months.startswith("2024  Dec  2025 Feb Mar Apr")
    assert months.rstrip().endswith("Sep Oct Nov")
    assert "Dec 2026 Feb" in months
    column, _ = layout.place(date(2026, 10, 1))
    assert abs(months.index("Oct", 60) - column) <= 1


def test_each_status_has_a_symbol_of_its_own() -> None:
    assert len({mark.symbol for mark in Mark}) == len(Mark)
    day = date(2026, 6, 1)
    assert mark_of(None, TODAY) is Mark.TO_ASK
    assert mark_of(record(day), TODAY) is Mark.CERTIFIED
    assert mark_of(record(day, enedis_wh=None), TODAY) is Mark.COMPLETE
    assert mark_of(record(day, enedis_wh=8_001), TODAY) is Mark.COMPLETE
    assert mark_of(record(day, DayStatus.PARTIAL), TODAY) is Mark.PARTIAL
    assert mark_of(record(day, DayStatus.MISSING), TODAY) is Mark.MISSING
    assert mark_of(record(day, DayStatus.MISSING, attempts=0), TODAY) is Mark.TO_ASK
    assert mark_of(record(day, DayStatus.NO_DATA, attempts=0), TODAY) is Mark.NO_DATA
    assert mark_of(record(YESTERDAY, DayStatus.LATE), TODAY) is Mark.LATE
    # Grown old since it was stored:
    assert mark_of(record(day, DayStatus.LATE), TODAY) is Mark.MISSING
    old = date(2024, 3, 1)
    assert mark_of(record(old, DayStatus.DAILY_ONLY), TODAY) is Mark.DAILY_ONLY


def test_the_legend_wraps_and_names_the_rare_ones_only_where_there_are_any() -> None:
    for width in (20, 40, 76, 116):
        for line in legend_lines({Mark.CERTIFIED: 730, Mark.ASKING: 7}, width):
            assert len("  ".join(f"{mark.symbol} {text}" for mark, text in line)) <= width
    words = [text for line in legend_lines({}, 200) for _, text in line]
    assert "late 0" in words
    assert not any(text.startswith(("being asked", "daily only")) for text in words)


@pytest.fixture
def two_years() -> dict[date, DayRecord]:
    found = {day: record(day) for day in days_between(FIRST_DAY, YESTERDAY)}
    found[date(2026, 6, 1)] = record(date(2026, 6, 1), DayStatus.PARTIAL)
    found[date(2026, 6, 2)] = record(date(2026, 6, 2), DayStatus.MISSING)
    del found[date(2026, 6, 3)]
    return found


@asynccontextmanager
async def showing(records: dict[date, DayRecord], size: tuple[int, int]) -> AsyncIterator[Sheet]:
    app = Sheet()
    async with app.run_test(size=size) as pilot:
        app.calendar.show(records, TODAY)
        await wait_until(pilot, lambda: "certified 727" in screen_text(app))
        yield app


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_symbols_and_counts_show_the_ledger(
    size: tuple[int, int], two_years: dict[date, DayRecord]
) -> None:
    async with showing(two_years, size) as app:
        text = screen_text(app)
        for words in (
            "■ certified 727",
            "▄ partial 1",
            "× missing 1",
            "· not asked 1",
            "2025",
            "Mon",
        ):
            assert words in text
        lines = text.splitlines()
        shown = sum(line.count("■") for line in lines) - 1
        # The symbol under the cursor included, the legend's own not.
        assert shown == 727
        column, line = CalendarLayout(FIRST_DAY, YESTERDAY, 1 if size[0] > 110 else 2).place(
            date(2026, 6, 2)
        )
        assert lines[line][column] == "×"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_equal_days_beside_each_other_are_sent_as_one(
    size: tuple[int, int], two_years: dict[date, DayRecord]
) -> None:
    """A style costs 40 bytes: day by day a calendar takes half a minute over a slow line."""
    async with showing(two_years, size) as app:
        layout = app.calendar._plan
        for line in range(layout.height):
            days = list(layout.line_days(line))
            marks = [None if day is None else (app.calendar.mark(day), day) for day in days]
            changes = sum(
                one != other for one, other in pairwise(kinds(marks, app.calendar.cursor))
            )
            assert len(app.calendar.render_line(line)._segments) <= changes + 5


def kinds(marks: list[tuple[Mark, date] | None], cursor: date) -> list[object]:
    return [each if each is None or each[1] == cursor else each[0] for each in marks]


async def test_a_landing_window_redraws_its_lines_only(two_years: dict[date, DayRecord]) -> None:
    app = Sheet()
    async with app.run_test(size=(120, 40)) as pilot:
        app.calendar.show({}, TODAY)
        await wait_until(pilot, lambda: "not asked 730" in screen_text(app))
        drawn: list[int] = []
        draw = app.calendar._strip
        app.calendar._strip = lambda line: (drawn.append(line), draw(line))[1]  # type: ignore[method-assign,func-returns-value]
        window = Window(date(2026, 6, 1), date(2026, 6, 1))
        app.calendar.set_asking(window)
        await wait_until(pilot, lambda: "being asked 1" in screen_text(app))
        assert app.calendar.mark(window.first) is Mark.ASKING
        app.calendar.set_day(two_years[window.first])
        app.calendar.set_asking(None)
        await wait_until(pilot, lambda: "partial 1" in screen_text(app))
        assert "not asked 729" in screen_text(app)
        line = CalendarLayout(FIRST_DAY, YESTERDAY).place(window.first)[1]
        legend = app.calendar.virtual_size.height - 1
        assert set(drawn) <= {line, legend}
        # A day outside is ignored.
        app.calendar.set_day(record(FIRST_DAY - ONE_DAY))
        assert "not asked 729" in screen_text(app)


async def test_the_arrow_keys_move_by_days_and_weeks_and_stop_at_the_ends() -> None:
    app = Sheet()
    async with app.run_test(size=(120, 40)) as pilot:
        app.calendar.show({}, TODAY)
        app.calendar.focus()
        assert app.calendar.cursor == YESTERDAY
        await pilot.press("down")
        assert app.calendar.cursor == YESTERDAY
        await pilot.press("up", "left", "left", "right")
        assert app.calendar.cursor == YESTERDAY - timedelta(days=8)
        await pilot.press("home")
        assert app.calendar.cursor == FIRST_DAY
        await pilot.press("left", "pagedown", "enter")
        assert app.seen[-2:] == [
            ("highlighted", FIRST_DAY + timedelta(days=28)),
            ("selected", FIRST_DAY + timedelta(days=28)),
        ]


async def test_the_mouse_points_clicks_and_chooses() -> None:
    app = Sheet()
    async with app.run_test(size=(120, 40)) as pilot:
        app.calendar.show({}, TODAY)
        day = date(2026, 6, 1)
        place = CalendarLayout(FIRST_DAY, YESTERDAY).place(day)
        await pilot.hover(CoverageCalendar, offset=place)
        await wait_until(pilot, lambda: ("highlighted", day) in app.seen)
        assert app.calendar.cursor == YESTERDAY
        await pilot.click(CoverageCalendar, offset=place)
        assert app.calendar.cursor == day
        assert ("selected", day) not in app.seen
        await pilot.click(CoverageCalendar, offset=place, times=2)
        assert ("selected", day) in app.seen
        await pilot.click(CoverageCalendar, offset=(0, 0))
        assert app.calendar.cursor == day


async def test_the_cursor_stays_in_sight_on_a_small_terminal() -> None:
    app = Sheet()
    async with app.run_test(size=(60, 10)) as pilot:
        app.calendar.show({}, TODAY)
        app.calendar.focus()
        await pilot.press("home")
        await pilot.press("end", "left")
        await pilot.pause(0.05)
        line = app.calendar._plan.place(app.calendar.cursor)[1]
        top = app.query_one(VerticalScroll).scroll_offset.y
        assert top <= line < top + 10
        await pilot.resize_terminal(20, 5)
        await pilot.resize_terminal(120, 40)
        await wait_until(pilot, lambda: app.calendar._plan.bands == 1)


async def test_a_move_draws_its_own_lines_again_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Sheet()
    async with app.run_test(size=(120, 40)) as pilot:
        app.calendar.show({}, TODAY)
        app.calendar.focus()
        await pilot.pause()
        drawn: list[int] = []
        draw = CoverageCalendar.render_line

        def counted(self: CoverageCalendar, y: int) -> Strip:
            drawn.append(y)
            return draw(self, y)

        monkeypatch.setattr(CoverageCalendar, "render_line", counted)
        await pilot.press("left", "left")
        await wait_until(pilot, lambda: bool(drawn))
        await pilot.pause()
        assert len(set(drawn)) == 1


async def test_another_day_moves_the_calendar_and_the_cursor_with_it() -> None:
    app = Sheet()
    async with app.run_test(size=(120, 40)):
        app.calendar.show({}, TODAY)
        app.calendar.show({}, TODAY + ONE_DAY)
        assert app.calendar.cursor == TODAY


async def test_without_colours_the_symbols_still_tell(
    monkeypatch: pytest.MonkeyPatch, two_years: dict[date, DayRecord]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Sheet()
    async with app.run_test(size=(120, 40)) as pilot:
        app.calendar.show(two_years, TODAY)
        await wait_until(pilot, lambda: "certified 727" in screen_text(app))
        assert {"■", "▄", "×", "·"} <= set(screen_text(app))
