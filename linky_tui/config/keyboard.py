"""The keyboard: every action that ``[keys]`` may give another key, and what speaks against a key.

The interface binds its keys from this table, the configuration is checked against it, and nothing
here needs the interface: ``--check`` and cron judge ``[keys]`` without loading it.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from linky_tui.text.formatting import plain

EVERYWHERE = "Everywhere"
DIALOGS = frozenset(
    {
        *("Question", "Date", "Meter", "Unsaved", "Help", "Homes", "Report", "Inside", "Get in"),
        *("Copy", "Presentation"),
    }
)


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a key does."""

    id: str  # its name in `[keys]`
    key: str  # its keys where `[keys]` says nothing, several with commas
    title: str  # its name in the footer
    help: str  # what it does, may be empty
    place: str  # where it works: :data:`EVERYWHERE`, a page, or one of :data:`DIALOGS`


_TABLE: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    EVERYWHERE: (
        ("sync", "s", "Sync", "Fetch what is missing up to yesterday"),
        ("dashboard", "d", "Dashboard", "Home"),
        ("charts", "c", "Charts", "Charts of every kind"),
        ("backfill", "b", "Backfill", "Fetch the history"),
        ("storage", "o", "Storage", "Both collections"),
        ("settings", "g", "Settings", "Configuration"),
        ("log", "l", "Log", "What happened"),
        ("next-meter", "n", "Next meter", "Show the next meter"),
        ("point-left", "shift+left", "Read", "In a chart: read the value before"),
        ("point-right", "shift+right", "Read", "In a chart: read the value after"),
        ("point-up", "shift+up", "Read", "In a heat map: the half-hour before"),
        ("point-down", "shift+down", "Read", "In a heat map: the half-hour after"),
        ("copy", "j", "Copy", "Copy the table or a chart, as Markdown or CSV"),
        ("present", "f5", "Present", "The comparison in large figures, for a projector"),
        ("screenshot", "f4", "Screenshot", "Save a picture of the screen, and say where"),
        ("help", "f1", "Help", "What this page shows, and its keys"),
        ("palette", "ctrl+p", "Palette", "Every action by its name"),
        ("quit", "q", "Quit", "Leave linky-tui"),
        ("quit-always", "ctrl+q", "Quit", "Leave it, also while typing"),
    ),
    "Dashboard": (("open-day", "enter", "Open day", "Show the day that is read in Charts"),),
    "Backfill": (
        ("backfill.run", "r", "Start", "Start the backfill, or go on"),
        ("backfill.pause", "p", "Pause", "Pause; r goes on"),
        ("backfill.stop", "x", "Stop", "Stop; nothing is lost"),
        ("backfill.day", "f", "Fetch day", "Ask for one day again"),
        ("backfill.calendar", "escape", "Calendar", "Out of a field, to the calendar"),
        ("calendar.day-before", "up", "Day before", ""),
        ("calendar.day-after", "down", "Day after", ""),
        ("calendar.week-before", "left", "Week before", ""),
        ("calendar.week-after", "right", "Week after", ""),
        ("calendar.page-before", "pageup", "Four weeks before", ""),
        ("calendar.page-after", "pagedown", "Four weeks after", ""),
        ("calendar.first", "home", "First day", ""),
        ("calendar.last", "end", "Last day", ""),
        ("calendar.select", "enter", "Choose the day", ""),
    ),
    "Charts": (
        ("charts-earlier", "left", "Earlier", "One period back"),
        ("charts-later", "right", "Later", "One period on"),
        ("charts-longer", "up,minus", "Longer", "A longer period"),
        ("charts-shorter", "down,plus", "Shorter", "A shorter period"),
        ("charts-latest", "t", "Latest", "The latest data"),
        ("charts-jump", "slash", "Go to", "Go to a date"),
        ("charts-view", "v", "View", "The next view"),
        ("charts-view-before", "V,shift+v", "View before", "The view before"),
        ("charts-compare", "p", "Compare", "Put another period behind the load curve"),
        ("charts-marker", "m", "Marker", "What charts are drawn with"),
        ("charts-open-day", "enter", "Open day", "Show the day that is read"),
        ("charts-read-no-more", "escape", "No crosshair", "Take the crosshair away"),
    ),
    "Log": (("log.copy", "y", "Copy", "Copy the whole log as text"),),
    "Settings": (
        ("settings-save", "ctrl+s", "Save", "Save the settings"),
        ("settings-leave-field", "escape", "Leave field", "So that the keys of the page work"),
        ("settings-previous", "left", "Section before", "Show the section before"),
        ("settings-next", "right", "Section after", "Show the section after"),
        ("settings-discard", "u", "Undo", "Take back what is not saved"),
    ),
    "Storage": (
        ("storage-verify", "v", "Verify", "Compare every reading of both collections"),
        ("storage-repair", "e", "Repair", "Make both collections identical again"),
        (
            "storage-defragment",
            "f",
            "Defragment",
            "Rebuild the time series collection with full buckets",
        ),
        (
            "storage-zstd",
            "z",
            "Zstd",
            "Measure the regular documents with the other compressor",
        ),
        ("storage-inside", "i", "Inside", "One reading as both collections store it"),
        ("storage-access", "y", "Get in", "How to look inside with mongosh or Compass"),
        ("storage-face", "t", "Laboratory", "The laboratory, or the comparison again"),
        ("storage-cancel", "escape,x", "Stop", "Stop what runs here"),
        ("lab-run", "enter", "Run", "In the laboratory: run the experiment"),
        ("lab-run-all", "a", "Run all", "In the laboratory: run all experiments"),
        ("lab-pause", "p", "Pause", "In the laboratory: pause, or go on"),
        ("lab-homes", "h", "Homes", "In the laboratory: how many homes fleets have"),
        ("lab-report", "r", "Report", "In the laboratory: write a report of all results"),
    ),
    "Welcome": (
        ("welcome-demo", "t", "Demo", "Try the demo"),
        ("welcome-connect", "m", "My Linky", "Connect my Linky"),
        ("welcome-open", "enter,space", "Open", "Open the chosen door"),
        ("welcome-back", "escape", "Back", "The doors again"),
        ("welcome-previous", "left,up", "Door before", "Choose the door before"),
        ("welcome-next", "right,down", "Door after", "Choose the door after"),
    ),
    "Question": (
        ("dialog.close", "escape", "Close", ""),
        ("dialog.previous", "left", "Left", ""),
        ("dialog.next", "right", "Right", ""),
        ("dialog.copy", "c", "Copy", ""),
        ("dialog.enter", "enter", "Close", ""),
    ),
    "Get in": (
        ("access-close", "escape", "Close", ""),
        ("access-left", "left", "Left", ""),
        ("access-right", "right", "Right", ""),
        ("access-line", "m", "Copy line", "Copy the line that opens mongosh"),
        ("access-address", "a", "Copy address", "Copy the address for other tools"),
        ("access-queries", "u", "Copy queries", "Copy the query behind each figure"),
    ),
    "Copy": (("copy.close", "escape", "Close", ""),),
    "Presentation": (("present.close", "escape,f5", "Close", "Back to the page"),),
    "Help": (("help.close", "escape", "Close", ""),),
    "Homes": (("homes-dialog-close", "escape", "Close", ""),),
    "Report": (("report-dialog-close", "escape", "Close", ""),),
    "Inside": (
        ("inside-close", "escape", "Close", ""),
        ("inside-before", "left", "Before", "The reading before"),
        ("inside-after", "right", "After", "The reading after"),
        ("inside-copy", "c", "Copy", "Copy both as text"),
    ),
    "Date": (("date-dialog-close", "escape", "Close", ""),),
    "Meter": (
        ("meter-cancel", "escape", "Cancel", "Leave it as it was"),
        ("meter-ok", "ctrl+s", "OK", "Take this meter over"),
    ),
    "Unsaved": (
        ("unsaved-stay", "escape", "Stay", ""),
        ("unsaved-left", "left", "Left", ""),
        ("unsaved-right", "right", "Right", ""),
    ),
}
_ACTIONS = tuple(Action(*row, place) for place, rows in _TABLE.items() for row in rows)
ACTIONS: Mapping[str, Action] = MappingProxyType({action.id: action for action in _ACTIONS})
"""Every action by its name, those that work everywhere first, dialogs last."""

