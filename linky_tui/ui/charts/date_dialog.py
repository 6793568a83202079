"""A small dialog that asks for a date."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Click
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from linky_tui.ui.plots.periods import Span, parse_place
from linky_tui.ui.shell.bindings import bind

EXAMPLES = "2026-11-21, 21/11/2026, 11/2026 or 2026"


class DateDialog(ModalScreen[tuple[Span, date] | None]):
    """Asks for a day, a month or a year; Esc or a click outside gives none."""

    DEFAULT_CSS = """
    DateDialog {
        align: center middle;
        & > Vertical {
            width: 50;
            max-width: 95%;
            height: auto;
            padding: 1 2;
            background: $surface;
            border: round $primary;
        }
        Static { width: 100%; height: auto; color: $text-muted; margin-top: 1; }
        Static.-wrong { color: $text-error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("date-dialog-close", "dismiss(None)"),
    ]

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Go to a date"
            yield Input(placeholder="2026-11-21", max_length=10)
            yield Static(f"For example {EXAMPLES}.", markup=False)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._say(f"For example {EXAMPLES}.", wrong=False)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        place = parse_place(event.value)
        if place is None:
            self._say(f"That is no date. Type it as {EXAMPLES}.", wrong=True)
        else:
            self.dismiss(place)

    def _say(self, text: str, *, wrong: bool) -> None:
        hint = self.query_one(Static)
        hint.update(text)
        hint.set_class(wrong, "-wrong")

    def on_click(self, event: Click) -> None:
        if event.widget is self:
            self.dismiss(None)
