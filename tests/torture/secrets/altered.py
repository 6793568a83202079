"""The program in a process of its own, in a changed world.

Reads :class:`Run` objects as JSON from stdin and runs them one after the other through
``linky_tui.cli.main``. Before each a line :data:`MARKER` with its name goes to stdout and stderr,
behind it on stdout its exit code.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.torture.cli_runs import TIMEOUT_S, Home
from tests.whole.cli.tools import Done

MARKER = "===== "
ALTERATION = "TESTS_ALTERATION"
"""A variable with one :class:`Run` as JSON, for a program that needs its terminal."""


@dataclass(frozen=True)
class Run:
    """One run of the program.

    Attributes:
        name: of the run.
        arguments: its command line.
        environment: further variables.
        values: ``module:attribute`` and what it shall be; a mapping changes fields of a dataclass.
        hosts: host names and the addresses that they lead to, with ``:port`` where the port
            changes, too.
        bug: ``module:attribute`` that raises an error which quotes all that it gets, and a file
            that the error quotes as well.
        bug_kind: ``error``, ``thread`` (in a thread of its own), ``interrupt`` or ``log``.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    bug: tuple[str, str] | None = None
    bug_kind: str = "error"

    def to_json(self) -> str:
        """For :data:`ALTERATION`."""
        return json.dumps(asdict(self))


def run_altered(home: Home, runs: Sequence[Run]) -> dict[str, Done]:
    """Run them in one process in a home; what each printed, and its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture.secrets.altered"],
        input=json.dumps([asdict(run) for run in runs]),
        capture_output=True,
        text=True,
        env=home.environment,
        timeout=TIMEOUT_S + 10 * len(runs),
        check=False,
    )
    printed = [_sections(text) for text in (done.stdout, done.stderr)]
    found = {}
    for run in runs:
        assert run.name in printed[0], (run.name, done.stdout[-2000:], done.stderr[-2000:])
        out, _, code = printed[0][run.name].rstrip("\n").rpartition("exit ")
        found[run.name] = Done(int(code), out, printed[1][run.name])
    return found


def _sections(text: str) -> dict[str, str]:
    parts = text.split(MARKER)[1:]
    return {name: rest for name, _, rest in (part.partition("\n") for part in parts)}


def _main() -> None:
    base = dict(os.environ)
    if alone := base.pop(ALTERATION, ""):
        sys.exit(_run(Run(**json.loads(alone)), base))
    for given in json.load(sys.stdin):
        run = Run(**given)
        for stream in (sys.stdout, sys.stderr):
            stream.write(f"{MARKER}{run.name}\n")
            stream.flush()
        code = _run(run, base)
        sys.stdout.write(f"exit {code}\n")
        sys.stdout.flush()


def _run(run: Run, base: Mapping[str, str]) -> int:
    from linky_tui import cli

    os.environ.clear()
    os.environ.update(dict(base) | dict(run.environment))
    undo: list[Callable[[], None]] = []
    for place, value in run.values.items():
        undo.append(_set(place, value))
    if run.hosts:
        undo.append(_lead(run.hosts))
    if run.bug is not None:
        undo.append(_break(run.bug[0], Path(run.bug[1]), run.bug_kind))
    try:
        return cli.main(list(run.arguments))
    finally:
        for each in reversed(undo):
            each()


def _owner(place: str) -> tuple[Any, str]:
    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(module)
    *between, name = path.split(".")
    for each in between:
        owner = getattr(owner, each)
    return owner, name


def _set(place: str, value: Any) -> Callable[[], None]:
    owner, name = _owner(place)
    before = getattr(owner, name)
    if isinstance(value, Mapping):
        fields = {key: tuple(v) if isinstance(v, list) else v for key, v in value.items()}
        value = replace(before, **fields)
    setattr(owner, name, value)
    return lambda: setattr(owner, name, before)


def _lead(hosts: Mapping[str, str]) -> Callable[[], None]:
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        place = hosts.get(name.lower().rstrip("."))
        if place is None:
            # Nothing outside of this machine is ever asked.
            if not name.replace(".", "").isdigit() and name != "localhost":
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return real(host, port, *more, **named)
        address, _, other_port = place.partition(":")
        return real(address, int(other_port or port), *more, **named)

    socket.getaddrinfo = resolve
    return lambda: setattr(socket, "getaddrinfo", real)


def _break(place: str, secret_file: Path, kind: str) -> Callable[[], None]:
    owner, name = _owner(place)
    before = getattr(owner, name)

    def fail(*everything: Any, **named: Any) -> Any:
        import logging
        import threading

        secret = secret_file.read_text(encoding="utf-8")
        told = f"a bug that quotes {everything!r} {named!r} {secret}"
        if kind == "interrupt":
            raise KeyboardInterrupt(told)
        if kind == "log":
            logging.getLogger("urllib3.of.somebody").warning("it was %s", told)
            logging.getLogger("asyncio").error("never retrieved: %s", told)
            return before(*everything, **named)
        if kind == "thread":

            def in_thread(quoted: str = told) -> None:
                raise RuntimeError(quoted)

            thread = threading.Thread(target=in_thread)
            thread.start()
            thread.join()
            return before(*everything, **named)
        try:
            raise ValueError(secret)
        except ValueError as error:
            raise RuntimeError(told) from error

    setattr(owner, name, fail)
    return lambda: setattr(owner, name, before)


if __name__ == "__main__":
    _main()
