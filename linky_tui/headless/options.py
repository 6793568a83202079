"""The command line as the commands get it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

EXIT_INTERRUPTED = 130
"""The exit code of whatever Ctrl-C ended."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, checked.

    Attributes:
        command: ``sync``, ``backfill``, ``stats``, ``verify``, ``check``, or ``app``.
        demo: work on the simulated home.
        config: an explicitly named configuration file.
        since: backfill: nothing older than this day.
        repair: verify: make the collections identical.
        as_json: print one JSON object on stdout.
        quiet: print errors only.
        verbose: print every step.
    """

    command: str
    demo: bool = False
    config: Path | None = None
    since: date | None = None
    repair: bool = False
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
