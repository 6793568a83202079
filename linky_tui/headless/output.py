"""Standard output belongs to results, standard error to everything else."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from linky_tui.errors import LinkyError
from linky_tui.headless.options import EXIT_INTERRUPTED
from linky_tui.text.formatting import printable

_LEAST_COLUMNS, _MOST_COLUMNS = 40, 100


class Interrupted(LinkyError):
    """The user stopped a command before it had a result."""

    exit_code = EXIT_INTERRUPTED

    def __init__(self) -> None:
        super().__init__("Interrupted", "It was stopped before its end.", "Nothing is lost.")


def print_json(document: Mapping[str, Any]) -> None:
    """Print the one JSON object of a ``--json`` run, on one line, in ASCII whatever it holds."""
    sys.stdout.write(json.dumps(document, allow_nan=False) + "\n")
    sys.stdout.flush()


def print_lines(lines: Iterable[str]) -> None:
    """Print a result for people on stdout."""
    sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
    sys.stdout.flush()


def say(text: str) -> None:
    """Say something beside the result, on stderr."""
    sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def wrapped(text: str, *, indent: str = "") -> str:
    """Break a long line between words where stdout is a terminal; elsewhere it stays one line."""
    if not sys.stdout.isatty():
        return text
    columns = shutil.get_terminal_size().columns - 1
    return textwrap.fill(
        text,
        max(_LEAST_COLUMNS, min(columns, _MOST_COLUMNS)),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
