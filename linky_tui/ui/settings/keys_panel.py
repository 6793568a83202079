"""The section ``[keys]``: a row for each action, and a field that records a key for one."""

from __future__ import annotations

from itertools import groupby

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Label, OptionList, Static
from textual.widgets.option_list import Option

from linky_tui.config.keyboard import ACTIONS, Action, clashes, key_problem, key_warning
from linky_tui.config.model import KEYS
from linky_tui.ui.forms.draft import Draft
from linky_tui.ui.settings.key_capture import KeyCapture
from linky_tui.ui.settings.panels import SettingsPanel
from linky_tui.ui.shell.bindings import key_label

_KEY_WIDTH, _TITLE_WIDTH = 14, 18
_NAMES_FROM_CELLS = 110
"""With so much room the names in ``[keys]`` stand in the list, too."""


class KeysPanel(SettingsPanel):
    """All actions that can have another key, by the place where they work."""

    DEFAULT_CSS = """
    KeysPanel {
        #keys-list {
            height: 1fr;
            min-height: 5;
            padding: 0;
            border: none;
            background: transparent;
            text-wrap: nowrap;
            text-overflow: ellipsis;
        }
        #keys-editor { height: auto; margin-top: 1; }
        #keys-line { height: 1; }
        #keys-name { width: auto; max-width: 60%; padding-right: 2; text-style: bold; }
        #keys-said { height: 2; color: $text-muted; }
        #keys-said.bad { color: $text-error; }
        #keys-said.warn { color: $text-warning; }
    }
    """

    class Changed(Message):
        """Another key was recorded."""

    def __init__(self) -> None:
        super().__init__(KEYS)
        self.can_focus = False  # the list scrolls
        self._chosen = ""
        self._shown: dict[str, tuple[str, str, str, bool]] = {}
        self._draft: Draft | None = None

    def compose(self) -> ComposeResult:
        yield from self.head("Enter, then the new key. Dimmed keys are the usual ones.")
        yield OptionList(id="keys-list")
        with Vertical(id="keys-editor"):
            with Horizontal(id="keys-line"):
                yield Label(id="keys-name", markup=False)
                yield KeyCapture(id="keys-input")
            yield Static(id="keys-said", markup=False)

    def focus_content(self) -> None:
        rows = self.query_one_optional("#keys-list", OptionList)
        if rows is not None and self.display:
            rows.focus()

    def load(self, draft: Draft) -> None:
        self._draft = draft
        self._shown.clear()
        rows = self.query_one("#keys-list", OptionList)
        place = rows.highlighted
        rows.clear_options()
        for group, actions in groupby(ACTIONS.values(), lambda action: action.place):
            if rows.option_count:
                rows.add_option(None)
            rows.add_option(Option(Text(group, "bold"), disabled=True))
            rows.add_options([Option("", id=action.id) for action in actions])
        rows.highlighted = 1 if place is None else min(place, rows.option_count - 1)

    def judge(self, draft: Draft) -> None:
        """Each row says what speaks against its key, and so does the line below the field."""
        taken = clashes(draft.keys)
        rows = self.query_one("#keys-list", OptionList)
        named = self.app.size.width >= _NAMES_FROM_CELLS
        for action in ACTIONS.values():
            typed = draft.keys.get(action.id, "")
            problem = key_problem(typed) or taken.get(action.id, "")
            warning = key_warning(typed)
            shown = typed, problem, warning, named
            if self._shown.get(action.id) != shown:
                self._shown[action.id] = shown
                rows.replace_option_prompt(action.id, _row(action, *shown))
            if action.id == self._chosen:
                self._say(problem, warning, action)

    def _say(self, problem: str, warning: str, action: Action) -> None:
        usual = f"Its usual key: {_usual(action)}."
        said = f"{action.help or action.title} ({action.id}). {usual}"
        text = f"✗ {problem}" if problem else f"! {warning}" if warning else said
        if self.query_one(KeyCapture).has_focus:
            text = (
                f"{usual} Backspace or Delete goes back to it, Esc leaves the key as it is. "
                f"{self._fixed()} and Tab do what they always do."
            )
            problem = warning = ""
        line = self.query_one("#keys-said", Static)
        line.update(text)
        line.set_class(bool(problem), "bad")
        line.set_class(bool(warning and not problem), "warn")

    def _fixed(self) -> str:
        """The keys that no action can be given here."""
        keys = [
            key_label(self.app, name, self.app.config.keys)
            for name in ("help", "palette", "quit-always")
        ]
        return ", ".join((*keys, self.app.get_key_display(Binding("ctrl+c", ""))))

    @on(OptionList.OptionHighlighted, "#keys-list")
    def _choose(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        action = ACTIONS.get(event.option_id or "")
        name = self.query_one_optional("#keys-name", Label)
        if action is None or self._draft is None or name is None:
            return
        self._chosen = action.id
        name.update(f"Key of {action.title}")
        self._show_key()

    @on(OptionList.OptionSelected, "#keys-list")
    def _edit(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.query_one(KeyCapture).focus()

    def on_descendant_focus(self) -> None:
        self._show_key()

    def on_descendant_blur(self) -> None:
        self._show_key()

    def _show_key(self) -> None:
        action, draft = ACTIONS.get(self._chosen), self._draft
        if action is not None and draft is not None:
            self.query_one(KeyCapture).show(draft.keys.get(action.id) or _usual(action))
            self.judge(draft)

    @on(KeyCapture.Left)
    def _left(self, event: KeyCapture.Left) -> None:
        event.stop()
        self.focus_content()

    @on(KeyCapture.Pressed)
    def _recorded(self, event: KeyCapture.Pressed) -> None:
        event.stop()
        if self._draft is None or not self._chosen:
            return
        if event.key and event.key != ACTIONS[self._chosen].key:
            self._draft.keys[self._chosen] = event.key
        else:
            self._draft.keys.pop(self._chosen, None)
        self.focus_content()
        self._show_key()
        self.post_message(self.Changed())


def _usual(action: Action) -> str:
    return ", ".join(action.key.split(","))


def _row(action: Action, typed: str, problem: str, warning: str, named: bool) -> Text:
    key = typed or _usual(action)
    row = Text(no_wrap=True, overflow="ellipsis")
    row.append(_cell(key, _KEY_WIDTH), "bold" if typed else "dim")
    row.append(_cell(action.title, _TITLE_WIDTH))
    if problem or warning:
        row.append(f"✗ {problem}" if problem else f"! {warning}", "bold")
    else:
        row.append(action.help or action.title, "dim")
        if named:
            row.append(f"  {action.id}", "dim italic")
    return row


def _cell(text: str, width: int) -> str:
    return (text if len(text) < width else f"{text[: width - 2]}…").ljust(width)
