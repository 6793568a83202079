"""A field that takes the next key that is pressed."""

from __future__ import annotations

from dataclasses import dataclass

from textual.events import Blur, Focus, Key
from textual.message import Message
from textual.widgets import Static

from linky_tui.ui.shell.bindings import HELP_KEY

_PASSED_ON = ("tab", "shift+tab", "ctrl+c")
_LEAVES = "escape"
_RESETS = ("backspace", "delete")


class KeyCapture(Static, can_focus=True):
    """Shows a key; while it has the focus, the next one that is pressed takes its place.

    Keys that help, leave or move do what they always do: Tab, Ctrl+C, Escape, that of the help, and
    those that come before any field's, of the palette and of quitting.
    """

    DEFAULT_CSS = """
    KeyCapture {
        width: 1fr;
        height: 1;
        padding: 0 1;
        background: $panel;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &:focus { background: $boost; color: $text-accent; text-style: bold; }
    }
    """

    @dataclass
    class Pressed(Message):
        """A key was pressed; empty for the action's usual one."""

        key: str

    class Left(Message):
        """No key was wanted after all."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as every widget has it
        super().__init__(id=id, markup=False)
        self._shown = ""

    def show(self, key: str) -> None:
        """Show the key that counts now."""
        self._shown = key
        self._draw(waiting=self.has_focus)

    def on_focus(self, event: Focus) -> None:
        self._draw(waiting=True)

    def on_blur(self, event: Blur) -> None:
        self._draw(waiting=False)

    def _draw(self, *, waiting: bool) -> None:
        self.update("press the new key…" if waiting else self._shown)

    async def _on_key(self, event: Key) -> None:
        bound = self.screen.active_bindings.get(event.key)
        if event.key in _PASSED_ON or (bound is not None and bound.binding.id == HELP_KEY.id):
            return
        event.stop()
        event.prevent_default()
        if event.key == _LEAVES:
            self.post_message(self.Left())
        else:
            self.post_message(self.Pressed("" if event.key in _RESETS else event.key))
