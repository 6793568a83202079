"""Many runs of the program one after the other in one process, each in a changed world."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from tests.tools.altered import PLAIN, Alteration, run
from tests.tools.homes import Home
from tests.tools.program import TIMEOUT_S, Done, calling, start

_MARKER = "===== "
"""Before each run a line with its name goes to stdout and stderr, behind it its exit code."""


@dataclass(frozen=True)
class Run:
    name: str  # of the run
    arguments: Sequence[str]  # its command line
    environment: Mapping[str, str] = field(default_factory=dict)  # further variables
    alteration: Alteration = PLAIN  # what is changed


def run_all(home: Home, runs: Sequence[Run]) -> dict[str, Done]:
    """Run them in one process in a home; what each printed, and its exit code."""
    process = start(calling(_run_all), home.environment, stdin=subprocess.PIPE)
    with process:
        given = json.dumps([asdict(each) for each in runs])
        said = process.communicate(given, timeout=TIMEOUT_S + 10 * len(runs))
    printed = [_sections(text) for text in said]
    found = {}
    for each in runs:
        assert each.name in printed[0], (each.name, *(text[-2000:] for text in said))
        out, _, code = printed[0][each.name].rstrip("\n").rpartition("exit ")
        found[each.name] = Done(int(code), out, printed[1][each.name])
    return found


def _sections(text: str) -> dict[str, str]:
    parts = text.split(_MARKER)[1:]
    return {name: rest for name, _, rest in (part.partition("\n") for part in parts)}


def _run_all() -> None:
    base = dict(os.environ)
    for given in json.load(sys.stdin):
        for stream in (sys.stdout, sys.stderr):
            stream.write(f"{_MARKER}{given['name']}\n")
            stream.flush()
        os.environ.clear()
        os.environ.update(base | given["environment"])
        code = run(Alteration(**given["alteration"]), given["arguments"])
        sys.stdout.write(f"exit {code}\n")
        sys.stdout.flush()
