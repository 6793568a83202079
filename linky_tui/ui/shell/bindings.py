"""Keys from the table of actions, so that screens, configuration and help name the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.app import App
from textual.binding import Binding

from linky_tui.config.keyboard import ACTIONS, key_names


def bind(name: str, action: str, **more: Any) -> Binding:
    """The keys that :data:`ACTIONS` gives a name, for an action such as ``page('charts')``."""
    known = ACTIONS[name]
    # The tooltip says by which name `[keys]` knows the action.
    said = f"{known.help} ({name})" if known.help else name
    return Binding(known.key, action, known.title, tooltip=said, id=name, **more)


HELP_KEY = bind("help", "app.help")
SCREENSHOT_KEY = bind("screenshot", "app.screenshot", show=False)
"""Both are for the application and for dialogs, below which its own keys do not work."""
PRESENT_KEY = bind("present", "app.present")


def key_label(app: App[Any], name: str, chosen: Mapping[str, str]) -> str:
    """The first key of an action as screens write it, where ``[keys]`` may have ``chosen`` others.

    Empty for an action without a key.
    """
    keys = key_names(chosen.get(name, "")) or key_names(ACTIONS[name].key)
    return app.get_key_display(Binding(keys[0], "")) if keys else ""


def with_settings_key(app: App[Any], text: str, chosen: Mapping[str, str]) -> str:
    """What to do next, with the key where it sends to the settings."""
    key = key_label(app, "settings", chosen)
    return text.replace("the settings", f"the settings ({key})") if key else text
