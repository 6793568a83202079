"""The command line in a changed world, or killed at a chosen moment.

``python -m tests.tools.altered ARGUMENTS`` does what ``python -m linky_tui`` does, under the
:class:`Alteration` that comes as JSON in the environment. Moments have names, and are counted from
1:

* ``insert consumption``, ``drop consumptionTS`` …: when the driver has encoded that command and
  looks at no clock any more; with ``after`` in front, when it was answered; ``write`` is before
  any of them; ``bulk consumptionTS`` is on the way into the driver, with readings to insert;
* ``spawn`` and ``after spawn``: before mongod is started, and when it has been and nothing else;
* ``signal`` and ``after signal``: before mongod is told to end, and just after;
* ``rename server.new``: before a file is renamed that is called so, whatever digits follow;
* the names of some of Python's audit events: ``http.client.send`` is a request that is counted and
  about to be sent, ``sqlite3.connect`` a look at the budget, ``fcntl.flock`` a lock.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

VARIABLE = "TESTS_ALTERATION"


@dataclass(frozen=True)
class Alteration:
    # places (of :func:`values_in`) and what they shall hold
    values: Mapping[str, Any] = field(default_factory=dict)
    # host names and the addresses that they lead to, with `:port` where the port changes, too; no
    # other name but this machine's leads anywhere then
    hosts: Mapping[str, str] = field(default_factory=dict)
    # a :func:`place` that raises an error which quotes all that it gets, and a file that the error
    # quotes as well
    bug: tuple[str, str] | None = None
    bug_kind: str = "error"  # `error`, `thread` (in a thread of its own), `interrupt` or `log`
    now: str = ""  # the time that the process begins with (ISO 8601), empty for the real one
    umask: int | None = None  # of the process
    moment: str = ""  # at which it is sent a signal
    number: int = 1  # the how manieth of these moments
    delay_s: float = 0.0  # how long after the moment
    signal: int = signal.SIGKILL  # which signal
    power: bool = False  # whether mongod is killed with it, as a power cut does

    @property
    def environment(self) -> dict[str, str]:
        """How a process is told."""
        return {VARIABLE: json.dumps(asdict(self))} if self != PLAIN else {}


PLAIN = Alteration()


def place(owner: Any, name: str) -> str:
    """What an attribute of a module or class, or a keyword of a function, is called elsewhere."""
    if isinstance(owner, ModuleType):
        return f"{owner.__name__}:{name}"
    return f"{owner.__module__}:{owner.__qualname__}.{name}"


def values_in(owner: Any, **values: Any) -> dict[str, Any]:
    """Attributes (of a function: the defaults of its keywords) and what they shall be."""
    return {place(owner, name): value for name, value in values.items()}


def resolver(hosts: Mapping[str, str]) -> Callable[..., Any]:
    """A ``getaddrinfo`` for which these names lead somewhere; nobody outside is ever asked."""
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        known = {"localhost": "127.0.0.1", "127.0.0.1": "127.0.0.1", **hosts}
        if name.lower().rstrip(".") not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        address, _, other_port = known[name.lower().rstrip(".")].partition(":")
        return real(address, int(other_port) if other_port else port, *more, **named)

    return resolve


def run(alteration: Alteration, arguments: list[str]) -> int:
    """The command line in the changed world, which is as before afterwards, but for moments."""
    from linky_tui import cli

    with ExitStack() as undo:
        for where, value in alteration.values.items():
            owner, name = _owner(where)
            if isinstance(value, Mapping):  # fields of a dataclass
                fields = {key: _native(each) for key, each in value.items()}
                value = replace(getattr(owner, name), **fields)
            _set(undo, owner, name, _native(value))
        if alteration.hosts:
            _set(undo, socket, "getaddrinfo", resolver(alteration.hosts))
        if alteration.bug is not None:
            owner, name = _owner(alteration.bug[0])
            bug = _bug(getattr(owner, name), Path(alteration.bug[1]), alteration.bug_kind)
            _set(undo, owner, name, bug)
        if alteration.umask is not None:
            undo.callback(os.umask, os.umask(alteration.umask))
        if alteration.moment:
            from tests.tools.moments import watch

            watch(alteration)
        if alteration.now:
            import time_machine

            now = datetime.fromisoformat(alteration.now)
            undo.enter_context(time_machine.travel(now, tick=True))
        return cli.main(arguments)


def _native(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _owner(where: str) -> tuple[Any, str]:
    module, _, path = where.partition(":")
    owner: Any = importlib.import_module(module)
    *between, name = path.split(".")
    for each in between:
        owner = getattr(owner, each)
    return owner, name


def _set(undo: ExitStack, owner: Any, name: str, value: Any) -> None:
    defaults = getattr(owner, "__kwdefaults__", None)
    if defaults is not None and name in defaults:
        undo.callback(defaults.__setitem__, name, defaults[name])
        defaults[name] = value
    else:
        undo.callback(setattr, owner, name, getattr(owner, name))
        setattr(owner, name, value)


def _bug(before: Any, secret_file: Path, kind: str) -> Callable[..., Any]:
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

    return fail


if __name__ == "__main__":
    sys.exit(run(Alteration(**json.loads(os.environ.pop(VARIABLE))), sys.argv[1:]))
