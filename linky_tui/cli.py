"""The command line: which command, with which options, and its exit code.

Nothing heavy is imported here: ``--version`` and ``--help`` answer at once, a headless command
never loads the interface.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NoReturn

from linky_tui import __version__
from linky_tui.domain.paris import today
from linky_tui.errors import LinkyError, Side, UsageError
from linky_tui.headless.options import EXIT_INTERRUPTED, Options
from linky_tui.lab.catalogue import BY_KEY, DEFAULT_HOMES, MOST_HOMES
from linky_tui.system import crash
from linky_tui.system.own_files import why
from linky_tui.system.terminal import check_terminal, drop_output, write_what_can_be_encoded
from linky_tui.text.dates import DAY_EXAMPLES, read_day
from linky_tui.text.formatting import plain, printable

EXIT_BROKEN_PIPE = 141
"""As a shell tells it of a program that writes into a closed pipe."""
_SEED_DIGITS = 9
_OUTPUT_FAILS = (errno.EPIPE, errno.ENOSPC, errno.EIO)

DESCRIPTION = """\
Your Linky electricity history in MongoDB, stored twice (regular and time series) and honestly
compared. Without a command the application opens."""

EPILOG = """\
exit codes: 0 done or nothing to do; 1 failed; 2 usage, configuration, token refused;
3 temporary, try again later; 130 interrupted; 141 nobody reads the output any more"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str, hint: str = "") -> NoReturn:
        raise UsageError(
            "The command line is not understood",
            f"{plain(message[:1].upper() + message[1:])}.",
            f"{hint}linky-tui --help lists the options.",
        )

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        import difflib  # only here: help and version answer at once

        options = re.findall(r"--([a-z-]+)", self.format_usage())
        meant = unknown[0][:100].lstrip("-").partition("=")[0].lower()
        close = difflib.get_close_matches(meant, options, n=1)
        hint = f"Did you mean --{close[0]}? " if close else ""
        self.error(f"unrecognized arguments: {' '.join(unknown)}", hint)


def main(argv: Sequence[str] | None = None) -> int:
    """Run linky-tui; returns the exit code.

    Args:
        argv: the arguments without the program's name; ``sys.argv`` where not given.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_missing_streams()
    write_what_can_be_encoded()
    try:
        with crash.harmless_errors():
            code = _run_and_report(arguments)
            sys.stdout.flush()
            return code
    except BrokenPipeError:
        drop_output()  # whoever read it has gone
        return EXIT_BROKEN_PIPE
    except OSError as error:
        drop_output()
        with contextlib.suppress(OSError):
            sys.stderr.write(f"linky-tui: the output could not be written: {error.strerror}\n")
        return 1


def _run_and_report(arguments: list[str]) -> int:
    """Run, and say what went wrong.

    Raises:
        OSError: that cannot be said, or the result could not be printed.
    """
    failure: LinkyError
    try:
        options = parse(arguments)
        if options is None:
            return 0
        if options.command == "app":
            check_terminal()
            # Until the first frame everything is new and stays: nothing to collect, every time.
            gc.disable()
            try:
                from linky_tui.ui.app import run_app

                return run_app(options.config, demo=options.demo)
            finally:
                gc.enable()
        from linky_tui.headless.commands import run_command

        return run_command(options)
    except LinkyError as error:
        failure = error
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            # Of a file that nobody thought of; better said in plain words than as a traceback.
            failure = LinkyError(
                "The system refuses a file or folder",
                f"{why(error)}.",
                "Check who owns it, what it is, and whether the disk is full or read-only.",
                sides=(Side.YOURS,),
            )
        elif isinstance(error, OSError) and error.errno in _OUTPUT_FAILS:
            raise
        else:
            # Not Python's own traceback: the texts in it may hold anything.
            sys.stderr.write(crash.traceback_text(error))
            failure = crash.unexpected(error)
    report_error(failure, as_json="--json" in arguments, command=_command_named(arguments))
    return failure.exit_code


def _open_missing_streams() -> None:
    """Give output somewhere to go where the caller closed it, as some cron lines do."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def parse(arguments: Sequence[str]) -> Options | None:
    """Parse and check the arguments; ``None`` where help or the version was all that was asked.

    Raises:
        UsageError: they make no sense.
    """
    parser = _parser()
    try:
        parsed, unknown = parser.parse_known_args(arguments)
    except SystemExit:
        return None
    if unknown:
        parser.refuse(unknown)
    command = "schedule" if parsed.schedule else parsed.command or "app"
    if parsed.lab is not None:
        command = "lab"
    elif parsed.here or parsed.report or parsed.seed is not None or parsed.homes is not None:
        parser.error("--here, --seed, --homes and --report go with --lab")
    if parsed.since is not None and command != "backfill":
        parser.error("--since goes with --backfill")
    if parsed.repair and command != "verify":
        parser.error("--repair goes with --verify")
    if parsed.queries and command != "stats":
        parser.error("--queries goes with --stats")
    if parsed.as_json and command == "app":
        parser.error("--json goes with a command such as --sync or --stats")
    return Options(
        command,
        parsed.demo,
        parsed.config,
        parsed.since,
        parsed.schedule or "",
        parsed.repair,
        parsed.as_json,
        parsed.quiet,
        parsed.verbose,
        tuple(parsed.lab or ()),
        parsed.here,
        parsed.seed or 0,
        DEFAULT_HOMES if parsed.homes is None else parsed.homes,
        parsed.report,
        parsed.queries,
    )


