"""Asks a gateway so many times, one time after another, and prints what that cost: a test's child.

``python -m tests.torture.hostile.flood_child URL TIMES``; a JSON object a request on stdout.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time

from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault
from linky_tui.enedis.request import Shape
from tests.enedis.build import request

DEADLINE_S = 1.5


def main(url: str, times: int) -> None:
    """Ask; the first answer is an honest one, for the memory that is needed anyway."""
    failures: list[str] = []
    threading.excepthook = lambda failure: failures.append(repr(failure))
    client = ConsoClient(url, timeouts=(1.0, 1.0), deadline_s=DEADLINE_S)
    for _ in range(times):
        started = time.monotonic()
        fault: ApiFault | None = None
        readings = 0
        try:
            answer = client.attempt(request(), "a.b.c", Shape.NEW, threading.Event())
            readings = len(answer.readings)
        except ApiFault as refused:
            fault = refused
        seconds = time.monotonic() - started
        print(
            json.dumps(
                {
                    "kind": fault.kind if fault else "",
                    "text": fault.text if fault else "",
                    "readings": readings,
                    "seconds": round(seconds, 2),
                    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000,
                }
            ),
            flush=True,
        )
    client.close()
    ending = time.monotonic() + 60.0
    while threading.active_count() > 1 and time.monotonic() < ending:
        time.sleep(0.02)
    left = [thread.name for thread in threading.enumerate()]
    print(json.dumps({"threads": left, "failures": failures}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
