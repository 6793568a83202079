"""What speaks MongoDB's protocol and is no MongoDB: it has no time series collections.

Source of the signs: mongodb-build-info of MongoDB's own tools (mongodb-js/devtools-shared).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pymongo.errors import OperationFailure

from linky_tui.errors import ServerRefused
from linky_tui.storage.errors import server_text

_DATA_FEDERATION = "Atlas Data Federation"
_COSMOS_DB = "Azure Cosmos DB"
_HOSTS = (
    (r"docdb(-elastic)?\.([a-z0-9-]+\.)?amazonaws\.com(\.cn)?", "Amazon DocumentDB"),
    (r"cosmos\.azure\.(com|cn|us)", _COSMOS_DB),
    (r"document(s|db)\.azure\.(com|cn|us)", "Azure DocumentDB"),
    (r"query\.mongodb\.net", _DATA_FEDERATION),
    (r"firestore\.goog", "Google Firestore"),
    (r"oraclecloudapps\.com", "an Oracle database"),
)
_COSMOS_SET = "globaldb"
# CommandNotFound, CommandNotSupported, NotImplemented, DocumentDB's own, an unknown field.
_UNKNOWN_COMMAND = {59, 115, 238, 303, 40415}


def refuse_hosts(hosts: Iterable[str]) -> None:
    """Refuse hosts whose names tell that a vendor's own database answers there.

    Args:
        hosts: ``host`` or ``host:port``.

    Raises:
        ServerRefused: one of them is no MongoDB.
    """
    for host in hosts:
        name = host.lower().partition(":")[0].rstrip(".")
        for pattern, vendor in _HOSTS:
            if re.search(rf"(^|\.){pattern}$", name):
                raise _refused(vendor)


def refuse_answers(hello: Mapping[str, Any], build: Mapping[str, Any]) -> None:
    """Refuse what ``hello`` and ``buildInfo`` tell is no MongoDB.

    Raises:
        ServerRefused: it is none.
    """
    if any(key.lower().startswith("ferretdb") for key in build):
        raise _refused("FerretDB")
    if "dataLake" in build:
        raise _refused(_DATA_FEDERATION)
    # A replica set of MongoDB may have that name, too; all MongoDB name their storage engines.
    if hello.get("setName") == _COSMOS_SET and "storageEngines" not in build:
        raise _refused(_COSMOS_DB)
    refuse_hosts(map(str, (hello.get("me", ""), *hello.get("hosts", ()))))


def refuse_parameter_error(error: OperationFailure) -> None:
    """Refuse what tells by its error for an unknown parameter that it is no MongoDB.

    Raises:
        ServerRefused: it is none.
    """
    if "documentdb_api" in str(error):
        raise _refused("DocumentDB on PostgreSQL") from None


@contextlib.contextmanager
def knowing_time_series() -> Iterator[None]:
    """For commands that every MongoDB since 5.0 knows.

    Raises:
        ServerRefused: the server does not know one of them.
    """
    try:
        yield
    except OperationFailure as error:
        if error.code not in _UNKNOWN_COMMAND:
            raise
        raise without_time_series(server_text(error)) from None


def without_time_series(why: str) -> ServerRefused:
    """The error for a server that cannot create a time series collection."""
    return ServerRefused(
        "This server has no time series collections",
        f"It is no MongoDB, or one without them ({why.rstrip(' .')}), so there is nothing to "
        "compare.",
        _ANOTHER,
    )


def _refused(vendor: str) -> ServerRefused:
    return ServerRefused(
        "This server is not MongoDB",
        f"It is {vendor}, which has no time series collections, so there is nothing to compare.",
        _ANOTHER,
    )


_ANOTHER = (
    "Nothing was created. Name a MongoDB in mongodb.uri (an Atlas cluster, the free one too), or "
    "leave it empty for the private one."
)
