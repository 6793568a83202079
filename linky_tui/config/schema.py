"""The definition of every key of the configuration.

Loading, validation, ``config.example.toml`` and the form of the settings screen all come from
:data:`SECTIONS`, so a key is defined once. ``python -m linky_tui.config.schema`` prints the
example file.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from linky_tui.config import checks as checks
from linky_tui.domain.models import Flow

_TYPE_NAMES = {str: "text", int: "whole number", float: "number"}

Value = str | int | float


@dataclass(frozen=True)
class Key:
    """One key."""

    name: str  # its name in the file and in the settings object of its section
    default: Value  # its value where no source gives one; its type is the key's type
    help: str  # what it is for, one or two sentences for the file and the settings screen
    allowed: str  # what it may be, completing "allowed: …"
    # gives the clean value, or raises :class:`linky_tui.config.checks.Refused`.
    check: Callable[[object], Value]
    # whether a wrong value may be repeated in a message; not where it could be secret
    shown: bool = True
    secret: bool = False  # whether the settings screen masks it
    choices: tuple[str, ...] = ()  # all its values, where they are few
    variable: str = ""  # the environment variable that goes before the file

    @property
    def type(self) -> type[Value]:
        """The Python type of its values: str, int or float."""
        return type(self.default)

    def from_text(self, typed: str) -> Value:
        """The value that a person typed into a form.

        Raises:
            Refused: it is not allowed.
        """
        if self.type is str:
            return self.check(typed)
        try:
            return self.check(int(typed) if self.type is int else float(typed))
        except ValueError as error:
            if isinstance(error, checks.Refused):
                raise
            raise checks.Refused(f"is not a {_TYPE_NAMES[self.type]}") from None


@dataclass(frozen=True)
class Section:
    """One section: a table, or (``repeated``) a list of tables."""

    name: str  # its name in the file
    help: str  # a comment above it
    keys: tuple[Key, ...]  # its keys in order; empty for `[keys]`, where the user names them
    repeated: bool = False  # whether it may occur several times, `[[meters]]`

    def key(self, name: str) -> Key:
        """The key of that name.

        Raises:
            KeyError: there is none.
        """
        for key in self.keys:
            if key.name == name:
                return key
        raise KeyError(name)

    @property
    def title(self) -> str:
        """As it is written in the file: ``[mongodb]``, ``[[meters]]``."""
        return f"[[{self.name}]]" if self.repeated else f"[{self.name}]"


_COLLECTION_RULE = (
    "a name up to 120 bytes without $, not starting with system., no dots at its ends"
)

MONGODB = Section(
    "mongodb",
    "Where the readings are kept.",
    (
        Key(
            "uri",
            "",
            "Address of your own MongoDB or Atlas cluster (mongodb://… or mongodb+srv://…). "
            "Empty: a private server that linky-tui starts and stops by itself.",
            "nothing, or an address that starts with mongodb:// or mongodb+srv://",
            checks.mongodb_uri,
            shown=False,
            secret=True,
            variable="LINKY_TUI_MONGODB_URI",
        ),
        Key(
            "database",
            "electricity",
            "Database that holds the collections.",
            'a name under 64 bytes without space or any of /\\."$*<>:|?, '
            "and not admin, local or config",
            checks.database_name,
        ),
        Key(
            "collection",
            "consumption",
            "Regular collection. Three small ones are named after it: NAME_days, NAME_leases "
            "and NAME_requests.",
            _COLLECTION_RULE,
            checks.collection_name,
        ),
        Key(
            "timeseries_collection",
            "consumptionTS",
            "Time series collection with the same readings, to compare.",
            _COLLECTION_RULE,
            checks.collection_name,
        ),
        Key(
            "mongod",
            "",
            "Path of the mongod program for the private server. Empty: the one on PATH, else "
            'the one that the "local" extra installs.',
            "nothing, or the path of a program",
            checks.program,
        ),
    ),
)

ENEDIS = Section(
    "enedis",
    "How the readings are fetched.",
    (
        Key(
            "api_url",
            "https://conso.boris.sh/api",
            "Address of the gateway to Enedis (Conso API).",
            "an https address without user name, query or fragment (http only on loopback)",
            checks.api_url,
            shown=False,
        ),
        Key(
            "requests_per_day",
            80,
            "Most requests in a UTC day. The gateway blocks addresses at 100 for good, so over "
            "90 counts as 90.",
            "a whole number from 1 to 1,000,000",
            checks.whole_number(1, 1_000_000),
        ),
        Key(
            "seconds_between_requests",
            1.0,
            "Pause between two requests. Under 1 counts as 1.",
            "a number from 0 to 86,400",
            checks.number(0, 86_400),
        ),
    ),
)

METERS = Section(
    "meters",
    "Your meters: repeat the section for each meter and direction.",
    (
        Key(
            "prm",
            "",
            'Number of the usage point ("PRM" or "PDL" on the bill), 14 digits in quotes. Empty: '
            "the only one that the token covers.",
            "exactly 14 digits, in quotes",
            checks.prm,
            shown=False,
            variable="LINKY_TUI_PRM",
        ),
        Key(
            "token",
            "",
            "Your token from https://conso.boris.sh, as it is shown there. It is a secret: keep "
            "this file to yourself.",
            "nothing, or three parts of letters, digits, - and _ joined by dots",
            checks.token,
            shown=False,
            secret=True,
            variable="LINKY_TUI_TOKEN",
        ),
        Key("name", "", "What the screens call it.", "a text of one line", checks.open_text),
        Key(
            "flow",
            Flow.CONSUMPTION.value,
            "consumption, or production where you have solar panels.",
            "consumption or production",
            checks.one_of(*Flow),
            choices=tuple(Flow),
        ),
    ),
    repeated=True,
)

DISPLAY = Section(
    "display",
    "How it looks.",
    (
        Key(
            "theme",
            "textual-dark",
            "Colours: any theme of the settings screen.",
            "the name of a theme",
            checks.filled,
        ),
        Key(
            "marker",
            "braille",
            "What charts are drawn with: braille, half-block or dot (for fonts without braille).",
            "braille, half-block or dot",
            checks.one_of("braille", "half-block", "dot"),
            choices=("braille", "half-block", "dot"),
        ),
    ),
)

KEYS = Section(
    "keys",
    'Other keys for actions; the help screen (F1) names the actions. For example:\nquit = "ctrl+q"',
    (),
)

ACTION_KEY = Key("", "", "The key of an action.", "the name of a key, in quotes", checks.filled)
"""What each entry of ``[keys]`` is."""

SECTIONS: Mapping[str, Section] = MappingProxyType(
    {section.name: section for section in (MONGODB, ENEDIS, METERS, DISPLAY, KEYS)}
)
"""Every section in the order of the file."""


def toml_text(value: Value) -> str:
    """A value of the schema as it is written in the file."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(value)


def example_text() -> str:
    """The text of ``config.example.toml``: every key with its default and a comment."""
    lines = [
        "# Configuration of linky-tui. Each key has its default here and may be left out.",
        "# What goes before this file: --config names another one, and the variables",
        "# LINKY_TUI_CONFIG, LINKY_TUI_TOKEN, LINKY_TUI_PRM and LINKY_TUI_MONGODB_URI.",
    ]
    for section in SECTIONS.values():
        # Comments stand below the title: above it they would belong to the section before,
        # and go with it when a meter is removed.
        lines += ["", section.title, *_comment(section.help)]
        for key in section.keys:
            lines += ["", *_comment(key.help), f"{key.name} = {toml_text(key.default)}"]
    return "\n".join(lines) + "\n"


def _comment(paragraphs: str) -> list[str]:
    return [
        f"# {line}"
        for text in paragraphs.splitlines()
        for line in textwrap.wrap(text, 90, break_long_words=False, break_on_hyphens=False)
    ]


if __name__ == "__main__":
    sys.stdout.write(example_text())
