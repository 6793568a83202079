"""A small dialog that asks for a date."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static

from linky_tui.text.dates import DAY_EXAMPLES
from linky_tui.ui.forms.pasting import WholePasteInput
from linky_tui.ui.plots.periods import Span, parse_place
from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.core import AppCore
from linky_tui.ui.shell.dialogs import Dialog

EXAMPLES = f"{DAY_EXAMPLES}; Nov 2026 or 2026 for more of it"


class DateDialog(Dialog[tuple[Span, date]]):
    """Asks for a day, a month or a year."""

    app = getters.app(AppCore)
    PLACE = "Date"
    HELP = """
## Go to a date

Type a day, a month or a year, and press Enter: the chart shows that day, month or year. Where
there is no data at that time, it shows the nearest that has some, and says so.
"""

    DEFAULT_CSS = """
    DateDialog > Vertical {
        width: 50;
        & > Static { color: $text-muted; margin: 1 0 0 0; }
        & > Static.-wrong { color: $text-error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [bind("date-dialog-close", "leave")]

    def __init__(self) -> None:
        super().__init__("Go to a date")

    def compose_box(self) -> ComposeResult:
        yield WholePasteInput(placeholder="26 Nov 2026")
        yield Static(f"For example {EXAMPLES}.", markup=False)

    def on_mount(self) -> None:
        self.tell_keys("date-dialog-close", self.app.config.keys, "⏎ goes there")

    @on(Input.Changed)
    def _typed(self) -> None:
        self._say(f"For example {EXAMPLES}.", wrong=False)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        place = parse_place(event.value)
        if place is None:
            self._say(f"No date. Write it as {EXAMPLES}.", wrong=True)
        else:
            self.dismiss(place)

    def _say(self, text: str, *, wrong: bool) -> None:
        hint = self.query_one(Static)
        hint.update(text)
        hint.set_class(wrong, "-wrong")
