"""A process that takes slots of a budget as fast as it can.

``python -m tests.enedis.hammer FILE PER_DAY MIN_SECONDS ATTEMPTS`` prints a line a slot: "sent", or
"spent" when there are no more.
"""

from __future__ import annotations

import sys
from pathlib import Path

from linky_tui.enedis.budget import Budget
from linky_tui.errors import BudgetSpent


def main(path: str, per_day: str, min_seconds: str, attempts: str) -> None:
    budget = Budget(Path(path), "host", per_day=int(per_day), min_seconds=float(min_seconds))
    for _ in range(int(attempts)):
        try:
            budget.reserve()
        except BudgetSpent:
            print("spent", flush=True)
            return
        print("sent", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
