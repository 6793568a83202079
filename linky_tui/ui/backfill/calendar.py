"""The calendar of coverage: one cell a day, two years, filling as windows land."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.events import Click, Leave, MouseMove, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from linky_tui.domain.coverage import DayRecord, first_askable
from linky_tui.domain.paris import ONE_DAY, days_between
from linky_tui.domain.paris import today as paris_today
from linky_tui.ui.backfill.calendar_layout import CalendarLayout, fit
from linky_tui.ui.backfill.calendar_marks import LEGEND_GAP, Mark, legend_lines, mark_of
from linky_tui.ui.shell.bindings import bind

if TYPE_CHECKING:
    from linky_tui.ingest.events import Window


class CoverageCalendar(ScrollView, can_focus=True):
    """What is stored of each day of the last 24 months, with a cursor and a legend.

    A symbol and a colour say the same, so that it reads without colours too. Only the lines that
    a change touches are drawn again.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"calendar--{mark}" for mark in Mark),
        "calendar--label",
        "calendar--cursor",
        "calendar--cursor-away",
        "calendar--hover",
    }
    DEFAULT_CSS = """
    CoverageCalendar {
        height: auto;
        &> .calendar--certified { color: $text-success; }
        &> .calendar--complete { color: $text-primary; }
        &> .calendar--partial { color: $text-warning; }
        &> .calendar--late { color: $text-accent; }
        &> .calendar--missing { color: $text-error; text-style: bold; }
        &> .calendar--no-data { color: $foreground-muted; }
        &> .calendar--daily-only { color: $text-secondary; }
        &> .calendar--to-ask { color: $foreground-muted; }
        &> .calendar--asking { color: $accent; text-style: bold; }
        &> .calendar--label { color: $foreground-muted; }
        &> .calendar--cursor {
            color: $background;
            background: $foreground;
            text-style: bold;
        }
        &> .calendar--cursor-away { text-style: underline bold; }
        &> .calendar--hover { text-style: underline bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("calendar.day-before", "move(-1)", show=False),
        bind("calendar.day-after", "move(1)", show=False),
        bind("calendar.week-before", "move(-7)", show=False),
        bind("calendar.week-after", "move(7)", show=False),
        bind("calendar.page-before", "move(-28)", show=False),
        bind("calendar.page-after", "move(28)", show=False),
        bind("calendar.first", "go_first", show=False),
        bind("calendar.last", "go_last", show=False),
        bind("calendar.select", "select", show=False),
    ]

    cursor: reactive[date] = reactive(paris_today, init=False, repaint=False)
    """The day under the cursor."""
    roomy: reactive[bool] = reactive(False, layout=True, init=False)
    """Whether there are lines enough for wide cells."""

    @dataclass
    class DayHighlighted(Message):
        """The cursor or the pointer is on a day."""

        day: date

    class DaySelected(DayHighlighted):
        """A day was chosen: Enter, or a second click on it."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._today = paris_today()
        self._first, self._last = first_askable(self._today), self._today - ONE_DAY
        self._records: dict[date, DayRecord] = {}
        self._asking: Window | None = None
        self._days: set[date] = set()
        self._counts: Counter[Mark] = Counter()
        self._hover: date | None = None
        self._strips: dict[int, Strip] = {}
        self._plan = CalendarLayout(self._first, self._last)
        self._legend: list[list[tuple[Mark, str]]] = []
        self.set_reactive(CoverageCalendar.cursor, self._last)
        self._recount()

    # What it shows

    def show(self, records: Mapping[date, DayRecord], today: date) -> None:
        """Show a whole ledger, up to the day before ``today``."""
        followed = self.cursor == self._last
        self._today, self._records = today, dict(records)
        self._first, self._last = first_askable(today), today - ONE_DAY
        self._hover = None
        self._recount()
        self._lay_out(self.content_size.width)
        self.refresh(layout=True)
        self.cursor = self._last if followed else self.validate_cursor(self.cursor)

    def set_day(self, record: DayRecord) -> None:
        if record.day not in self._days:
            return
        self._counts[self.mark(record.day)] -= 1
        self._records[record.day] = record
        self._counts[self.mark(record.day)] += 1
        self._redraw(record.day)
        self._redraw_legend()

    def set_asking(self, window: Window | None) -> None:
        """Mark the days that are being asked for now; ``None`` for none."""
        if window == self._asking:
            return
        touched = {*_days(self._asking), *_days(window)} & self._days
        for day in touched:
            self._counts[self.mark(day)] -= 1
        self._asking = window
        for day in touched:
            self._counts[self.mark(day)] += 1
            self._redraw(day)
        self._redraw_legend()

    def record(self, day: date) -> DayRecord | None:
        return self._records.get(day)

    @property
    def records(self) -> Mapping[date, DayRecord]:
        return self._records

    # The cursor

    def validate_cursor(self, day: date) -> date:
        return min(max(day, self._first), self._last)

    def watch_cursor(self, old: date, new: date) -> None:
        for day in (old, new):
            if day in self._days:
                self._redraw(day)
        column, line = self._plan.place(new)
        self.scroll_to_region(Region(column, line, self._plan.cell, 1), animate=False)
        if self.has_focus:
            self._keep_in_sight(column, line)
        self.post_message(self.DayHighlighted(new))

    def _keep_in_sight(self, column: int, line: int) -> None:
        """Scroll what is around the calendar: to all of it with its borders, or to the day."""
        around = Region(column, line - 1, self._plan.cell, 3).translate(
            self.content_region.offset - self.scroll_offset
        )
        for node in self.ancestors:
            if isinstance(node, VerticalScroll):
                if self.region.height <= node.content_size.height:
                    around = self.region
                inside = around.translate(node.scroll_offset - node.content_region.offset)
                node.scroll_to_region(inside, animate=False, x_axis=False)
                return

    def action_move(self, days: int) -> None:
        self.cursor += timedelta(days=days)

    def action_go_first(self) -> None:
        self.cursor = self._first

    def action_go_last(self) -> None:
        self.cursor = self._last

    def action_select(self) -> None:
        self.post_message(self.DaySelected(self.cursor))

    def on_focus(self) -> None:
        self._redraw(self.cursor)

    def on_blur(self) -> None:
        self._redraw(self.cursor)

    # The mouse

    def on_mouse_move(self, event: MouseMove) -> None:
        self._point_at(self._day_under(event))

    def on_leave(self, event: Leave) -> None:
        self._point_at(None)

    def on_click(self, event: Click) -> None:
        day = self._day_under(event)
        if day is None:
            return
        if day == self.cursor and event.chain > 1:
            self.action_select()
        self.cursor = day

    def _day_under(self, event: MouseMove | Click) -> date | None:
        offset = event.get_content_offset(self)
        if offset is None:
            return None
        column, line = offset + self.scroll_offset
        return self._plan.day_at(column, line)

    def _point_at(self, day: date | None) -> None:
        if day == self._hover:
            return
        for each in (self._hover, day):
            self._hover = day
            if each is not None:
                self._redraw(each)
        self.post_message(self.DayHighlighted(day or self.cursor))

    # Layout and drawing

    def on_resize(self, event: Resize) -> None:
        self._lay_out(self.content_size.width)

    def watch_roomy(self) -> None:
        self._lay_out(self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        plan = fit(self._first, self._last, width, roomy=self.roomy)
        return plan.height + 1 + len(legend_lines(self._counts, width))

    def notify_style_update(self) -> None:
        """Another theme has other colours."""
        super().notify_style_update()
        self._strips.clear()

    def _lay_out(self, width: int) -> None:
        self._plan = fit(self._first, self._last, width, roomy=self.roomy)
        self._legend = legend_lines(self._counts, width)
        self._strips.clear()
        height = self._plan.height + 1 + len(self._legend)
        self.virtual_size = Size(self._plan.width, height)
        self.refresh()

    def mark(self, day: date) -> Mark:
        asking = self._asking
        if asking is not None and asking.first <= day <= asking.last:
            return Mark.ASKING
        return mark_of(self._records.get(day), self._today)

    def _recount(self) -> None:
        self._days = set(days_between(self._first, self._last))
        self._counts = Counter(map(self.mark, self._days))

    def _redraw(self, day: date) -> None:
        line = self._plan.place(day)[1]
        self._strips.pop(line, None)
        self.refresh_line(line)

    def _redraw_legend(self) -> None:
        legend = legend_lines(self._counts, self.content_size.width)
        if len(legend) != len(self._legend):
            self._lay_out(self.content_size.width)
            self.refresh(layout=True)
            return
        self._legend = legend
        for number in range(len(legend)):
            self._strips.pop(self._plan.height + 1 + number, None)
            self.refresh_line(self._plan.height + 1 + number)

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        line = top + y
        strip = self._strips.get(line)
        if strip is None:
            strip = self._strips[line] = self._strip(line)
        width = self.content_size.width
        return strip.crop(left, left + width).extend_cell_length(width, self.rich_style)

    def _strip(self, line: int) -> Strip:
        base = self.rich_style
        number = line - self._plan.height - 1
        if 0 <= number < len(self._legend):
            return Strip(
                segment
                for mark, text in self._legend[number]
                for segment in (
                    Segment(mark.symbol, base + self._style(mark)),
                    Segment(f" {text}{LEGEND_GAP}", base + self._style("label")),
                )
            )
        label = base + self._style("label")
        segments = [Segment(self._plan.gutter_text(line), label)]
        segments.append(Segment(self._plan.months_text(line), label))
        cell = self._plan.cell
        plain = {mark: self._segment(mark, base + self._style(mark)) for mark in Mark}
        for day in self._plan.line_days(line):
            if day is None:
                segments.append(Segment(" " * cell, base))
                continue
            mark = self.mark(day)
            segment = plain[mark]
            if day in (self.cursor, self._hover):
                segment = self._segment(mark, base + self._style(mark) + self._style(self._on(day)))
            # In one style with the blank after it: over a slow line each run of a style costs more
            # than its text.
            gap = " " * (cell - segment.cell_length)
            if segment is plain[mark]:
                segments.append(Segment(segment.text + gap, segment.style))
            else:
                segments += [segment, Segment(gap, base)]
        return Strip(segments).simplify()

    def _segment(self, mark: Mark, style: Style) -> Segment:
        return Segment(mark.symbol * max(self._plan.cell - 1, 1), style)

    def _on(self, day: date) -> str:
        if day != self.cursor:
            return "hover"
        return "cursor" if self.has_focus else "cursor-away"

    def _style(self, name: str) -> Style:
        # What lies over a cell keeps the cell's colour; the rest is blended with the background.
        over = name in ("cursor", "cursor-away", "hover")
        return self.get_component_rich_style(f"calendar--{name}", partial=over)


def _days(window: Window | None) -> Iterable[date]:
    return days_between(window.first, window.last) if window else ()
