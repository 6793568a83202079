"""One field of a form, made from a key of the configuration: a label and its control."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Select, Static

from linky_tui.config.toml_keys import Key
from linky_tui.text.formatting import plain
from linky_tui.ui.forms.pasting import WholePasteInput

STACK_BELOW = 64
"""Columns below which the label stands above its control."""

_LABELS = {
    "uri": "Address",
    "collection": "Regular collection",
    "timeseries_collection": "Time series collection",
    "mongod": "mongod program",
    "api_url": "Gateway",
    "prm": "PRM",
}
_CHOICE_TEXTS = {
    "braille": "braille     ⣀⣤⣶⣿⣶⣤⣀",
    "half-block": "half-block  ▁▂▄▆█▆▄▂▁",
    "dot": "dot         · • · •",
}
_NO_BLANKS = frozenset({"uri", "api_url", "prm", "token"})
_SHOW, _HIDE = "Show", "Hide"


def label_of(key: Key) -> str:
    """The key in words."""
    return _LABELS.get(key.name, key.name.replace("_", " ").capitalize())


def say(where: Static, text: str, level: str) -> None:
    """Show a text in the colour of ``good``, ``warn``, ``bad`` or ``muted``."""
    where.update(text)
    for each in ("good", "warn", "bad", "muted"):
        where.set_class(each == level, each)


class LineInput(WholePasteInput):
    """An input one line high; ``-wrong`` where what is typed is not allowed."""

    DEFAULT_CSS = """
    LineInput {
        width: 1fr;
        height: 1;
        padding: 0 1;
        border: none;
        border-left: outer $border-blurred;
        background: $panel;
        &:focus { border: none; border-left: outer $border; }
        &.-wrong, &.-wrong:focus { border: none; border-left: outer $error; }
    }
    """


class SecretInput(LineInput):
    """A masked input; while it is masked nothing can be copied out of it."""

    def __init__(self) -> None:
        super().__init__(password=True)

    def action_copy(self) -> None:
        if not self.password:
            super().action_copy()

    def action_cut(self) -> None:
        if not self.password:
            super().action_cut()


class Field(Widget):
    """A key of the configuration as a field.

    ``choices`` are its values where the key does not name them itself. What is wrong with it is
    marked before its label and told by a :class:`~linky_tui.ui.forms.guide.FieldGuide`.
    """

    DEFAULT_CSS = """
    Field {
        layout: horizontal;
        height: auto;
        max-width: 120;
        margin-bottom: 1;
        .field-mark { width: 2; color: $text-warning; }
        &.-problem .field-mark { color: $text-error; }
        .field-label { width: 26; color: $text; padding-right: 1; }
        .field-name { width: auto; height: 1; }
        &.-stacked { layout: vertical; }
        &.-stacked .field-label { text-style: bold; }
        &:focus-within .field-label { color: $text-accent; text-style: bold; }
        .field-body { width: 1fr; height: auto; }
        &.-stacked .field-body { width: 100%; }
        .field-control { height: auto; }
        Select { width: 1fr; }
        Select.-textual-compact > SelectCurrent { padding: 0 1 0 2; background: $panel; }
        Select.-textual-compact:focus > SelectCurrent { text-style: bold; background: $boost; }
        Button { margin-left: 1; min-width: 8; }
    }
    """

    @dataclass
    class Changed(Message):
        """The text of a field is another one."""

        field: Field  # take its `text`: a newer change may have come

    said: reactive[tuple[str, str]] = reactive(("", ""), init=False)
    """What is wrong with the text, and what will be made of it; each may be empty."""

    def __init__(self, section: str, key: Key, *, choices: Iterable[str] = ()) -> None:
        super().__init__(id=f"field-{section}-{key.name}")
        self.section = section
        self.key = key
        self._choices = tuple(choices) or key.choices
        self._loaded = False

    def compose(self) -> ComposeResult:
        with Horizontal(classes="field-name"):
            yield Label("", classes="field-mark", markup=False)
            yield Label(label_of(self.key), classes="field-label", markup=False)
        with Vertical(classes="field-body"), Horizontal(classes="field-control"):
            if self._choices:
                yield self._select(self._choices)
            else:
                line = SecretInput() if self.key.secret else LineInput()
                line.joins_lines = self.key.name in _NO_BLANKS
                yield line
            if self.key.secret:
                yield Button(_SHOW, compact=True, classes="reveal", tooltip="Show or mask it")

    def _select(self, choices: Iterable[str]) -> Select[str]:
        return Select(_options(choices), allow_blank=False, compact=True)

    @property
    def loaded(self) -> bool:
        """Whether a text was put into it; before that it is empty whatever is configured."""
        return self._loaded

    @property
    def text(self) -> str:
        if self._choices:
            value = self.query_one(Select).value
            return value if isinstance(value, str) else ""
        return self.query_one(Input).value

    def load(self, text: str) -> None:
        """Put a text into the field; only from then on it tells of changes."""
        self._loaded = True
        if self._choices:
            select = self.query_one(Select)
            if text not in self._choices:
                self._choices = (*self._choices, text)
                select.set_options(_options(self._choices))
            select.value = text
        else:
            line = self.query_one(Input)
            line.value = text
            if line.has_focus:  # as where the focus comes later: what is pasted replaces it
                line.select_all()

    def say(self, problem: str, note: str = "") -> None:
        """Take what is wrong with the text, or what will be made of it; nothing where empty."""
        self.said = problem, note
        self.query_one(".field-mark", Label).update("✗" if problem else "!" if note else "")
        self.set_class(bool(problem), "-problem")
        if not self._choices:
            self.query_one(Input).set_class(bool(problem), "-wrong")

    def focus_control(self) -> None:
        self.query_one("Select, Input").focus()

    def mask(self) -> None:
        for secret in self.query(SecretInput):
            secret.password = True
            self.query_one(".reveal", Button).label = _SHOW

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width < STACK_BELOW, "-stacked")

    @on(Input.Changed)
    @on(Select.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        if self._loaded:  # before that it is only the control's own first value
            self.post_message(self.Changed(self))

    @on(Button.Pressed, ".reveal")
    def _reveal(self, event: Button.Pressed) -> None:
        event.stop()
        secret = self.query_one(Input)
        secret.password = not secret.password
        event.button.label = _SHOW if secret.password else _HIDE


def _options(choices: Iterable[str]) -> list[tuple[Content, str]]:
    """The choices with what is shown for each; a configured one may be any text."""
    return [(Content(plain(_CHOICE_TEXTS.get(each, each), 60)), each) for each in choices]
