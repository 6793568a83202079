"""The query behind each figure of the comparison, as an expression to run in mongosh.

An expression is made from the very pipeline, so that whoever runs that gets the same number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from linky_tui.storage.compare.buckets import buckets_in, explained, question
from linky_tui.storage.compare.stats import Comparison

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

Path = tuple[str | int, ...]

_STATISTICS: Mapping[str, Any] = {"$collStats": {"storageStats": {}}}
_REUSABLE = "block-manager.file bytes available for reuse"
_FREE_IN_STORAGE = {
    "$ifNull": ["$storageStats.freeStorageSize", f"$storageStats.wiredTiger.{_REUSABLE}", 0]
}
_FREE_IN_INDEXES = {
    "$sum": {
        "$map": {
            "input": {"$objectToArray": {"$ifNull": ["$storageStats.indexDetails", {}]}},
            "in": {"$ifNull": [f"$$this.v.{_REUSABLE}", 0]},
        }
    }
}
_STORAGE = {"$subtract": ["$storageStats.storageSize", _FREE_IN_STORAGE]}
_INDEXES = {"$subtract": ["$storageStats.totalIndexSize", _FREE_IN_INDEXES]}
_ON_DISK: Mapping[str, Any] = {
    "storage": _STORAGE,
    "indexes": _INDEXES,
    "total": {"$add": [_STORAGE, _INDEXES]},
    "reusable": {"$add": [_FREE_IN_STORAGE, _FREE_IN_INDEXES]},
}
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Term:
    """A number that a pipeline gives: the field of its only document."""

    collection: str
    pipeline: tuple[Mapping[str, Any], ...]
    field: str

    def text(self, database: str) -> str:
        """As an expression for mongosh."""
        asked = f"getCollection({_js(self.collection)}).aggregate({_js(self.pipeline)})"
        return f"{_in(database)}.{asked}.toArray()[0].{self.field}"


@dataclass(frozen=True, slots=True)
class AnswerTerm:
    """A number in the answer of a command."""

    command: Mapping[str, Any]
    path: Path  # where it stands there

    def text(self, database: str) -> str:
        """As an expression for mongosh."""
        steps = "".join(
            f".{step}"
            if isinstance(step, str) and _IDENTIFIER.fullmatch(step)
            else f"[{_js(step)}]"
            for step in self.path
        )
        return f"{_in(database)}.runCommand({_js(self.command)}){steps}"


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """How one figure comes about."""

    figure: str  # as the rows of the comparison name it
    of: str  # the collection's name, or `saved`
    value: float  # what the comparison has
    terms: tuple[Term | AnswerTerm, ...]
    form: str = "{}"  # how the terms make the figure

    def text(self, database: str) -> str:
        """As an expression for mongosh."""
        return self.form.format(*(term.text(database) for term in self.terms))


def figure_queries(store: Store, comparison: Comparison) -> list[FigureQuery]:
    """The queries of every figure that is known; none before both collections hold readings.

    Raises:
        StorageUnavailable: MongoDB cannot be reached.
    """
    one, two, saved = comparison.regular, comparison.timeseries, comparison.saved
    if not one.readings or not two.readings:
        return []
    found: list[FigureQuery] = []

    def add(
        figure: str,
        values: tuple[float | None, float | None],
        terms: tuple[Term, Term],
        fraction: float | None = None,
    ) -> None:
        for size, value, term in zip((one, two), values, terms, strict=True):
            if value is not None:
                found.append(FigureQuery(figure, size.name, value, (term,)))
        if fraction is not None:
            regular, timeseries = terms
            form = "1 - {} / {}"
            found.append(FigureQuery(figure, "saved", fraction, (timeseries, regular), form))

    readings = _grouped(one.name, "readings", 1), _grouped(two.name, "readings", 1)
    add("readings", (one.readings, two.readings), readings)
    data = (
        _grouped(one.name, "data_bytes", {"$bsonSize": "$$ROOT"}),
        _grouped(two.name, "data_bytes", "$storageStats.size", _STATISTICS),
    )
    add("data", (one.data_bytes, two.data_bytes), data, saved.data)
    on_disk = {
        "storage": ((one.storage_bytes, two.storage_bytes), saved.storage),
        "indexes": ((one.index_bytes, two.index_bytes), saved.index),
        "total": ((one.total_bytes, two.total_bytes), saved.total),
        "reusable": ((one.reusable_bytes, two.reusable_bytes), None),
    }
    for figure, (values, fraction) in on_disk.items():
        field = f"{figure}_bytes"
        regular, timeseries = (
            _grouped(size.name, field, _ON_DISK[figure], _STATISTICS) for size in (one, two)
        )
        add(figure, values, (regular, timeseries), fraction)
    for size, number, held in zip((one, two), data, readings, strict=True):
        if size.bytes_per_reading is not None:
            found.append(
                FigureQuery(
                    "per reading", size.name, size.bytes_per_reading, (number, held), "{} / {}"
                )
            )
    if comparison.buckets is not None:
        terms = _bucket_terms(store, two.name)
        form = " + ".join("{}" for _ in terms)
        found.append(FigureQuery("buckets", two.name, comparison.buckets, terms, form))
    return found


def number_paths(answer: Mapping[str, Any]) -> list[Path]:
    """Where an ``explain`` answer has the numbers of buckets, one a shard; empty if nowhere.

    Every number in it is replaced by one of its own, which :func:`buckets_in` then picks.
    """
    shards = answer.get("shards")
    if isinstance(shards, Mapping):
        each = [
            [("shards", name, *path) for path in number_paths(shard)]
            for name, shard in shards.items()
        ]
        return [path for paths in each for path in paths]
    paths: dict[int, Path] = {}
    picked = buckets_in(_numbered(answer, (), paths, count(1)))
    return [paths[picked]] if picked in paths else []


def _bucket_terms(store: Store, collection: str) -> tuple[Term | AnswerTerm, ...]:
    command = question(collection)
    paths = number_paths(explained(store.readings, command))
    if found := [AnswerTerm(command, path) for path in paths]:
        return tuple(found)
    field = "$storageStats.timeseries.bucketCount"
    return (_grouped(collection, "buckets", field, _STATISTICS),)


def _numbered(value: Any, path: Path, paths: dict[int, Path], numbers: count[int]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _numbered(each, (*path, name), paths, numbers) for name, each in value.items()
        }
    if isinstance(value, list):
        return [_numbered(each, (*path, at), paths, numbers) for at, each in enumerate(value)]
    if path and path[-1] == "nReturned":
        number = next(numbers)
        paths[number] = path
        return number
    return value


def _grouped(collection: str, field: str, what: Any, *before: Mapping[str, Any]) -> Term:
    group = {"$group": {"_id": None, field: {"$sum": what}}}
    return Term(collection, (*before, group), field)


def _in(database: str) -> str:
    return f"db.getSiblingDB({_js(database)})"


def _js(value: Any) -> str:
    """Plain values as JavaScript, on one line, in ASCII."""
    return json.dumps(value)
