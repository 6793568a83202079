"""The journal of the engine as a scrolling log that follows, shared by two pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.events import Resize
from textual.widgets import RichLog

from linky_tui.domain.paris import PARIS
from linky_tui.text.formatting import day_text
from linky_tui.ui.shell.ingest_control import IngestControl, Logged, Remark
from linky_tui.words.events import EventText, Tone, event_text


class EventLog(RichLog):
    """The events of the engine in plain words, newest at the bottom.

    It follows what comes unless the user has scrolled up.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "event-log--time",
        "event-log--detail",
        *(f"event-log--{tone}" for tone in Tone),
    }
    DEFAULT_CSS = """
    EventLog {
        background: transparent;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        &> .event-log--time { color: $foreground-muted; }
        &> .event-log--detail { color: $foreground-muted; }
        &> .event-log--plain { color: $foreground; }
        &> .event-log--good { color: $text-success; }
        &> .event-log--warning { color: $text-warning; }
        &> .event-log--error { color: $text-error; text-style: bold; }
    }
    """

    def __init__(
        self,
        *,
        limit: int = 500,
        empty_text: str = "",
        clock: str = "%H:%M:%S",
        id: str | None = None,  # noqa: A002 - as every widget has it
        classes: str | None = None,
    ) -> None:
        super().__init__(wrap=True, min_width=0, id=id, classes=classes)
        self.entries: list[tuple[Logged | Remark, EventText]] = []
        self._limit = limit
        self._empty_text = empty_text
        self._clock = clock
        self._seen = 0
        self._day: date | None = None
        self._name_meter = False
        self._written_width = 0
        self._following = True

    def catch_up(self, control: IngestControl, *, name_meter: bool = False) -> None:
        """Add what came since the last time; ``name_meter``: say which one a line is about."""
        if name_meter != self._name_meter:
            self._name_meter, self._seen = name_meter, 0
            self.entries.clear()
            self._restart()
        fresh = min(control.journal_total - self._seen, len(control.journal))
        self._seen = control.journal_total
        if fresh <= 0:
            return
        new = [
            (logged, text)
            for logged in list(control.journal)[-fresh:]
            if (text := _text_of(logged, name_meter=name_meter)) is not None
        ]
        if new and not self.entries:
            self.clear()
        self.entries = [*self.entries, *new][-self._limit :]
        self._write(new[-self._limit :])

    def as_text(self) -> str:
        """All entries as plain text, for the clipboard."""
        lines = []
        for logged, text in self.entries:
            at = logged.at.astimezone(PARIS)
            lines.append(f"{at:%Y-%m-%d %H:%M:%S}  {text.text}")
            lines += [f"{'':21}{detail}" for detail in text.details]
        return "\n".join(lines)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._rewrite())

    def on_resize(self, event: Resize) -> None:
        width = self.scrollable_content_region.width
        if self._written_width != width:
            self._written_width = width
            self._rewrite()
        elif self._following:
            self.scroll_end(animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.is_vertical_scroll_end:
            self._following = True
        elif new_value < old_value:
            self._following = False

    def _restart(self) -> None:
        self._day = None
        self.clear()

    def _rewrite(self) -> None:
        following = self._following
        self._restart()
        self._following = following
        self._write(self.entries)
        if not self.entries and self._empty_text:
            self.write(Text(self._empty_text, self._style("detail")), width=self._written_width)

    def _write(self, entries: Iterable[tuple[Logged | Remark, EventText]]) -> None:
        width = self._written_width
        if not width:
            return  # Nothing is lost: the first resize writes all of it.
        for logged, text in entries:
            at = logged.at.astimezone(PARIS)
            if at.date() != self._day:
                if self._day is not None:
                    day = Text(day_text(at.date()), self._style("time"))
                    self.write(day, width=width, scroll_end=False)
                self._day = at.date()
            row = Table.grid(padding=(0, 1, 0, 0))
            row.add_column(no_wrap=True)
            row.add_column()
            words = Text().append(text.text, self._style(text.tone))
            for detail in text.details:
                words.append(f"\n{detail}", self._style("detail"))
            row.add_row(Text(at.strftime(self._clock), self._style("time")), words)
            self.write(row, width=width, scroll_end=False)
        self.call_after_refresh(self._scrolled)

    def _scrolled(self) -> None:
        """Go to the end of what was written, once its height is known."""
        if self._following:
            self.scroll_end(animate=False)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"event-log--{name}")


def _text_of(logged: Logged | Remark, *, name_meter: bool) -> EventText | None:
    if isinstance(logged, Remark):
        return logged.text
    return event_text(logged.event, name_meter=name_meter)
