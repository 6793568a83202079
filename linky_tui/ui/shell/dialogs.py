"""Dialogs: an error that can be copied, a question, nothing more."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Click
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from linky_tui.errors import ConfigError, LinkyError
from linky_tui.ui.shell.bindings import bind


class Dialog(ModalScreen[bool]):
    """Base: a box in the middle; Esc or a click outside answers no."""

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        & > Vertical {
            width: 72;
            max-width: 95%;
            height: auto;
            max-height: 90%;
            padding: 1 2;
            background: $surface;
            border: round $primary;
        }
        &.-error > Vertical { border: round $error; }
        VerticalScroll { height: auto; max-height: 16; }
        Static { width: 100%; height: auto; margin-bottom: 1; }
        .next-step { color: $text-muted; }
        Horizontal { height: auto; align-horizontal: right; }
        Button { margin-left: 2; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("dialog.close", "answer(False)"),
        bind("dialog.previous", "app.focus_previous", show=False),
        bind("dialog.next", "app.focus_next", show=False),
    ]

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)

    def on_click(self, event: Click) -> None:
        if event.widget is self:
            self.dismiss(False)


class ErrorDialog(Dialog):
    """What happened, why, and what to do; ``c`` copies it.

    Args:
        error: the error; its texts are shown as they are, never as markup.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("dialog.copy", "copy"),
        bind("dialog.enter", "answer(False)", show=False),
    ]

    def __init__(self, error: LinkyError) -> None:
        super().__init__(classes="-error")
        self._error = error

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(self._error.title)
            with VerticalScroll():
                yield Static(self._error.cause, markup=False)
                if isinstance(self._error, ConfigError):
                    for problem in self._error.problems:
                        yield Static(f"• {problem}", markup=False)
                yield Static(self._error.next_step, markup=False, classes="next-step")
            with Horizontal():
                yield Button("Copy", id="copy")
                yield Button("Close", variant="primary", id="close")

    def on_mount(self) -> None:
        self.query_one("#close", Button).focus()

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        error = self._error
        self.app.copy_to_clipboard(f"{error.title}\n{error.cause}\n{error.next_step}")
        self.notify("Copied.", timeout=2)

    @on(Button.Pressed, "#close")
    def _close(self) -> None:
        self.dismiss(False)


class ConfirmDialog(Dialog):
    """A question with two answers.

    Args:
        title: what it is about.
        text: the question, never markup.
        yes: the button that does it.
        no: the button that does not.
        danger: whether yes loses something.
    """

    def __init__(
        self, title: str, text: str, *, yes: str, no: str = "Cancel", danger: bool = False
    ) -> None:
        super().__init__(classes="-error" if danger else "")
        self._title, self._text, self._yes, self._no = title, text, yes, no
        self._danger = danger

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(self._title)
            yield Static(self._text, markup=False)
            with Horizontal():
                yield Button(self._no, id="no")
                yield Button(self._yes, variant="error" if self._danger else "primary", id="yes")

    def on_mount(self) -> None:
        self.query_one("#no" if self._danger else "#yes", Button).focus()

    @on(Button.Pressed, "#yes")
    def _confirm(self) -> None:
        self.dismiss(True)

    @on(Button.Pressed, "#no")
    def _decline(self) -> None:
        self.dismiss(False)