def report_error(error: LinkyError, *, as_json: bool, command: str) -> None:
    """Say an error: one JSON object on stdout, or the title and its details on stderr."""
    problems = list(error.problems)
    if as_json:
        document: dict[str, object] = {
            "command": command,
            "status": "interrupted" if error.exit_code == EXIT_INTERRUPTED else "failed",
            "error": {**error.to_json(), "problems": problems},
            "problems": problems,
        }
        if command in ("sync", "backfill"):
            document |= {
                "meters": [],
                "requests": {"made": 0, "left_today": None, "resets_at": None},
            }
        sys.stdout.write(json.dumps(document) + "\n")
        return
    lines = [f"linky-tui: {error.title}", *(f"  {line}" for line in error.details)]
    sys.stderr.write(printable("\n".join(lines)) + "\n")


def _parser() -> _Parser:
    parser = _Parser(
        prog="linky-tui",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_argument_group("commands").add_mutually_exclusive_group()
    for name, text in (
        ("sync", "fetch what is missing up to yesterday, then exit (for cron)"),
        ("backfill", "fetch the history; progress on stderr"),
        ("stats", "compare both collections"),
        ("verify", "prove that both collections are identical"),
        ("check", "configuration, token, MongoDB; sends no request to the gateway"),
        ("shard-commands", "print what shards the collections in mongosh; runs nothing"),
    ):
        commands.add_argument(
            f"--{name}", dest="command", action="store_const", const=name, help=text
        )
    commands.add_argument(
        "--schedule",
        choices=("cron", "systemd", "launchd"),
        help="print the entry that runs --sync every morning; installs nothing",
    )
    commands.add_argument(
        "--lab",
        nargs="*",
        choices=tuple(BY_KEY),
        metavar="EXPERIMENT",
        help=f"the storage laboratory: all experiments, or some of {', '.join(BY_KEY)}",
    )
    parser.add_argument(
        "--demo", action="store_true", help="work on a simulated home: no account, own database"
    )
    parser.add_argument(
        "--since",
        type=_day,
        metavar="DAY",
        help=f"with --backfill: nothing older than this day, such as {DAY_EXAMPLES}",
    )
    parser.add_argument(
        "--repair", action="store_true", help="with --verify: make both collections identical"
    )
    parser.add_argument(
        "--here",
        action="store_true",
        help="with --lab: in a scratch database of the configured MongoDB, dropped at the end",
    )
    parser.add_argument(
        "--seed", type=_seed, metavar="N", help="with --lab: other simulated homes (default 0)"
    )
    parser.add_argument(
        "--homes",
        type=_homes,
        metavar="N",
        help=f"with --lab: of the largest fleet (default {DEFAULT_HOMES})",
    )
    parser.add_argument(
        "--report", type=_report, metavar="FILE", help="with --lab: write a .md or .html report"
    )
    parser.add_argument(
        "--queries",
        action="store_true",
        help="with --stats: the query behind each figure, to run in mongosh",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="another configuration file")
    parser.add_argument(
        "--json", dest="as_json", action="store_true", help="one JSON object on stdout"
    )
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("--quiet", action="store_true", help="errors only")
    loudness.add_argument("--verbose", action="store_true", help="every step")
    parser.add_argument("--version", action="version", version=f"linky-tui {__version__}")
    return parser


def _day(text: str) -> date:
    day = read_day(text, today())
    if day is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as {DAY_EXAMPLES}")
    return day


def _seed(text: str) -> int:
    if not text.isdecimal() or len(text) > _SEED_DIGITS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number such as 7")
    return int(text)


def _homes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:_SEED_DIGITS]) <= MOST_HOMES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_HOMES}")
    return int(text)


def _report(text: str) -> Path:
    if not text.endswith((".md", ".html")):
        raise argparse.ArgumentTypeError(f"{text!r} ends neither in .md nor in .html")
    return Path(text)


def _command_named(arguments: Sequence[str]) -> str:
    names = ("sync", "backfill", "stats", "verify", "check", "schedule", "shard-commands", "lab")
    return next((name for name in names if f"--{name}" in arguments), "app")
