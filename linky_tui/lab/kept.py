"""Results as JSON and back, and the file that keeps the last one of each experiment."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import types
import typing
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from linky_tui.domain.laboratory import Result
from linky_tui.lab.catalogue import BY_KEY
from linky_tui.system.own_files import read_own, replace_own
from linky_tui.system.paths import private_dir

FILE_NAME = "laboratory.json"
_LIMIT_BYTES = 50_000_000


def to_json(result: Result) -> dict[str, Any]:
    """A result as JSON values; parts that it does not have are left out."""
    return {
        name: value for name, value in dataclasses.asdict(result).items() if value not in ((), None)
    }


def from_json(document: Mapping[str, Any]) -> Result:
    """The result that :func:`to_json` wrote; unknown fields are ignored.

    Raises:
        ValueError: it is none.
    """
    try:
        return typing.cast(Result, _decoded(Result, document))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no result of the laboratory") from error


def load(state_dir: Path) -> dict[str, Result]:
    """The kept results by experiment; those that cannot be read are left out."""
    found: dict[str, Result] = {}
    try:
        documents = json.loads(read_own(state_dir / FILE_NAME, _LIMIT_BYTES))["results"]
        items = list(documents)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return found
    for document in items:
        with contextlib.suppress(ValueError):
            result = from_json(document)
            if result.experiment in BY_KEY:
                found[result.experiment] = result
    return found


def keep(state_dir: Path, results: Iterable[Result]) -> dict[str, Result]:
    """Keep results in place of earlier ones of the same experiments; gives all that are kept.

    Raises:
        OSError: the file cannot be written.
        ConfigError: nor can its folder.
    """
    private_dir(state_dir)
    kept = load(state_dir) | {each.experiment: each for each in results}
    kept = {key: kept[key] for key in BY_KEY if key in kept}
    document = {"results": [to_json(each) for each in kept.values()]}
    replace_own(state_dir / FILE_NAME, json.dumps(document).encode(), durable=True)
    return kept


def _decoded(kind: Any, value: Any) -> Any:
    """A JSON value as what a type hint says."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        if value is None and type(None) in arguments:
            return None
        return _decoded(next(each for each in arguments if each is not type(None)), value)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise TypeError(value)
        inner = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_decoded(each, part) for each, part in zip(inner, value, strict=True))
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        present = {
            name: _decoded(hint, value[name]) for name, hint in hints.items() if name in value
        }
        return kind(**present)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TypeError(value)
    return value
