"""What the standard streams can bear, and whether they are a terminal."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper

from linky_tui.errors import UsageError


def write_what_can_be_encoded() -> None:
    """A character that a locale does not have becomes ``?`` instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def drop_output() -> None:
    """Forget what waits to be written, or Python tries again at its end and fails once more."""
    with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def check_terminal(environ: Mapping[str, str] | None = None) -> None:
    """Make sure that the application can draw and hear keys.

    Raises:
        UsageError: a stream leads elsewhere, the terminal is none, or its texts are not UTF-8.
    """
    term = (os.environ if environ is None else environ).get("TERM", "")
    streams = {"input": sys.stdin, "output": sys.stdout, "error output": sys.stderr}
    elsewhere = [name for name, each in streams.items() if each is None or not each.isatty()]
    if elsewhere or term in ("", "dumb"):
        why = (
            f"No terminal: {', '.join(elsewhere)}."
            if elsewhere
            else f"TERM is {term or 'not set'}."
        )
        raise UsageError(
            "The application needs a terminal",
            f"{why} So it is under cron, in a pipe, or over ssh without -t.",
            "Without a terminal, linky-tui --sync fetches what is missing and ends; "
            "linky-tui --help lists the other commands.",
        )
    encoding = codecs.lookup(getattr(sys.stderr, "encoding", None) or "ascii").name
    if encoding != "utf-8":
        raise UsageError(
            "The application needs a terminal with UTF-8",
            f"The locale says {encoding}, which has none of the characters that screens are drawn "
            "with.",
            "Start it as LC_ALL=C.UTF-8 linky-tui. Commands such as --sync and --stats work in "
            "any locale.",
        )
