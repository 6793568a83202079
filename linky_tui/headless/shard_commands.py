"""``--shard-commands``: print what shards the collections of a cluster, in mongosh; run nothing."""

from __future__ import annotations

import json

from linky_tui import config as configuration
from linky_tui.config import MongoSettings
from linky_tui.errors import LinkyError
from linky_tui.headless.options import Options
from linky_tui.headless.output import print_json, print_lines
from linky_tui.storage.collections.sharding import (
    VIEWLESS_FROM,
    ClusterNames,
    is_router,
)
from linky_tui.storage.connection import connect, friendly
from linky_tui.system import paths

_USUAL = "8.0"
"""The version to print for where no server says its own."""


def run_shard_commands(options: Options) -> int:
    """Print the commands as JavaScript, for the configured names and the server's version.

    Raises:
        ConfigError: the configuration is wrong.
    """
    settings = configuration.load(options.config, demo=options.demo).mongodb
    version, notes = _asked(settings, demo=options.demo)
    names = ClusterNames(settings.database, settings.collection, settings.timeseries_collection)
    major = int((version or _USUAL).partition(".")[0])
    commands = names.commands(major)
    if options.as_json:
        print_json(
            {
                "command": "shard-commands",
                "server_version": version,
                "for_version": version or _USUAL,
                "notes": notes,
                "commands": commands,
                "look": names.look(major),
                "spreading": names.spreading(major),
            }
        )
        return 0
    print_lines(
        [
            *(f"// {note}" for note in notes),
            "// Nothing was run. Run this in mongosh at the router (mongos) of the cluster, as a",
            "// user with the roles clusterManager and readWrite. Readings that are there stay.",
            *commands,
            f"// {json.dumps(settings.leases_collection)} and "
            f"{json.dumps(settings.requests_collection)} stay unsharded.",
            "// This shows a line for each collection that is sharded now: three.",
            names.look(major),
            *(f"// {line}" for line in names.spreading(major)),
        ]
    )
    return 0


def _asked(settings: MongoSettings, *, demo: bool) -> tuple[str | None, list[str]]:
    """The server's version, and what is to be said of it; our own server is not started."""
    viewless = f"From {VIEWLESS_FROM}.0 on, a time series collection has no system.buckets."
    if demo or not settings.uri:
        note = f"For MongoDB {_USUAL}: no server was asked, as mongodb.uri names none."
        return None, [note, viewless]
    try:
        with (
            connect(settings, paths.data_dir(), paths.runtime_dir()) as connection,
            friendly(settings.uri),
        ):
            version, router = connection.server.version, is_router(connection.database)
    except LinkyError as error:
        note = f"For MongoDB {_USUAL}: the server could not be asked ({error.title})."
        return None, [note, viewless]
    note = f"For MongoDB {version}, as the server of mongodb.uri says."
    no_router = "That server is no router, so this is of use on another: a sharded cluster."
    return version, [note] if router else [note, no_router]
