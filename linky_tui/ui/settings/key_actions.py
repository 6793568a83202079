"""Every action that can be given another key, and what speaks against a key for it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module

from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.keys import Keys
from textual.screen import ModalScreen

from linky_tui.text.formatting import plain

EVERYWHERE = "Everywhere"
DIALOGS = "Dialogs"

_MODIFIER = re.compile(r"(?:ctrl|shift|alt|super|meta|hyper)\+")
_NAMED = {key.value.rpartition("+")[2] for key in Keys}
# Textual names the keys of other characters than letters and digits after Unicode.
_SIGNS = {
    name
    for code in [*range(0x21, 0x7F), *range(0xA1, 0x180), 0x20AC]
    if chr(code) != ","
    for name in BindingsMap([Binding(chr(code), "none")]).key_to_bindings
} | {"comma", "space"}
_AWKWARD = {
    *"0123456789",
    "left_square_bracket",
    "right_square_bracket",
    "left_curly_bracket",
    "right_curly_bracket",
    "backslash",
}


@dataclass(frozen=True, slots=True)
class KeyAction:
    """An action with an id."""

    id: str  # its name in `[keys]`
    title: str  # its name in the footer
    help: str  # what it does, may be empty
    default: tuple[str, ...]  # its keys without `[keys]`, as Textual names them
    scope: str  # where it works: :data:`EVERYWHERE`, :data:`DIALOGS` or the name of a page


def key_actions(app: App[None], pages: Mapping[str, str]) -> tuple[KeyAction, ...]:
    """The actions of the application, its pages and their widgets, each id once.

    Args:
        app: the application.
        pages: page to ``module:Class``; their modules are imported.
    """
    for place in pages.values():
        import_module(place.partition(":")[0])
    classes: list[type[DOMNode]] = [type(app)]
    package = "linky_tui.ui."
    for name in sorted(name for name in sys.modules if name.startswith(package)):
        for each in vars(sys.modules[name]).values():
            if isinstance(each, type) and issubclass(each, DOMNode) and each.__module__ == name:
                classes.append(each)
    found: dict[str, KeyAction] = {}
    for each in classes:
        for action in _actions_of(each):
            known = found.get(action.id)
            if known is not None:
                keys = tuple(dict.fromkeys([*known.default, *action.default]))
                action = replace(known, default=keys)
            found[action.id] = action
    order = {EVERYWHERE: 0, DIALOGS: 2}
    return tuple(sorted(found.values(), key=lambda a: (order.get(a.scope, 1), a.scope)))


def normal_keys(typed: str) -> tuple[str, ...]:
    """The keys of a typed text as Textual names them: ``/`` is ``slash``; several with commas."""
    names = []
    for part in typed.split(","):
        part = part.strip()
        if part:
            names += list(BindingsMap([Binding(part, "none")]).key_to_bindings)
    return tuple(names)


def key_problem(typed: str) -> str:
    """Why a typed text names no key; empty where it does, or nothing is typed."""
    names = normal_keys(typed)
    if typed.strip() and not names:
        return "Write the comma key as comma."
    for name in names:
        bare = _MODIFIER.sub("", name)
        if bare not in _NAMED and bare not in _SIGNS:
            return f"No key is called {plain(bare, 30)}. Keys are called a, ctrl+x, f5, slash…"
    return ""


def key_warning(typed: str) -> str:
    """Why a key that exists is a poor choice; empty where it is not."""
    if any(_MODIFIER.sub("", name) in _AWKWARD for name in normal_keys(typed)):
        return "Digits, brackets and backslash need Shift or AltGr on an AZERTY keyboard."
    return ""


def conflicts(actions: Iterable[KeyAction], chosen: Mapping[str, str]) -> dict[str, str]:
    """For each action with a chosen key: which other one of the same place has it too."""
    actions = tuple(actions)
    keys = {
        action.id: set(normal_keys(chosen.get(action.id, "")) or action.default)
        for action in actions
    }
    found = {}
    for action in actions:
        if not chosen.get(action.id, "").strip():
            continue
        for other in actions:
            if (
                other.id != action.id
                and _meet(action.scope, other.scope)
                and keys[action.id] & keys[other.id]
            ):
                found[action.id] = f"Also the key of {other.title or other.id} ({other.scope})."
                break
    return found


def _meet(one: str, other: str) -> bool:
    if DIALOGS in (one, other):
        return one == other
    return one == other or EVERYWHERE in (one, other)


def _actions_of(owner: type[DOMNode]) -> Iterable[KeyAction]:
    for binding in vars(owner).get("BINDINGS", ()):
        if isinstance(binding, Binding) and binding.id:
            yield KeyAction(
                binding.id,
                binding.description,
                binding.tooltip,
                normal_keys(binding.key),
                _scope(owner),
            )


def _scope(owner: type[DOMNode]) -> str:
    if issubclass(owner, App):
        return EVERYWHERE
    if issubclass(owner, ModalScreen):
        return DIALOGS
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", owner.__name__.lstrip("_").removesuffix("Page"))
    return words.capitalize()
