"""Keys from the table of actions, so that screens, configuration and help name the same ones."""

from __future__ import annotations

from typing import Any

from textual.binding import Binding

from linky_tui.config.keyboard import ACTIONS


def bind(name: str, action: str, **more: Any) -> Binding:
    """The keys that :data:`ACTIONS` gives a name, for an action such as ``page('charts')``."""
    known = ACTIONS[name]
    # F1 shows the tooltip: there one reads by which name `[keys]` knows the action.
    said = f"{known.help} ({name})" if known.help else name
    return Binding(known.key, action, known.title, tooltip=said, id=name, **more)
