"""The top lines: which meter and what state, below them the pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import getters
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Click, Leave, MouseMove
from textual.reactive import reactive
from textual.widget import Widget

from linky_tui.config.keyboard import ACTIONS
from linky_tui.ui.shell.bindings import key_label
from linky_tui.ui.shell.core import AppCore

PAGE_NAMES = ("dashboard", "charts", "backfill", "storage", "settings", "log")
BRAND = " linky-tui "
_DEMO = "  demo"
_LEAST_STATE_CELLS = 8


class StatusLine(Widget):
    """The meter and, in the demo, that word, whatever the width; the state as far as it fits."""

    app = getters.app(AppCore)

    def on_mount(self) -> None:
        self.app.status_changed.subscribe(self, lambda _: self.refresh())
        self.app.ingest.state_changed.subscribe(self, lambda _: self.refresh())

    def render(self) -> Text:
        app, width = self.app, self.size.width
        demo = _DEMO if app.demo else ""
        brand, meter, state = status_parts(app.meter_texts, demo, app.state_texts, width)
        left = Text.assemble((brand, "bold reverse"), f"  {meter}" if brand else f" {meter}")
        left.append(demo, "bold italic")
        gap = width - left.cell_len - cell_len(state) - 1
        return Text.assemble(left, " " * max(0, gap), state, no_wrap=True, end="")


def status_parts(
    meters: Sequence[str], demo: str, states: Sequence[str], width: int
) -> tuple[str, str, str]:
    """The application's name, the meter and the state as they fit, longest texts first."""
    for brand, state, meter in product((BRAND, ""), states, meters):
        left = cell_len(brand) + cell_len(meter) + cell_len(demo) + (2 if brand else 1)
        if left + 2 + cell_len(state) + 1 <= width:
            return brand, meter, state
    name = Text(meters[-1])
    name.truncate(max(1, width - cell_len(demo) - 1), overflow="ellipsis")
    said = Text(states[-1])
    room = width - name.cell_len - cell_len(demo) - 4
    said.truncate(max(0, room), overflow="ellipsis")
    return "", name.plain, said.plain if room >= _LEAST_STATE_CELLS else ""


@dataclass(frozen=True, slots=True)
class _Tab:
    """A word of the second line."""

    text: Text
    action: str
    start: int  # its first column


class PageTabs(Widget):
    """The pages, the one that is shown lit, and what else works everywhere; all can be clicked."""

    app = getters.app(AppCore)
    COMPONENT_CLASSES = {"tabs--current", "tabs--more", "tabs--hover"}  # noqa: RUF012
    DEFAULT_CSS = """
    PageTabs {
        pointer: pointer;
        .tabs--current { background: $primary; color: auto; text-style: bold; }
        .tabs--more { color: $text-muted; }
        .tabs--hover { background: $boost; }
    }
    """
    hovered: reactive[str] = reactive("")

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current

    def on_mount(self) -> None:
        self.app.status_changed.subscribe(self, lambda _: self.refresh())

    def render(self) -> Text:
        line = Text(no_wrap=True, end="")
        for tab in self._tabs():
            line.append(" " * (tab.start - line.cell_len))
            line.append_text(tab.text)
        return line

    def on_mouse_move(self, event: MouseMove) -> None:
        self.hovered = self._action_at(event.x)

    def on_leave(self, event: Leave) -> None:
        self.hovered = ""

    async def on_click(self, event: Click) -> None:
        event.stop()
        action = self._action_at(event.x)
        if action:
            await self.app.run_action(action)

    def _action_at(self, column: int) -> str:
        tabs = (tab for tab in self._tabs() if 0 <= column - tab.start < tab.text.cell_len)
        return next((tab.action for tab in tabs), "")

    def _tabs(self) -> list[_Tab]:
        tabs: list[_Tab] = []
        end = 0

        def add(text: Text, action: str, start: int, style: str = "") -> None:
            nonlocal end
            if action == self.hovered:
                style = "tabs--hover"
            if style:
                text.stylize_before(self.get_component_rich_style(style))
            tabs.append(_Tab(text, action, start))
            end = start + text.cell_len

        width = self.size.width
        words = {name: self._word(name) for name in PAGE_NAMES}
        for pad in (" ", ""):
            if sum(word.cell_len + 2 * len(pad) + (not pad) for word in words.values()) <= width:
                break
        else:  # only the page that is shown by its name, the others by their keys
            keys = self.app.config.keys
            words.update(
                (name, Text(key_label(self.app, name, keys), "underline"))
                for name in PAGE_NAMES
                if name != self._current
            )
        for name, word in words.items():
            style = "tabs--current" if name == self._current else ""
            text = Text.assemble(pad, word, pad)
            add(text, f"page('{name}')", end + (0 if pad or not tabs else 1), style)
        for name, action in self._others():
            text = self._word(name, key_first=True)
            if end + 2 + text.cell_len < width:
                add(text, action, end + 2, "tabs--more")
        shift = max(0, width - 1 - end) if len(tabs) > len(PAGE_NAMES) else 0
        return [
            tab if index < len(PAGE_NAMES) else _Tab(tab.text, tab.action, tab.start + shift)
            for index, tab in enumerate(tabs)
        ]

    def _others(self) -> list[tuple[str, str]]:
        several = [("next-meter", "next_meter")] if len(self.app.config.meters) > 1 else []
        return [("sync", "sync"), *several, ("palette", "command_palette")]

    def _word(self, name: str, *, key_first: bool = False) -> Text:
        """The title of an action with its key underlined, before it where it has no such letter."""
        title = ACTIONS[name].title
        key = key_label(self.app, name, self.app.config.keys)
        place = title.lower().find(key) if len(key) == 1 else -1
        if place < 0 or (key_first and place):
            return Text.assemble((key, Style(underline=True)), f" {title}")
        word = Text(title)
        word.stylize(Style(underline=True), place, place + 1)
        return word


class StatusHeader(Vertical):
    """Both lines."""

    DEFAULT_CSS = """
    StatusHeader {
        dock: top;
        height: 2;
        StatusLine { height: 1; background: $panel; color: $foreground; }
        PageTabs { height: 1; background: $surface; color: $foreground; }
    }
    """

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield PageTabs(self._current)
