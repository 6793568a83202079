"""Runs one headless command: signals, session, the command itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from linky_tui.errors import LinkyError
from linky_tui.headless.options import Options
from linky_tui.headless.output import Interrupted
from linky_tui.session import Session, open_session


def run_command(options: Options) -> int:
    """Run the command that the options name; returns its exit code.

    Raises:
        LinkyError: it could not be run at all.
    """
    if options.command == "schedule":
        from linky_tui.headless.schedule import run_schedule

        return run_schedule(options)
    if options.command == "shard-commands":
        from linky_tui.headless.shard_commands import run_shard_commands

        return run_shard_commands(options)
    stop = threading.Event()
    with _stopping(stop):
        try:
            with open_session(options.config, demo=options.demo) as session:
                return _command(options.command)(session, options, stop)
        except LinkyError:
            # Whatever was cut off says so in its own way.
            if stop.is_set():
                raise Interrupted from None
            raise


def _command(name: str) -> Callable[[Session, Options, threading.Event], int]:
    """The command of that name; only what it needs is imported."""
    if name in ("sync", "backfill"):
        from linky_tui.headless.ingest import run_ingest

        return run_ingest
    if name == "check":
        from linky_tui.headless.check import run_check

        return run_check
    if name == "lab":
        from linky_tui.headless.lab import run_lab

        return run_lab
    from linky_tui.headless.stats import run_stats, run_verify

    return run_verify if name == "verify" else run_stats


@contextmanager
def _stopping(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C or SIGTERM sets ``stop``; a second one interrupts whatever is going on."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # SIGHUP: the terminal was closed; nohup ignores it, and so do we.
    wanted = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    numbers = [number for number in wanted if signal.getsignal(number) != signal.SIG_IGN]
    before = [signal.signal(number, on_signal) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
