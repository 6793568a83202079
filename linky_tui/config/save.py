"""Saving the configuration: comments kept, all or nothing, readable by its owner only.

Only what changed is written: a value that the file already says, or a default that it leaves
out, stays as it is, and so does what the environment or the command line decided
(:attr:`Config.overridden`). Where the file is a symbolic link its target is written, so that
it stays where a dotfile manager keeps it; a second name of the same file (a hard link) keeps the
old text. A write-protected file stays as it is. A new file starts as ``config.example.toml``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from linky_tui.config import Config, Meter, config_error
from linky_tui.config.checks import Refused
from linky_tui.config.example import example_text
from linky_tui.config.leftovers import open_temporary, remove_leftovers
from linky_tui.config.load import checked
from linky_tui.config.model import (
    KEYS,
    METERS,
    SECTIONS,
)
from linky_tui.config.read import read_file, read_values
from linky_tui.config.toml_keys import (
    Key,
    Value,
)
from linky_tui.errors import ConfigError
from linky_tui.system import paths
from linky_tui.text.formatting import plain


def save(config: Config, path: Path | None = None) -> Path:
    """Write a configuration to ``path`` (its own file where none is named); gives the file.

    Raises:
        ConfigError: a value is not allowed, the file that is there cannot be understood, or it
            cannot be written. The old file is then untouched.
    """
    named = path or config.path or paths.config_file()
    file = Path(os.path.realpath(os.path.expanduser(named)))
    content = read_file(file)
    if content.tables is None:
        raise config_error(content.problems, file)
    if str(file) == os.devnull:
        raise _not_saved(file)
    text = updated_text(content.text if content.text.strip() else example_text(), config, file)
    _replace(file, text)
    return file


def updated_text(text: str, config: Config, file: Path) -> str:
    """The text of a file with the values of a configuration put in; ``file`` names it in errors.

    Raises:
        ConfigError: what comes out would not load as this configuration.
    """
    config = _as_saved(config, _understood(text, file))
    try:
        document = tomlkit.parse(text)
        _put_all(document, config)
        new_text = tomlkit.dumps(document)
        loaded = _understood(new_text, file)
    except (TOMLKitError, tomllib.TOMLDecodeError):
        raise _not_saved(file) from None
    if loaded != config:
        raise _not_saved(file)
    return new_text


def _understood(text: str, file: Path) -> Config:
    return checked(read_values(tomllib.loads(text), plain(str(file))), file)


def _as_saved(config: Config, in_file: Config) -> Config:
    """The configuration with the file's own values where other sources decided."""
    for name in config.overridden:
        section, _, key = name.partition(".")
        if section == METERS.name:
            config = replace(config, meters=in_file.meters)
        else:
            kept = {key: getattr(getattr(in_file, section), key)}
            changed: Any = {section: replace(getattr(config, section), **kept)}
            config = replace(config, **changed)
    return config


def _not_saved(file: Path) -> ConfigError:
    return ConfigError(
        "The configuration was not saved",
        f"It could not be put into {plain(str(file))} without changing its meaning.",
        "Edit the file by hand, or move it away and save again.",
    )


def _put_all(document: tomlkit.TOMLDocument, config: Config) -> None:
    for section in SECTIONS.values():
        if section is METERS:
            _put_meters(document, config.meters)
        elif section is KEYS:
            _put_keys(document, config.keys)
        else:
            wanted = asdict(getattr(config, section.name))
            for key in section.keys:
                _put(document, section.name, key, wanted[key.name])


def _put(document: Any, section: str, key: Key, value: Value) -> None:
    table = document.get(section)
    if table is None:
        if value == key.default:
            return
        table = document[section] = tomlkit.table()
    _put_value(table, key, value)


def _put_value(table: Any, key: Key, value: Value) -> None:
    if key.name in table:
        try:
            unchanged = key.check(_plain_value(table[key.name])) == value
        except Refused:
            unchanged = False
    else:
        unchanged = value == key.default
    if not unchanged:
        table[key.name] = str(value) if isinstance(value, str) else value


def _plain_value(item: Any) -> object:
    return item.unwrap() if hasattr(item, "unwrap") else item


def _put_keys(document: Any, wanted: Mapping[str, str]) -> None:
    table = document.get(KEYS.name)
    if table is None:
        if not wanted:
            return
        table = document[KEYS.name] = tomlkit.table()
    for name in list(table):
        if isinstance(table[name], Mapping):  # log.copy without quotes
            for rest in [rest for rest in table[name] if f"{name}.{rest}" not in wanted]:
                del table[name][rest]
            if not table[name]:
                del table[name]
        elif name not in wanted:
            del table[name]
    for name, key in wanted.items():
        first, _, rest = name.partition(".")
        nested = rest and isinstance(table.get(first), Mapping) and rest in table[first]
        home, own = (table[first], rest) if nested else (table, name)
        if _plain_value(home.get(own)) != key:
            home[own] = key


def _put_meters(document: Any, meters: tuple[Meter, ...]) -> None:
    tables = document.get(METERS.name)
    if tables is None:
        if not meters:
            return
        tables = document[METERS.name] = tomlkit.aot()
    wanted = [{key.name: str(getattr(meter, key.name)) for key in METERS.keys} for meter in meters]
    places = _match([_identity(table) for table in tables], wanted)
    if wanted:
        for index in reversed(range(len(tables))):
            if index not in places:
                del tables[index]
    else:
        _keep_blank_only(tables)
    for position, values in enumerate(wanted):
        if position >= len(tables):
            new = tomlkit.table() if isinstance(tables, AoT) else tomlkit.inline_table()
            new.update({key.name: values[key.name] for key in METERS.keys})
            tables.append(new)
        else:
            for key in METERS.keys:
                _put_value(tables[position], key, values[key.name])


def _keep_blank_only(tables: Any) -> None:
    for index in reversed(range(len(tables))):
        if any(_identity(tables[index])[:1]) or tables[index].get("token"):
            del tables[index]


def _identity(table: Any) -> tuple[str, str]:
    flow = table.get("flow", METERS.key("flow").default)
    return str(table.get("prm", "")).strip(), str(flow).strip()


def _match(existing: list[tuple[str, str]], wanted: list[dict[str, str]]) -> list[int]:
    """Which existing table each wanted meter takes; those beyond the last are new.

    By PRM and flow where the order allows it, so that comments stay with their meter; else by
    position.
    """
    known = {identity: index for index, identity in enumerate(existing)}
    found = [known.get((meter["prm"], meter["flow"])) for meter in wanted]
    kept = [index for index in found if index is not None]
    new_ones_last = found[: len(kept)] == kept
    if kept and kept == sorted(set(kept)) and new_ones_last:
        return kept
    return list(range(min(len(existing), len(wanted))))


def _replace(file: Path, text: str) -> None:
    temporary = ""
    try:
        if os.access(file.parent, os.W_OK) and file.exists() and not os.access(file, os.W_OK):
            # It could be replaced all the same, but somebody said that it stays as it is.
            raise PermissionError(errno.EACCES, "It is write-protected")
        if not file.parent.exists():
            paths.private_dir(file.parent)
        remove_leftovers(file)
        descriptor, temporary = open_temporary(file)
        with open(descriptor, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(temporary, file)  # while it is locked: see leftovers
            temporary = ""
        _sync_folder(file.parent)
    except OSError as error:
        raise ConfigError(
            "The configuration was not saved",
            f"{plain(str(file))}: {plain(error.strerror or type(error).__name__)}.",
            "Check that the folder can be written and the disk is not full; the old file is "
            "untouched.",
        ) from None
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
