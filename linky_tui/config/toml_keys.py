"""What a key of the configuration is, and a section of keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from linky_tui.config import checks

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
        return str if isinstance(self.default, str) else type(self.default)

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


def key(
    default: Value,
    help_text: str,
    allowed: str,
    check: Callable[[object], Value],
    *,
    shown: bool = True,
    secret: bool = False,
    choices: tuple[str, ...] = (),
    variable: str = "",
) -> Any:
    """A field of a settings object that is a key of the file; see :class:`Key`."""
    made = Key("", default, help_text, allowed, check, shown, secret, choices, variable)
    return dataclasses.field(default=default, repr=not secret, metadata={"key": made})


def keys_of(settings: type) -> tuple[Key, ...]:
    """The keys of a settings object, in the order of its fields."""
    return tuple(
        dataclasses.replace(field.metadata["key"], name=field.name)
        for field in dataclasses.fields(settings)
    )


def toml_text(value: Value) -> str:
    """A value of the schema as it is written in the file."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(value)
