"""What to do with changes that were not saved."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from linky_tui.ui.shell.bindings import bind


class Unsaved(StrEnum):
    """The three answers."""

    SAVE = "save"
    DISCARD = "discard"
    STAY = "stay"


class UnsavedDialog(ModalScreen[Unsaved]):
    """Save, discard or stay; Esc stays.

    Args:
        text: what was changed, never markup.
    """

    DEFAULT_CSS = """
    UnsavedDialog {
        align: center middle;
        & > Vertical {
            width: 72;
            max-width: 95%;
            height: auto;
            padding: 1 2;
            background: $surface;
            border: round $primary;
            border-title-style: bold;
        }
        Static { width: 100%; height: auto; margin-bottom: 1; }
        Horizontal { height: auto; align-horizontal: right; }
        Button { margin-left: 2; min-width: 12; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("unsaved-stay", "answer('stay')"),
        bind("unsaved-left", "app.focus_previous", show=False),
        bind("unsaved-right", "app.focus_next", show=False),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Save the changes?"
            yield Static(self._text, markup=False)
            with Horizontal():
                yield Button("Stay", id="stay")
                yield Button("Discard", id="discard", variant="error")
                yield Button("Save", id="save", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#save", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(Unsaved(event.button.id or "stay"))

    def action_answer(self, answer: str) -> None:
        self.dismiss(Unsaved(answer))
