"""What of a page is to be copied, and as what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList, Static

from linky_tui.text.formatting import bytes_text
from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.core import AppCore
from linky_tui.ui.shell.dialogs import Dialog, copied_text
from linky_tui.words.copied import Copyable, Form

MANY_BYTES = 74_000
"""So much is 100,000 characters as it is sent, more than which many terminals take no notice of."""


class CopyDialog(Dialog[None]):
    """A line for everything on the page and each form; Enter copies it."""

    app = getters.app(AppCore)
    PLACE = "Copy"
    HELP = """
## Copy

Choose what to copy: **Markdown** for a message or a report, as the page shows it, or **CSV** for a
spreadsheet or a program: exact figures, sizes in bytes, savings as fractions, times in ISO 8601,
and nothing where a figure is not known. A chart gives every value that its crosshair can read.

The text goes to the clipboard by way of the terminal (OSC 52). Some terminals do not take it, or
only when their settings allow it; many take no more than about 74 kB.
"""
    BINDINGS: ClassVar[list[BindingType]] = [bind("copy.close", "leave")]
    DEFAULT_CSS = """
    CopyDialog OptionList {
        height: auto;
        max-height: 16;
        padding: 0;
        border: none;
        &:focus { border: none; }
    }
    """

    def __init__(self, choices: Sequence[Copyable]) -> None:
        super().__init__("Copy")
        self._choices = [(each, form) for each in choices for form in Form]

    def compose_box(self) -> ComposeResult:
        if not self._choices:
            yield Static("There is nothing to copy on this page yet.", markup=False)
        else:
            yield OptionList(
                *(Content(f"{each.title}, as {form.value}") for each, form in self._choices)
            )

    def on_mount(self) -> None:
        self.tell_keys("copy.close", self.app.config.keys, *(["⏎ copies"] if self._choices else []))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        what, form = self._choices[event.option_index]
        text = what.text(form)
        self.app.copy_to_clipboard(text)
        size = len(text.encode())
        said = copied_text(f"{what.title}, as {form.value} ({bytes_text(size)})")
        if size > MANY_BYTES:
            said += f" Many take no more than {bytes_text(MANY_BYTES)}: choose a shorter period."
        self.app.notify(said, timeout=8, markup=False)
        self.dismiss(None)
