"""Help: what a page shows and what its words mean, beside the keys that work there."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Markdown, Static

from linky_tui.config.keyboard import ACTIONS, DIALOGS, EVERYWHERE, Action
from linky_tui.ui.shell.bindings import bind, key_label
from linky_tui.ui.shell.core import AppCore
from linky_tui.ui.shell.dialogs import Dialog
from linky_tui.words.help import Help

_NAMES_FROM_CELLS = 110
"""With so much room the keys' names in ``[keys]`` are shown, too."""


class HelpDialog(Dialog[None]):
    """Above the page, which stays as it is."""

    app = getters.app(AppCore)
    PLACE = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [bind("help.close", "leave")]
    DEFAULT_CSS = """
    HelpDialog > Vertical {
        width: 100%;
        max-width: 132;
        max-height: 96%;
        padding: 0;
        #help-scroll { height: auto; padding: 1 1 0 2; scrollbar-size-vertical: 1; }
        #help-scroll > Horizontal { height: auto; }
        #help-text { width: 1fr; height: auto; margin-right: 3; }
        #help-text Markdown { height: auto; padding: 0; background: transparent; }
        #help-text MarkdownH2, #help-text MarkdownH3 { margin: 0 0 1 0; }
        #help-text MarkdownH2 { color: $text-primary; }
        #help-keys { width: auto; max-width: 46%; height: auto; }
    }
    HelpDialog.-wide #help-keys, HelpDialog.-huge #help-keys { max-width: 56%; }
    HelpDialog.-tiny #help-keys { max-width: 100%; }
    HelpDialog.-tiny #help-scroll > Horizontal { layout: vertical; }
    """

    def __init__(self, shown: Help) -> None:
        title = shown.place if shown.place not in DIALOGS else "This dialog"
        super().__init__(f"Help: {title}")
        self._shown = shown

    def compose_box(self) -> ComposeResult:
        with VerticalScroll(id="help-scroll"), Horizontal():
            with Vertical(id="help-text"):
                yield Markdown(self._shown.markdown, open_links=False)
            yield Static(self._keys(), id="help-keys")

    def on_mount(self) -> None:
        self.query_one("#help-scroll").focus()
        self.tell_keys("help.close", self.app.config.keys, "↑↓ scroll")

    def _keys(self) -> Table:
        """Our keys alone, those of the place first."""
        table = Table.grid(padding=(0, 1, 0, 0))
        named = self.app.size.width >= _NAMES_FROM_CELLS
        places = [self._shown.place] if self._shown.place in DIALOGS else [
            self._shown.place, EVERYWHERE,
        ]  # fmt: skip
        for place in places:
            actions = [action for action in ACTIONS.values() if action.place == place]
            if not actions:
                continue
            if table.row_count:
                table.add_row()
            title = "In this dialog" if place in DIALOGS else place
            table.add_row("", Text(title, "bold underline"))
            for action in actions:
                name = [Text(action.id, "dim")] if named else []
                table.add_row(self._key(action), action.help or action.title, *name)
        if self._shown.place in DIALOGS:
            table.add_row(self._key(ACTIONS["help"]), "This help")
        return table

    def _key(self, action: Action) -> Text:
        return Text(key_label(self.app, action.id, self.app.config.keys), "bold", justify="right")
