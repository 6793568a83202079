"""The two collections: created where they are missing, checked where they exist, never dropped.

The time series one is created first: a server that has none is left as it was.

Both carry the index ``{meter.prm, meter.flow, timestamp}``, unique on the regular one; the time
series one has granularity ``hours``: a bucket may span 30 days, not one hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pymongo
from pymongo.database import Database
from pymongo.errors import CollectionInvalid, ExecutionTimeout, OperationFailure

from linky_tui.errors import CollectionRefused
from linky_tui.storage.collections.documents import (
    FOREIGN,
    INDEX_KEYS,
    INDEX_NAME,
    TIMESERIES_OPTIONS,
    Document,
    shape,
)
from linky_tui.storage.collections.sharding import refuse_beside_sharded
from linky_tui.storage.errors import DUPLICATE_KEY
from linky_tui.storage.vendors import knowing_time_series, without_time_series

SHAPE_CHECK_MS = 5000
"""How long the search for documents of another shape may take at most."""

_INDEX_CONFLICTS = {85, 86}  # IndexOptionsConflict, IndexKeySpecsConflict
_MOVE_AWAY = (
    "If it was made by hand in place of ours, drop it, where nothing in it is needed: it is "
    "created again and filled from the regular collection"
)
_NAMESPACE_EXISTS = 48


def ensure_collections(
    database: Database[Document], regular: str, timeseries: str, *, shape_known: bool = False
) -> None:
    """Create both collections, or check those that exist; both are checked before any is created.

    Documents of another shape are looked for in the whole regular collection, unless it is known
    that there are none.

    Raises:
        CollectionRefused: an existing one is not ours, or sharded while another is missing.
    """
    has_regular = _check_regular(database, regular, shape_known)
    has_timeseries = _check_timeseries(database, timeseries)
    refuse_beside_sharded(database, regular, timeseries)
    if has_timeseries:
        _ensure_index(database, timeseries, "timeseries_collection", unique=False)
    else:
        create_timeseries(database, timeseries)
    if not has_regular:
        _create(database, regular)
    _ensure_index(database, regular, "collection", unique=True)


def _check_regular(database: Database[Document], name: str, shape_known: bool) -> bool:
    """Whether the regular collection exists.

    Raises:
        CollectionRefused: it is no ordinary collection, or holds documents of another shape.
    """
    kind, options = describe(database, name)
    if kind is None:
        return False
    if kind != "collection":
        raise _refused("collection", name, f"it is a {_kind_text(kind)}, not a regular collection")
    if options.get("capped"):
        raise _refused("collection", name, "it is capped, so it would forget readings")
    if "expireAfterSeconds" in options or any(
        "expireAfterSeconds" in index for index in database[name].list_indexes()
    ):
        raise _refused(
            "collection",
            name,
            "it deletes readings after some time (expireAfterSeconds)",
            "Drop the index that does so",
        )
    if not shape_known:
        _check_shape(database, name)
    return True


def check_helpers(database: Database[Document], names: Sequence[str]) -> None:
    """Check the collections beside the two of readings, where they exist.

    Raises:
        CollectionRefused: one is a view, of another kind, or capped, so that it forgets.
    """
    for found in database.list_collections(filter={"name": {"$in": list(names)}}):
        kind = str(found.get("type", "collection"))
        what = "capped" if found.get("options", {}).get("capped") else f"a {_kind_text(kind)}"
        if kind != "collection" or what == "capped":
            raise _refused(
                "collection",
                found["name"],
                f"it is {what}, not a regular collection",
                "If it was made by hand, drop it: what belongs into it is made again",
            )


def _check_timeseries(database: Database[Document], name: str) -> bool:
    """Whether the time series collection exists.

    Raises:
        CollectionRefused: it is no time series collection, or one with other options.
    """
    kind, options = describe(database, name)
    if kind is None:
        return False
    if kind != "timeseries":
        raise _refused(
            "timeseries_collection",
            name,
            f"it is a {_kind_text(kind)}, not a time series one",
            _MOVE_AWAY,
        )
    found = options.get("timeseries", {})
    wrong = [
        f"{key} is {found.get(key, 'not set')!s:.40} instead of {value}"
        for key, value in TIMESERIES_OPTIONS.items()
        if found.get(key) != value
    ]
    if "expireAfterSeconds" in options:
        wrong.append("it deletes readings after some time (expireAfterSeconds)")
    if wrong:
        raise _refused("timeseries_collection", name, "; ".join(wrong), _MOVE_AWAY)
    return True


def ensure_present(database: Database[Document], regular: str, timeseries: str) -> None:
    """Create what was dropped since the start; cheap when nothing was.

    A write to a missing collection would create a regular one without any index under its name.

    Raises:
        CollectionRefused: something else took a name meanwhile.
    """
    found = {
        each["name"]: each.get("type", "collection")
        for each in database.list_collections(filter={"name": {"$in": [regular, timeseries]}})
    }
    if found != {regular: "collection", timeseries: "timeseries"}:
        ensure_collections(database, regular, timeseries)


def create_timeseries(database: Database[Document], name: str) -> None:
    """Create the time series collection with its index; one that exists by now is kept.

    Raises:
        ServerRefused: the server has no time series collections; it is left as it was.
    """
    with knowing_time_series():
        created = _create(database, name, timeseries=TIMESERIES_OPTIONS)
    if created and describe(database, name)[0] == "collection":
        database.drop_collection(name)  # made by this very call, and empty
        raise without_time_series("it makes a regular collection instead")
    _ensure_index(database, name, "timeseries_collection", unique=False)


def describe(database: Database[Document], name: str) -> tuple[str | None, Mapping[str, Any]]:
    """The type (``collection``, ``timeseries``, ``view``) and options of a collection, if any."""
    for found in database.list_collections(filter={"name": name}):
        return str(found.get("type", "collection")), found.get("options", {})
    return None, {}


def _create(database: Database[Document], name: str, **options: Any) -> bool:
    """Whether it was made here: another process may have been faster."""
    try:
        database.create_collection(name, check_exists=False, **options)
    except CollectionInvalid:
        return False
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:
            raise
        return False
    return True


def _check_shape(database: Database[Document], name: str) -> None:
    try:
        with pymongo.timeout(None):
            found = database[name].find_one(FOREIGN, max_time_ms=SHAPE_CHECK_MS)
    except ExecutionTimeout:
        return  # so large and nothing foreign in all that was read
    if found is not None:
        raise _refused(
            "collection",
            name,
            f"it holds documents of another shape: {shape(found)}",
            "Move such documents to a collection of their own",
        )


def _ensure_index(database: Database[Document], name: str, setting: str, *, unique: bool) -> None:
    keys = list(INDEX_KEYS)
    for found in database[name].list_indexes():
        if list(found["key"].items()) == keys and not found.get("partialFilterExpression"):
            if not unique or found.get("unique"):
                return
            raise _refused(
                setting,
                name,
                f"its index {str(found['name'])[:60]!r} on meter.prm, meter.flow and timestamp is "
                "not unique, so readings could be stored twice",
                "Drop that index (it is created again, unique)",
            )
    try:
        database[name].create_index(keys, name=INDEX_NAME, unique=unique)
    except OperationFailure as error:
        if error.code == DUPLICATE_KEY:
            raise _refused(
                setting,
                name,
                "some readings are in it twice, so it cannot have a unique index",
                "Remove the duplicates",
            ) from None
        if error.code in _INDEX_CONFLICTS:
            raise _refused(
                setting,
                name,
                f"an index named {INDEX_NAME} with other keys or options is in the way",
                "Drop that index",
            ) from None
        raise


def _kind_text(kind: str) -> str:
    names = {
        "collection": "regular collection",
        "timeseries": "time series collection",
        "view": "view",
    }
    return names.get(kind, "collection of an unknown kind")


def _refused(setting: str, name: str, found: str, other_remedy: str = "") -> CollectionRefused:
    remedy = f"choose another name for `{setting}` in [mongodb]"
    return CollectionRefused(
        f"The collection {name!r} cannot be used",
        f"It exists already, and {found}.",
        f"{other_remedy}, or {remedy}. Nothing in it was touched."
        if other_remedy
        else f"{remedy[0].upper()}{remedy[1:]}. Nothing in it was touched.",
    )
