"""Dialogs: an error that can be copied, a question, nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Click
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from linky_tui.errors import LinkyError
from linky_tui.ui.shell.bindings import HELP_KEY, bind, key_label
from linky_tui.words.help import Help

T = TypeVar("T")

_QUESTION_KEYS: list[BindingType] = [
    bind("dialog.close", "leave"),
    bind("dialog.previous", "app.focus_previous", show=False),
    bind("dialog.next", "app.focus_next", show=False),
]


def copied_text(what: str) -> str:
    """What is known once something was copied: no terminal answers whether it took it."""
    return f"{what}: sent to the clipboard by way of the terminal. Some terminals do not take it."


class Dialog(ModalScreen[T]):
    """Base: a box in the middle; leaving it, or a click outside, answers nothing (``None``).

    Subclasses yield what stands in the box in :meth:`compose_box` and bind a key to ``leave``.
    """

    BINDINGS: ClassVar[list[BindingType]] = [HELP_KEY]
    PLACE: ClassVar[str] = "Question"
    """Its name in the table of actions."""
    WORDS: ClassVar[tuple[str, ...]] = ()
    """What :data:`GLOSSARY` explains in its help."""
    CLICK_LEAVES: ClassVar[bool] = True
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
        & > Vertical > Static { width: 100%; height: auto; margin-bottom: 1; }
        & > Vertical > Horizontal { height: auto; align-horizontal: right; }
        & > Vertical > Horizontal > Button { margin-left: 2; }
    }
    """

    def __init__(self, title: str, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._title = title

    @property
    def help(self) -> Help:
        """What F1 shows."""
        return Help(self.PLACE, self.HELP or "", self.WORDS)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(self._title)
            yield from self.compose_box()

    def compose_box(self) -> ComposeResult:
        yield from ()

    def tell_keys(self, close: str, chosen: Mapping[str, str], *others: str) -> None:
        """In its border: what ``others`` do, and the key of the action that closes it."""
        keys = *others, f"{key_label(self.app, close, chosen)} closes"
        self.query_one(Vertical).border_subtitle = " · ".join(keys)

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        self.dismiss(None)

    def on_click(self, event: Click) -> None:
        if event.widget is self and self.CLICK_LEAVES:
            self.dismiss(None)


class ErrorDialog(Dialog[None]):
    """What happened, why, and what to do; ``c`` copies it. Texts are never read as markup."""

    HELP = """
## An error

What happened, why, and below it what you can do. Nothing that was stored is lost by it, and the
log keeps the text. **Copy** takes all of it for a message to somebody who helps you; it holds no
token and no password.
"""

    DEFAULT_CSS = """
    ErrorDialog VerticalScroll {
        height: auto;
        max-height: 16;
        Static { width: 100%; height: auto; margin-bottom: 1; }
        .next-step { color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *_QUESTION_KEYS,
        bind("dialog.copy", "copy"),
        bind("dialog.enter", "leave", show=False),
    ]

    def __init__(self, error: LinkyError) -> None:
        super().__init__(error.title, classes="-error")
        self._error = error

    def compose_box(self) -> ComposeResult:
        with VerticalScroll():
            *told, next_step = self._error.details
            for line in told:
                yield Static(line, markup=False)
            yield Static(next_step, markup=False, classes="next-step")
        with Horizontal():
            yield Button("Copy", id="copy")
            yield Button("Close", variant="primary", id="leave")

    def on_mount(self) -> None:
        self.query_one("#leave", Button).focus()

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        self.app.copy_to_clipboard("\n".join((self._error.title, *self._error.details)))
        self.notify(copied_text("The error"), timeout=5)


class ConfirmDialog(Dialog[bool]):
    """A question, never markup, that is answered with ``True`` or not at all.

    ``danger``: yes loses something.
    """

    HELP = """
## A question

Nothing happens before you answer. The button that is lit is the careful answer where the other
one would lose something. Closing the question, or a click beside it, changes nothing.
"""

    BINDINGS: ClassVar[list[BindingType]] = _QUESTION_KEYS

    def __init__(
        self, title: str, text: str, *, yes: str, no: str = "Cancel", danger: bool = False
    ) -> None:
        super().__init__(title, classes="-error" if danger else None)
        self._text, self._yes, self._no = text, yes, no
        self._danger = danger

    def compose_box(self) -> ComposeResult:
        yield Static(self._text, markup=False)
        with Horizontal():
            yield Button(self._no, id="leave")
            yield Button(self._yes, variant="error" if self._danger else "primary", id="yes")

    def on_mount(self) -> None:
        self.query_one("#leave" if self._danger else "#yes", Button).focus()

    @on(Button.Pressed, "#yes")
    def _confirm(self) -> None:
        self.dismiss(True)
