"""What the settings form holds: texts as typed, judged by the same rules as the file.

No widget is known here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from linky_tui import config as configuration
from linky_tui.config import Config, from_values
from linky_tui.config.checks import Refused
from linky_tui.config.keyboard import clashes, key_problem
from linky_tui.config.model import ENEDIS, KEYS, METERS, MONGODB, SECTIONS
from linky_tui.config.read import Values, read_values
from linky_tui.config.sources import check_together
from linky_tui.config.toml_keys import Key, Value
from linky_tui.enedis.budget import clamp
from linky_tui.errors import ConfigError
from linky_tui.text.formatting import plain

_SOURCE = "Settings"

Texts = dict[str, str]


def file_config(config: Config, *, demo: bool) -> Config:
    """What the file of a configuration says, without the environment. Reads the file.

    Raises:
        ConfigError: it has become wrong, or has gone.
    """
    return configuration.load(config.path if config.exists else None, {}, demo=demo)


def file_text(path: Path | None) -> str:
    """A file for people: with ``~`` for their home."""
    text = plain(str(path), 120)
    home = os.path.expanduser("~")  # where there is none, it stays as it is
    return f"~{text.removeprefix(home)}" if text.startswith(home + os.sep) else text


def for_form(text: str) -> str:
    """A text about a key of the file, for who does not write the file."""
    return text.replace(", in quotes", "").replace(" in quotes", "")


def text_of(value: Value) -> str:
    """A value as it stands in a field."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def problem_of(key: Key, text: str) -> str:
    """Why a typed text is not allowed, as sentences; empty where it is."""
    try:
        key.from_text(text.strip())
    except Refused as refusal:
        return for_form(f"The value {refusal}. Allowed: {key.allowed}.")
    return ""


@dataclass
class Draft:
    """A configuration being edited."""

    # section to key to text, for the sections that are tables
    tables: dict[str, Texts] = field(repr=False)
    meters: list[Texts] = field(default_factory=list, repr=False)  # the texts of each meter
    keys: Texts = field(default_factory=dict)  # action to key, as typed

    @classmethod
    def of(cls, config: Config) -> Draft:
        tables = {}
        for section in SECTIONS.values():
            if section not in (METERS, KEYS):
                values = asdict(getattr(config, section.name))
                tables[section.name] = {key.name: text_of(values[key.name]) for key in section.keys}
        meters = [
            {key.name: str(getattr(meter, key.name)) for key in METERS.keys}
            for meter in config.meters
        ]
        return cls(tables, meters, dict(config.keys))

    def copy(self) -> Draft:
        return deepcopy(self)

    def changed(self, saved: Draft) -> tuple[str, ...]:
        """The names of the sections that differ from what was saved."""
        found = [name for name, texts in self.tables.items() if texts != saved.tables[name]]
        found += [METERS.name] if self.meters != saved.meters else []
        found += [KEYS.name] if self.keys != saved.keys else []
        return tuple(name for name in SECTIONS if name in found)

    def problem(self, section: str, key: str) -> str:
        """Why the text of a field is not allowed; empty where it is."""
        own = problem_of(SECTIONS[section].key(key), self.tables[section][key])
        if own or (section, key) != (MONGODB.name, "timeseries_collection"):
            return own
        names = Values(tables={section: {k: v.strip() for k, v in self.tables[section].items()}})
        check_together(names, _SOURCE)
        return "This is the name of another collection." if names.problems else ""

    def note(self, section: str, key: str) -> str:
        """What will be made of an allowed text, where that is not the text itself."""
        if section != ENEDIS.name:
            return ""
        try:
            values: Any = {
                each.name: each.from_text(self.tables[section][each.name]) for each in ENEDIS.keys
            }
            limits = clamp(
                values["api_url"], values["requests_per_day"], values["seconds_between_requests"]
            )
        except (Refused, ConfigError):
            return ""
        return next((note for note in limits.notes if note.startswith(key)), "")

    def problem_count(self, section: str) -> int:
        """How many fields of a section hold what is not allowed."""
        if section in self.tables:
            return sum(bool(self.problem(section, key)) for key in self.tables[section])
        if section == METERS.name:
            return sum(bool(meter_problems(meter)) for meter in self.meters)
        wrong = {action for action, key in self.keys.items() if key_problem(key)}
        return len(wrong | clashes(self.keys).keys())

    def config(self) -> Config:
        """The configuration that the texts amount to.

        Raises:
            ConfigError: with everything that is wrong in ``problems``.
        """
        problems: list[str] = []
        raw: dict[str, object] = {}
        for name, texts in self.tables.items():
            table: dict[str, object] = {}
            for key in SECTIONS[name].keys:
                text = texts[key.name].strip()
                if key.type is str:
                    table[key.name] = text
                elif problem := problem_of(key, text):
                    problems.append(f"[{name}] {key.name}: {problem}")
                else:
                    table[key.name] = key.from_text(text)
            raw[name] = table
        raw[METERS.name] = [dict(meter) for meter in self.meters]
        raw[KEYS.name] = {action: key for action, key in self.keys.items() if key.strip()}
        values = read_values(raw, _SOURCE)
        check_together(values, _SOURCE)
        problems += [text.removeprefix(f"{_SOURCE}: ") for text in values.problems]
        if problems:
            count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
            raise ConfigError(
                f"Not saved: the settings have {count}",
                "The file is as it was.",
                "Correct these and save again; the fields say what is allowed.",
                tuple(problems),
            )
        return from_values(values)


def meter_problems(meter: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the texts of a meter, by key."""
    found = {
        key.name: problem
        for key in METERS.keys
        if (problem := problem_of(key, meter.get(key.name, "")))
    }
    if not found and not meter.get("prm", "").strip() and not meter.get("token", "").strip():
        found["prm"] = "A meter needs its PRM, or a token that covers only one."
    return found
