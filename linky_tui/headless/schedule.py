"""``--schedule``: print the entry that runs ``--sync`` every morning."""

from __future__ import annotations

from linky_tui.headless.options import Options
from linky_tui.headless.output import print_json, print_lines
from linky_tui.words.schedule import entry


def run_schedule(options: Options) -> int:
    """Print the entry; nothing is read, installed or asked."""
    text = entry(options.schedule, options.config, demo=options.demo)
    if options.as_json:
        print_json({"command": "schedule", "kind": options.schedule, "entry": text})
    else:
        print_lines(text.splitlines())
    return 0
