"""Answers without end: bounded memory, bounded time, no thread left (issue 4)."""

from __future__ import annotations

import json
import resource
import threading
import time
from typing import Any

from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.faults import ApiFault
from linky_tui.enedis.request import Shape
from tests.enedis.build import body, new_curve, new_point, request
from tests.tools.program import calling, finished, start
from tests.tools.servers import Handler, TinyServer
from tests.torture.hostile.floods import FLOODS, prepare
from tests.torture.hostile.harmless import assert_short
from tests.torture.report import Tally

HONEST = body(new_curve([new_point("2026-11-16 00:30:00", "250")]))
DEADLINE_S = 1.5
MOST_MB = 160
"""Above an honest answer: two megabytes of empty lists are ninety in Python."""
SLACK_S = 20.0
"""A loaded machine."""


def test_no_answer_takes_more_than_its_share(tally: Tally) -> None:
    prepare()
    sent = iter([lambda handler: handler.send(HONEST), *FLOODS.values()])

    def answer(handler: Handler) -> None:
        next(sent)(handler)

    with TinyServer(answer) as server:
        lines = run_child(server.url, 1 + len(FLOODS))
    first, *rest, end = lines
    assert (first["kind"], first["readings"]) == ("", 1)
    assert end == {"threads": ["MainThread"], "failures": []}
    row = tally("endless or unfolding answer")
    for name, line in zip(FLOODS, rest, strict=True):
        row.tried += 1
        assert line["kind"] in ("bad_answer", "network", "service", "quota", "bad_request"), name
        assert_short(line["text"])
        assert line["seconds"] < DEADLINE_S + SLACK_S, (name, line)
        assert line["peak_mb"] - first["peak_mb"] < MOST_MB, (name, line, first)
        row.survived += 1
    assert dict(zip(FLOODS, rest, strict=True))["a quota that trickles"]["kind"] == "quota"
    print(f"\nAt most {rest[-1]['peak_mb'] - first['peak_mb']} MB above an honest answer")


def run_child(url: str, times: int) -> list[dict[str, Any]]:
    """Ask in a process of its own, whose peak of memory is nobody else's."""
    done = finished(start(calling(ask, url, times)), 500)
    assert done.code == 0, done.err
    assert not done.err
    return [json.loads(line) for line in done.out.splitlines()]


def ask(url: str, times: str) -> None:
    """Ask a gateway, one time after another, and print what that cost as a JSON object each.

    The first answer is an honest one, for the memory that is needed anyway.
    """
    failures: list[str] = []
    threading.excepthook = lambda failure: failures.append(repr(failure))
    client = ConsoClient(url, timeouts=(1.0, 1.0), deadline_s=DEADLINE_S)
    for _ in range(int(times)):
        started = time.monotonic()
        fault: ApiFault | None = None
        readings = 0
        try:
            answer = client.attempt(request(), "a.b.c", Shape.NEW, threading.Event())
            readings = len(answer.readings)
        except ApiFault as refused:
            fault = refused
        cost = {
            "kind": fault.kind if fault else "",
            "text": fault.text if fault else "",
            "readings": readings,
            "seconds": round(time.monotonic() - started, 2),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000,
        }
        print(json.dumps(cost), flush=True)
    client.close()
    ending = time.monotonic() + 60.0
    while threading.active_count() > 1 and time.monotonic() < ending:
        time.sleep(0.02)
    left = [thread.name for thread in threading.enumerate()]
    print(json.dumps({"threads": left, "failures": failures}))


def test_no_cookie_is_kept() -> None:
    """What one answer sets would go out with every later request, as large as it likes."""
    cookie = "a=" + "x" * 4_000 + "; Max-Age=99999999; Path=/"
    with TinyServer(lambda handler: handler.send(HONEST, Set_Cookie=cookie)) as server:
        run_child(server.url, 2)
        assert len(server.seen) == 2
        assert not any("Cookie" in headers for _, headers in server.seen)
