"""An error that nobody expected: where it happened is told, what was in memory is not.

Tracebacks hold the texts of exceptions, which may hold anything; log records and the errors of
threads as well. All of them go through :func:`linky_tui.text.formatting.without_secrets`, and no
local variable is ever shown.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from linky_tui.errors import LinkyError, Side
from linky_tui.text.formatting import printable, without_secrets

_MOST_CHARACTERS = 20_000
_SHOWN = 8_000


class UnexpectedError(LinkyError):
    """A fault of linky-tui itself."""

    usual_sides = (Side.OURS,)


def unexpected(error: BaseException) -> UnexpectedError:
    """An error that nobody expected, for people; its own text is left to :func:`traceback_text`."""
    return UnexpectedError(
        "linky-tui has failed",
        f"It met what it does not know ({type(error).__name__}). What was stored is safe.",
        "Start again. If it comes back, report it with the lines on stderr, which name no token "
        "and no password.",
    )


def traceback_text(error: BaseException) -> str:
    """Where an error happened, as Python writes it, without secrets and local variables."""
    lines = traceback.TracebackException.from_exception(error, compact=True).format()
    text = printable(without_secrets("".join(lines)[-_MOST_CHARACTERS:]))
    return text if len(text) <= _SHOWN else f"…{text[-_SHOWN:]}"


@contextmanager
def harmless_errors(stderr: TextIO | None = None) -> Iterator[None]:
    """For the time of the block, what Python itself writes about threads and logs is harmless."""

    def on_thread(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
            _write(traceback_text(failed.exc_value))

    def on_unraisable(failed: sys.UnraisableHookArgs) -> None:
        if failed.exc_value is not None:
            _write(traceback_text(failed.exc_value))

    def _write(text: str) -> None:
        out = stderr if stderr is not None else sys.stderr
        if out is not None and not out.closed:
            out.write(text)

    before = threading.excepthook, sys.unraisablehook, logging.lastResort
    handler = logging.StreamHandler(stderr)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Harmless("%(name)s: %(message)s"))
    threading.excepthook, sys.unraisablehook = on_thread, on_unraisable
    logging.lastResort = handler
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook, logging.lastResort = before


class _Harmless(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return printable(without_secrets(super().format(record)[-_MOST_CHARACTERS:]))