_MODIFIER = re.compile(r"(?:ctrl|shift|alt|super|meta|hyper)\+")
_NAMED = {
    *("backspace", "comma", "delete", "down", "end", "enter", "escape", "home", "insert", "left"),
    *("pagedown", "pageup", "right", "space", "tab", "up"),
    *(f"f{number}" for number in range(1, 25)),
}
# What terminals send instead of Unicode's names (as Textual has it).
_RENAMED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_BRACKETS = ("square_bracket", "curly_bracket")
_AWKWARD = {*"0123456789", "backslash"} | {f"{s}_{b}" for s in ("left", "right") for b in _BRACKETS}


def key_names(typed: str) -> tuple[str, ...]:
    """The keys of a text as they are bound: ``/`` is ``slash``; several with commas."""
    parts = (part.strip() for part in typed.split(","))
    return tuple(_sign_name(part) if len(part) == 1 else part for part in parts if part)


def key_problem(typed: str) -> str:
    """Why a text names no key; empty where it does, or nothing is typed."""
    names = key_names(typed)
    if typed.strip() and not names:
        return "Write the comma key as comma."
    for name in names:
        bare = _MODIFIER.sub("", name)
        if bare not in _NAMED and bare not in _SIGNS and not (len(bare) == 1 and bare.isalnum()):
            return f"No key is called {plain(bare, 30)}. Keys are called a, ctrl+x, f5, slash…"
    return ""


def key_warning(typed: str) -> str:
    """Why a key that exists is a poor choice; empty where it is not."""
    if any(_MODIFIER.sub("", name) in _AWKWARD for name in key_names(typed)):
        return "Digits, brackets and backslash need Shift or AltGr on an AZERTY keyboard."
    return ""


def clashes(chosen: Mapping[str, str]) -> dict[str, str]:
    """For each action with a chosen key: which other one of the same place has it, too."""
    keys = {
        action.id: set(key_names(chosen.get(action.id, "")) or key_names(action.key))
        for action in _ACTIONS
    }
    found = {}
    for action in (ACTIONS[name] for name in chosen if name in ACTIONS and chosen[name].strip()):
        for other in _ACTIONS:
            if _meet(action, other) and keys[action.id] & keys[other.id]:
                found[action.id] = f"Also the key of {other.title} ({other.place})."
                break
    return found


def nearest_action(name: str) -> str:
    """What somebody may have meant with a name that no action has."""
    close = difflib.get_close_matches(name[:100].lower().replace("_", "-"), ACTIONS, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(ACTIONS)}."


def _meet(one: Action, other: Action) -> bool:
    if one is other or {one.id, other.id} == _THE_SAME:
        return False
    places = {one.place, other.place}
    return len(places) == 1 or (EVERYWHERE in places and not places & DIALOGS)


def _sign_name(character: str) -> str:
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return _RENAMED.get(name, name)


_THE_SAME = {"quit", "quit-always"}

_SIGNS = frozenset(
    _sign_name(chr(code))
    for code in (*range(0x21, 0x7F), *range(0xA1, 0x180), 0x20AC)
    if not chr(code).isalnum()
)
