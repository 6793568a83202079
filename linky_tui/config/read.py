"""From the bytes of a configuration file to checked values, with every problem on the way.

A problem is one sentence: the file, the key, what is wrong and what is allowed. Values that
could be secret are never repeated, and what is repeated passes through ``plain``.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linky_tui.config.checks import Refused
from linky_tui.config.keyboard import ACTIONS, clashes, key_problem, nearest_action
from linky_tui.config.model import (
    ACTION_KEY,
    KEYS,
    SECTIONS,
)
from linky_tui.config.toml_keys import (
    Key,
    Section,
    Value,
    toml_text,
)
from linky_tui.text.formatting import count_text, plain

MAX_FILE_BYTES = 1_000_000
MAX_PROBLEMS = 50
"""Of a file that is wrong all over, so many are told; nobody reads more."""

_MOST_DOTS = 100
_NAMED = re.compile(r"\(.*\)|'[^']{13,}'|\"[^\"]{13,}\"")
_TYPOGRAPHIC = frozenset("“”„‟‘’‚‛«»‹›")
_ESCAPES = ("Unescaped '\\'", "Invalid hex value", "Escaped character")
_UNQUOTED = ("Invalid value", "Expected newline")
_POSITION = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass
class Values:
    """What the sources say so far."""

    # by section, the checked values of its keys
    tables: dict[str, dict[str, Value]] = field(default_factory=dict)
    # the same for each `[[meters]]` in order
    meters: list[dict[str, Value]] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)  # action to key
    problems: list[str] = field(default_factory=list)  # everything that is wrong, as sentences

    @property
    def is_hopeless(self) -> bool:
        """Whether there are more problems than anybody reads: looking for more takes long."""
        return len(self.problems) >= MAX_PROBLEMS

    def of(self, section: str) -> dict[str, Any]:
        """The values of a section, as arguments of its settings object."""
        return self.tables.get(section, {})

    def check(self, key: Key, value: object, place: str) -> Value | None:
        """The clean value, or ``None`` with a problem noted; ``place`` names source and key."""
        try:
            return key.check(value)
        except Refused as refusal:
            if key.shown and isinstance(value, str | int | float):
                place += f" = {plain(_written(value), 80)}"
            self.problems.append(f"{place} {refusal}; allowed: {key.allowed}.")
            return None


@dataclass(frozen=True)
class Content:
    """A configuration file as it was found."""

    text: str = ""  # what it holds, without a byte order mark; empty where it cannot be used
    tables: Mapping[str, object] | None = None  # the same parsed, or `None` where it cannot be used
    exists: bool = False  # whether there is a file
    problems: tuple[str, ...] = ()  # why it cannot be used
    warnings: tuple[str, ...] = ()  # what should be changed about the file itself


def read_file(path: Path, *, must_exist: bool = False) -> Content:
    """Read and parse a file; one that is absent and need not exist is an empty one."""
    name = plain(str(path))
    try:
        status = path.stat()
        # Opening a pipe would wait for its writer; /dev/null is a usual way to say "nothing".
        if not stat.S_ISREG(status.st_mode) and str(path) != os.devnull:
            what = "is a folder" if stat.S_ISDIR(status.st_mode) else "is no regular file"
            return Content(exists=True, problems=(f"{name}: it {what}, not a TOML file.",))
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        if must_exist:
            return Content(problems=(f"{name}: there is no such file.",))
        return Content(tables={})
    except (OSError, ValueError) as error:
        why = plain(getattr(error, "strerror", None) or type(error).__name__)
        return Content(exists=True, problems=(f"{name}: it cannot be read ({why}).",))
    warnings: tuple[str, ...] = ()
    if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
        warnings = (
            f"{name} can be read or changed by other users of this system, and it may hold your "
            f"token: chmod 600 it.",
        )
    if status.st_uid not in {os.geteuid(), 0}:
        warnings += (f"{name} belongs to another user, who can change it: chown it.",)
    return _parse(data, name, warnings)


def _parse(data: bytes, name: str, warnings: tuple[str, ...]) -> Content:
    def unusable(why: str) -> Content:
        return Content(exists=True, problems=(f"{name}: {why}",), warnings=warnings)

    if len(data) > MAX_FILE_BYTES:
        return unusable(f"it is larger than {count_text(MAX_FILE_BYTES)} bytes.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return unusable("it is not a text file in UTF-8: save it in that encoding.")
    if "\0" in text:
        return unusable("it is a binary file, not a TOML file.")
    if any(line.count(".") > _MOST_DOTS for line in text.split("\n") if line.lstrip()[:1] != "#"):
        return unusable("it is nested too deeply.")  # tomllib takes hours for a.a.a.a…
    try:
        return Content(text, tomllib.loads(text), exists=True, warnings=warnings)
    except tomllib.TOMLDecodeError as error:
        return unusable(_where(str(error), text))
    except RecursionError:
        return unusable("it is nested too deeply.")
    except ValueError:  # Python's own limit for a number's digits
        return unusable("it is not valid TOML: a number has too many digits.")


def _where(message: str, text: str) -> str:
    found = _POSITION.search(message)
    # "Cannot declare ('a', 'b') twice": names of the file are no business of a message.
    message = _NAMED.sub("…", message[: found.start()] if found else message)
    if found is None:
        return f"it is not valid TOML: {plain(message, 120)}."
    lines = text.split("\n")
    line, column = int(found[1] or len(lines)), found[2] or len(lines[-1]) + 1
    remedy = _remedy(message, lines[line - 1])
    return f"line {line}, column {column}: {plain(message, 120)}.{remedy}"


def _remedy(message: str, line: str) -> str:
    """What to write instead where the line shows it; the line is not repeated, it may be secret."""
    value = line.partition("=")[2].strip()
    if value[:1] in _TYPOGRAPHIC or (value[:1] in {'"', "'"} and value[-1:] in _TYPOGRAPHIC):
        return ' Write straight quotes ("…") around a text instead of typographic ones.'
    if message.startswith(_ESCAPES):
        return " In double quotes a \\ is written twice; or put the text in single quotes."
    if value and value[0] not in "\"'[{#" and message.startswith(_UNQUOTED):
        return ' A text, such as a PRM, a token or an address, stands in quotes ("…").'
    return ""


def read_values(tables: Mapping[str, object], source: str) -> Values:
    """Check every value of a parsed file named ``source``."""
    values = Values()
    for name, content in tables.items():
        if values.is_hopeless:
            break
        section = SECTIONS.get(name)
        if section is None:
            values.problems.append(f"{source}: {_unknown_section(name, content)}")
        elif section.repeated:
            _read_meters(section, content, source, values)
        elif not isinstance(content, Mapping):
            values.problems.append(f"{source}: {name} is not a section; write {section.title}.")
        elif section is KEYS:
            _read_keys(content, source, values)
        else:
            values.tables[name] = _read_table(
                section, content, f"{source}: {section.title}", values
            )
    return values


def _read_table(
    section: Section, content: Mapping[str, object], place: str, values: Values
) -> dict[str, Value]:
    checked: dict[str, Value] = {}
    for name, value in content.items():
        if values.is_hopeless:
            break
        try:
            key = section.key(name)
        except KeyError:
            values.problems.append(f"{place} {_unknown_key(name, section)}")
            continue
        clean = values.check(key, value, f"{place} {name}")
        if clean is not None:
            checked[name] = clean
    return checked


def _read_meters(section: Section, content: object, source: str, values: Values) -> None:
    if not isinstance(content, list) or not all(isinstance(item, Mapping) for item in content):
        values.problems.append(
            f"{source}: {section.name} is not a list of sections; write {section.title} with two "
            "brackets above each meter."
        )
        return
    seen: dict[tuple[Value, Value], int] = {}
    for number, item in enumerate(content, start=1):
        if values.is_hopeless:
            break
        place = f"{source}: {section.title} number {number}"
        before = len(values.problems)
        checked = _read_table(section, item, place, values)
        if len(values.problems) > before:
            continue
        prm, flow = checked.get("prm", ""), checked.get("flow", section.key("flow").default)
        if prm and seen.setdefault((prm, flow), number) != number:
            values.problems.append(
                f"{place} has the PRM and the flow of number {seen[prm, flow]}; "
                "allowed: each pair once."
            )
        elif prm:
            values.meters.append(checked)
        elif checked.get("token"):
            if len(content) > 1:
                values.problems.append(
                    f"{place} prm is missing; with several meters each one needs its PRM."
                )
            values.meters.append(checked)
        # Else nobody filled in this meter of the example file yet: it is no meter.


def _read_keys(content: Mapping[str, object], source: str, values: Values) -> None:
    for name, value in _dotted(content):
        if values.is_hopeless:
            break
        place = f"{source}: [keys] {plain(name, 60)}"
        if name not in ACTIONS:
            values.problems.append(f"{place} is no action; {nearest_action(name)}")
            continue
        clean = values.check(ACTION_KEY, value, place)
        if not isinstance(clean, str):
            continue
        if problem := key_problem(clean):
            values.problems.append(f"{place}: {problem}")
        else:
            values.keys[name] = clean
    for name, problem in clashes(values.keys).items():
        values.problems.append(f"{source}: [keys] {name}: {problem}")


def _dotted(content: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Entries with their names; ``log.copy`` without quotes is a table in a table to TOML."""
    for name, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from ((f"{name}.{rest}", each) for rest, each in value.items())
        else:
            yield name, value


