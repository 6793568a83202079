"""Standard output belongs to results, standard error to everything else."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any


def print_json(document: Mapping[str, Any]) -> None:
    """Print the one JSON object of a ``--json`` run, on one line, in no locale."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def print_lines(lines: Iterable[str]) -> None:
    """Print a result for people on stdout."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def say(text: str) -> None:
    """Say something beside the result, on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
