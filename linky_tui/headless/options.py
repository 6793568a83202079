"""The command line as the commands get it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from linky_tui.lab.catalogue import DEFAULT_HOMES

EXIT_INTERRUPTED = 130
"""The exit code of whatever Ctrl-C ended."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, checked."""

    # `sync`, `backfill`, `stats`, `verify`, `check`, `schedule`, `shard-commands`, `lab`, `app`
    command: str
    demo: bool = False  # work on the simulated home
    config: Path | None = None  # an explicitly named configuration file
    since: date | None = None  # backfill: nothing older than this day
    schedule: str = ""  # schedule: for which scheduler
    repair: bool = False  # verify: make the collections identical
    as_json: bool = False  # print one JSON object on stdout
    quiet: bool = False  # print errors only
    verbose: bool = False  # print every step
    experiments: tuple[str, ...] = ()  # lab: their keys, all where it is empty
    here: bool = False  # lab: on the configured MongoDB
    seed: int = 0  # lab: of what is simulated
    homes: int = DEFAULT_HOMES  # lab: of the largest fleet
    report: Path | None = None  # lab: a .md or .html file
    queries: bool = False  # stats: print the query behind each figure
