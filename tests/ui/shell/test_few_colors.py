"""Terminals of 16 colours, and of none: what is written can be read, what has the focus is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rich.color import ColorSystem
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.color import Color
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Button, Input
from textual.widgets._footer import FooterKey

from linky_tui.errors import LinkyError
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.plots.colors import contrast
from linky_tui.ui.settings.unsaved_dialog import UnsavedDialog
from linky_tui.ui.shell.dialogs import ConfirmDialog, Dialog, ErrorDialog
from linky_tui.ui.shell.header import PageTabs, StatusLine
from linky_tui.ui.shell.page import Page
from tests.tools.app import screen_text, wait_until
from tests.ui.conftest import Running

HUES = [(red, green, blue) for blue in (0, 1) for green in (0, 1) for red in (0, 1)]
XTERM = TerminalTheme(
    (0, 0, 0),
    (229, 229, 229),
    [*((205 * red, 205 * green, 205 * blue) for red, green, blue in HUES[:-1]), (229, 229, 229)],
    [(127, 127, 127), *((255 * red, 255 * green, 255 * blue) for red, green, blue in HUES[1:])],
)
"""Nearly the 16 colours of xterm."""
THEMES = ("textual-dark", "gruvbox", "dracula", "textual-light")
_BARS = (PageTabs, StatusLine, FooterKey)
OPENED = (
    ("backfill", "", "Fetch day"),
    ("backfill", "f", "costs one request"),
    ("backfill", "f1", "closes"),
    ("storage", "", "Zstd"),
    ("storage", "y", "mongosh"),
    ("storage", "i", "Document: 130 B"),
    ("storage", "f", "is emptied"),
    ("charts", "", "Latest"),
    ("charts", "slash", "Go to a date"),
    ("charts", "j", "Markdown"),
    ("settings", "", "Save"),
    ("welcome", "m", "Get a token"),
    ("welcome", "f1", "conso.boris.sh"),
    ("dashboard", "ctrl+p", "Search for"),
)
"""A page, the key of a dialog, and words that come with it."""
QUESTIONS: dict[str, Callable[[], Dialog[Any]]] = {
    "Stay": lambda: ConfirmDialog("Quit?", "What was fetched is stored.", yes="Quit", no="Stay"),
    "Cancel": lambda: ConfirmDialog("Delete it?", "It is lost.", yes="Delete", danger=True),
    "Discard": lambda: UnsavedDialog("You changed the theme."),
    "A step": lambda: ErrorDialog(LinkyError("It failed", "A cause", "A step")),
}


async def test_pages_and_dialogs_are_readable_in_16_colours(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linky_tui.ui.app.few_colors", lambda _: True)
    found: list[object] = []
    async with running((80, 24)) as (app, pilot):
        await wait_until(pilot, lambda: app.store_ready)

        async def judge(words: str, *, marks: bool = True) -> None:
            await wait_until(pilot, lambda: words in screen_text(app))
            for theme in THEMES:
                app.theme = theme
                await pilot.pause()
                found.extend((theme, *each) for each in hard_to_read(app, words))
            if marks:  # told by lines, blocks and underlines: alike in all themes
                found.extend(await without_focus_mark(app, pilot))

        for name, key, words in OPENED:
            app.action_page(name)
            await wait_until(pilot, lambda name=name: app.current_mode == name)  # type: ignore[misc]
            if key:
                await pilot.press(key)
            await judge(words, marks=bool(key) or name == "settings")
            if key:
                await pilot.press("escape")
        for words, question in QUESTIONS.items():
            app.push_screen(question())
            await judge(words)
            app.pop_screen()
    assert found == []


def seen(strip: Strip) -> list[tuple[str, Color, Color, Style]]:
    """Text, its colours of the 16 and its style."""
    parts = []
    for text, style, _ in strip:
        if style and style.color and style.bgcolor:
            color, ground = (
                Color(*each.downgrade(ColorSystem.STANDARD).get_truecolor(XTERM))
                for each in (style.color, style.bgcolor)
            )
            parts.append((text, color, ground, style.without_color))
    return parts


def hard_to_read(app: LinkyApp, words: str) -> list[tuple[Widget, str]]:
    """Texts that can be chosen or read, in colours of 16 that are too much alike.

    Of a header and a footer those are also signs; elsewhere signs draw borders and pictures.
    The words are some that have to be among them.
    """
    found, read = [], []
    for widget in app.screen.walk_children(Widget):
        grey = widget.disabled and not isinstance(widget, Button)
        if grey or widget.has_class("-disabled"):
            continue
        for strip in widget.render_lines(widget.outer_size.region):
            for text, color, ground, _ in seen(strip):
                if text.strip() if isinstance(widget, _BARS) else any(map(str.isalnum, text)):
                    read.append(text)
                    if contrast(color, ground) < 3:
                        found.append((widget, text))
    assert words in "".join(read)
    assert len(read) > (10 if isinstance(app.screen, Page) else 3)
    return found


def look(widget: Widget) -> list[object]:
    """All that tells a focused widget, with the box around it, from others."""
    return [seen(strip) for strip in widget.render_lines(widget.outer_size.region)]


async def without_focus_mark(app: LinkyApp, pilot: Pilot[None]) -> list[Widget]:
    """Buttons and fields of the screen that look the same with the focus and without it."""
    screen = app.screen
    same = []
    for line in screen.query(Input):
        line.cursor_blink = False  # it is a mark also while it is off
    for widget in screen.focus_chain:
        screen.set_focus(widget)
        await pilot.pause()
        if widget.is_container or not (widget.has_focus and widget.region):  # scrolls, or is gone
            continue
        focused = look(widget)
        screen.set_focus(None)
        await pilot.pause()
        if look(widget) == focused:
            same.append(widget)
    return same