def _unknown_section(name: str, content: object) -> str:
    shown = plain(name, 60)
    titles = {section.name: section.title for section in SECTIONS.values()}
    if isinstance(content, Mapping | list):
        return f"[{shown}] is unknown; {_nearest(name, titles)}"
    homes = {
        key.name: f"{key.name} under {section.title}"
        for section in SECTIONS.values()
        for key in section.keys
    }
    if name in homes:
        return f"{shown} stands outside its section; write {homes[name]}."
    return f"{shown} is unknown; {_nearest(name, homes if _close(name, homes) else titles)}"


def _unknown_key(name: str, section: Section) -> str:
    shown = plain(name, 60)
    names = {key.name: key.name for key in section.keys}
    if not _close(name, names):
        for other in SECTIONS.values():
            if any(key.name == name for key in other.keys):
                return f"{shown} is unknown; it belongs under {other.title}."
    return f"{shown} is unknown; {_nearest(name, names)}"


def _close(name: str, known: Iterable[str]) -> list[str]:
    lowered = {item.lower(): item for item in known}
    found = difflib.get_close_matches(name[:100].lower(), lowered, n=1)
    return [lowered[item] for item in found]


def _nearest(name: str, known: Mapping[str, str]) -> str:
    close = _close(name, known)
    if close:
        return f"did you mean {known[close[0]]}?"
    return f"known are {', '.join(known.values())}."


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return toml_text(value)
