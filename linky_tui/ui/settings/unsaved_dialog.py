"""What to do with changes that were not saved."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static

from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.dialogs import Dialog


class Unsaved(StrEnum):
    """The two answers beside none."""

    SAVE = "save"
    DISCARD = "discard"


class UnsavedDialog(Dialog[Unsaved]):
    """Save, discard, or leave the dialog and stay on the page."""

    PLACE = "Unsaved"
    HELP = """
## Unsaved changes

**Save** writes them and leaves the page, **Discard** takes them back and leaves it, **Stay** does
neither.
"""

    DEFAULT_CSS = """
    UnsavedDialog {
        & > Vertical { border-title-style: bold; }
        Button { min-width: 12; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("unsaved-stay", "leave"),
        bind("unsaved-left", "app.focus_previous", show=False),
        bind("unsaved-right", "app.focus_next", show=False),
    ]

    def __init__(self, text: str) -> None:
        super().__init__("Save the changes?")
        self._text = text

    def compose_box(self) -> ComposeResult:
        yield Static(self._text, markup=False)
        with Horizontal():
            yield Button("Stay", id="leave")
            yield Button("Discard", id="discard", variant="error")
            yield Button("Save", id="save", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#save", Button).focus()

    @on(Button.Pressed, "#save, #discard")
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(Unsaved(event.button.id or ""))
