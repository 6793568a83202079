"""The command line in a process that waits for its gateway as long as a test lets it.

The client gives an answer 10 seconds; a test that keeps one back until other processes have ended
cannot know how long these take on a loaded machine.
"""

from __future__ import annotations

import sys

from linky_tui import cli
from linky_tui.enedis.timing import Timing
from linky_tui.session import Session

ANSWER_S = 170.0
"""Longer than any answer is kept back."""


def be_patient() -> None:
    """Give every session of this process more time."""
    Session.timing = Timing(timeouts_s=(ANSWER_S, ANSWER_S), deadline_s=ANSWER_S)


if __name__ == "__main__":
    be_patient()
    sys.exit(cli.main())
